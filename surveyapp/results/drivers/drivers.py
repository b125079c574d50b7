"""How the variance of a journey's outcome is shared out among scores that one customer gave together.

It needs customers who gave all of the scores; where touchpoints are sparsely answered these are few, and
``associations`` has each score's own pairs. Computed for reports in the worker: resampling is too slow
for a page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.compare import Difference
from analysis.drivers import (
    MOST_PREDICTORS,
    RelativeImportance,
    needed,
    part_difference,
    relative_importance,
)
from analysis.errors import DataError
from analysis.threads import one_blas_thread
from instruments.schema import Metric
from surveyapp.results.drivers.joined_scores import Answer, JoinedScores, Kind
from surveyapp.results.figures import contrasts
from surveyapp.results.view_models import Beside, Definition, Figure, Hidden, Unit

SEED = 20_260_101  # printed with the result, so that it can be repeated
_RESAMPLES = 1000
_COVERAGE = 0.5  # a touchpoint counts when it was answered on this share of the joined journeys


@dataclass(frozen=True)
class Drivers:
    """What goes with the answer to the outcome among one kind of predictors.

    ``labels`` names the predictors that were looked at, ``left_out`` those that fewer than half of
    the answers have, ``beyond`` those that are more than can be looked at together. Of ``joined``
    submissions (dimensions) or journey runs (touchpoints) with the outcome and any predictor, ``n``
    have all that were looked at.
    ``found`` is None when fewer than two predictors are left, when ``n`` is below ``needed``, when
    the answers cannot be split, and when they are ``hidden``; then no number is set.
    """

    kind: str  # "dimensions" or "touchpoints"
    outcome: Definition
    labels: Mapping[str, str]
    n: int
    needed: int
    found: RelativeImportance | None
    joined: int = 0
    left_out: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()
    hidden: Hidden = Hidden.NO
    parts: tuple[Figure, ...] = ()  # of ``found``, in percent, a segment's beside all others'


def drivers(joined: JoinedScores | None, *, resamples: int = _RESAMPLES) -> tuple[Drivers, ...]:
    """Relative importance of the journey's dimensions, then of its touchpoints.

    Hidden wherever the outcome itself is, and where the number of those who gave all scores would give
    a small group away. Empty where the journey's end asks no outcome or nothing stands beside it.
    """
    if joined is None:
        return ()
    return tuple(
        _drivers(joined, kind, beside, resamples)
        for kind in joined.kinds
        if len(kind.labels) > 1 and (beside := joined.in_scope(_any(kind.answers)))
    )


def _any(answers: Sequence[Answer]) -> list[Answer]:
    return [answer for answer in answers if answer.scores]


def _drivers(joined: JoinedScores, kind: Kind, beside: Sequence[Answer], resamples: int) -> Drivers:
    outcome, labels = joined.outcome.definition, kind.labels
    given = {
        key: label
        for key, label in labels.items()
        if sum(key in answer.scores for answer in beside) >= _COVERAGE * len(beside)
    }
    kept = dict(list(given.items())[:MOST_PREDICTORS])
    # Without any predictor every answer would have "all" of them.
    whole = [a for a in kind.answers if a.scores.keys() >= kept.keys()] if kept else []
    counted = (joined.why_hidden(_any(kind.answers)), joined.why_hidden(whole))
    # Fewer than may be told are said to be fewer; what they answered is not looked at.
    hidden = joined.hidden or next((h for h in counted if h not in (Hidden.NO, Hidden.FEW)), None)
    if hidden:
        return Drivers(kind.name, outcome, labels, 0, needed(len(labels)), None, hidden=hidden)
    complete = joined.in_scope(whole)
    least = max(needed(len(kept)), joined.minimum_cell)
    found = _split(complete, list(kept), least, resamples)
    parts = () if found is None else parts_of(found, kept)
    if found is not None and joined.has_others:
        reason = joined.why_others_hidden(whole, *(kind.cells[key] for key in kept))
        others = [] if reason else joined.others(whole)
        rest = _split(others, list(kept), least, resamples)
        parts = _beside(parts, found, rest, None if reason else len(others), reason)
    return Drivers(
        kind.name,
        outcome,
        kept,
        len(complete),
        least,
        found,
        joined=len(beside),
        left_out=tuple(label for key, label in labels.items() if key not in given),
        beyond=tuple(label for key, label in given.items() if key not in kept),
        parts=parts,
    )


def _split(
    complete: Sequence[Answer], kept: Sequence[str], least: int, resamples: int
) -> RelativeImportance | None:
    if len(kept) < 2 or len(complete) < least:
        return None
    predictors = np.array([[answer.scores[key] for key in kept] for answer in complete])
    values = np.array([answer.value for answer in complete])
    try:
        with one_blas_thread():
            return relative_importance(predictors, values, kept, seed=SEED, resamples=resamples)
    except DataError:  # everybody answers the same, or one score is made of the others
        return None


def parts_of(found: RelativeImportance, labels: Mapping[str, str]) -> tuple[Figure, ...]:
    """Each predictor's part of the variance, in percent, in the order given."""
    return tuple(
        Figure(
            _definition(driver.name, labels[driver.name]),
            found.n,
            100 * driver.part,
            100 * driver.low,
            100 * driver.high,
            None,
        )
        for driver in found.drivers
    )


def _beside(
    parts: Sequence[Figure],
    inside: RelativeImportance,
    rest: RelativeImportance | None,
    n: int | None,
    hidden: Hidden,
) -> tuple[Figure, ...]:
    """A segment's parts with those among the ``n`` other customers who have all scores."""
    if rest is None:
        nothing = [Figure(p.definition, n, None, None, None, None, hidden) for p in parts]
        return tuple(
            replace(part, beside=Beside(other, None))
            for part, other in zip(parts, nothing, strict=True)
        )
    others = parts_of(
        rest, {d.name: p.definition.label for d, p in zip(rest.drivers, parts, strict=True)}
    )
    apart = (part_difference(inside, rest, driver.name) for driver in rest.drivers)
    tested = contrasts(
        [
            None if found is None else (part.definition, _in_percent(found))
            for part, found in zip(parts, apart, strict=True)
        ]
    )
    return tuple(
        replace(part, beside=Beside(other, contrast))
        for part, other, contrast in zip(parts, others, tested, strict=True)
    )


def _in_percent(found: Difference) -> Difference:
    return replace(found, estimate=100 * found.estimate, low=100 * found.low, high=100 * found.high)


def _definition(name: str, label: str) -> Definition:
    return Definition(
        scale=f"driver:{name}",
        instrument="",
        metric=Metric.SHARE,
        label=label,
        short=label,
        unit=Unit.PERCENT,
        axis=(0.0, 100.0),
        text="Share of the variance in the outcome.",
        interval="Percentile bootstrap, 95%",
    )
