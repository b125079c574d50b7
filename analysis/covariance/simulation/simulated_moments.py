"""Moments of samples from a normal population, drawn without their rows."""

from __future__ import annotations

import numpy as np

from analysis.covariance.matrices import Array
from analysis.errors import DataError, NotPositiveDefinite
from analysis.moments import Moments


def simulated_moments(
    population: Moments, reps: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Means (reps, p) and covariances (reps, p, p), divisor n, of samples of the population's n rows.

    The mean and the covariance of normal rows are independent, one normal, the other Wishart with
    n - 1 degrees of freedom, drawn from its Cholesky factor (Bartlett 1933): the cost does not depend
    on n.

    Raises DataError for n below p + 1, NotPositiveDefinite for a population that no data can have.
    """
    n, p = population.n, len(population.names)
    if n <= p:
        raise DataError(f"samples of {n} rows have no covariance of {p} items; give n above {p}")
    try:
        root = np.linalg.cholesky(population.cov)
    except np.linalg.LinAlgError as error:
        raise NotPositiveDefinite(
            "no data can have the population's covariances: they are not positive definite; lower its "
            "loadings or correlations"
        ) from error
    triangle = np.zeros((reps, p, p))
    below, beside = np.tril_indices(p, -1)
    triangle[:, below, beside] = rng.standard_normal((reps, len(below)))
    diagonal = np.arange(p)
    triangle[:, diagonal, diagonal] = np.sqrt(rng.chisquare(n - 1.0 - diagonal, size=(reps, p)))
    spread = root @ triangle
    mean = population.mean + rng.standard_normal((reps, p)) @ root.T / np.sqrt(n)
    return mean, spread @ spread.transpose(0, 2, 1) / n
