"""Which answers each row has, and each cluster's own variables: what the likelihood of incomplete or
weighted rows sums over.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.covariance.matrices import Array
from analysis.two_level.clusters import ClusterData


@dataclass(frozen=True)
class Patterns:
    """The different patterns of answers: ``seen`` (R, p), and the pattern of each row (N,)."""

    seen: Array
    of: Array

    @classmethod
    def of_values(cls, values: Array) -> Patterns:
        """Of values (N, p) with NaN where there is none."""
        known = ~np.isnan(values)
        if not known.shape[1]:
            return cls(np.ones((1, 0)), np.zeros(len(known), dtype=int))
        seen, of = np.unique(known, axis=0, return_inverse=True)
        return cls(seen.astype(float), of.reshape(-1))

    def members(self) -> list[Array]:
        """The rows of each pattern."""
        order = np.argsort(self.of, kind="stable")
        return list(np.split(order, np.cumsum(np.bincount(self.of, minlength=len(self.seen)))[:-1]))


@dataclass(frozen=True)
class Places:
    """Where variables stand: those of both levels within (``inner``) and between (``outer``), in the same
    order, and those of clusters alone between (``own``), in the order of the data.
    """

    inner: Array
    outer: Array
    own: Array

    @classmethod
    def of(cls, data: ClusterData) -> Places:
        """Of the model's variables."""
        model = data.model
        within, between = model.within.observed, model.between.observed

        def at(names: tuple[str, ...], of: tuple[str, ...]) -> Array:
            return np.array([of.index(name) for name in names], dtype=int)

        return cls(at(model.both, within), at(model.both, between), at(model.between_only, between))


@dataclass(frozen=True)
class Inverses:
    """Of a covariance's part that each pattern sees: inverses (R, p, p), 0 where nothing is seen, and
    log-determinants (R,).
    """

    inverse: Array
    logs: Array

    @classmethod
    def of(cls, covariance: Array, seen: Array) -> Inverses | None:
        """None where one of them is not positive definite."""
        both = seen[:, :, None] * seen[:, None, :]
        unseen = np.arange(covariance.shape[0])
        parts = covariance * both
        parts[:, unseen, unseen] += 1 - seen
        try:
            roots = np.linalg.cholesky(parts)
        except np.linalg.LinAlgError:
            return None
        logs = 2 * np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
        inverse = np.linalg.inv(parts)
        return cls((inverse + inverse.swapaxes(1, 2)) / 2 * both, logs)
