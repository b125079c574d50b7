"""How customers went through a journey, from the events that were reported: stages reached, and contacts repeated.

A customer belongs to the month of their first event in the journey, and to the segments of its
attributes, whatever came later: so every customer counts once, and months can be added up. All of them
are read, because what is hidden depends on all months and segments: a second for 100,000 events, so that
a page of a large journey asks first.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import Text, cast, func, literal, select
from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.journeys.calendar import Calendar, calendar_of
from surveyapp.journeys.segments import parse
from surveyapp.responses.facets import Facet
from surveyapp.results.cells import MonthKey
from surveyapp.results.journey import Ground, ground
from surveyapp.results.scope import Scope
from surveyapp.results.suppression.customer_groups import NO_FACET, segments_of
from surveyapp.store.models import Interaction

_AT_ONCE = 5000  # rows in memory


@dataclass(frozen=True)
class Passage:
    """Customers alike: ``reached`` says of each stage in how many months after their first event they
    came there, None where they did not.
    """

    month: MonthKey
    segments: frozenset[int]
    reached: tuple[int | None, ...]
    n: int
    facet: Facet = NO_FACET

    @property
    def last(self) -> int:
        """The place of the furthest stage that they came to."""
        return max(at for at, months in enumerate(self.reached) if months is not None)


@dataclass(frozen=True)
class Visit:
    """Customers alike who were at a touchpoint; ``again``: some contact of theirs followed another one
    within the days that are asked about.
    """

    month: MonthKey
    segments: frozenset[int]
    touchpoint_id: int
    again: bool
    n: int
    facet: Facet = NO_FACET


@dataclass(frozen=True)
class Passages:
    """All customers of a journey, with what they are asked for; ``latest``: the month of the last event."""

    base: Ground
    scope: Scope
    days: int
    passages: tuple[Passage, ...]
    visits: tuple[Visit, ...]
    latest: MonthKey | None


@dataclass(frozen=True)
class _Event:
    touchpoint_id: int
    at: datetime
    attributes: str


def count_events(session: Session, touchpoints: Sequence[int], *, at_most: int) -> int:
    """How many events were reported at these touchpoints; no more than ``at_most`` are counted."""
    own = Interaction.touchpoint_id.in_(touchpoints)
    some = select(Interaction.id).where(own).limit(at_most).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def passages(session: Session, scope: Scope, *, days: int, library: Library) -> Passages:
    """Every customer of the journey; ``days``: within how many a contact repeats one before it at the
    same touchpoint. Raises NotFound.
    """
    base = ground(session, scope.journey_id, library=library)
    base.segment(scope.segment_id)
    stage_of = {
        touchpoint.id: place
        for place, stage in enumerate(base.journey.stages)
        for touchpoint in stage.touchpoints
    }
    rules = {segment: parse(name.rule) for segment, name in base.segments.items()}
    inside: dict[str, frozenset[int]] = {}
    calendar, window = calendar_of(base.journey), timedelta(days=days)
    found: Counter[tuple[MonthKey, frozenset[int], tuple[int | None, ...]]] = Counter()
    visits: Counter[tuple[MonthKey, frozenset[int], int, bool]] = Counter()
    latest: datetime | None = None
    for events in _by_customer(session, list(stage_of), attributes=bool(rules)):
        known = events[0].attributes
        if known not in inside:
            inside[known] = segments_of(rules, json.loads(known))
        month = _month(calendar, events[0].at)
        found[month, inside[known], _reached(events, stage_of, calendar)] += 1
        for touchpoint, again in _visited(events, window).items():
            visits[month, inside[known], touchpoint, again] += 1
        latest = max(latest or events[-1].at, events[-1].at)
    return Passages(
        base=base,
        scope=scope,
        days=days,
        passages=tuple(Passage(*alike, n) for alike, n in found.items()),
        visits=tuple(Visit(*alike, n) for alike, n in visits.items()),
        latest=_month(calendar, latest) if latest else None,
    )


def _by_customer(
    session: Session, touchpoints: Sequence[int], *, attributes: bool
) -> Iterator[list[_Event]]:
    """The events of each customer, the earliest first."""
    own = Interaction
    query = (
        select(
            own.customer_ref,
            own.touchpoint_id,
            own.at,
            cast(own.attributes, Text) if attributes else literal("{}"),
        )
        .where(own.touchpoint_id.in_(touchpoints))
        .order_by(own.customer_ref, own.at, own.id)
        .execution_options(yield_per=_AT_ONCE)
    )
    for _, rows in groupby(session.execute(query), key=lambda row: row[0]):
        yield [_Event(*row[1:]) for row in rows]


def _reached(
    events: Sequence[_Event], stage_of: Mapping[int, int], calendar: Calendar
) -> tuple[int | None, ...]:
    year, number = _month(calendar, events[0].at)
    reached: list[int | None] = [None] * (max(stage_of.values()) + 1)
    for event in events:
        place = stage_of[event.touchpoint_id]
        if reached[place] is None:
            there = _month(calendar, event.at)
            reached[place] = 12 * (there[0] - year) + there[1] - number
    return tuple(reached)


def _visited(events: Sequence[_Event], window: timedelta) -> dict[int, bool]:
    """Of each touchpoint whether a contact there followed another one within the window."""
    before: dict[int, datetime] = {}
    again: dict[int, bool] = {}
    for event in events:
        last = before.get(event.touchpoint_id)
        repeats = last is not None and event.at - last <= window
        again[event.touchpoint_id] = again.get(event.touchpoint_id, False) or repeats
        before[event.touchpoint_id] = event.at
    return again


def _month(calendar: Calendar, moment: datetime) -> MonthKey:
    day = calendar.day(moment)
    return day.year, day.month
