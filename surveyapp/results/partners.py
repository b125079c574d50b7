"""What one partner may be told of a journey: the touchpoints that it runs, and nothing of others.

A partner's figures are those of the pages, hidden by the same rules over all places. Left out is what others
could be worked out from: totals of the journey, differences from "all others", days of first and last
answers, and names. What remains about others is an order, where there are several of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.errors import Conflict, Invalid
from surveyapp.results.journey import ground
from surveyapp.results.scope import Scope
from surveyapp.results.suppression.shown_cells import shown_cells
from surveyapp.results.view_models import Definition, JourneyOverview, Trend
from surveyapp.results.weak_points import touchpoint_ends
from surveyapp.store.models import Journey, Touchpoint

LEAST_OTHERS = (
    3  # touchpoints of others that a place is told among: of fewer, whose is lower is known
)


class Extreme(StrEnum):
    """Which end of all touchpoints a score is at, if it differs from every other one."""

    LOWEST = "lowest"
    HIGHEST = "highest"


@dataclass(frozen=True)
class Stand:
    """Where a partner's touchpoints stand on one score among all ``among`` touchpoints that ask it.

    ``ends`` are those of the partner that differ significantly from every other touchpoint, by name;
    Holm's correction counts all pairs.
    """

    definition: Definition
    among: int
    ends: tuple[tuple[str, Extreme], ...]


def partner_name(point: Touchpoint) -> str:
    """Who runs a touchpoint, as it is compared; empty for nobody."""
    return " ".join(point.partner.split())


def partners(journey: Journey) -> list[str]:
    """The partners of a journey's touchpoints in its order, each as it is spelled first."""
    spelled: dict[str, str] = {}
    for point in (point for stage in journey.stages for point in stage.touchpoints):
        if name := partner_name(point):
            spelled.setdefault(name.casefold(), name)
    return list(spelled.values())


def known_partner(journey: Journey, name: str) -> str:
    """The partner of this name as the journey spells it. Raises Conflict where no touchpoint names a
    partner, Invalid for an unknown one.
    """
    found = {each.casefold(): each for each in partners(journey)}
    if not found:
        raise Conflict(
            f"No touchpoint of {journey.name} names a partner; enter who runs it on the touchpoint's page."
        )
    wanted = " ".join(name.split())
    if wanted.casefold() not in found:
        told = f"{wanted} runs no touchpoint of this journey" if wanted else "a partner is missing"
        raise Invalid(f"{told}; choose {' or '.join(found.values())}", field="partner")
    return found[wanted.casefold()]


def touchpoints_of(journey: Journey, partner: str) -> tuple[int, ...]:
    """The ids of a partner's touchpoints, in the journey's order."""
    return tuple(
        point.id
        for stage in journey.stages
        for point in stage.touchpoints
        if partner_name(point).casefold() == partner.casefold()
    )


def of_touchpoints(overview: JourneyOverview, ids: Collection[int]) -> JourneyOverview:
    """The overview of these touchpoints alone, without what others could be worked out from."""
    stages = tuple(
        replace(stage, figures=(), touchpoints=kept)
        for stage in overview.stages
        if (kept := tuple(point for point in stage.touchpoints if point.id in ids))
    )
    own = {
        figure.definition.instrument
        for stage in stages
        for point in stage.touchpoints
        for figure in point.figures
    }
    return replace(
        overview,
        first_day=None,
        last_day=None,
        responses=None,
        responses_shown=0,
        places_hidden=0,
        end=(),
        stages=stages,
        lowest=(),
        advice=None,
        sides=None,
        instruments=tuple(each for each in overview.instruments if each.instrument in own),
        flagged=0,
        targets=(),
    )


def trends_of(trends: Sequence[Trend], ids: Collection[int]) -> tuple[Trend, ...]:
    """The trends of these touchpoints, without the provider's register of changes."""
    return tuple(replace(each, markers=()) for each in trends if each.touchpoint_id in ids)


def stands(
    session: Session,
    scope: Scope,
    ids: Collection[int],
    *,
    minimum_cell: int = 5,
    library: Library,
) -> tuple[Stand, ...]:
    """Where these touchpoints stand on each score among all of the journey; nothing of a score that
    fewer than ``LEAST_OTHERS`` other touchpoints show. Raises NotFound.
    """
    base = ground(session, scope.journey_id, library=library)
    found = shown_cells(
        session, base, scope.period, [scope.segment_id], minimum=minimum_cell, facets=scope.facets
    )[scope.segment_id]
    names = {point.id: point.name for stage in base.journey.stages for point in stage.touchpoints}
    told = []
    for asked, low, high in touchpoint_ends(base, found):
        own = [each for each in asked if each in ids]
        if not own or len(asked) - len(own) < LEAST_OTHERS:
            continue
        ends = ((low, Extreme.LOWEST), (high, Extreme.HIGHEST))
        told.append(
            Stand(
                low.figure.definition,
                len(asked),
                tuple(
                    (names[int(end.name)], which)
                    for end, which in ends
                    if int(end.name) in ids and end.stands_out
                ),
            )
        )
    return tuple(told)
