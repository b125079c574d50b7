"""The records of a journey for programs: page by page, in the order of their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from surveyapp.errors import Invalid
from surveyapp.store.models import Insight, Opportunity, PainPoint, Persona, PlannedAction
from surveyapp.whole import whole_number

Record = TypeVar("Record", Insight, Opportunity, PainPoint, Persona, PlannedAction)

_LARGEST = 2**31 - 1
_WITH: Mapping[Any, Sequence[ORMOption]] = MappingProxyType(
    {
        Insight: [selectinload(Insight.pain_points)],
        Opportunity: [
            *(joinedload(Opportunity.stage), joinedload(Opportunity.touchpoint)),
            *(joinedload(Opportunity.owner), selectinload(Opportunity.insights)),
        ],
        PainPoint: [
            *(joinedload(PainPoint.stage), joinedload(PainPoint.touchpoint)),
            joinedload(PainPoint.owner),
        ],
        Persona: [
            joinedload(Persona.segment),
            selectinload(Persona.emotions),
        ],
        PlannedAction: [
            *(joinedload(PlannedAction.stage), joinedload(PlannedAction.touchpoint)),
            *(joinedload(PlannedAction.owner), joinedload(PlannedAction.journey)),
        ],
    }
)


def records_after(
    session: Session, table: type[Record], journey_id: int, *, after: str | None, limit: int
) -> tuple[list[Record], str | None]:
    """Up to ``limit`` records with a number above ``after``, and where the next page begins.

    None: there are no more. Removed records are not listed. Raises Invalid (field "after") for what no page
    named.
    """
    beyond = 0 if after is None else whole_number(after, largest=_LARGEST)
    if beyond is None:
        raise Invalid(
            f"{after[:20] if after else ''!r} is not the `next` of a page; leave it out to start anew.",
            field="after",
        )
    query = (
        select(table)
        .options(*_WITH[table])
        .where(table.journey_id == journey_id, table.removed_at.is_(None), table.id > beyond)
        .order_by(table.id)
        .limit(limit + 1)
    )
    found = list(session.scalars(query))
    kept = found[:limit]
    return kept, str(kept[-1].id) if len(found) > limit else None
