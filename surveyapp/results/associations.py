"""How closely each score of a journey goes together with its outcome: one correlation a score.

Few customers meet, and fewer score, every touchpoint of a journey. So each score has the pairs of
answers that it shares with the outcome, its own n, interval and p; nothing is filled in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.compare import holm
from analysis.correlation import Correlation, correlation
from analysis.drivers import needed
from surveyapp.results import phrases
from surveyapp.results.figures import LEVEL
from surveyapp.results.joined_scores import Answer, JoinedScores, Kind
from surveyapp.results.view_models import Definition, Figure, Hidden, Unit

NEEDED = needed(1)  # pairs: with 50, the interval of no correlation is -.28 to .28


@dataclass(frozen=True)
class Association:
    """One score and the outcome.

    ``n`` counts the pairs of answers that one customer gave in one submission or journey run: both
    this score and the outcome. ``figure`` holds r with its interval; its estimate is None below
    ``NEEDED`` pairs, where all answers to one of the two are equal, and when ``hidden``, where ``n``
    is None too. ``pvalue`` is corrected for all associations that are shown (Holm 1979); ``certain``:
    it is below .05, and the interval excludes zero.
    """

    key: str
    label: str
    n: int | None
    figure: Figure
    pvalue: float | None = None
    certain: bool = False

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


def associations(joined: JoinedScores | None) -> Associations | None:
    """Each score's correlation with the outcome; None where there is nothing to set side by side."""
    if joined is None:
        return None
    outcome = joined.outcome.definition
    if joined.hidden or not joined.in_scope(joined.answers):
        return Associations(outcome, (), 0, joined.hidden)
    kinds = [
        (kind, [_association(joined, kind, key, pairs[key]) for key in kind.labels])
        for kind in joined.kinds
        if kind.labels and (pairs := _pairs(kind))
    ]
    known = [(one, found) for *_, all_of in kinds for one, found in all_of if found is not None]
    corrected = holm([found.p for _, found in known])
    certain = {
        one.key: (p, p < LEVEL and not found.low <= 0 <= found.high)
        for (one, found), p in zip(known, corrected, strict=True)
    }
    return Associations(
        outcome,
        tuple(
            AssociatedKind(
                kind.name,
                len(joined.in_scope(kind.answers)),
                _marked([one for one, _ in all_of], certain),
            )
            for kind, all_of in kinds
        ),
        len(known),
    )


def _marked(
    found: Sequence[Association], certain: dict[str, tuple[float, bool]]
) -> tuple[Association, ...]:
    return tuple(
        replace(one, pvalue=certain[one.key][0], certain=certain[one.key][1])
        if one.key in certain
        else one
        for one in found
    )


def _pairs(kind: Kind) -> dict[str, list[Answer]]:
    """The answers with each score, of all segments and all time."""
    found: dict[str, list[Answer]] = {key: [] for key in kind.labels}
    for answer in kind.answers:
        for key in answer.scores:
            found[key].append(answer)
    return found


def _association(
    joined: JoinedScores, kind: Kind, key: str, pairs: Sequence[Answer]
) -> tuple[Association, Correlation | None]:
    label = kind.labels[key]
    definition = _definition(joined.outcome.definition, key, label)
    hidden = joined.hidden_at(kind.cells[key]) or joined.why_hidden(pairs)
    if hidden:
        nothing = Figure(definition, None, None, None, None, None, hidden)
        return Association(key, label, None, nothing), None
    inside = joined.in_scope(pairs)
    found = _correlation(
        np.array([answer.scores[key] for answer in inside]),
        np.array([answer.value for answer in inside]),
    )
    figure = Figure(definition, len(inside), None, None, None, None)
    if found is not None:
        figure = replace(figure, estimate=found.estimate, low=found.low, high=found.high)
    return Association(key, label, len(inside), figure), found


def _correlation(score: np.ndarray, outcome: np.ndarray) -> Correlation | None:
    if len(score) < NEEDED or not np.ptp(score) or not np.ptp(outcome):
        return None
    return correlation(score, outcome)


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
