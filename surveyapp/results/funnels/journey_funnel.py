"""A journey's own funnel: how many customers came to each stage, where they were last seen, and how many
contacted a touchpoint again within a few days.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from analysis.metrics import Share, share
from surveyapp.results.funnels.passages import Passage, Passages, Visit
from surveyapp.results.suppression.customer_groups import Group, GroupT, why_hidden, within
from surveyapp.results.view_models import Hidden


@dataclass(frozen=True)
class StageReached:
    """Of the customers who began in the scope's months: ``reached`` came to the stage, which ``share`` is
    of all of them; ``last_seen`` were not seen at a later stage, which ``dropped`` is of those who reached
    it (None at the last stage). None where hidden.
    """

    name: str
    reached: int | None
    share: Share | None
    last_seen: int | None
    dropped: Share | None
    hidden: Hidden = Hidden.NO
    last_seen_hidden: Hidden = Hidden.NO


@dataclass(frozen=True)
class Repeated:
    """Of the customers who were at a touchpoint: how many made a contact there that followed another one
    of theirs within the window. None where hidden.
    """

    stage: str
    touchpoint: str
    touchpoint_id: int
    customers: int | None
    again: int | None
    share: Share | None
    hidden: Hidden = Hidden.NO


@dataclass(frozen=True)
class JourneyFunnel:
    """``customers`` began in the scope's months; ``days``: within how many a contact is a repeated one."""

    customers: int | None
    hidden: Hidden
    stages: tuple[StageReached, ...]
    repeated: tuple[Repeated, ...]
    days: int


def journey_funnel(found: Passages, *, minimum_cell: int = 5) -> JourneyFunnel:
    """The funnel of the scope's segment and months, hidden by the rules of every other figure.

    A stage is hidden where its own customers are; so is where they were last seen, and that of a second
    stage with it, as all of these add up to the customers.
    """
    hidden = _why_hidden(found, found.passages, minimum_cell)
    inside = _inside(found, found.passages)
    customers = None if hidden else sum(group.n for group in inside)
    if not customers:
        return JourneyFunnel(customers, hidden, (), (), found.days)
    stages = list(_stages(found, inside, customers, minimum_cell))
    return JourneyFunnel(
        customers,
        hidden,
        tuple(_protected(stages)),
        tuple(_repeated(found, minimum_cell)),
        found.days,
    )


def _why_hidden(found: Passages, groups: Sequence[Group], minimum: int) -> Hidden:
    scope = found.scope
    return why_hidden(groups, found.base.lying, scope.period, scope.segment_id, minimum=minimum)


def _inside(found: Passages, groups: Sequence[GroupT]) -> list[GroupT]:
    """Those of the scope's months and segment."""
    segment = found.scope.segment_id
    return [each for each in within(groups, found.scope.period) if segment in each.segments]


def _stages(
    found: Passages, inside: Sequence[Passage], customers: int, minimum: int
) -> Iterator[StageReached]:
    stages = found.base.journey.stages
    furthest = len(stages) - 1
    for at, stage in enumerate(stages):
        if not stage.touchpoints:
            continue
        there = [each for each in found.passages if _came(each, at)]
        hidden = _why_hidden(found, there, minimum)
        if hidden:
            yield StageReached(stage.name, None, None, None, None, hidden, hidden)
            continue
        reached = sum(each.n for each in inside if _came(each, at))
        last = sum(each.n for each in inside if each.last == at)
        dropped = share(last, reached) if reached and at < furthest else None
        yield StageReached(stage.name, reached, share(reached, customers), last, dropped)


def _came(each: Passage, at: int) -> bool:
    return at < len(each.reached) and each.reached[at] is not None


def _protected(stages: Sequence[StageReached]) -> Iterator[StageReached]:
    """Where one stage alone hides where customers were last seen, the smallest other one does as well."""
    hidden = [stage for stage in stages if stage.last_seen_hidden]
    shown = [stage for stage in stages if not stage.last_seen_hidden]
    also = (
        min(shown, key=lambda stage: stage.last_seen or 0) if len(hidden) == 1 and shown else None
    )
    for stage in stages:
        if stage is also:
            yield replace(stage, last_seen=None, dropped=None, last_seen_hidden=Hidden.COMPLEMENT)
        else:
            yield stage


def _repeated(found: Passages, minimum: int) -> Iterator[Repeated]:
    for stage in found.base.journey.stages:
        for touchpoint in stage.touchpoints:
            there = [each for each in found.visits if each.touchpoint_id == touchpoint.id]
            if not there:
                continue
            place = (stage.name, touchpoint.name, touchpoint.id)
            hidden = _why_hidden(found, there, minimum)
            if hidden:
                yield Repeated(*place, None, None, None, hidden)
                continue
            visits: list[Visit] = _inside(found, there)
            customers = sum(each.n for each in visits)
            again = sum(each.n for each in visits if each.again)
            rate = share(again, customers) if customers else None
            yield Repeated(*place, customers, again, rate)
