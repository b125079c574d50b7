"""What limited-information estimation fits: moments of ordinal items and numbers, given predictors.

Of each variable its thresholds or mean, its slopes on the predictors and a number's residual variance;
of each pair the (polychoric, polyserial or plain) covariance of what the predictors leave; with the
sampling covariance of all of them together (Muthén 1984).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.covariance.design import Design
from analysis.covariance.matrices import Array, vech_index
from analysis.covariance.ordinal.limited_pairs import pair_of
from analysis.covariance.ordinal.limited_variables import (
    NumericVariable,
    Variable,
    numeric_variable,
    of_rows,
    ordinal_variable,
)
from analysis.errors import DataError, NotPositiveDefinite, NoVariance


@dataclass(frozen=True)
class MomentLayout:
    """Where each moment stands: ``names`` are the outcomes, ``thresholds`` how many each has (0 for a
    number), ``predictors`` the names of what they are given.

    Outcome by outcome thresholds (or the mean), slopes, and a number's variance; then the pairs in the
    order of vech.
    """

    names: tuple[str, ...]
    thresholds: tuple[int, ...]
    predictors: tuple[str, ...]

    @cached_property
    def starts(self) -> Array:
        """Where each outcome's own moments begin (p + 1,); the last is where pairs begin."""
        q = len(self.predictors)
        sizes = [count + q if count else q + 2 for count in self.thresholds]
        return np.concatenate([[0], np.cumsum(sizes)]).astype(int)

    @cached_property
    def pairs(self) -> tuple[Array, Array]:
        """Outcomes of each pair, in the order of vech without its diagonal."""
        rows, columns = vech_index(len(self.names))
        off = rows != columns
        return rows[off], columns[off]

    @property
    def size(self) -> int:
        """Number of moments."""
        return int(self.starts[-1]) + len(self.pairs[0])

    @cached_property
    def ordinal(self) -> Array:
        """Where the ordinal outcomes stand among the outcomes."""
        return np.flatnonzero(np.array(self.thresholds) > 0)

    @cached_property
    def numeric(self) -> Array:
        """Where the numbers stand among the outcomes."""
        return np.flatnonzero(np.array(self.thresholds) == 0)

    @cached_property
    def of_thresholds(self) -> tuple[Array, Array]:
        """Moments that are thresholds, and the outcome of each."""
        places = [
            np.arange(self.starts[i], self.starts[i] + k) for i, k in enumerate(self.thresholds)
        ]
        owner = np.repeat(np.arange(len(self.names)), self.thresholds)
        return np.concatenate(places).astype(int), owner

    @cached_property
    def of_slopes(self) -> tuple[Array, Array, Array]:
        """Moments that are slopes, the outcome of each and its predictor."""
        q = len(self.predictors)
        first = self.starts[:-1] + np.maximum(self.thresholds, 1)
        at = (first[:, None] + np.arange(q)).ravel()
        outcome = np.repeat(np.arange(len(self.names)), q)
        return at, outcome, np.tile(np.arange(q), len(self.names))

    @property
    def of_means(self) -> Array:
        """Moments that are intercepts of numbers."""
        return np.asarray(self.starts[self.numeric])

    @property
    def of_variances(self) -> Array:
        """Moments that are residual variances of numbers."""
        return np.asarray(self.starts[self.numeric + 1] - 1)


@dataclass(frozen=True)
class LimitedMoments:
    """A group's moments (k,), n times their sampling covariance (k, k) and its rows.

    ``covariance`` (p, p) is of the outcomes given the predictors.
    """

    layout: MomentLayout
    values: Array
    gamma: Array
    covariance: Array
    warnings: tuple[str, ...] = ()

    @property
    def slopes(self) -> Array:
        """(p, q)"""
        at, outcome, predictor = self.layout.of_slopes
        found = np.zeros((len(self.layout.names), len(self.layout.predictors)))
        found[outcome, predictor] = self.values[at]
        return found

    @property
    def intercepts(self) -> Array:
        """(p,), 0 of ordinal items."""
        found = np.zeros(len(self.layout.names))
        found[self.layout.numeric] = self.values[self.layout.of_means]
        return found

    def with_predictors(self, mean: Array, cov: Array) -> tuple[Array, Array]:
        """Mean and covariance of outcomes and then predictors, whose own (q,) and (q, q) are given."""
        slopes = self.slopes
        across = slopes @ cov
        return (
            np.concatenate([self.intercepts + slopes @ mean, mean]),
            np.block([[self.covariance + across @ slopes.T, across], [across.T, cov]]),
        )


