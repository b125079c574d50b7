"""Confidence intervals of omega, composite reliability and AVE from a fitted factor model."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from analysis.covariance.matrices import Array
from analysis.covariance.sem import SemFit
from analysis.errors import ModelError
from analysis.scale.reliability import Interval

STEP = 1e-4  # of the central differences, in standard errors: units must not matter


@dataclass(frozen=True)
class Coefficient:
    """An estimate with its standard error and interval; None where they do not exist."""

    estimate: float
    se: float | None
    interval: Interval | None


@dataclass(frozen=True)
class FactorReliability:
    """Omega, composite reliability and average variance extracted of one factor."""

    omega: Coefficient
    cr: Coefficient
    ave: Coefficient


def factor_reliability(fit: SemFit, factor: str, *, level: float = 0.95) -> FactorReliability:
    """The coefficients of a factor whose items measure it alone, with their intervals.

    Standard errors are those of the delta method from the estimates' sampling covariance, robust where
    the estimator's is. The interval is taken on the logit, which keeps it between 0 and 1 and makes it
    wider below than above near 1. For ordinal items all three are those of the responses behind the
    answers.

    Raises ModelError for a factor that is not in the model, several groups, or items of several factors.

    Validated against lavaan 0.6-14: errors of the same quantities defined by ``:=`` (ML, MLR, WLSMV).
    References: Raykov (2002); Raykov and Marcoulides (2015).
    """
    if len(fit.groups) > 1:
        raise ModelError("reliability is that of one group; fit each group by itself")
    if factor not in fit.table.latent:
        raise ModelError(
            f"{factor} is no factor of the model; it has {', '.join(fit.table.latent)}"
        )
    items = fit.model.indicators(factor)
    shared = [row.rhs for row in fit.table.rows if row.op == "=~" and row.rhs in items]
    if len(shared) != len(items) or any(item in fit.table.latent for item in items):
        raise ModelError(f"{factor}: its items must be columns that measure no other factor")
    estimates, errors = _estimated(fit, factor, items)
    return FactorReliability(
        *(
            _coefficient(float(value), float(se), level)
            for value, se in zip(estimates, errors, strict=True)
        )
    )


def _estimated(fit: SemFit, factor: str, items: tuple[str, ...]) -> tuple[Array, Array]:
    """Omega, CR and AVE (3,) and their standard errors, NaN without a sampling covariance."""
    theta, vcov = fit.solution.theta, fit.vcov
    if vcov is None:
        return _coefficients(fit, factor, items, theta[None])[0], np.full(3, np.nan)
    errors = np.sqrt(np.maximum(np.diag(vcov), 0.0))
    steps = STEP * np.where(errors > 0, errors, 1.0)
    moved = np.concatenate([theta + np.diag(steps), theta - np.diag(steps)])
    found = _coefficients(fit, factor, items, np.vstack([theta, moved]))
    gradient = (found[1 : len(theta) + 1] - found[len(theta) + 1 :]) / (2 * steps[:, None])
    variances = np.einsum("ik,ij,jk->k", gradient, vcov, gradient)
    return found[0], np.sqrt(np.where(variances >= 0, variances, np.nan))


def _coefficients(fit: SemFit, factor: str, items: tuple[str, ...], thetas: Array) -> Array:
    """Omega, CR and AVE at each of the parameters (r, 3)."""
    structure = fit.solution.structures[0]
    p = structure.p
    at = [structure.observed.index(item) for item in items]
    k = p + structure.latent.index(factor)
    directed, symmetric, _ = structure.matrices(thetas)
    implied = structure.implied(thetas)
    loadings = directed[:, at, k]
    variance = implied.covariance[:, k, k]
    explained = loadings**2 * variance[:, None]
    if fit.settings.ordered:
        residual = 1 - explained
    else:
        residual = np.diagonal(symmetric, axis1=1, axis2=2)[:, at]
    true = loadings.sum(axis=1) ** 2 * variance
    share = explained / (explained + residual)
    with np.errstate(invalid="ignore"):  # of a variance below 0
        standard = np.sign(loadings) * np.sqrt(share)
    common = standard.sum(axis=1) ** 2
    return np.stack(
        [
            true / (true + residual.sum(axis=1)),
            common / (common + (1 - share).sum(axis=1)),
            share.mean(axis=1),
        ],
        axis=1,
    )


def _coefficient(value: float, se: float, level: float) -> Coefficient:
    if not math.isfinite(se):
        return Coefficient(value, None, None)
    if not 0 < value < 1:
        return Coefficient(value, se, None)
    z = float(special.ndtri((1 + level) / 2))
    middle, reach = special.logit(value), z * se / (value * (1 - value))
    limits = special.expit([middle - reach, middle + reach])
    return Coefficient(value, se, Interval(value, float(limits[0]), float(limits[1]), level))
