"""How closely each score of a journey goes together with its outcome: one correlation a score.

Few customers meet, and fewer score, every touchpoint of a journey. So each score has the pairs of
answers that it shares with the outcome, its own n, interval and p; nothing is filled in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.compare import Difference, holm
from analysis.correlation import Correlation, Floats, correlation, correlation_difference
from analysis.drivers import needed
from analysis.errors import AnalysisError
from analysis.expected_gain import ExpectedGain, expected_gain
from analysis.weighted_correlation import weighted_correlation
from analysis.weighted_regression import Coefficient, weighted_regression
from instruments.schema import Metric
from surveyapp.results import phrases
from surveyapp.results.drivers.joined_scores import Answer, JoinedScores, Kind
from surveyapp.results.figures import LEVEL, contrasts
from surveyapp.results.view_models import (
    Beside,
    Contrast,
    Definition,
    Figure,
    Hidden,
    Unit,
    Weighted,
)
from surveyapp.results.weights.joined_weights import JoinedWeights, joined_weights

PROMOTER, DETRACTOR = 9, 6  # from and up to which an answer of 0 to 10 counts
_WEIGHTED_INTERVAL = "Linearised, Student's t on Fisher's z, 95%"
NEEDED = needed(1)  # pairs: with 50, the interval of no correlation is -.28 to .28


@dataclass(frozen=True)
class Association:
    """One score and the outcome.

    ``n`` counts the pairs of answers that one customer gave in one submission or journey run: both
    this score and the outcome. ``figure`` holds r with its interval; its estimate is None below
    ``NEEDED`` pairs, where all answers to one of the two are equal, and when ``hidden``, where ``n``
    is None too. ``pvalue`` is corrected for all associations that are shown (Holm 1979); ``certain``:
    it is below .05, and the interval excludes zero. ``gain``: by how many points the outcome is higher
    where the score is higher by one answer point; None without a correlation, and of an outcome that is
    neither a Net Promoter Score nor an index. ``figure.weighted`` is r with weights, and ``weighted_gain``
    the gain with them.
    """

    key: str
    label: str
    n: int | None
    figure: Figure
    pvalue: float | None = None
    certain: bool = False
    gain: ExpectedGain | None = None
    weighted_gain: Coefficient | None = None

    @property
    def hidden(self) -> Hidden:
        return self.figure.hidden

    def why(self, few: int) -> str:
        """Why there is no correlation; empty where there is one."""
        if self.figure.shown:
            return ""
        if self.n is None:
            return phrases.hidden(self.hidden, few=few)
        if not self.n:
            return "no pairs of answers yet"
        if self.n < NEEDED:
            return f"not enough answers ({self.n} of {NEEDED} needed)"
        return "not defined: all answers are equal"


@dataclass(frozen=True)
class AssociatedKind:
    """Scores of one kind, in the journey's order.

    ``outcomes`` counts the answers to the outcome that they could be joined to: the submissions, or
    the journey runs, with it.
    """

    name: str  # "dimensions" or "touchpoints"
    outcomes: int
    each: tuple[Association, ...]

    @property
    def singular(self) -> str:
        return self.name.removesuffix("s")

    def missing(self, one: Association) -> float | None:
        """The share of the outcomes, in percent, that have no such score beside them.

        None when hidden, and where there is no outcome to be joined to.
        """
        if one.n is None or not self.outcomes:
            return None
        return 100 * (1 - one.n / self.outcomes)

    @property
    def shown(self) -> list[Association]:
        """The correlations, the largest first."""
        shown = [one for one in self.each if one.figure.estimate is not None]
        return sorted(shown, key=lambda one: -(one.figure.estimate or 0.0))

    @property
    def has_others(self) -> bool:
        """Whether any of a segment's correlations stands beside that of all other customers."""
        return any(one.figure.beside is not None for one in self.each)

    @property
    def ordered(self) -> list[Association]:
        """The correlations, the largest first, then the scores without one."""
        return [*self.shown, *(one for one in self.each if not one.figure.shown)]


@dataclass(frozen=True)
class Associations:
    """The outcome with every score beside it; no ``kinds`` when ``hidden`` or without any answer."""

    outcome: Definition
    kinds: tuple[AssociatedKind, ...]
    comparisons: int  # that Holm's correction counts
    hidden: Hidden = Hidden.NO
    beside_tested: int = 0  # differences of a segment from all other customers, corrected likewise


def associations(joined: JoinedScores | None) -> Associations | None:
    """Each score's correlation with the outcome; None where there is nothing to set side by side."""
    if joined is None:
        return None
    outcome = joined.outcome.definition
    if joined.hidden or not joined.in_scope(joined.answers):
        return Associations(outcome, (), 0, joined.hidden)
    kinds = [
        (kind, [_looked_at(joined, kind, key, pairs[key]) for key in kind.labels])
        for kind in joined.kinds
        if kind.labels and (pairs := _pairs(kind))
    ]
    every = [looked for _, all_of in kinds for looked in all_of]
    corrected = iter(holm([looked.found.p for looked in every if looked.found is not None]))
    apart = contrasts([looked.apart for looked in every])
    told = iter(
        [
            _told(looked, None if looked.found is None else next(corrected), contrast)
            for looked, contrast in zip(every, apart, strict=True)
        ]
    )
    return Associations(
        outcome,
        tuple(
            AssociatedKind(
                kind.name,
                len(joined.in_scope(kind.answers)),
                tuple(next(told) for _ in all_of),
            )
            for kind, all_of in kinds
        ),
        sum(looked.found is not None for looked in every),
        beside_tested=sum(contrast is not None for contrast in apart),
    )