def limited_moments(
    outcomes: Array,
    predictors: Array,
    layout: MomentLayout,
    categories: Mapping[str, Array],
    design: Design,
    *,
    where: str = "",
) -> LimitedMoments:
    """The moments of outcomes (n, p), each from the rows that have what it needs, and complete predictors
    (n, q).

    ``categories`` are each ordinal item's answers in all groups. Raises DataError for a category that
    nobody chose here, and NoVariance for a number without any.

    Validated against: lavaan 0.6-14 (WLSMV with mixed items and with covariates).
    """
    n = len(outcomes)
    weights = np.ones(n) if design.weights is None else design.weights
    _require_apart(predictors, layout.predictors, where)
    seen = ~np.isnan(outcomes)
    variables: list[Variable] = []
    for j, name in enumerate(layout.names):
        own = seen[:, j]
        answers, x, w = outcomes[own, j], predictors[own], weights[own]
        if not layout.thresholds[j]:
            found = numeric_variable(answers, x, w)
            if found.variance <= 1e-12 * max(float(np.mean(answers**2)), 1e-300):
                raise NoVariance(f"{name}{where}: no variance is left; leave it out")
            variables.append(found)
            continue
        codes = _codes(answers, categories[name], name, where)
        item = ordinal_variable(codes, layout.thresholds[j], x, w)
        if item is None:
            raise DataError(
                f"{name}{where}: its answers follow from {', '.join(layout.predictors)} without exception, so "
                "that its slopes have no estimate; join rare answers or leave the predictor out"
            )
        variables.append(item)
    rows = np.zeros(n, dtype=np.intp)
    if predictors.shape[1]:
        rows = np.unique(predictors, axis=0, return_inverse=True)[1].reshape(-1)
    return _joined(variables, seen, rows, layout, design, weights)


def _require_apart(predictors: Array, names: tuple[str, ...], where: str) -> None:
    """Raise DataError for predictors of which one is a sum of others."""
    if not names:
        return
    spread = predictors.std(axis=0)
    around = (predictors - predictors.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    if np.linalg.matrix_rank(around, tol=1e-8 * np.sqrt(len(around))) < len(names):
        raise DataError(
            f"{', '.join(names)}{where}: one of these predictors follows from the others; leave it out"
        )


def _codes(values: Array, answers: Array, name: str, where: str) -> Array:
    codes = np.searchsorted(answers, values)
    counts = np.bincount(codes, minlength=len(answers))
    if not counts.all():
        absent = ", ".join(f"{value:g}" for value in answers[counts == 0])
        raise DataError(
            f"{name}: nobody{where} chose {absent}, which others did; its thresholds need every answer "
            "in every group: join neighbouring answers"
        )
    return codes


def _joined(
    variables: list[Variable],
    seen: Array,
    rows: Array,
    layout: MomentLayout,
    design: Design,
    weights: Array,
) -> LimitedMoments:
    """A^-1 B A^-T of all scores, numbers' correlations then turned into covariances.

    ``seen`` (n, p) says which rows each variable holds; a row has no score for what it lacks.
    """
    starts, (seconds, firsts) = layout.starts, layout.pairs
    k, own = layout.size, int(starts[-1])
    scores = np.zeros((len(rows), k))
    bread = np.zeros((k, k))
    for j, variable in enumerate(variables):
        block = slice(starts[j], starts[j + 1])
        scores[seen[:, j], block] = variable.scores()
        bread[block, block] = scores[:, block].T @ (scores[:, block] * weights[:, None])
    correlation = np.eye(len(variables))
    for m, (i, j) in enumerate(zip(seconds, firsts, strict=True)):
        both = seen[:, i] & seen[:, j]
        pair = pair_of(
            of_rows(variables[i], both[seen[:, i]]),
            of_rows(variables[j], both[seen[:, j]]),
            rows[both],
            weights[both],
        )
        correlation[i, j] = correlation[j, i] = pair.correlation
        at = own + m
        scores[both, at] = pair.scores
        weighed = pair.scores * weights[both]
        bread[at, starts[i] : starts[i + 1]] = weighed @ pair.first
        bread[at, starts[j] : starts[j + 1]] = weighed @ pair.second
        bread[at, at] = weighed @ pair.scores
    if not (np.diag(bread) > 0).all():
        raise NotPositiveDefinite(
            "the sampling covariance of thresholds and correlations does not exist: two items tell the same"
        )
    half = np.linalg.solve(bread, design.products(scores))
    gamma = design.size_of(len(rows)) * np.linalg.solve(bread, half.T).T
    sd = np.array(
        [np.sqrt(v.variance) if isinstance(v, NumericVariable) else 1.0 for v in variables]
    )
    scaled = sd[seconds] * sd[firsts]
    change = np.eye(k)
    pairs = np.arange(own, k)
    change[pairs, pairs] = scaled
    for side in (seconds, firsts):
        numbers = np.flatnonzero(np.isin(side, layout.numeric))
        at_variance = starts[side[numbers] + 1] - 1
        value = correlation[seconds, firsts][numbers] * scaled[numbers]
        change[pairs[numbers], at_variance] += value / (2 * sd[side[numbers]] ** 2)
    gamma = change @ gamma @ change.T
    values = np.concatenate(
        [*(variable.estimates for variable in variables), correlation[seconds, firsts] * scaled]
    )
    wild = [
        f"{layout.names[i]} and {layout.names[j]}"
        for i, j in zip(seconds, firsts, strict=True)
        if abs(correlation[i, j]) > 0.995
    ]
    warnings = (f"correlation at its bound: {', '.join(wild[:5])}",) if wild else ()
    covariance = correlation * sd * sd[:, None]
    return LimitedMoments(layout, values, (gamma + gamma.T) / 2, covariance, warnings)
