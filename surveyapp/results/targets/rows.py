"""The targets of an overview's customers in rows, each with the figure that it is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from analysis.metrics import share
from surveyapp.i18n.words import msg
from surveyapp.results.figure_json import definition_to_json, gap_to_json, numbers_to_json
from surveyapp.results.targets.metrics import RATE
from surveyapp.results.targets.standing import Gap, MetricTarget, gap
from surveyapp.results.targets.targets import place_of
from surveyapp.results.view_models import (
    Definition,
    Figure,
    Hidden,
    JourneyOverview,
    ResponseRate,
    SegmentName,
    SegmentRate,
    State,
)
from surveyapp.store.models import RESPONSE_RATE


@dataclass(frozen=True)
class TargetRow:
    """A target, where it holds and for whom; ``figure`` is None where nothing asks for it any more."""

    target: MetricTarget
    place: str  # "Journey as a whole", "Onboarding", "Onboarding: Branch"
    segment: SegmentName | None
    figure: Figure | None
    definition: Definition | None = None  # of a target that has no figure, where it is known

    @property
    def gap(self) -> Gap:
        found = self.figure.target if self.figure else None
        return found or gap(self.target, None, None, None)

    @property
    def metric(self) -> str:
        """What the metric is called."""
        known = self.figure.definition if self.figure else self.definition
        return known.short if known else self.target.metric


def target_rows(
    overview: JourneyOverview,
    rates: Sequence[ResponseRate],
    own: SegmentRate | None = None,
    *,
    names: Mapping[str, str] = MappingProxyType({}),
    definitions: Mapping[tuple[str, str], Definition] = MappingProxyType({}),
) -> tuple[TargetRow, ...]:
    """In the journey's order. ``own`` is the response rate of the overview's segment.

    ``names`` are those of places that the overview does not have, ``definitions`` of metrics by place.
    """
    places = dict(_places(overview))
    order = {code: at for at, code in enumerate(places)}
    rows = [
        TargetRow(
            target=target,
            place=places[target.place][0]
            if target.place in places
            else names.get(target.place, f"{target.place} (removed from the map)"),
            segment=overview.segment,
            figure=_figure(overview, target, places, rates, own),
            definition=definitions.get((target.place, target.metric)),
        )
        for target in overview.targets
    ]
    last = len(order)
    return tuple(sorted(rows, key=lambda row: order.get(row.target.place, last)))


_Answered = tuple[int | None, int | None, Hidden]  # answered, sent, why not shown
_Places = dict[str, tuple[str, tuple[Figure, ...], frozenset[int | None] | None]]


def _places(overview: JourneyOverview) -> Iterator[tuple[str, tuple[str, tuple[Figure, ...], Any]]]:
    """By code: what a place is called, its figures, and the touchpoints in it (None: all there are)."""
    yield "", (msg("Journey as a whole"), overview.end, None)
    for stage in overview.stages:
        points = frozenset(point.id for point in stage.touchpoints)
        yield place_of(stage.code), (stage.name, stage.figures, points)
        for point in stage.touchpoints:
            name = f"{stage.name}: {point.name}"
            yield place_of(stage.code, point.code), (name, point.figures, frozenset([point.id]))


def _figure(
    overview: JourneyOverview,
    target: MetricTarget,
    places: _Places,
    rates: Sequence[ResponseRate],
    own: SegmentRate | None,
) -> Figure | None:
    if target.place not in places:
        return None
    _, figures, points = places[target.place]
    if target.metric != RESPONSE_RATE:
        return next((each for each in figures if each.definition.scale == target.metric), None)
    if overview.segment is not None:
        numbers = (own.completed, own.sent, own.hidden) if own and not own.is_waiting else None
    else:
        numbers = _pooled([r for r in rates if points is None or r.touchpoint_id in points])
    found = _rate(*numbers) if numbers else None
    if found is None:
        return None
    return replace(found, target=gap(target, found.estimate, found.low, found.high))


def _pooled(rates: Sequence[ResponseRate]) -> _Answered | None:
    """Several surveys together; hidden where one of them is, because the others could be subtracted."""
    invited = [rate for rate in rates if rate.sent]
    if not rates:
        return None
    hidden = next((rate.hidden for rate in invited if rate.hidden), Hidden.NO)
    return (
        sum(rate.completed or 0 for rate in invited),
        sum(rate.sent for rate in invited),
        hidden,
    )


def _rate(answered: int | None, sent: int | None, hidden: Hidden) -> Figure:
    if hidden:
        return Figure(RATE, None, None, None, None, None, hidden)
    if not sent:
        return Figure(RATE, 0, None, None, None, None)
    found = share(answered or 0, sent)
    return Figure(RATE, sent, found.estimate, found.low, found.high, None)


def target_rows_to_json(rows: Sequence[TargetRow], *, few: int) -> list[dict[str, Any]]:
    """Every target with its place, its segment and the figure that it is for."""
    return [
        {
            "id": row.target.id,
            "place": row.target.place,
            "place_name": row.place,
            "segment": row.segment.code if row.segment else None,
            "metric": row.target.metric,
            "figure": {
                **definition_to_json(row.figure.definition),
                **numbers_to_json(row.figure, few=few),
            }
            if row.figure
            else None,
            "reason": None if row.figure else State.UNASKED,
            **(gap_to_json(row.gap) or {}),
        }
        for row in rows
    ]
