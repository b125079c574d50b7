"""What recipients of a scheduled report are written: that it is there, or why it is not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from surveyapp.auth.accounts import account_of
from surveyapp.auth.grants import may_on
from surveyapp.auth.permissions import Permission
from surveyapp.installation import Installation
from surveyapp.reports.actions import KINDS
from surveyapp.reports.schedules.links import LIFETIME, leaving_token, make_link
from surveyapp.reports.schedules.timing import Every
from surveyapp.results import phrases
from surveyapp.store.models import (
    OutgoingMessage,
    Report,
    ReportSchedule,
    ScheduleRecipient,
    ScheduleRun,
)

KIND = "report"


def tell(
    session: Session,
    installation: Installation,
    run: ScheduleRun,
    recipients: list[ScheduleRecipient],
    *,
    now: datetime,
) -> str:
    """Write to everybody who still gets and may have the report; a note on who does not."""
    staying = [each for each in recipients if each.left_at is None]
    if not installation.settings.smtp_url:
        return "Nobody was mailed: no mail server is set up."
    told = [each for each in staying if _may(session, each, run)]
    for each in told:
        session.add(_message(session, installation, run, each, now))
    barred = len(staying) - len(told)
    if barred:
        people = "person" if barred == 1 else "people"
        return f"{barred} {people} may not read this journey's reports any more and got no mail."
    return "" if told else "Everybody has unsubscribed."


def _may(session: Session, recipient: ScheduleRecipient, run: ScheduleRun) -> bool:
    if recipient.user is None:
        return True
    account = account_of(recipient.user)
    return may_on(session, account, Permission.READ_REPORTS, run.schedule.journey_id)


def _message(
    session: Session,
    installation: Installation,
    run: ScheduleRun,
    recipient: ScheduleRecipient,
    now: datetime,
) -> OutgoingMessage:
    base = installation.settings.base_url.rstrip("/")
    schedule = run.schedule
    what = f"{KINDS[schedule.kind]}: {phrases.named(schedule.journey.name)}"
    lines, subject = _skipped(run, schedule), f"No report this time: {what}"
    if run.report is not None and run.state == "sent":
        lines, subject = _made(session, base, run.report, recipient, now), what
    content: dict[str, Any] = {"to": recipient.address}
    if recipient.user is not None:
        content["to"] = recipient.user.email
        lines += [
            "",
            f"Change or end the schedule: {base}/journeys/{schedule.journey_id}/schedules",
        ]
    else:
        token = leaving_token(installation.signing_keys, recipient.id)
        content["unsubscribe"] = f"{base}/received/leave/{token}"
        lines += ["", f"Unsubscribe: {content['unsubscribe']}"]
    content |= {"subject": " ".join(subject.split())[:200], "text": "\n".join([*lines, ""])}
    return OutgoingMessage(
        key=f"schedule run {run.id} to {recipient.id}",
        kind=KIND,
        channel="email",
        content=content,
        due_at=now,
        created_at=now,
    )


def _made(
    session: Session, base: str, report: Report, recipient: ScheduleRecipient, now: datetime
) -> list[str]:
    if recipient.user is not None:
        return [report.title, "", f"Download it: {base}/journeys/{report.journey_id}/reports"]
    token = make_link(session, report.id, recipient.id, now)
    until = phrases.day((now + LIFETIME).date())
    return [
        report.title,
        "",
        f"Download it until {until}: {base}/received/{token}",
        "Anybody who has this link can read the report; pass it on to nobody who must not.",
    ]


def _skipped(run: ScheduleRun, schedule: ReportSchedule) -> list[str]:
    often = Every(schedule.every).label.lower()
    following = phrases.day(schedule.next_on)
    return [
        f"The {often} report of {phrases.named(schedule.journey.name)} was not made this time.",
        run.note,
        "",
        f"The next one is due on {following}.",
    ]
