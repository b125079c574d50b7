"""The likelihood of a linear mixed model in the random effects' relative covariance, all else at its best."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from analysis.covariance.matrices import Array

FLAT = 1e-2  # slope of -2 log-likelihood at a minimum; differences are taken for it
SINGULAR = 1e-4  # of the relative factor's diagonal, as lme4's isSingular has it


@dataclass(frozen=True)
class Products:
    """Cross products of all rows, and by cluster (J, ., .) those with the random effects' columns."""

    xx: Array
    xy: Array
    yy: float
    zz: Array
    zx: Array
    zy: Array
    n: int


@dataclass(frozen=True)
class Profile:
    """At one factor of the random effects' relative covariance: what is left of the products."""

    value: float  # -2 log-likelihood, profiled
    beta: Array
    inverse: Array  # of X' V^-1 X, in units of the residual variance
    residual: float


@dataclass(frozen=True)
class Minimum:
    """Where the search ended: ``theta`` is the lower triangle of the relative factor (q, q), by rows."""

    profile: Profile
    theta: Array
    converged: bool
    singular: bool  # whether an effect has no variance of its own


def products_of(x: Array, z: Array, y: Array, starts: Array) -> Products:
    """The products of sorted rows, whose clusters begin at ``starts``."""
    zz = np.add.reduceat(z[:, :, None] * z[:, None, :], starts, axis=0)
    zx = np.add.reduceat(z[:, :, None] * x[:, None, :], starts, axis=0)
    zy = np.add.reduceat(z * y[:, None], starts, axis=0)
    return Products(x.T @ x, x.T @ y, float(y @ y), zz, zx, zy, len(x))


def with_first(products: Products, count: int) -> Products:
    """The products with the first ``count`` random effects alone."""
    return Products(
        products.xx,
        products.xy,
        products.yy,
        products.zz[:, :count, :count],
        products.zx[:, :count],
        products.zy[:, :count],
        products.n,
    )


def relative_factor(theta: Array, q: int) -> Array:
    """Lower triangular root of the random effects' covariance over the residual variance (q, q)."""
    factor = np.zeros((q, q))
    factor[np.tril_indices(q)] = theta
    return factor


def profile(theta: Array, products: Products, q: int, method: str) -> Profile:
    """-2 log-likelihood with coefficients and residual variance at their best (Bates et al. 2015)."""
    factor = relative_factor(theta, q)
    inside = np.eye(q) + factor.T @ products.zz @ factor
    root = np.linalg.cholesky(inside)
    logs = 2 * float(np.log(np.diagonal(root, axis1=1, axis2=2)).sum())
    half_x = np.linalg.solve(root, factor.T @ products.zx)
    half_y = np.linalg.solve(root, (products.zy @ factor)[:, :, None])[:, :, 0]
    xx = products.xx - np.einsum("jqa,jqb->ab", half_x, half_x)
    xy = products.xy - np.einsum("jqa,jq->a", half_x, half_y)
    yy = products.yy - float((half_y**2).sum())
    beta = np.linalg.solve(xx, xy)
    left = max(yy - float(xy @ beta), 1e-300)
    n = products.n - (len(beta) if method == "REML" else 0)
    residual = left / n
    value = logs + n * (math.log(2 * math.pi * residual) + 1)
    if method == "REML":
        value += float(np.linalg.slogdet(xx)[1])
    return Profile(value, beta, np.linalg.inv(xx), residual)


def minimum(products: Products, q: int, method: str) -> Minimum:
    """Of -2 log-likelihood over the factor. In units of each random effect's column, so that scales do not matter."""
    rows, columns = np.tril_indices(q)
    diagonal = rows == columns
    scale = np.sqrt(products.zz.sum(axis=0).diagonal() / products.n)
    unit = 1 / np.maximum(scale, 1e-300)

    def value(scaled: Array) -> float:
        return profile(scaled * unit[rows], products, q, method).value

    found = optimize.minimize(
        value,
        np.where(diagonal, 0.5, 0.0),
        method="L-BFGS-B",
        bounds=[(0.0, None) if own else (None, None) for own in diagonal],
        options={"ftol": 1e-14, "gtol": 1e-7, "maxiter": 500},
    )
    theta = found.x * unit[rows]
    # A variance at its bound of 0 may rise from there.
    slope = np.where(diagonal & (found.x <= 0), np.minimum(found.jac, 0.0), found.jac)
    flat = bool(np.abs(slope).max() < FLAT)
    singular = bool((found.x[diagonal] < SINGULAR).any())
    return Minimum(profile(theta, products, q, method), theta, flat, singular)
