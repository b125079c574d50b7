"""How the variance of a journey's outcome is shared out among scores that one customer gave together.

It needs customers who gave all of the scores; where touchpoints are sparsely answered these are few, and
``associations`` has each score's own pairs. Computed for reports in the worker: resampling is too slow
for a page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.drivers import MOST_PREDICTORS, RelativeImportance, needed, relative_importance
from analysis.errors import DataError
from analysis.threads import one_blas_thread
from surveyapp.results.joined_scores import Answer, JoinedScores, Kind
from surveyapp.results.view_models import Definition, Hidden

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
    found = None
    if len(kept) > 1 and len(complete) >= least:
        predictors = np.array([[answer.scores[key] for key in kept] for answer in complete])
        values = np.array([answer.value for answer in complete])
        try:
            with one_blas_thread():
                found = relative_importance(
                    predictors, values, list(kept), seed=SEED, resamples=resamples
                )
        except DataError:  # everybody answers the same, or one score is made of the others
            found = None
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
    )
