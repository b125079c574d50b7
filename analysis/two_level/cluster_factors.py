"""Where each cluster stands on the factors between clusters, drawn to the middle by how little it tells."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.covariance.matrices import Array
from analysis.two_level.likelihood import here
from analysis.two_level.pattern_likelihood import PatternDiscrepancy
from analysis.two_level.pattern_moments import pattern_point
from analysis.two_level.solution import SolvedGroup, TwoLevelSolution


def cluster_factor_scores(solution: TwoLevelSolution) -> pd.DataFrame:
    """cluster, n, factor, score, se, and of several groups ``group``; one row a cluster and factor, clusters as
    they first appear.

    The expected value of the factor given the cluster's own variables and its rows' means (regression,
    or empirical Bayes, scores), and the standard deviation about it: a cluster of few rows lies nearer to
    what the model says of all. Neither holds the uncertainty of the estimates. NaN where the fit did not
    converge. Validated against: lavaan 0.6-14, lavPredict(level = 2), of models without predictors at level 2;
    with them, the conditional expectation from the whole covariance of a cluster's answers.
    """
    frames = [_group_scores(group, solution) for group in solution.groups]
    return pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]


def _group_scores(group: SolvedGroup, solution: TwoLevelSolution) -> pd.DataFrame:
    data = group.data
    names = solution.table.between.latent
    scores = np.full((data.n_clusters, len(names)), np.nan)
    spread = np.full((data.n_clusters, len(names)), np.nan)
    if solution.optimum.converged:
        scores, spread = _expected(group)
    grouped = {"group": group.name} if solution.table.groups > 1 else {}
    return pd.DataFrame(
        {
            "cluster": np.repeat(np.asarray(data.labels, dtype=object), len(names)),
            "n": np.repeat(data.sizes, len(names)),
            "factor": list(names) * data.n_clusters,
            "score": scores.ravel(),
            "se": spread.ravel(),
        }
    ).assign(**grouped)


def _expected(group: SolvedGroup) -> tuple[Array, Array]:
    """Expected values of the factors between given each cluster's rows, and the deviations about them."""
    data, discrepancy = group.data, group.discrepancy
    implied, p = group.implied[1], discrepancy.between.p
    covariance, prior = implied.covariance[p:, :p], implied.covariance[p:, p:]
    if isinstance(discrepancy, PatternDiscrepancy):
        known = pattern_point(group.point).known
        left = prior.diagonal() - np.einsum(
            "fb,jbc,fc->jf", covariance, known.precision, covariance, optimize=True
        )
        scores = implied.mean[p:] + known.score @ covariance.T
        return scores, np.sqrt(np.where(left >= 0, left, np.nan))
    point = here(group.point)
    scores, spread = (np.empty((data.n_clusters, len(prior))) for _ in range(2))
    for s, scale in enumerate(discrepancy.scale):
        at = np.flatnonzero(data.size_of == s)
        vectors = np.zeros((len(prior), len(scale)))
        vectors[:, discrepancy.places.between] = covariance
        weights = (vectors * scale) @ point.known.inverse[s]
        away = data.vectors[at] - point.known.means[s]
        scores[at] = implied.mean[p:] + away @ weights.T
        left = prior.diagonal() - (weights * (vectors * scale)).sum(axis=1)
        spread[at] = np.sqrt(np.where(left >= 0, left, np.nan))
    return scores, spread
