"""What recipients of a scheduled report are written: that it is there, or why it is not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from surveyapp.auth.accounts import account_of
from surveyapp.auth.grants import may_on
from surveyapp.auth.permissions import Permission
from surveyapp.i18n.report_languages import written_in
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.installation import Installation
from surveyapp.reports.actions import KINDS
from surveyapp.reports.schedules.letters import Letter, Link, as_page, as_text
from surveyapp.reports.schedules.links import LIFETIME, leaving_token, make_link
from surveyapp.reports.schedules.timing import Every
from surveyapp.store.models import (
    OutgoingMessage,
    Report,
    ReportSchedule,
    ScheduleRecipient,
    ScheduleRun,
)

KIND = "report"
_NOT_MADE = {
    Every.WEEK: msg("The weekly report of {journey} was not made this time."),
    Every.MONTH: msg("The monthly report of {journey} was not made this time."),
    Every.QUARTER: msg("The quarterly report of {journey} was not made this time."),
}


def written_for(schedule: ReportSchedule) -> Words:
    """The words of the language that a schedule's reports are written in."""
    return written_in(schedule.parameters.get("report_language", ENGLISH.language))


def tell(
    session: Session,
    installation: Installation,
    run: ScheduleRun,
    recipients: list[ScheduleRecipient],
    *,
    now: datetime,
    why: str = "",
) -> str:
    """Write to everybody who still gets and may have the report; a note on who does not, for staff.
    ``why`` there is no report, in its language; the run's note where nothing else is known.
    """
    staying = [each for each in recipients if each.left_at is None]
    if not installation.settings.smtp_url:
        return "Nobody was mailed: no mail server is set up."
    told = [each for each in staying if _may(session, each, run)]
    for each in told:
        session.add(_message(session, installation, run, each, why or run.note, now))
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
    why: str,
    now: datetime,
) -> OutgoingMessage:
    base = installation.settings.base_url.rstrip("/")
    schedule, words = run.schedule, written_for(run.schedule)
    kind, journey = words.say(KINDS[schedule.kind]), words.name(schedule.journey.name)
    what = words.say("{report}: {about}", report=kind, about=journey)
    content: dict[str, Any] = {"to": recipient.address, "language": words.language}
    if recipient.user is not None:
        content["to"] = recipient.user.email
        address = f"{base}/journeys/{schedule.journey_id}/schedules"
        leave = (words.say("Change or end the schedule"), address)
    else:
        token = leaving_token(installation.signing_keys, recipient.id)
        content["unsubscribe"] = f"{base}/received/leave/{token}"
        leave = (words.say("Unsubscribe"), content["unsubscribe"])
    letter, subject = (
        _skipped(run, why, leave, words),
        words.say("No report this time: {report}", report=what),
    )
    if run.report is not None and run.state == "sent":
        letter, subject = _made(session, base, run.report, recipient, leave, words, now), what
    content |= {
        "subject": " ".join(subject.split())[:200],
        "text": as_text(letter),
        "html": as_page(letter, words),
    }
    return OutgoingMessage(
        key=f"schedule run {run.id} to {recipient.id}",
        kind=KIND,
        channel="email",
        content=content,
        due_at=now,
        created_at=now,
    )


def _made(
    session: Session,
    base: str,
    report: Report,
    recipient: ScheduleRecipient,
    leave: Link,
    words: Words,
    now: datetime,
) -> Letter:
    if recipient.user is not None:
        address = f"{base}/journeys/{report.journey_id}/reports"
        return Letter(report.title, leave, button=(words.say("Download it"), address))
    token = make_link(session, report.id, recipient.id, now)
    until = words.day((now + LIFETIME).date())
    return Letter(
        report.title,
        leave,
        button=(words.say("Download it until {day}", day=until), f"{base}/received/{token}"),
        notes=[
            words.say(
                "Anybody who has this link can read the report; pass it on to nobody who must not."
            )
        ],
    )


def _skipped(run: ScheduleRun, why: str, leave: Link, words: Words) -> Letter:
    schedule = run.schedule
    journey = words.name(schedule.journey.name)
    following = words.say("The next one is due on {day}.", day=words.day(schedule.next_on))
    said = words.say(_NOT_MADE[Every(schedule.every)], journey=journey)
    return Letter(said, leave, [each for each in (why, following) if each])
