"""Opportunities: what could make a journey better, by effort and impact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from surveyapp.errors import Invalid, NotFound
from surveyapp.journeys.action_plan import ENDED, STATES
from surveyapp.journeys.change_register import LONGEST_TEXT, LONGEST_TITLE
from surveyapp.journeys.record_places import check_place
from surveyapp.journeys.record_removals import KEPT, put_back, take_off
from surveyapp.store.audit import record
from surveyapp.store.models import Insight, Journey, Opportunity, PlannedAction, User

JUDGED = range(1, 6)  # effort and impact, from very low to very high
MOST = 500
_LISTED = 10
_WITH = (
    joinedload(Opportunity.stage),
    joinedload(Opportunity.touchpoint),
    joinedload(Opportunity.owner),
    selectinload(Opportunity.insights),
)


@dataclass(frozen=True)
class OpportunityText:
    """What somebody says of an opportunity; without a place it is of the whole journey."""

    title: str
    effort: int
    impact: int
    description: str = ""
    stage_id: int | None = None
    touchpoint_id: int | None = None
    driver_key: str = ""
    owner_id: int | None = None
    state: str = "open"
    insight_ids: Sequence[int] = ()


def opportunities_of(
    session: Session, journey_id: int, *, state: str = "", owner_id: int | None = None
) -> list[Opportunity]:
    """The opportunities of a journey: those not ended, most impact for least effort first."""
    conditions: list[ColumnElement[bool]] = [Opportunity.removed_at.is_(None)]
    if state == "todo":
        conditions.append(Opportunity.state.not_in(ENDED))
    elif state:
        conditions.append(Opportunity.state == state)
    if owner_id is not None:
        conditions.append(Opportunity.owner_id == owner_id)
    return _listed(session, journey_id, *conditions, most=MOST)


def removed_opportunities(session: Session, journey_id: int, now: datetime) -> list[Opportunity]:
    """Opportunities that were removed and can be restored."""
    return _listed(session, journey_id, Opportunity.removed_at >= now - KEPT, most=_LISTED)


def opportunity_of(session: Session, journey_id: int, opportunity_id: int) -> Opportunity:
    """An opportunity of this journey; NotFound also when it is another one's, or was removed."""
    query = select(Opportunity).options(*_WITH).where(Opportunity.id == opportunity_id)
    found = session.scalar(query)
    if found is None or found.journey_id != journey_id or found.removed_at is not None:
        raise NotFound("There is no such opportunity in this journey; it may have been removed.")
    return found


def write_opportunity(
    session: Session,
    journey: Journey,
    found: Opportunity | None,
    text: OpportunityText,
    *,
    user_id: int | None,
    now: datetime,
) -> Opportunity:
    """Change an opportunity, or write a new one. Raises Invalid, which names the field."""
    row = found or Opportunity(journey_id=journey.id, created_by=user_id, created_at=now)
    _describe(session, journey, row, text)
    session.add(row)
    session.flush()
    said = "add opportunity" if found is None else "change opportunity"
    _record(session, user_id, said, journey, row)
    return row


def remove_opportunity(
    session: Session, journey: Journey, row: Opportunity, *, user_id: int | None, now: datetime
) -> None:
    """Take an opportunity off the list; it can be restored for ``KEPT``. The actions of older ones,
    which go for good, name them no more.
    """
    gone = select(Opportunity.id).where(Opportunity.removed_at < now - KEPT)
    session.execute(
        update(PlannedAction)
        .where(PlannedAction.opportunity_id.in_(gone))
        .values(opportunity_id=None)
    )
    take_off(session, row, user_id=user_id, now=now)
    _record(session, user_id, "remove opportunity", journey, row)


def restore_opportunity(
    session: Session, journey: Journey, opportunity_id: int, *, user_id: int | None
) -> str:
    """Put a removed opportunity back; its title. Raises NotFound."""
    row = put_back(session, Opportunity, journey.id, opportunity_id)
    _record(session, user_id, "restore opportunity", journey, row)
    return row.title


def _describe(session: Session, journey: Journey, row: Opportunity, text: OpportunityText) -> None:
    title = " ".join(text.title.split())
    if not 1 <= len(title) <= LONGEST_TITLE:
        raise Invalid(
            f"The title has {len(title)} characters; use 1 to {LONGEST_TITLE}.", field="title"
        )
    if len(text.description) > LONGEST_TEXT:
        raise Invalid(
            f"The description has {len(text.description)} characters; use at most {LONGEST_TEXT}.",
            field="description",
        )
    for field, value in (("effort", text.effort), ("impact", text.impact)):
        if value not in JUDGED:
            raise Invalid(f"{value} is not a number from 1 to 5.", field=field)
    if text.state not in STATES:
        raise Invalid(f"{text.state[:20]!r} is no state; use {', '.join(STATES)}.", field="state")
    if len(text.driver_key) > LONGEST_TITLE:
        raise Invalid("Choose the score from the list.", field="driver")
    if text.owner_id is not None and session.get(User, text.owner_id) is None:
        raise Invalid("There is no such user; choose one from the list.", field="owner_id")
    check_place(journey, text.stage_id, text.touchpoint_id)
    row.title, row.description, row.state = title, text.description.strip(), text.state
    row.effort, row.impact, row.driver_key = text.effort, text.impact, text.driver_key
    row.stage_id, row.touchpoint_id = text.stage_id, text.touchpoint_id
    row.owner_id = text.owner_id
    row.insights = _insights(session, journey, text.insight_ids)


def _insights(session: Session, journey: Journey, ids: Sequence[int]) -> list[Insight]:
    wanted = set(ids)
    query = select(Insight).where(Insight.journey_id == journey.id, Insight.id.in_(wanted))
    found = list(session.scalars(query.order_by(Insight.id)))
    if len(found) != len(wanted):
        raise Invalid(
            "A chosen insight is not in this journey; choose from the list.", field="insights"
        )
    return found


def _record(
    session: Session, user_id: int | None, said: str, journey: Journey, row: Opportunity
) -> None:
    subject = f"journey {journey.code}"
    record(session, user_id, said, subject, number=row.id, title=row.title, state=row.state)


def _listed(
    session: Session, journey_id: int, *conditions: ColumnElement[bool], most: int
) -> list[Opportunity]:
    query = (
        select(Opportunity)
        .options(*_WITH)
        .where(Opportunity.journey_id == journey_id, *conditions)
        .order_by(
            case((Opportunity.state.in_(ENDED), 1), else_=0),
            (Opportunity.effort - Opportunity.impact),
            Opportunity.id.desc(),
        )
        .limit(most)
    )
    return list(session.scalars(query))
