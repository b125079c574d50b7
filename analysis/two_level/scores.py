"""Each cluster's gradient of the log-likelihood: what robust standard errors and tests sum."""

from __future__ import annotations

import numpy as np

from analysis.covariance.matrices import Array
from analysis.two_level.likelihood import TwoLevelDiscrepancy, TwoLevelPoint

CELLS = 4_000_000  # of a block of rows times parameters held at once


def cluster_scores(discrepancy: TwoLevelDiscrepancy, point: TwoLevelPoint) -> Array:
    """(J, q) over all free parameters."""
    data = discrepancy.data
    scores = np.zeros((data.n_clusters, len(point.theta)))
    inside = _within_scores(discrepancy, point)
    scores[:, discrepancy.within.positions] += inside
    for s, f in enumerate(discrepancy.vector_factors(point)):
        at = np.flatnonzero(data.size_of == s)
        p = point.known.inverse[s]
        b = (data.vectors[at] - point.known.means[s]) @ p
        own = (b @ f.u) * (b @ f.w) + b @ f.m - (f.u * (p @ f.w)).sum(axis=0)
        scores[np.ix_(at, discrepancy.positions)] += own
    return scores


def _within_scores(discrepancy: TwoLevelDiscrepancy, point: TwoLevelPoint) -> Array:
    """Of the rows about their clusters' means (J, k), for the parameters within."""
    data = discrepancy.data
    precision = point.implied[0].precision
    f = discrepancy.within.factors(point.implied[0])
    total = np.zeros((data.n_clusters, f.size))
    most = max(CELLS // max(f.size, 1), 1)
    ends = np.append(data.starts[1:], data.n)
    begin = 0
    while begin < data.n_clusters:
        # As many whole clusters as fit; at least one.
        end = max(int(np.searchsorted(ends, data.starts[begin] + most, side="right")), begin + 1)
        rows = slice(int(data.starts[begin]), int(ends[end - 1]))
        a = data.away[rows] @ precision
        own = (a @ f.u) * (a @ f.w)
        total[begin:end] = np.add.reduceat(own, data.starts[begin:end] - rows.start, axis=0)
        begin = end
    expected = (f.u * (precision @ f.w)).sum(axis=0)
    return np.asarray(total - (data.sizes - 1)[:, None] * expected)
