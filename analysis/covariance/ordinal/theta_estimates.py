"""Loadings and thresholds of a fit where residual variances are 1 (theta parametrisation), and their errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.covariance.estimation import LeastSquares
from analysis.covariance.matrices import Array
from analysis.covariance.ordinal.polychoric import Polychoric
from analysis.covariance.sem import SemFit
from analysis.errors import DataError


@dataclass(frozen=True)
class Estimates:
    """Values (q,) with their sampling covariance (q, q); ``places`` by name and number of the group."""

    values: Array
    covariance: Array
    places: Mapping[tuple[str, int], int]


def thresholds_of(fit: SemFit) -> dict[str, int]:
    """How many thresholds each ordinal item of the fit has, the same in all groups; empty without any.

    Raises DataError where groups used different categories.
    """
    if not fit.settings.ordered:
        return dict(fit.settings.thresholds or {})
    first, *others = (group.ordinal for group in fit.solution.data.groups)
    for each in others:
        for name, own, theirs in zip(first.names, first.categories, each.categories, strict=True):
            if not np.array_equal(own, theirs):
                raise DataError(f"{name}: groups used different categories; join neighbouring ones")
    return {name: len(cuts) for name, cuts in zip(first.names, first.thresholds, strict=True)}


def estimates_of(fit: SemFit) -> Estimates:
    """The free parameters of a fit that has intercepts or thresholds among them."""
    theta = fit.solution.theta
    vcov = np.zeros((len(theta), len(theta))) if fit.vcov is None else fit.vcov
    return Estimates(
        theta, vcov, {(row.name, row.group): row.free for row in fit.table.free_rows()}
    )


def theta_estimates(fit: SemFit) -> Estimates:
    """Loadings and thresholds of a model of ordinal items alone, each of one factor of variance 1, that was
    fitted to their correlations (delta parametrisation) with nothing held equal over groups.

    Loadings come from the correlations by the weights of the estimator, thresholds from each item's own
    answers; both are divided by the root of the residual variance. Raises DataError where that is not
    positive, TypeError for another fit.
    """
    discrepancy = fit.solution.discrepancy
    if not isinstance(discrepancy, LeastSquares):
        raise TypeError(type(discrepancy))
    parts = fit.solution.weighted_jacobians(discrepancy)
    loaded = [path for path in fit.model.paths if path.op == "=~"]
    free = {(row.name, row.group): row.free for row in fit.table.free_rows()}
    values: list[Array] = []
    blocks: list[Array] = []
    places: dict[tuple[str, int], int] = {}
    for number, (group, structure, part) in enumerate(
        zip(fit.solution.data.groups, fit.solution.structures, parts, strict=True), start=1
    ):
        jacobian, weight, _, share = part
        own = jacobian[:, structure.positions]
        weighted = weight[:, None] * own
        by_correlation = np.linalg.solve(own.T @ weighted, weighted.T)
        at = [int(np.flatnonzero(structure.positions == free[p.name, number])[0]) for p in loaded]
        loading = fit.solution.theta[[free[p.name, number] for p in loaded]]
        delta, names = _delta(group.ordinal, [path.rhs for path in loaded], loading)
        spread = _spread(group.ordinal, by_correlation[at]) / (share * fit.solution.multiplier)
        start = sum(len(each) for each in values)
        places |= {
            (name, number): start + k
            for k, name in enumerate([*names, *(path.name for path in loaded)])
        }
        values.append(delta.values)
        blocks.append(delta.slopes @ spread @ delta.slopes.T)
    size = sum(len(each) for each in values)
    covariance = np.zeros((size, size))
    for start, block in zip(np.cumsum([0, *map(len, blocks)]), blocks, strict=False):
        covariance[start : start + len(block), start : start + len(block)] = block
    return Estimates(np.concatenate(values), covariance, places)


@dataclass(frozen=True)
class _Delta:
    """Thresholds, then loadings, in the theta parametrisation, and how they change with those of delta."""

    values: Array
    slopes: Array


def _delta(ordinal: Polychoric, items: list[str], loading: Array) -> tuple[_Delta, list[str]]:
    residual = 1 - loading**2
    if (residual <= 0).any():
        item = items[int(np.argmin(residual))]
        raise DataError(
            f"{item} has no residual variance in one group, so its thresholds have no unit; leave the item"
            " or the group out"
        )
    unit = residual**-0.5
    owner = [
        items.index(name)
        for name, cuts in zip(ordinal.names, ordinal.thresholds, strict=True)
        for _ in cuts
    ]
    names = [
        f"{name}|t{k}"
        for name, cuts in zip(ordinal.names, ordinal.thresholds, strict=True)
        for k in range(1, len(cuts) + 1)
    ]
    cuts = np.concatenate(ordinal.thresholds)
    count = len(cuts)
    slopes = np.diag(np.concatenate([unit[owner], unit**3]))
    slopes[np.arange(count), count + np.array(owner)] = cuts * (loading * unit**3)[owner]
    return _Delta(np.concatenate([cuts * unit[owner], loading * unit]), slopes), names


def _spread(ordinal: Polychoric, by_correlation: Array) -> Array:
    """n times the sampling covariance of thresholds and of what follows from correlations."""
    if ordinal.gamma is None:
        raise DataError("the sampling covariance of the correlations was not computed")
    count = ordinal.n_thresholds
    through = np.zeros((count + len(by_correlation), len(ordinal.gamma)))
    through[:count, :count] = np.eye(count)
    through[count:, count:] = by_correlation
    return np.asarray(through @ ordinal.gamma @ through.T)
