"""Insights: what was learnt about a journey, and the pain points that it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from surveyapp.errors import Invalid, NotFound
from surveyapp.journeys.change_register import LONGEST_TEXT, LONGEST_TITLE
from surveyapp.journeys.record_removals import KEPT, put_back, take_off
from surveyapp.store.audit import record
from surveyapp.store.models import Insight, Journey, PainPoint

MOST = 500
_LISTED = 10


@dataclass(frozen=True)
class InsightText:
    """What somebody says of an insight."""

    title: str
    text: str = ""
    pain_point_ids: Sequence[int] = ()


def insights_of(session: Session, journey_id: int) -> list[Insight]:
    """The insights of a journey, the newest first."""
    query = select(Insight).options(selectinload(Insight.pain_points))
    query = query.where(Insight.journey_id == journey_id, Insight.removed_at.is_(None))
    return list(session.scalars(query.order_by(Insight.id.desc()).limit(MOST)))


def removed_insights(session: Session, journey_id: int, now: datetime) -> list[Insight]:
    """Insights that were removed and can be restored."""
    query = select(Insight).where(
        Insight.journey_id == journey_id, Insight.removed_at >= now - KEPT
    )
    return list(session.scalars(query.order_by(Insight.id.desc()).limit(_LISTED)))


def insight_of(session: Session, journey_id: int, insight_id: int) -> Insight:
    """An insight of this journey; NotFound also when it is another one's, or was removed."""
    query = select(Insight).options(selectinload(Insight.pain_points))
    found = session.scalar(query.where(Insight.id == insight_id))
    if found is None or found.journey_id != journey_id or found.removed_at is not None:
        raise NotFound("There is no such insight in this journey; it may have been removed.")
    return found


def write_insight(
    session: Session,
    journey: Journey,
    found: Insight | None,
    text: InsightText,
    *,
    user_id: int | None,
    now: datetime,
) -> Insight:
    """Change an insight, or write a new one. Raises Invalid, which names the field."""
    title = " ".join(text.title.split())
    if not 1 <= len(title) <= LONGEST_TITLE:
        raise Invalid(
            f"The title has {len(title)} characters; use 1 to {LONGEST_TITLE}.", field="title"
        )
    if len(text.text) > LONGEST_TEXT:
        raise Invalid(
            f"The text has {len(text.text)} characters; use at most {LONGEST_TEXT}.", field="text"
        )
    insight = found or Insight(journey_id=journey.id, created_by=user_id, created_at=now)
    insight.title, insight.text = title, text.text.strip()
    insight.pain_points = _pain_points(session, journey, text.pain_point_ids)
    session.add(insight)
    session.flush()
    said = "add insight" if found is None else "change insight"
    _record(session, user_id, said, journey, insight)
    return insight


def remove_insight(
    session: Session, journey: Journey, insight: Insight, *, user_id: int | None, now: datetime
) -> None:
    """Take an insight off the list; it can be restored for ``KEPT``."""
    take_off(session, insight, user_id=user_id, now=now)
    _record(session, user_id, "remove insight", journey, insight)


def restore_insight(
    session: Session, journey: Journey, insight_id: int, *, user_id: int | None
) -> str:
    """Put a removed insight back; its title. Raises NotFound."""
    insight = put_back(session, Insight, journey.id, insight_id)
    _record(session, user_id, "restore insight", journey, insight)
    return insight.title


def _pain_points(session: Session, journey: Journey, ids: Sequence[int]) -> list[PainPoint]:
    wanted = set(ids)
    query = select(PainPoint).where(PainPoint.journey_id == journey.id, PainPoint.id.in_(wanted))
    found = list(session.scalars(query.order_by(PainPoint.id)))
    if len(found) != len(wanted):
        raise Invalid(
            "A chosen pain point is not in this journey; choose from the list.", field="pain_points"
        )
    return found


def _record(
    session: Session, user_id: int | None, said: str, journey: Journey, insight: Insight
) -> None:
    record(
        session, user_id, said, f"journey {journey.code}", number=insight.id, title=insight.title
    )
