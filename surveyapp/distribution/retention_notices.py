"""Staff are told before answers go by a survey's rule for the first time."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.auth.grants import able
from surveyapp.auth.permissions import Permission
from surveyapp.installation import Installation
from surveyapp.responses.counting import countings
from surveyapp.responses.retention_rules import (
    NOTICE,
    KeepRule,
    Method,
    first_leaving,
    keep_rule,
)
from surveyapp.store.audit import record
from surveyapp.store.models import OutgoingMessage, RetentionRule
from surveyapp.surveys import queries
from surveyapp.surveys.survey import Survey

KIND = "retention"
DONE = {Method.DELETE: "deleted", Method.ANONYMISE: "anonymised"}


def announce(installation: Installation, now: datetime) -> int:
    """Announce each rule some days before its first night; how many were.

    By mail where there is a mail server, to whoever may remove responses; the survey's page and the
    list of all rules say it in any case.
    """
    with installation.store.reading() as session:
        due = _due(session, now)
    for number, day in due:
        with installation.store.writing() as session:
            row = session.get(RetentionRule, number, with_for_update=True, populate_existing=True)
            if row is not None and row.announced_at is None:
                row.announced_at = now
                _tell(session, queries.survey(session, number), keep_rule(row), day, installation)
    return len(due)


def _due(session: Session, now: datetime) -> list[tuple[int, date]]:
    """Surveys whose rule is to be announced, and the day in whose night it begins."""
    rows = session.scalars(select(RetentionRule).where(RetentionRule.announced_at.is_(None))).all()
    surveys = queries.surveys(session, [row.survey_id for row in rows])
    calendars = {key: each.calendar for key, each in countings(session.connection()).items()}
    due = []
    for row in rows:
        survey = surveys[row.survey_id]
        calendar = calendars[survey.journey_id]
        day, soonest = (
            first_leaving(session, survey, keep_rule(row), calendar),
            calendar.day(now + NOTICE),
        )
        if day is not None and day <= soonest:
            due.append((survey.id, soonest))
    return due


def _tell(
    session: Session, survey: Survey, rule: KeepRule, day: date, installation: Installation
) -> None:
    record(
        session, None, "announce retention", f"survey {survey.code}", first_night=day.isoformat()
    )
    if not installation.settings.smtp_url:
        return
    base = installation.settings.base_url.rstrip("/")
    address = f"{base}/journeys/{survey.journey_id}/surveys/{survey.id}/retention"
    text = "\n".join(
        (
            f"Answers to {survey.name} ({survey.journey}) are kept for {rule.months} months after the"
            " month in which they were given.",
            f"In the night to {day:%d %B %Y} older ones are {DONE[rule.method]} for the first time,"
            " and from then on each month.",
            "",
            f"See what goes when, or change the rule: {address}",
            "",
        )
    )
    now = installation.now()
    session.add_all(
        OutgoingMessage(
            key=f"retention {survey.id} {now:%Y-%m-%dT%H:%M:%S} {account.id}",
            kind=KIND,
            channel="email",
            survey_id=survey.id,
            content={
                "to": account.email,
                "subject": f"Answers to {survey.name} will be {DONE[rule.method]}",
                "text": text,
            },
            due_at=now,
            created_at=now,
        )
        for account in able(session, Permission.REMOVE_RESPONSES, survey.journey_id)
    )
