"""The emotion line of a journey: measured touchpoint by touchpoint, beside what staff assume."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from sqlalchemy.orm import Session

from analysis.compare import Difference, difference, holm
from analysis.metrics import Mean, index_mean
from analysis.weighted_difference import WeightedDifference, weighted_difference
from analysis.weighting import WeightedMean
from instruments.loader import Library
from instruments.schema import Metric
from surveyapp.journeys.map_texts import assumed_feelings
from surveyapp.results.cells import NOTHING, Sums
from surveyapp.results.definitions import Scored
from surveyapp.results.figures import LEVEL, figure
from surveyapp.results.journey import Cell, Ground, ground
from surveyapp.results.scope import Scope
from surveyapp.results.suppression.shown_cells import Cells, shown_cells
from surveyapp.results.view_models import Definition, Figure, Hidden, State
from surveyapp.results.weak_points import stage_sums, told_cells
from surveyapp.results.weights.weighting import PeriodWeights, period_weights
from surveyapp.store.models import Stage, Touchpoint

LOWEST, HIGHEST = -2.0, 2.0
_HALF = 0.5  # of the band of feelings that one assumed feeling stands for
_TEETH = 3  # changes to and fro that make a sawtooth


class Mismatch(StrEnum):
    """Whether the whole interval lies outside the band of what is assumed."""

    NONE = ""
    WORSE = "worse"  # customers feel worse than is assumed
    BETTER = "better"


@dataclass(frozen=True)
class Feeling:
    """How customers feel at a place, from -2 to 2: the average answer, stretched from its own scale.

    Without a number where it is ``hidden``, not answered, or not asked. ``low`` and ``high`` are None
    of a single answer. ``assumed`` is what staff believe, None where nobody said.
    """

    place_id: int
    name: str
    estimate: float | None
    low: float | None
    high: float | None
    n: int | None
    asked: bool
    hidden: Hidden
    assumed: int | None
    assumed_for_stage: bool = False

    @property
    def state(self) -> State:
        if not self.asked:
            return State.UNASKED
        if self.hidden:
            return State.HIDDEN
        return State.SHOWN if self.estimate is not None else State.UNANSWERED

    @property
    def mismatch(self) -> Mismatch:
        if self.assumed is None or self.low is None or self.high is None:
            return Mismatch.NONE
        if self.high < self.assumed - _HALF:
            return Mismatch.WORSE
        return Mismatch.BETTER if self.low > self.assumed + _HALF else Mismatch.NONE


class Shape(StrEnum):
    """A form of the line that is given a name."""

    DROP = "drop"  # significantly lower than the touchpoint before, by most
    TROUGH = "trough"  # significantly lower than the ones before and after
    PEAK = "peak"  # significantly higher than both
    SAWTOOTH = "sawtooth"  # three significant changes or more in a row, up and down in turn


@dataclass(frozen=True)
class NamedShape:
    """``names`` are the touchpoints from its first to its last; ``by`` how far a drop goes down."""

    shape: Shape
    names: tuple[str, ...]
    by: float | None = None


@dataclass(frozen=True)
class EmotionLine:
    """``definition`` is the score that the line is measured by, None where nothing is asked at a
    touchpoint; ``choices`` all that it could be. ``compared``: pairs of neighbours that were tested.
    ``weighted`` is the same line with weights, where these are asked for.
    """

    definition: Definition | None
    choices: tuple[Definition, ...]
    points: tuple[Feeling, ...]
    stages: tuple[Feeling, ...]
    shapes: tuple[NamedShape, ...]
    compared: int
    weighted: EmotionLine | None = None

    @property
    def mismatches(self) -> tuple[Feeling, ...]:
        return tuple(each for each in self.points if each.mismatch)


def emotion_line(
    session: Session,
    scope: Scope,
    *,
    scale: str = "",
    minimum_cell: int = 5,
    library: Library,
) -> EmotionLine:
    """The line by the score ``scale``, else by the one that most touchpoints show.

    One score for the whole line: answers on different scales are not put on one. Neighbours are
    compared by Welch's t on the average answers, with Holm's correction for all pairs of touchpoints
    that follow each other among those that are shown; with weights by their linearised errors. Raises
    NotFound.
    """
    base = ground(session, scope.journey_id, library=library)
    found = shown_cells(
        session, base, scope.period, [scope.segment_id], minimum=minimum_cell, facets=scope.facets
    )[scope.segment_id]
    places = [point for stage in base.journey.stages for point in stage.touchpoints]
    scored = _offered(base, places, found)
    chosen = next((each for each in scored if each.definition.scale == scale), None)
    if chosen is None and scored:
        chosen = scored[0]
    stages = base.journey.stages
    assumed = assumed_feelings(session, base.journey.id)
    points = tuple(
        _point(base, chosen, (stage, p), found, assumed)
        for stage in stages
        for p in stage.touchpoints
    )
    means = {
        point.id: mean
        for point in places
        if chosen is not None
        and (mean := _mean(chosen, *found.get((point.id, chosen.scale.id), (NOTHING, Hidden.NO))))
    }
    answered = {place for place, mean in means.items() if mean.n > 1}
    shapes, compared = _shapes(
        points, answered, lambda later, before: difference(means[later], means[before])
    )
    line = EmotionLine(
        chosen.definition if chosen else None,
        tuple(each.definition for each in scored),
        points,
        tuple(_stage(base, chosen, stage, found, assumed[0]) for stage in stages),
        shapes,
        compared,
    )
    weights = period_weights(session, base, scope, minimum=minimum_cell)
    if weights is None or chosen is None:
        return line
    return replace(line, weighted=_weighted(base, line, chosen, found, weights))


def _weighted(
    base: Ground, line: EmotionLine, chosen: Scored, found: Cells, weights: PeriodWeights
) -> EmotionLine:
    """The line by weighted average answers; a place without one has no number."""
    averaged = replace(chosen, scale=replace(chosen.scale, metric=Metric.INDEX))
    scale = chosen.scale.id
    known: dict[int, WeightedMean] = {}

    def of(each: Feeling, told: Sequence[Cell]) -> Feeling:
        if each.estimate is None:
            return each
        own = weights.of(told, averaged, _shown(averaged, told, found))
        if own.mean is None:
            return replace(
                each, estimate=None, low=None, high=None, n=None, hidden=Hidden.COMPLEMENT
            )
        known[each.place_id] = own.mean
        return replace(
            each,
            estimate=_from_percent(own.mean.estimate),
            low=_from_percent(max(0.0, own.mean.low)),
            high=_from_percent(min(100.0, own.mean.high)),
            n=own.mean.n,
        )

    points = tuple(of(each, [(each.place_id, scale)]) for each in line.points)
    of_points = dict(known)
    stages = tuple(
        of(each, told_cells(stage.touchpoints, scale, found))
        for each, stage in zip(line.stages, base.journey.stages, strict=True)
    )
    shapes, compared = _shapes(
        points,
        of_points,
        lambda later, before: weighted_difference(of_points[later], of_points[before]),
    )
    return replace(line, points=points, stages=stages, shapes=shapes, compared=compared)


def _shown(scored: Scored, told: Sequence[Cell], found: Cells) -> Figure:
    sums = sum((found[cell][0] for cell in told if cell in found), start=NOTHING)
    return figure(scored, sums, Hidden.NO)


def _from_percent(value: float) -> float:
    return LOWEST + (HIGHEST - LOWEST) * value / 100


def _offered(base: Ground, places: Sequence[Touchpoint], found: Cells) -> list[Scored]:
    """Scores of touchpoints without their dimensions, that of most touchpoints first."""
    scored: dict[str, Scored] = {}
    shown: dict[str, int] = {}
    for point in places:
        for scale, entry in base.scored.get(point.id, {}).items():
            if entry.definition.parent is None:
                scored.setdefault(scale, entry)
                sums, reason = found.get((point.id, scale), (NOTHING, Hidden.NO))
                shown[scale] = shown.get(scale, 0) + bool(sums.n and not reason)
    return sorted(scored.values(), key=lambda each: -shown[each.scale.id])


def _point(
    base: Ground,
    chosen: Scored | None,
    at: tuple[Stage, Touchpoint],
    found: Cells,
    assumed: tuple[Mapping[int, int], Mapping[int, int]],
) -> Feeling:
    stage, point = at
    asked = chosen is not None and chosen.scale.id in base.scored.get(point.id, {})
    sums, reason = NOTHING, Hidden.NO
    if chosen is not None and asked:
        sums, reason = found.get((point.id, chosen.scale.id), (NOTHING, Hidden.NO))
    of_stages, of_points = assumed
    own, of_stage = of_points.get(point.id), of_stages.get(stage.id)
    return _feeling(
        point.id,
        point.name,
        chosen if asked else None,
        sums,
        reason,
        of_stage if own is None else own,
        assumed_for_stage=own is None and of_stage is not None,
    )


def _stage(
    base: Ground,
    chosen: Scored | None,
    stage: Stage,
    found: Cells,
    assumed: Mapping[int, int],
) -> Feeling:
    said = assumed.get(stage.id)
    for entry, sums, reason in stage_sums(base, stage.touchpoints, found):
        if chosen is not None and entry.scale.id == chosen.scale.id:
            return _feeling(stage.id, stage.name, entry, sums, reason, said)
    return _feeling(stage.id, stage.name, None, NOTHING, Hidden.NO, said)


def _feeling(
    place_id: int,
    name: str,
    scored: Scored | None,
    sums: Sums,
    reason: Hidden,
    assumed: int | None,
    *,
    assumed_for_stage: bool = False,
) -> Feeling:
    mean = _mean(scored, sums, reason) if scored else None
    ends: tuple[float | None, float | None, float | None] = (None, None, None)
    if mean is not None:
        low, high = (mean.low, mean.high) if mean.n > 1 else (None, None)
        ends = (
            _stretched(mean, mean.estimate),
            None if low is None else _stretched(mean, low),
            None if high is None else _stretched(mean, high),
        )
    n = None if reason or scored is None else sums.n
    return Feeling(place_id, name, *ends, n, scored is not None, reason, assumed, assumed_for_stage)


def _mean(scored: Scored, sums: Sums, reason: Hidden) -> Mean | None:
    if reason or not sums.n:
        return None
    return index_mean(
        n=sums.n,
        total=sums.total,
        total_squares=sums.total_squares,
        minimum=scored.scale.minimum,
        maximum=scored.scale.maximum,
    )


def _stretched(mean: Mean, value: float) -> float:
    """An answer on its own scale, on the scale of feelings."""
    part = (value - mean.minimum) / (mean.maximum - mean.minimum)
    return LOWEST + (HIGHEST - LOWEST) * part


def _shapes(
    points: Sequence[Feeling],
    answered: Container[int],
    compare: Callable[[int, int], Difference | WeightedDifference | None],
) -> tuple[tuple[NamedShape, ...], int]:
    """Named forms among the ``answered`` places, and how many pairs were tested for them; ``compare`` gives
    one place minus another."""
    shown = [each for each in points if each.place_id in answered]
    pairs = [compare(later.place_id, before.place_id) for before, later in pairwise(shown)]
    corrected = holm([1.0 if each is None else each.p for each in pairs])
    ways = [
        (1 if each.estimate > 0 else -1)
        if each is not None and p < LEVEL and (each.low > 0 or each.high < 0)
        else 0
        for each, p in zip(pairs, corrected, strict=True)
    ]
    return tuple(_named(shown, ways)), sum(each is not None for each in pairs)


def _named(shown: Sequence[Feeling], ways: Sequence[int]) -> Iterator[NamedShape]:
    falls = {
        (shown[at].estimate or 0) - (shown[at + 1].estimate or 0): at
        for at, way in enumerate(ways)
        if way < 0
    }
    if falls:
        by = max(falls)
        at = falls[by]
        yield NamedShape(Shape.DROP, (shown[at].name, shown[at + 1].name), by)
    for at, (before, after) in enumerate(pairwise(ways), start=1):
        if before * after < 0:
            yield NamedShape(Shape.TROUGH if before < 0 else Shape.PEAK, (shown[at].name,))
    start = 0
    for at in range(1, len(ways) + 1):
        if at < len(ways) and ways[at] * ways[at - 1] < 0:
            continue
        if at - start >= _TEETH and ways[start]:
            yield NamedShape(Shape.SAWTOOTH, tuple(e.name for e in shown[start : at + 1]))
        start = at
