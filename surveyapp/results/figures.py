"""Sums to figures: the one place where a rollup meets a formula."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from analysis.compare import Difference, difference, holm
from analysis.metrics import Estimate, Mean, Share, summarize
from surveyapp.results.cells import Sums
from surveyapp.results.definitions import Scored
from surveyapp.results.view_models import Contrast, Definition, Figure, Hidden, Unit

LEVEL = 0.05  # after Holm's correction


def figure(scored: Scored, sums: Sums, hidden: Hidden) -> Figure:
    """The estimate of these sums, or an empty figure when hidden or without answers."""
    if hidden is not Hidden.NO:
        return Figure(scored.definition, None, None, None, None, None, hidden)
    if sums.n == 0:
        return Figure(scored.definition, 0, None, None, None, None)
    found = estimate(scored, sums)
    mean = found.mean.estimate if isinstance(found, Share) and found.mean else None
    if isinstance(found, Mean):
        value, low, high = found.percent
        return Figure(scored.definition, found.n, value, low, high, found.estimate)
    return Figure(scored.definition, found.n, found.estimate, found.low, found.high, mean)


@lru_cache(
    maxsize=8192
)  # months that are over are the same on every page; a page asks for hundreds
def estimate(scored: Scored, sums: Sums) -> Estimate:
    """The formula's own result, on its own scale."""
    low, high = scored.scale.minimum, scored.scale.maximum
    return summarize(
        scored.scale,
        n=sums.n,
        total=sums.total,
        total_squares=sums.total_squares,
        histogram=sums.bins[low : high + 1],
    )


def differences(pairs: Sequence[tuple[Scored, Sums, Sums]]) -> tuple[Contrast | None, ...]:
    """First minus second of each pair, p corrected for their number (Holm 1979).

    None where either side has fewer than two answers: one answer has no spread.
    """
    found: list[tuple[Definition, Difference] | None] = [
        (scored.definition, _difference(scored, first, second))
        if min(first.n, second.n) >= 2
        else None
        for scored, first, second in pairs
    ]
    return contrasts(found)


def contrasts(
    found: Sequence[tuple[Definition, Difference] | None],
) -> tuple[Contrast | None, ...]:
    """Differences that are tested together, p corrected for their number (Holm 1979)."""
    corrected = iter(holm([entry[1].p for entry in found if entry is not None]))
    return tuple(None if entry is None else _contrast(*entry, next(corrected)) for entry in found)


@lru_cache(maxsize=4096)  # asked again by every page until somebody answers
def _difference(scored: Scored, first: Sums, second: Sums) -> Difference:
    return difference(estimate(scored, first), estimate(scored, second))


def _contrast(definition: Definition, found: Difference, pvalue: float) -> Contrast:
    low, high = definition.answers
    unit = 100 / (high - low) if definition.unit is Unit.INDEX else 1.0
    # Both must say so: the interval is for one difference alone, p for all of them together.
    excludes_zero = found.low > 0 or found.high < 0
    return Contrast(
        difference=found.estimate * unit,
        low=found.low * unit,
        high=found.high * unit,
        pvalue=pvalue,
        certain=excludes_zero and pvalue < LEVEL,
    )
