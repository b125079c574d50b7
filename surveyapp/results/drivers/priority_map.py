"""Which scores go most with the outcome, and how well each is done: the importance-performance map.

Importance comes from pairs of scores, because few customers give all; performance is the score of all
who gave it, as the journey's other pages count them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from sqlalchemy.orm import Session

from analysis.errors import DataError
from analysis.metrics import index_mean
from analysis.sparse_drivers import LEAST, SparseImportance, sparse_importance
from analysis.threads import one_blas_thread
from instruments.schema import Metric
from surveyapp.results.cells import NOTHING, Sums
from surveyapp.results.definitions import Scored
from surveyapp.results.drivers.drivers import parts_of
from surveyapp.results.drivers.joined_scores import Answer, JoinedScores, Kind
from surveyapp.results.suppression.customer_groups import why_hidden
from surveyapp.results.suppression.shown_cells import Cells, shown_cells
from surveyapp.results.view_models import Definition, Figure, Hidden, Unit
from surveyapp.results.weights.joined_weights import joined_weights
from surveyapp.results.weights.weighting import PeriodWeights, period_weights

SEED = 20_260_101  # printed with the result, so that it can be repeated
MOST = 8  # scores split together: half a second
RESAMPLES = 500


@dataclass(frozen=True)
class Point:
    """One score: its part of the outcome's variance in percent, and its mean from 0 to 100; each with weights,
    too, where they are asked for and there are some.
    """

    key: str
    label: str
    importance: Figure
    performance: Figure
    weighted_importance: Figure | None = None


@dataclass(frozen=True)
class LeftOut:
    """A score that is not on the map, and why."""

    label: str
    why: str


@dataclass(frozen=True)
class PriorityMap:
    """The scores of one kind, "dimensions" or "touchpoints".

    ``found`` is None where fewer than two scores are left, and where their correlations cannot be
    split, for which ``why`` is the reason; ``hidden`` where the outcome is.
    """

    kind: str
    outcome: Definition
    points: tuple[Point, ...]
    left_out: tuple[LeftOut, ...]
    found: SparseImportance | None = None
    why: str = ""
    hidden: Hidden = Hidden.NO
    not_weighted: str = ""  # why there are no weighted importances, where they are asked for

    @property
    def is_weighted(self) -> bool:
        """Whether weights are asked for."""
        return bool(self.not_weighted) or any(
            point.weighted_importance or point.performance.weighted for point in self.points
        )

    @property
    def lines(self) -> tuple[float, float]:
        """Where the map is divided: the means of the importances and of the performances."""
        if not self.points:
            return 0.0, 0.0
        sides = [(p.importance.estimate or 0.0, p.performance.estimate or 0.0) for p in self.points]
        first, second = np.mean(np.array(sides), axis=0)
        return float(first), float(second)

    @property
    def ordered(self) -> list[Point]:
        """The points, the most important first."""
        return sorted(self.points, key=lambda point: -(point.importance.estimate or 0.0))

    @property
    def leader(self) -> str:
        """The label of the score whose part differs from every other's; empty for none."""
        name = self.found.importance.leader if self.found else None
        return next((point.label for point in self.points if point.key == name), "")

    def sides(self, point: Point) -> tuple[str, str]:
        """Above or below the lines: "high", "low", or "undecided" where the interval holds the line."""
        importance, performance = self.lines
        return _side(point.importance, importance), _side(point.performance, performance)


def _side(figure: Figure, line: float) -> str:
    low, high = figure.low, figure.high
    if low is None or high is None or low <= line <= high:
        return "undecided"
    return "high" if low > line else "low"


