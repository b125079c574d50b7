"""From what goes wrong to what came of it: pain point, insight, opportunity, action, change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy.orm import Session

from surveyapp.journeys.action_plan_queries import WantedActions, actions
from surveyapp.journeys.insights import insights_of
from surveyapp.journeys.opportunities import opportunities_of
from surveyapp.store.models import Insight, Opportunity, PainPoint, PlannedAction, RegisteredChange


@dataclass(frozen=True)
class Chain:
    """One way from insight to change; what is missing of it is None.

    Without an insight there are no ``pain_points`` unless the chain is of one that led to nothing yet.
    """

    pain_points: tuple[PainPoint, ...] = ()
    insight: Insight | None = None
    opportunity: Opportunity | None = None
    action: PlannedAction | None = None
    change: RegisteredChange | None = None

    def has(self, row: object) -> bool:
        """Whether this record is part of the chain."""
        number = getattr(row, "id", None)
        return any(
            type(each) is type(row) and getattr(each, "id", None) == number
            for field in fields(self)
            for each in _several(getattr(self, field.name))
        )


def chains(session: Session, journey_id: int, points: Sequence[PainPoint]) -> tuple[Chain, ...]:
    """Every chain of a journey, the newest insight first; then what hangs on no insight.

    ``points``: the journey's pain points, of which those that no insight rests on come last.
    """
    insights = insights_of(session, journey_id)
    known = opportunities_of(session, journey_id)
    planned: dict[int, list[PlannedAction]] = defaultdict(list)
    alone: list[PlannedAction] = []
    for each in actions(session, WantedActions(journey_id=journey_id, state="")):
        into = alone if each.opportunity_id is None else planned[each.opportunity_id]
        into.append(each)
    found: list[Chain] = []
    rested: set[int] = set()
    for insight in insights:
        there = tuple(each for each in insight.pain_points if each.removed_at is None)
        rested |= {each.id for each in there}
        own = [row for row in known if insight.id in {each.id for each in row.insights}]
        found += _through(own, planned, Chain(there, insight)) if own else [Chain(there, insight)]
    present = {each.id for each in insights}
    loose = [row for row in known if not present & {each.id for each in row.insights}]
    found += _through(loose, planned, Chain())
    there_too = {row.id for row in known}
    lost = [
        each for number, several in planned.items() if number not in there_too for each in several
    ]
    found += [_with_action(Chain(), each) for each in (*lost, *alone)]
    found += [Chain((each,)) for each in points if each.id not in rested]
    return tuple(found)


def _through(
    rows: Sequence[Opportunity], planned: dict[int, list[PlannedAction]], begun: Chain
) -> Iterator[Chain]:
    for row in rows:
        chain = Chain(begun.pain_points, begun.insight, row)
        several = planned.get(row.id, [])
        yield from (_with_action(chain, each) for each in several)
        if not several:
            yield chain


def _with_action(chain: Chain, action: PlannedAction) -> Chain:
    change = action.change if action.change and action.change.removed_at is None else None
    return Chain(chain.pain_points, chain.insight, chain.opportunity, action, change)


def _several(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)
