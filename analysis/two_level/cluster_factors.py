"""Where each cluster stands on the factors between clusters, drawn to the middle by how little it tells."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.two_level.solution import TwoLevelSolution


def cluster_factor_scores(solution: TwoLevelSolution) -> pd.DataFrame:
    """cluster, n, factor, score, se; one row a cluster and factor, clusters as they first appear.

    The expected value of the factor given the cluster's own variables and its rows' means (regression,
    or empirical Bayes, scores), and the standard deviation about it: a cluster of few rows lies nearer to
    what the model says of all. Neither holds the uncertainty of the estimates. NaN where the fit did not
    converge. Validated against: lavaan 0.6-14, lavPredict(level = 2), of models without predictors at level 2;
    with them, the conditional expectation from the whole covariance of a cluster's answers.
    """
    data, discrepancy, point = solution.data, solution.discrepancy, solution.point
    implied, p = point.implied[1], discrepancy.between.p
    names = solution.table.between.latent
    covariance = implied.covariance[p:, :p]
    prior = implied.covariance[p:, p:]
    scores = np.full((data.n_clusters, len(names)), np.nan)
    spread = np.full((data.n_clusters, len(names)), np.nan)
    if solution.optimum.converged:
        for s, scale in enumerate(discrepancy.scale):
            at = np.flatnonzero(data.size_of == s)
            vectors = np.zeros((len(names), len(scale)))
            vectors[:, discrepancy.places.between] = covariance
            weights = (vectors * scale) @ point.known.inverse[s]
            away = data.vectors[at] - point.known.means[s]
            scores[at] = implied.mean[p:] + away @ weights.T
            left = prior.diagonal() - (weights * (vectors * scale)).sum(axis=1)
            spread[at] = np.sqrt(np.where(left >= 0, left, np.nan))
    return pd.DataFrame(
        {
            "cluster": np.repeat(np.asarray(data.labels, dtype=object), len(names)),
            "n": np.repeat(data.sizes, len(names)),
            "factor": list(names) * data.n_clusters,
            "score": scores.ravel(),
            "se": spread.ravel(),
        }
    )
