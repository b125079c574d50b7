"""A model's likelihood over several imputations, where it is needed for the pooled tests D3 and D4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.covariance.data import GroupData, Prepared
from analysis.covariance.matrices import Array, log_determinant, structures
from analysis.covariance.sem import SemFit
from analysis.covariance.solution import solve
from analysis.errors import ModelError


@dataclass(frozen=True)
class Deviances:
    """-2 log-likelihoods of a model over m imputations, less what all models of the data share.

    ``own`` is the mean at each imputation's own estimates, ``pooled`` the mean of each imputation's at
    the average of the estimates, ``stacked`` the m-th part of the least one of all imputations together.
    """

    own: float
    pooled: float
    stacked: float


def has_likelihood(fit: SemFit) -> bool:
    """Whether the fit maximised the normal likelihood of complete rows, with N as its multiplier."""
    return fit.settings.maximum_likelihood and not fit.settings.unbiased


def model_deviances(fits: Sequence[SemFit]) -> Deviances:
    """Of the model that was fitted by maximum likelihood to each of several imputations.

    Raises ModelError where the model cannot be fitted to all imputations together.
    """
    first = fits[0].solution
    prepared = [fit.solution.data.groups for fit in fits]
    theta = np.mean([fit.solution.theta for fit in fits], axis=0)
    stacked = tuple(_stacked(own) for own in zip(*prepared, strict=True))
    means = first.table.mean_structure
    own = [
        sum(
            _deviance(group, implied.sigma, implied.mu if means else group.mean)
            for group, implied in zip(groups, fit.implied, strict=True)
        )
        for groups, fit in zip(prepared, fits, strict=True)
    ]
    # Predictors' moments are those of the sample, so at the average they are the averages too.
    averaged = [_averaged(own) for own in zip(*prepared, strict=True)]
    table = first.table
    at_average = [
        structure.with_exogenous(table.exogenous, cov, mean if means else None).implied(theta)
        for structure, (mean, cov) in zip(structures(table), averaged, strict=True)
    ]
    pooled = [
        sum(
            _deviance(group, implied.sigma, implied.mu if means else group.mean)
            for group, implied in zip(groups, at_average, strict=True)
        )
        for groups in prepared
    ]
    plain = replace(
        first.settings,
        estimator="ML",
        missing="listwise",
        cluster=None,
        information="",
        h1_information="structured",
    )
    together = solve(table, Prepared(first.data.names, stacked, ()), plain, start=theta)
    if not together.optimum.converged:
        raise ModelError("the model of all imputations together did not converge")
    all_rows = sum(
        _deviance(group, implied.sigma, implied.mu if means else group.mean)
        for group, implied in zip(stacked, together.implied, strict=True)
    )
    return Deviances(float(np.mean(own)), float(np.mean(pooled)), float(all_rows))


def saturated_deviances(fits: Sequence[SemFit]) -> Deviances:
    """The same of unrestricted moments of the fits' variables."""
    prepared = [fit.solution.data.groups for fit in fits]
    means = fits[0].table.mean_structure
    averaged = [_averaged(own) for own in zip(*prepared, strict=True)]
    own = [sum(_deviance(group, group.cov, group.mean) for group in groups) for groups in prepared]
    pooled = [
        sum(
            _deviance(group, cov, mean if means else group.mean)
            for group, (mean, cov) in zip(groups, averaged, strict=True)
        )
        for groups in prepared
    ]
    stacked = [_stacked(groups) for groups in zip(*prepared, strict=True)]
    all_rows = sum(_deviance(group, group.cov, group.mean) for group in stacked)
    return Deviances(float(np.mean(own)), float(np.mean(pooled)), float(all_rows))


def _averaged(groups: Sequence[GroupData]) -> tuple[Array, Array]:
    """Means and covariances of one group, averaged over imputations."""
    return (
        np.mean([group.mean for group in groups], axis=0),
        np.mean([group.cov for group in groups], axis=0),
    )


def _stacked(groups: Sequence[GroupData]) -> GroupData:
    """One group's imputations as one sample, which counts as much as one imputation."""
    mean, cov = _averaged(groups)
    away = np.array([group.mean for group in groups]) - mean
    cov = cov + away.T @ away / len(groups)
    return replace(groups[0], mean=mean, cov=cov, rows=None, patterns=None)


def _deviance(group: GroupData, sigma: Array, mu: Array) -> float:
    """n (log|Sigma| + tr(Sigma^-1 (S + d d'))), d the distance of the means."""
    away = group.mean - mu
    about = group.cov + np.outer(away, away)
    return float(group.size * (log_determinant(sigma) + np.trace(np.linalg.solve(sigma, about))))
