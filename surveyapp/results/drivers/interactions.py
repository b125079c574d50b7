"""Declared pairs of scores: does the outcome go more with one of them where the other is low?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.compare import holm
from analysis.errors import DataError
from analysis.interactions import LEAST, Interaction, interaction
from analysis.weighted_regression import Coefficient, weighted_regression
from surveyapp.results import phrases
from surveyapp.results.drivers.associations import in_points
from surveyapp.results.drivers.joined_scores import JoinedScores, Kind
from surveyapp.results.figures import LEVEL
from surveyapp.results.view_models import Definition, Hidden
from surveyapp.results.weights.joined_weights import joined_weights
from surveyapp.store.models import DriverPair

_TERMS = ("first", "second", "product")


@dataclass(frozen=True)
class PairFound:
    """A pair with what was found; ``n`` customers gave both scores and the outcome, None where hidden.

    ``pvalue`` is corrected for all pairs that are shown (Holm 1979); ``problem``: why there is no
    number though there are enough answers. ``weighted`` is the product with weights, corrected likewise,
    ``weighted_slopes`` those of the first score in the same places; ``not_weighted`` says why there is none.
    """

    id: int
    first: str
    second: str
    n: int | None
    found: Interaction | None = None
    pvalue: float | None = None
    hidden: Hidden = Hidden.NO
    problem: str = ""
    weighted: Coefficient | None = None
    weighted_p: float | None = None
    weighted_slopes: tuple[Coefficient, ...] = ()
    not_weighted: str = ""

    @property
    def certain(self) -> bool:
        """Whether the slopes differ significantly."""
        return self.pvalue is not None and self.pvalue < LEVEL

    def why(self, few: int) -> str:
        """Why there is no number; empty where there is one."""
        if self.found is not None:
            return ""
        if self.hidden:
            return phrases.hidden(self.hidden, few=few)
        if self.problem:
            return self.problem
        return f"not enough answers ({self.n} of {LEAST} needed)" if self.n else "no answers with both yet"  # fmt: skip


@dataclass(frozen=True)
class Interactions:
    """All pairs of a journey; ``tested``: those that Holm's correction counts. ``in_points``: whether the
    outcome is in points of its metric, else in points of its answer scale."""

    outcome: Definition
    pairs: tuple[PairFound, ...]
    tested: int
    in_points: bool


def interactions(joined: JoinedScores | None, pairs: Sequence[DriverPair]) -> Interactions | None:
    """The declared pairs; None where the journey's end asks no outcome."""
    if joined is None:
        return None
    found = [_looked_at(joined, pair) for pair in pairs]
    corrected = iter(holm([each.found.p for each in found if each.found is not None]))
    of_weighted = iter(holm([each.weighted.p for each in found if each.weighted is not None]))
    told = tuple(
        each
        if each.found is None
        else replace(
            each,
            pvalue=next(corrected),
            weighted_p=next(of_weighted) if each.weighted is not None else None,
        )
        for each in found
    )
    outcome = joined.outcome.definition
    points = in_points(outcome, np.zeros(1)) is not None
    return Interactions(outcome, told, sum(each.found is not None for each in told), points)


def _looked_at(joined: JoinedScores, pair: DriverPair) -> PairFound:
    kind = next((kind for kind in joined.kinds if pair.first in kind.labels), None)
    if kind is None or pair.second not in kind.labels:
        gone = "one of the two is not asked any more"
        return PairFound(pair.id, pair.first, pair.second, None, problem=gone)
    first, second = kind.labels[pair.first], kind.labels[pair.second]
    both = [each for each in kind.answers if {pair.first, pair.second} <= each.scores.keys()]
    reasons = (
        joined.hidden,
        *(joined.hidden_at(kind.cells[key]) for key in (pair.first, pair.second)),
        joined.why_hidden(both),
    )
    hidden = next(filter(None, reasons), Hidden.NO)
    if hidden:
        return PairFound(pair.id, first, second, None, hidden=hidden)
    return _computed(joined, kind, pair, PairFound(pair.id, first, second, len(joined.in_scope(both))))  # fmt: skip


def _computed(joined: JoinedScores, kind: Kind, pair: DriverPair, found: PairFound) -> PairFound:
    inside = [
        each
        for each in joined.in_scope(kind.answers)
        if {pair.first, pair.second} <= each.scores.keys()
    ]
    if len(inside) < LEAST:
        return found
    values = np.array([each.value for each in inside])
    points = in_points(joined.outcome.definition, values)
    one, other = (
        np.array([each.scores[key] for each in inside]) for key in (pair.first, pair.second)
    )
    try:
        done = interaction(one, other, values if points is None else points)
    except DataError as error:
        return replace(found, problem=f"not defined: {error}")
    return _with_weights(joined, kind, pair, replace(found, found=done))


def _with_weights(
    joined: JoinedScores, kind: Kind, pair: DriverPair, found: PairFound
) -> PairFound:
    """The pair with weights, too, where these are asked for."""
    keys = {pair.first, pair.second}
    by = joined_weights(joined, [each for each in kind.answers if keys <= each.scores.keys()])
    if by is None or found.found is None:
        return found
    if by.weights is None or len(by.answers) < LEAST:
        few = f"{len(by.answers)} of {LEAST} needed have a value of the population shares"
        return replace(found, not_weighted=by.refused or few)
    values = np.array([each.value for each in by.answers])
    points = in_points(joined.outcome.definition, values)
    outcome = values if points is None else points
    one, other = (
        np.array([each.scores[key] for each in by.answers]) for key in (pair.first, pair.second)
    )
    slopes = []
    try:
        for slope in found.found.slopes:
            apart = other - slope.value
            design = np.column_stack([one, apart, one * apart])
            fitted = weighted_regression(design, outcome, _TERMS, by.weights)
            slopes.append(fitted.coefficients[0])
    except DataError as error:
        return replace(found, not_weighted=str(error))
    return replace(found, weighted=fitted.coefficients[2], weighted_slopes=tuple(slopes))
