"""Residual measures and GFI of a model of ordinal items beside numbers, given predictors.

As lavaan counts them: residuals of pairs, and of thresholds where those are not left out (``_nomean``), over
the numbers of both and of all variables, whose variances count as kept. They are on the scale of the
answers, whatever the parametrisation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.covariance.matrices import Array
from analysis.covariance.ordinal.limited_discrepancy import LimitedDiscrepancy
from analysis.covariance.solution import Solution


class Residuals(NamedTuple):
    """A group's moments and what the model implies for them (k,), in the discrepancy's order."""

    sample: Array
    implied: Array


def residual_measures(solution: Solution, discrepancy: LimitedDiscrepancy) -> dict[str, float]:
    """rmr, srmr, srmr_bentler and crmr, with thresholds and (``_nomean``) without; the groups weighed
    by their rows.
    """
    total: dict[str, float] = {}
    for residuals, share in zip(
        _residuals(solution, discrepancy), solution.data.shares, strict=True
    ):
        for name, value in _of_group(solution, discrepancy, residuals).items():
            total[name] = total.get(name, 0.0) + float(share) * value
    total["srmr"] = total["srmr_bentler_nomean"]
    return total


def weighted_gfi(solution: Solution, discrepancy: LimitedDiscrepancy) -> float:
    """1 - e' V e / s' V s over all moments, averaged over groups."""
    values = [
        1 - float(v @ (own.sample - own.implied) ** 2) / float(v @ own.sample**2)
        for own, v in zip(_residuals(solution, discrepancy), discrepancy.weights, strict=True)
    ]
    return float(np.average(values, weights=solution.data.shares))


def _residuals(solution: Solution, discrepancy: LimitedDiscrepancy) -> list[Residuals]:
    return [
        Residuals(sample.values, implied)
        for sample, implied in zip(
            discrepancy.samples, discrepancy.fitted(solution.theta), strict=True
        )
    ]


def _of_group(
    solution: Solution, discrepancy: LimitedDiscrepancy, residuals: Residuals
) -> dict[str, float]:
    layout = discrepancy.layout
    first, second = layout.pairs
    pairs = slice(int(layout.starts[-1]), layout.size)
    sd, implied_sd = (
        _deviations(layout.of_variances, layout.numeric, len(layout.names), own)
        for own in residuals
    )
    s, sigma = residuals.sample[pairs], residuals.implied[pairs]
    scale = sd[first] * sd[second]
    correlation = s / scale - sigma / (implied_sd[first] * implied_sd[second])
    at, _ = layout.of_thresholds
    missed = float(np.sum((residuals.sample[at] - residuals.implied[at]) ** 2))
    variables = len(solution.table.observed)
    found = {}
    for name, own, count in (
        ("rmr", s - sigma, len(s) + variables),
        ("srmr_bentler", (s - sigma) / scale, len(s) + variables),
        ("crmr", correlation, len(s)),
    ):
        squares = float(own @ own)
        found[name] = np.sqrt((squares + missed) / (count + len(at)))
        found[f"{name}_nomean"] = np.sqrt(squares / count) if count else 0.0
    return found


def _deviations(places: Array, numeric: Array, size: int, moments: Array) -> Array:
    """Standard deviations given the predictors, 1 of ordinal items."""
    result = np.ones(size)
    variances = moments[places]
    result[numeric] = np.sqrt(np.where(variances > 0, variances, np.nan))
    return result