def priority_maps(session: Session, joined: JoinedScores | None) -> tuple[PriorityMap, ...]:
    """A map of the journey's dimensions and one of its touchpoints, as far as two scores are asked."""
    if joined is None:
        return ()
    kinds = [kind for kind in joined.kinds if len(kind.labels) > 1]
    outcome = joined.outcome.definition
    if joined.hidden:
        return tuple(PriorityMap(k.name, outcome, (), (), hidden=joined.hidden) for k in kinds)
    segment = joined.scope.segment_id
    cells = shown_cells(
        session,
        joined.base,
        joined.scope.period,
        [segment],
        minimum=joined.minimum_cell,
        facets=joined.scope.facets,
    )[segment]
    weights = period_weights(session, joined.base, joined.scope, minimum=joined.minimum_cell)
    return tuple(_map(joined, kind, cells, weights) for kind in kinds)


def _map(
    joined: JoinedScores, kind: Kind, cells: Cells, weights: PeriodWeights | None
) -> PriorityMap:
    outcome = joined.outcome.definition
    keys, left_out = _kept(joined, kind)
    if len(keys) < 2:
        few = "fewer than two scores have enough pairs of answers with the outcome and each other"
        return PriorityMap(kind.name, outcome, (), left_out, why=few)
    inside = [each for each in joined.in_scope(kind.answers) if not each.scores.keys().isdisjoint(keys)]  # fmt: skip
    scores = np.array([[each.scores.get(key, np.nan) for key in keys] for each in inside])
    values = np.array([each.value for each in inside])
    try:
        with one_blas_thread():
            found = sparse_importance(scores, values, keys, seed=SEED, resamples=RESAMPLES)
    except DataError as error:
        return PriorityMap(kind.name, outcome, (), left_out, why=str(error))
    labels = {key: kind.labels[key] for key in keys}
    parts = parts_of(found.importance, labels)
    weighted, refused = _weighted_parts(joined, kind, keys, labels)
    points = tuple(
        Point(
            key,
            labels[key],
            part,
            _performance(joined, kind, key, cells, weights),
            weighted.get(key),
        )
        for key, part in zip(keys, parts, strict=True)
    )
    return PriorityMap(kind.name, outcome, points, left_out, found, not_weighted=refused)


def _weighted_parts(
    joined: JoinedScores, kind: Kind, keys: Sequence[str], labels: Mapping[str, str]
) -> tuple[Mapping[str, Figure], str]:
    """The importances with weights by key, or why there are none; neither where they are not asked for.

    The customers with any of the scores are raked together, so that one has one weight in every pair.
    """
    if joined.weighting is None:
        return {}, ""
    some = [each for each in kind.answers if not each.scores.keys().isdisjoint(keys)]
    having = (
        [each for each in some if each.scores.keys() >= set(pair)]
        for size in (1, 2)
        for pair in combinations(keys, size)
    )
    by = joined_weights(joined, some, having)
    if by is None or by.weights is None:
        return {}, by.refused if by else ""
    scores = np.array([[each.scores.get(key, np.nan) for key in keys] for each in by.answers])
    values = np.array([each.value for each in by.answers])
    try:
        with one_blas_thread():
            found = sparse_importance(
                *(scores, values, keys),
                seed=SEED,
                resamples=RESAMPLES,
                weights=by.weights.values,
            )
    except DataError as error:
        return {}, str(error)
    return dict(zip(keys, parts_of(found.importance, labels), strict=True)), ""


def _performance(
    joined: JoinedScores, kind: Kind, key: str, cells: Cells, weights: PeriodWeights | None
) -> Figure:
    """The mean of all who gave the score in the scope, rescaled to 0 to 100."""
    place, scale = kind.cells[key]
    scored = joined.base.scored[place][scale]
    sums, hidden = cells.get(kind.cells[key], (NOTHING, Hidden.NO))
    found = _mean(scored, kind.labels[key], sums, hidden)
    if weights is None:
        return found
    averaged = replace(
        scored,
        scale=replace(scored.scale, metric=Metric.INDEX),
        definition=found.definition,
    )
    return replace(found, weighted=weights.of([kind.cells[key]], averaged, found))


