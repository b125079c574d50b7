"""What the closed loop writes to staff: a link and a reason, never an answer's text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.auth.accounts import account_of
from surveyapp.auth.grants import may_on
from surveyapp.auth.permissions import Permission
from surveyapp.closed_loop.rules import watchable
from surveyapp.installation import Installation
from surveyapp.store.columns import utc_now
from surveyapp.store.inserts import insert
from surveyapp.store.models import Case, OutgoingMessage, User
from surveyapp.surveys import queries
from surveyapp.surveys.survey import Survey

_MESSAGES = cast(Table, OutgoingMessage.__table__)


def write(
    session: Session,
    key: str,
    kind: str,
    survey_id: int | None,
    *,
    to: str,
    subject: str,
    text: str,
) -> bool:
    """Write a message to somebody of the staff; False when one with this key was written before."""
    row: Mapping[str, Any] = {
        "key": key,
        "kind": kind,
        "channel": "email",
        "survey_id": survey_id,
        "content": {"to": to, "subject": " ".join(subject.split()), "text": text},
        "state": "waiting",
        "due_at": utc_now(),
        "attempts": 0,
        "error": "",
        "created_at": utc_now(),
    }
    session.flush()
    connection = session.connection()
    once = insert(_MESSAGES, connection.dialect.name).on_conflict_do_nothing()
    new = connection.execute(once.returning(_MESSAGES.c.id), dict(row)).scalar_one_or_none()
    return new is not None


def tell_of_case(session: Session, case: Case, installation: Installation) -> None:
    """Tell the owner of a new case; nobody where it has none, or one who may not see it any more."""
    owner = session.get(User, case.owner_id) if case.owner_id else None
    if owner is None:
        return
    what = f"A low score has opened case {case.id}, which is assigned to you."
    _write_of_case(session, f"case {case.id}", case, owner, what, installation)


def tell_of_assignment(
    session: Session, case: Case, owner: User, installation: Installation
) -> None:
    """Tell somebody that a case was given to them; once a day at most for one case."""
    key = f"case {case.id} given to {owner.id} on {installation.now():%Y-%m-%d}"
    what = f"Case {case.id} has been assigned to you."
    _write_of_case(session, key, case, owner, what, installation)


def case_url(base_url: str, case_id: int) -> str:
    """The address of a case's page."""
    return f"{base_url.rstrip('/')}/cases/{case_id}"


def _write_of_case(
    session: Session,
    key: str,
    case: Case,
    owner: User,
    what: str,
    installation: Installation,
) -> None:
    survey = queries.survey(session, case.survey_id)
    if not may_on(session, account_of(owner), Permission.WORK_CASES, survey.journey_id):
        return
    text = "\n".join(
        (
            what,
            "",
            f"Score: {score_in_words(case, survey, installation.library)}",
            f"Survey: {survey.name} ({survey.journey})",
            f"Due: {_day(case.due_at)}",
            "",
            f"Open case: {case_url(installation.settings.base_url, case.id)}",
            "",
        )
    )
    write(
        session,
        key,
        "case",
        survey.id,
        to=owner.email,
        subject=f"Case {case.id}: low score at {survey.name}",
        text=text,
    )


def score_in_words(case: Case, survey: Survey, library: Library) -> str:
    """The score that opened a case: "Net Promoter Score (NPS) 3, on a scale from 0 to 10"."""
    known = watchable(survey, library=library).get(case.scale)
    value = f"{case.value:.0f}" if case.value == round(case.value) else f"{case.value:.1f}"
    if known is None:
        return f"{case.scale} {value}"
    low, high = known.scale.minimum, known.scale.maximum
    return f"{known.definition.label} {value}, on a scale from {low} to {high}"


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
