"""What non-normal data do to standard errors and tests of normal-theory estimates.

Everything comes from each row's own contribution to the gradient, (n, q) numbers, and from the row's
squared distance; no matrix of fourth moments is formed, so cost grows with n once only.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analysis.covariance.design import Design
from analysis.covariance.matrices import Array, Factors, vech_index

BLOCK = 4096


def casewise_scores(centred: Array, inverse: Array, f: Factors, *, means: bool) -> Array:
    """Gradient of each row's normal log-likelihood for the group's parameters (n, k).

    ``centred`` rows (n, p) stand about the implied mean (about the sample mean without a mean
    structure).
    """
    s = centred @ inverse
    scores = (s @ f.u) * (s @ f.w) - np.sum(f.u * (inverse @ f.w), axis=0)
    return np.asarray(scores + s @ f.m if means else scores)


def score_products(
    rows: Array,
    about: Array,
    inverse: Array,
    f: Factors,
    *,
    means: bool,
    centre: bool,
    slopes: Array | None = None,
    design: Design | None = None,
) -> Array:
    """Sum over rows of the scores' outer products (k, k), about their mean with ``centre``.

    ``slopes`` (p, p) of ``conditional_slopes`` takes off what fixed predictors explain. With a
    ``design`` the scores are weighted and summed over each cluster first, about nothing.
    """
    k = f.u.shape[1]
    if design is not None and not design.simple:
        summed = np.zeros((k, k))
        for at in design.blocks(len(rows)):
            own = casewise_scores(rows[at] - about, inverse, f, means=means)
            sums = design.totals(own, at)
            summed += sums.T @ sums
        return summed * design.correction
    products, total = np.zeros((k, k)), np.zeros(k)
    for block in _blocks(rows):
        centred = block - about
        scores = casewise_scores(centred, inverse, f, means=means)
        if slopes is not None:
            scores = scores - casewise_scores(centred @ slopes, inverse, f, means=means)
        products += scores.T @ scores
        total += scores.sum(axis=0)
    return products - np.outer(total, total) / len(rows) if centre else products


def _blocks(rows: Array) -> Iterator[Array]:
    """The rows in pieces that stay in the processor's cache."""
    for start in range(0, len(rows), BLOCK):
        yield rows[start : start + BLOCK]


def conditional_slopes(cov: Array, exogenous: list[int]) -> Array | None:
    """(p, p) that turns centred rows into what fixed predictors say of them: the predictors
    themselves, and every other variable's regression on them. None without predictors.
    """
    if not exogenous:
        return None
    slopes = np.zeros_like(cov)
    slopes[exogenous] = np.linalg.solve(cov[np.ix_(exogenous, exogenous)], cov[exogenous])
    return slopes


def gamma_trace(
    centred: Array, inverse: Array, cov: Array, *, means: bool, slopes: Array | None = None
) -> float:
    """tr(V Gamma): V the normal weight at ``inverse``, Gamma the moments' sampling covariance.

    1/2 (mean of (z' P z)^2 - tr(P S P S)), plus tr(P S) when means are fitted. With ``slopes`` Gamma
    is that of moments given the predictors: of z z' - e e', e what they say of z.
    """
    squares = 0.0
    for block in _blocks(centred):
        weighted = block @ inverse
        distance = np.sum(weighted * block, axis=1)
        squares += float(distance @ distance)
        if slopes is not None:
            said = block @ slopes
            across = np.sum(weighted * said, axis=1)
            own = np.sum((said @ inverse) * said, axis=1)
            squares += float(own @ own - 2 * (across @ across))
    ps = inverse @ (cov if slopes is None else cov - slopes.T @ cov @ slopes)
    trace = 0.5 * (squares / len(centred) - float(np.sum(ps * ps.T)))
    return trace + float(np.trace(ps)) if means else trace


def conditional_independent_trace(
    centred: Array, slopes: Array, exogenous: list[int], *, means: bool
) -> float:
    """``independent_trace`` of the other variables given fixed predictors."""
    others = [i for i in range(centred.shape[1]) if i not in exogenous]
    variances = np.mean(centred[:, others] ** 2, axis=0)
    total, squares, unexplained = (np.zeros(len(others)) for _ in range(3))
    for block in _blocks(centred):
        said = (block @ slopes)[:, others]
        own = block[:, others]
        left = own * own - said * said
        total += left.sum(axis=0)
        squares += np.sum(left * left, axis=0)
        unexplained += np.sum((own - said) ** 2, axis=0)
    n = len(centred)
    spread = squares / n - (total / n) ** 2
    trace = float(np.sum(0.5 * spread / variances**2))
    return trace + float(np.sum(unexplained / n / variances)) if means else trace


def independent_trace(centred: Array, *, means: bool) -> float:
    """tr(B A^-1) of the independence model: over items 1/2 (kurtosis - 1), plus 1 with means."""
    second, fourth = np.zeros(centred.shape[1]), np.zeros(centred.shape[1])
    for block in _blocks(centred):
        square = block * block
        second += square.sum(axis=0)
        fourth += np.sum(square * square, axis=0)
    kurtosis = fourth / len(centred) / (second / len(centred)) ** 2
    return float(np.sum(0.5 * (kurtosis - 1))) + (centred.shape[1] if means else 0)


def sandwich(bread: Array, meat: Array) -> Array:
    """bread^-1 meat bread^-1 (Huber 1967; White 1982)."""
    inverse = np.linalg.inv(bread)
    return np.asarray(inverse @ meat @ inverse)


def moment_gamma(rows: Array, *, means: bool) -> Array:
    """n times the sampling covariance of (means,) vech(S), distribution free (Browne 1984)."""
    centred = rows - rows.mean(axis=0)
    i, j = vech_index(rows.shape[1])
    products = centred[:, i] * centred[:, j]
    products = products - products.mean(axis=0)
    stacked = np.hstack([centred, products]) if means else products
    return np.asarray(stacked.T @ stacked / len(rows))


def normal_weight(inverse: Array, *, means: bool) -> Array:
    """V: inverse of the normal-theory Gamma for (means,) vech(S), given Sigma^-1."""
    i, j = vech_index(len(inverse))
    half = np.where(i == j, 0.5, 1.0)
    v = (
        inverse[np.ix_(i, i)] * inverse[np.ix_(j, j)]
        + inverse[np.ix_(i, j)] * inverse[np.ix_(j, i)]
    )
    v = v * np.outer(half, half)
    if not means:
        return np.asarray(v)
    p = len(inverse)
    full = np.zeros((p + len(i),) * 2)
    full[:p, :p] = inverse
    full[p:, p:] = v
    return full
