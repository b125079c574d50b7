"""Tell a journey's owner of cases that are overdue: of each once, of several in one mail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from surveyapp.auth.accounts import account_of
from surveyapp.auth.grants import may_on
from surveyapp.auth.permissions import Permission
from surveyapp.closed_loop import staff_messages
from surveyapp.installation import Installation
from surveyapp.store.models import Case, CaseNote, Journey, SurveyRow, User

_MOST = 200  # cases of a journey in a round
_LISTED = 20  # cases of a mail, the others by their number


def escalate_overdue(installation: Installation, now: datetime) -> int:
    """Write to the owners of journeys whose cases are overdue since the last time; how many cases.

    A journey without an owner who may work on its cases tells nobody, and does once it has one.
    """
    overdue = (
        select(SurveyRow.journey_id)
        .join(Case, Case.survey_id == SurveyRow.id)
        .join(Journey, Journey.id == SurveyRow.journey_id)
        .where(*_overdue(now), Journey.owner_id.is_not(None))
        .distinct()
    )
    with installation.store.reading() as session:
        journeys = session.scalars(overdue).all()
    told = 0
    for journey_id in sorted(journeys):
        with installation.store.writing() as session:
            told += _tell(session, journey_id, installation, now)
    return told


def _overdue(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Case.state != "closed", Case.due_at < now, Case.escalated_at.is_(None)


def _tell(session: Session, journey_id: int, installation: Installation, now: datetime) -> int:
    journey = session.get_one(Journey, journey_id)
    owner = session.get(User, journey.owner_id) if journey.owner_id else None
    if owner is None or not may_on(session, account_of(owner), Permission.WORK_CASES, journey_id):
        return 0
    surveys = select(SurveyRow.id).where(SurveyRow.journey_id == journey_id)
    late = select(Case.id).where(*_overdue(now), Case.survey_id.in_(surveys)).limit(_MOST)
    claim = update(Case).where(Case.id.in_(late), Case.escalated_at.is_(None))
    claimed = sorted(session.scalars(claim.values(escalated_at=now).returning(Case.id)))
    if not claimed:
        return 0
    base_url = installation.settings.base_url
    session.add_all(
        CaseNote(case_id=number, kind="change", text=f"Overdue: {owner.name} was told.", at=now)
        for number in claimed
    )
    many = len(claimed)
    what = f"{many} case{'' if many == 1 else 's'} of {journey.name} overdue"
    listed = [staff_messages.case_url(base_url, number) for number in claimed[:_LISTED]]
    every = f"{base_url.rstrip('/')}/cases?journey={journey_id}&overdue=1"
    lines = (
        f"{'This case is' if many == 1 else f'These {many} cases are'} not closed, and due.",
        "",
        *listed,
        *([f"and {many - _LISTED} more"] if many > _LISTED else []),
        "",
        f"All overdue cases: {every}",
        "",
    )
    first = session.get_one(Case, claimed[0])
    staff_messages.write(
        session,
        f"cases overdue from {claimed[0]} on {now:%Y-%m-%dT%H:%M:%S} to {owner.id}",
        "case",
        first.survey_id,
        to=owner.email,
        subject=what,
        text="\n".join(lines),
    )
    return many
