"""Traces of U Gamma, by which tests of least squares and of normal theory are scaled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.covariance.matrices import Array

# By group: Jacobian, weight (diagonal or full), Gamma and share of the rows.
Part = tuple[Array, Array, Array, float]


def _times(weight: Array, matrix: Array) -> Array:
    return np.asarray(weight[:, None] * matrix if weight.ndim == 1 else weight @ matrix)


def u_gamma_traces(parts: Sequence[Part], transform: Array) -> tuple[float, float]:
    """tr(U Gamma) and tr((U Gamma)^2) over groups, U = V - V D (D' V D)^-1 D' V."""
    jacobians = [delta @ transform for delta, *_ in parts]
    bread = sum(
        share * d.T @ _times(v, d) for d, (_, v, _, share) in zip(jacobians, parts, strict=True)
    )
    inverse = np.linalg.inv(bread) if transform.shape[1] else np.zeros((0, 0))
    first = second = 0.0
    for g, (_, v, gamma, share) in enumerate(parts):
        vd = _times(v, jacobians[g])
        own = _times(v, gamma) - share * vd @ inverse @ (vd.T @ gamma)
        first += float(np.trace(own))
        second += float(np.sum(own * own.T))
        for h, (_, w, other, other_share) in enumerate(parts):
            if h > g:
                wd = _times(w, jacobians[h])
                there = -share * vd @ inverse @ (wd.T @ other)
                back = -other_share * wd @ inverse @ (vd.T @ gamma)
                second += 2 * float(np.sum(there * back.T))
    return first, second
