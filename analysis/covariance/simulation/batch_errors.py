"""Sampling covariances of many maximum-likelihood fits of one model at once."""

from __future__ import annotations

import numpy as np

from analysis.covariance.matrices import Array, GroupStructure
from analysis.covariance.sem import SemFit


def sampling_covariances(fit: SemFit, theta: Array) -> Array:
    """Of the free parameters (r, q, q), from the expected information at each of ``theta`` (r, q).

    ``fit`` is of the same model and n: one group by maximum likelihood without means. NaN where the
    information is singular.
    """
    (structure,) = fit.solution.structures
    transform = fit.table.transform
    information = transform.T @ _information(structure, theta) @ transform
    singular = np.linalg.eigvalsh(information)[:, 0] <= 0
    information[singular] = np.eye(information.shape[1])
    inverse = np.linalg.inv(information)
    inverse[singular] = np.nan
    return np.asarray(transform @ inverse @ transform.T / fit.solution.multiplier)


def moment_slopes(
    structure: GroupStructure, theta: Array, rows: Array, columns: Array
) -> tuple[Array, Array]:
    """The implied covariances at ``rows`` and ``columns`` (r, m) for each of ``theta`` (r, q), and their
    derivatives for the free parameters (r, m, q).
    """
    sigma, u, w = _sides(structure, theta)
    slopes = np.zeros((len(theta), len(rows), theta.shape[1]))
    own = u[:, rows] * w[:, columns] + u[:, columns] * w[:, rows]
    slopes[:, :, structure.positions] = own
    return sigma[:, rows, columns], slopes


def _sides(structure: GroupStructure, theta: Array) -> tuple[Array, Array, Array]:
    """Sigma (r, p, p), and u and w (r, p, k) of its derivatives u w' + w u'."""
    implied = structure.implied(theta)
    p = implied.observed
    columns, weight, _ = structure.columns
    sides = np.concatenate([implied.total[:, :p], implied.covariance[:, :p]], axis=2)
    both = sides.take(columns, axis=2) * weight
    k = both.shape[2] // 2
    return implied.sigma, both[:, :, :k], both[:, :, k:]


def _information(structure: GroupStructure, theta: Array) -> Array:
    """Of one row (r, q, q): half the trace of P dSigma_i P dSigma_j, with dSigma = u w' + w u'."""
    sigma, u, w = _sides(structure, theta)
    precision = np.linalg.inv(sigma)
    pu, pw = precision @ u, precision @ w
    ut, wt = u.transpose(0, 2, 1), w.transpose(0, 2, 1)
    cross = ut @ pw
    own = (ut @ pu) * (wt @ pw) + cross * cross.transpose(0, 2, 1)
    information = np.zeros((len(theta), theta.shape[1], theta.shape[1]))
    at = structure.positions
    information[:, at[:, None], at] = own
    return information