def _mean(scored: Scored, label: str, sums: Sums, hidden: Hidden) -> Figure:
    definition = Definition(
        scale=scored.definition.scale,
        instrument=scored.definition.instrument,
        metric=Metric.INDEX,
        label=label,
        short="score",
        unit=Unit.INDEX,
        axis=(0.0, 100.0),
        text="Mean answer, rescaled to 0 (worst) to 100 (best).",
        interval="Student's t, 95%",
        answers=scored.definition.answers,
    )
    if hidden:
        return Figure(definition, None, None, None, None, None, hidden)
    if not sums.n:
        return Figure(definition, 0, None, None, None, None)
    low, high = scored.scale.minimum, scored.scale.maximum
    found = index_mean(sums.n, sums.total, sums.total_squares, minimum=low, maximum=high)
    return Figure(definition, found.n, *found.percent, found.estimate)


def _kept(joined: JoinedScores, kind: Kind) -> tuple[list[str], tuple[LeftOut, ...]]:
    """The scores whose pairs with the outcome and with each other may be told of and are enough.

    While some pair is not, the score that is part of most such pairs goes, of those the one with the
    fewest answers.
    """
    groups = _groups(kind.answers)
    inside = Counter(frozenset(each.scores) for each in joined.in_scope(kind.answers))
    count = {key: _count(inside, (key,)) for key in kind.labels}
    why: dict[str, str] = {}
    for key in kind.labels:
        if joined.hidden_at(kind.cells[key]) or _is_hidden(joined, groups, (key,)):
            why[key] = "hidden, to protect a small group of customers"
        elif count[key] < LEAST or not _varies(joined, kind, key):
            why[key] = f"fewer than {LEAST} different pairs with the outcome"
    keys = [key for key in kind.labels if key not in why]
    bad = [
        pair
        for pair in combinations(keys, 2)
        if _count(inside, pair) < LEAST or _is_hidden(joined, groups, pair)
    ]
    while bad:
        most = Counter(key for pair in bad for key in pair)
        worst = max(most, key=lambda key: (most[key], -count[key]))
        why[worst] = f"fewer than {LEAST} customers scored both it and another, or they are hidden"
        keys.remove(worst)
        bad = [pair for pair in bad if worst not in pair]
    for key in sorted(keys, key=lambda key: -count[key])[MOST:]:
        why[key] = f"at most {MOST} scores are split together; these have the most answers"
        keys.remove(key)
    return keys, tuple(LeftOut(kind.labels[key], why[key]) for key in kind.labels if key in why)


def _varies(joined: JoinedScores, kind: Kind, key: str) -> bool:
    given = {each.scores[key] for each in joined.in_scope(kind.answers) if key in each.scores}
    return len(given) > 1


_Patterns = Mapping[frozenset[str], Sequence[Answer]]


def _groups(answers: Sequence[Answer]) -> _Patterns:
    """Customers alike in month, segments and facet, by the scores that they gave."""
    alike = Counter((frozenset(a.scores), a.month, a.segments, a.facet) for a in answers)
    found: dict[frozenset[str], list[Answer]] = {}
    for (keys, month, segments, facet), n in alike.items():
        found.setdefault(keys, []).append(Answer(month, segments, 0.0, facet, n=n))
    return found


def _count(patterns: Mapping[frozenset[str], int], keys: Sequence[str]) -> int:
    return sum(n for given, n in patterns.items() if given.issuperset(keys))


def _is_hidden(joined: JoinedScores, groups: _Patterns, keys: Sequence[str]) -> bool:
    """Whether the number of customers with all these scores may not be told."""
    having = [
        each for given, several in groups.items() if given.issuperset(keys) for each in several
    ]
    return bool(
        why_hidden(
            having,
            joined.base.lying,
            joined.scope.period,
            joined.scope.segment_id,
            minimum=joined.minimum_cell,
            facets=joined.scope.facets,
        )
    )