@dataclass(frozen=True)
class _LookedAt:
    """An association before anything is tested; ``apart``: its difference from all others."""

    association: Association
    found: Correlation | None = None
    apart: tuple[Definition, Difference] | None = None


def _told(looked: _LookedAt, p: float | None, contrast: Contrast | None) -> Association:
    one, found = looked.association, looked.found
    beside = one.figure.beside and replace(one.figure.beside, contrast=contrast)
    one = replace(one, figure=replace(one.figure, beside=beside))
    if found is None or p is None:
        return one
    return replace(one, pvalue=p, certain=p < LEVEL and not found.low <= 0 <= found.high)


def _pairs(kind: Kind) -> dict[str, list[Answer]]:
    """The answers with each score, of all segments and all time."""
    found: dict[str, list[Answer]] = {key: [] for key in kind.labels}
    for answer in kind.answers:
        for key in answer.scores:
            found[key].append(answer)
    return found


def _looked_at(joined: JoinedScores, kind: Kind, key: str, pairs: Sequence[Answer]) -> _LookedAt:
    label = kind.labels[key]
    definition = _definition(joined.outcome.definition, key, label)
    hidden = joined.hidden_at(kind.cells[key]) or joined.why_hidden(pairs)
    if hidden:
        return _LookedAt(Association(key, label, None, _nothing(definition, hidden)))
    figure, found = _correlation(definition, key, joined.in_scope(pairs))
    if found is None:
        return _LookedAt(Association(key, label, figure.n, figure))
    gain = _gain(joined.outcome.definition, key, joined.in_scope(pairs))
    if not joined.has_others:
        own = Association(key, label, figure.n, figure, gain=gain)
        return _LookedAt(_with_weights(own, joined, pairs), found)
    hidden, others = joined.why_others_hidden(pairs, kind.cells[key]), None
    rest = _nothing(definition, hidden)
    if not hidden:
        rest, others = _correlation(definition, key, joined.others(pairs))
    figure = replace(figure, beside=Beside(rest, None))
    testable = others is not None and max(abs(found.estimate), abs(others.estimate)) < 1
    return _LookedAt(
        Association(key, label, figure.n, figure, gain=gain),
        found,
        (definition, correlation_difference(found, others)) if others and testable else None,
    )


def _nothing(definition: Definition, hidden: Hidden) -> Figure:
    return Figure(definition, None, None, None, None, None, hidden)


def _correlation(
    definition: Definition, key: str, answers: Sequence[Answer]
) -> tuple[Figure, Correlation | None]:
    """The figure of these pairs, without a number where they are too few or do not vary."""
    figure = Figure(definition, len(answers), None, None, None, None)
    score = np.array([answer.scores[key] for answer in answers])
    outcome = np.array([answer.value for answer in answers])
    if len(score) < NEEDED or not np.ptp(score) or not np.ptp(outcome):
        return figure, None
    found = correlation(score, outcome)
    return replace(figure, estimate=found.estimate, low=found.low, high=found.high), found


def _with_weights(one: Association, joined: JoinedScores, pairs: Sequence[Answer]) -> Association:
    """The association with weights beside, where these are asked for."""
    by = joined_weights(joined, pairs)
    if by is None:
        return one
    if by.weights is not None and len(by.answers) < NEEDED:
        known = f"{len(by.answers)} of {NEEDED} needed have a value of the population shares"
        by = JoinedWeights(refused=f"not enough answers: {known}")
    if by.weights is None:
        of_all = joined.weighting is not None and bool(joined.weighting.refused)
        weighted = Weighted(None, refused=by.refused, hidden=by.hidden, of_all=of_all)
        return replace(one, figure=replace(one.figure, weighted=weighted))
    score = np.array([answer.scores[one.key] for answer in by.answers])
    outcome = np.array([answer.value for answer in by.answers])
    points = in_points(joined.outcome.definition, outcome)
    try:
        found = weighted_correlation(score, outcome, by.weights)
        gain = None
        if points is not None:
            fitted = weighted_regression(score[:, None], points, (one.key,), by.weights)
            gain = fitted.coefficients[0]
    except AnalysisError as error:
        weighted = Weighted(None, refused=str(error))
        return replace(one, figure=replace(one.figure, weighted=weighted))
    definition = replace(one.figure.definition, interval=_WEIGHTED_INTERVAL)
    figure = Figure(definition, found.n, found.estimate, found.low, found.high, None)
    left_out = (one.n or found.n) - found.n
    return replace(
        one,
        figure=replace(one.figure, weighted=Weighted(figure, found, left_out)),
        weighted_gain=gain,
    )


def _gain(outcome: Definition, key: str, answers: Sequence[Answer]) -> ExpectedGain | None:
    """The outcome's difference for one answer point more, from pairs that have a correlation."""
    values = in_points(outcome, np.array([answer.value for answer in answers]))
    if values is None:
        return None
    return expected_gain(np.array([answer.scores[key] for answer in answers]), values)


def in_points(outcome: Definition, values: Floats) -> Floats | None:
    """Answers to a Net Promoter question or an index in points of it; None for other outcomes."""
    if outcome.metric is Metric.NPS:
        return 100.0 * ((values >= PROMOTER).astype(float) - (values <= DETRACTOR))
    if outcome.unit is Unit.INDEX:
        low, high = outcome.answers
        return values * 100 / (high - low)
    return None


def _definition(outcome: Definition, key: str, label: str) -> Definition:
    return Definition(
        scale=f"{outcome.scale}~{key}",
        instrument=outcome.instrument,
        metric=outcome.metric,
        label=label,
        short="correlation",
        unit=Unit.CORRELATION,
        axis=(-1.0, 1.0),
        text=f"Pearson correlation with {outcome.short}.",
        interval="Fisher's z, 95%",
    )
