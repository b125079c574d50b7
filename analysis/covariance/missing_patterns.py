"""Rows with holes, summarised by pattern; saturated moments by EM, all patterns in one batch.

Full-information likelihood needs of each pattern of answered items only n, means and covariance,
so that a large file with few patterns costs no more than a small one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.covariance.matrices import Array, positive_inverse
from analysis.errors import DataError

MAX_INFLATION = 1e5  # of a variance, 1 / (1 - R^2) from the other items


@dataclass(frozen=True)
class Patterns:
    """Sufficient statistics of incomplete rows: one entry a pattern, zeros where nothing is seen."""

    seen: Array  # (k, p) bool
    n: Array  # (k,)
    mean: Array  # (k, p)
    cov: Array  # (k, p, p) divisor n of the pattern
    of_row: Array  # (rows,) the pattern of each row

    @property
    def rows(self) -> int:
        """Rows with at least one answer."""
        return int(self.n.sum())

    @property
    def answers(self) -> float:
        """Number of cells that are filled."""
        return float(self.n @ self.seen.sum(axis=1))


def patterns_of(rows: Array) -> Patterns:
    """Summarise rows (n, p) with NaN for missing; every row must have at least one answer."""
    seen_rows = ~np.isnan(rows)
    packed = np.packbits(seen_rows, axis=1)
    _, first, of_row = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    of_row = of_row.ravel()
    k, p = len(first), rows.shape[1]
    filled = np.where(seen_rows, rows, 0.0)
    n = np.bincount(of_row, minlength=k).astype(float)
    order = np.argsort(of_row, kind="stable")
    starts = np.concatenate([[0], np.cumsum(n)[:-1]]).astype(int)
    mean = np.add.reduceat(filled[order], starts, axis=0) / n[:, None]
    centred = (filled - mean[of_row])[order]
    cov = np.zeros((k, p, p))
    for i in np.flatnonzero(n > 1):
        part = centred[starts[i] : starts[i] + int(n[i])]
        cov[i] = part.T @ part / n[i]
    return Patterns(seen_rows[first], n, mean, cov, of_row)


def observed_inverses(sigma: Array, seen: Array) -> tuple[Array, Array] | None:
    """Inverse of each pattern's part of Sigma, zero elsewhere (k, p, p), and log-determinants (k,).

    None when Sigma is not positive definite on some pattern.
    """
    p = len(sigma)
    most = int((p - seen.sum(axis=1)).max(initial=0))
    whole = positive_inverse(sigma) if 3 * most <= p else None
    # Where an item is nearly a sum of the others, the small systems would lose the digits.
    if whole is not None and (whole[0].diagonal() * sigma.diagonal()).max() < MAX_INFLATION:
        return _without_unseen(*whole, seen, most)
    blank = (~seen)[:, :, None] * np.eye(p)
    masked = sigma * (seen[:, :, None] & seen[:, None, :]) + blank
    try:
        root = np.linalg.cholesky(masked)
    except np.linalg.LinAlgError:
        return None
    log_determinant = 2 * np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    return np.linalg.inv(masked) - blank, log_determinant


def _without_unseen(
    precision: Array, log_determinant: float, seen: Array, most: int
) -> tuple[Array, Array]:
    """The same from Sigma's inverse P, where at most ``most`` items a pattern are unseen (u).

    The inverse of the seen part is P_ss - P_su P_uu^-1 P_us, its determinant |Sigma| |P_uu|: small
    systems instead of large ones.
    """
    first = np.argsort(seen, axis=1, kind="stable")[
        :, :most
    ]  # the unseen, then seen ones as padding
    unseen = ~np.take_along_axis(seen, first, axis=1)
    rows = precision[first] * unseen[:, :, None]
    core = precision[first[:, :, None], first[:, None, :]]
    core = np.where(unseen[:, :, None] & unseen[:, None, :], core, np.eye(most))
    inverse = precision - rows.transpose(0, 2, 1) @ (np.linalg.inv(core) @ rows)
    inverse *= seen[:, :, None] & seen[:, None, :]
    return inverse, log_determinant + np.linalg.slogdet(core)[1]


def log_likelihood(patterns: Patterns, mean: Array, sigma: Array) -> float:
    """Normal log-likelihood of all observed cells, constants included."""
    found = observed_inverses(sigma, patterns.seen)
    if found is None:
        return -np.inf
    inverse, log_determinant = found
    shift = np.where(patterns.seen, patterns.mean - mean, 0.0)
    quadratic = np.einsum("kij,kij->k", inverse, patterns.cov)
    quadratic += np.einsum("ki,kij,kj->k", shift, inverse, shift)
    constant = patterns.answers * np.log(2 * np.pi)
    return float(-0.5 * (patterns.n @ (log_determinant + quadratic) + constant))


def em_moments(
    patterns: Patterns, names: tuple[str, ...], *, tolerance: float = 1e-10, limit: int = 2000
) -> tuple[Array, Array]:
    """Maximum-likelihood means and covariance of incomplete normal rows (Dempster et al. 1977).

    EM with the squared extrapolation of Varadhan & Roland (2008), until no standardised moment moves
    by more than ``tolerance``. Raises DataError when two items are never answered together, or when the
    covariance becomes singular on the way.
    """
    _check_coverage(patterns, names)
    p = patterns.seen.shape[1]
    counts = patterns.n @ patterns.seen
    mean = patterns.n @ patterns.mean / counts
    shift = np.where(patterns.seen, patterns.mean - mean, 0.0)
    within = np.diagonal(patterns.cov, axis1=1, axis2=2)
    variance = patterns.n @ (within + shift**2) / counts
    scale = np.sqrt(variance)
    state = np.concatenate([mean / scale, (np.diag(variance) / np.outer(scale, scale)).ravel()])

    def unpack(packed: Array) -> tuple[Array, Array]:
        return packed[:p] * scale, packed[p:].reshape(p, p) * np.outer(scale, scale)

    def step(packed: Array) -> Array | None:
        after = _em_step(patterns, *unpack(packed))
        if after is None:
            return None
        return np.concatenate([after[0] / scale, (after[1] / np.outer(scale, scale)).ravel()])

    for _ in range(limit):
        one = step(state)
        two = None if one is None else step(one)
        if one is None or two is None:
            raise DataError(
                "the covariance of the incomplete data became singular; too many cells are missing, "
                "or items are duplicates: leave out the items with the most missing cells"
            )
        r, v = one - state, (two - one) - (one - state)
        if np.max(np.abs(two - one)) < tolerance:
            return unpack(two)
        length = np.sqrt((r @ r) / max(v @ v, 1e-300))
        leap = state + 2 * length * r + length**2 * v if length > 1 else two
        landed = step(leap)  # one plain step makes any leap an EM iterate again
        if landed is None or np.linalg.eigvalsh(landed[p:].reshape(p, p))[0] <= 0:
            landed = two
        state = landed
    return unpack(state)


def _em_step(patterns: Patterns, mean: Array, sigma: Array) -> tuple[Array, Array] | None:
    found = observed_inverses(sigma, patterns.seen)
    if found is None:
        return None
    inverse, _ = found
    regression = sigma @ inverse  # (k, p, p): from the seen items to all
    shift = np.where(patterns.seen, patterns.mean - mean, 0.0)
    expected = mean + (regression @ shift[:, :, None])[:, :, 0]
    total = patterns.n.sum()
    new_mean = patterns.n @ expected / total
    away = expected - new_mean
    unseen = sigma - regression @ sigma
    spread = regression @ patterns.cov @ regression.transpose(0, 2, 1) + unseen
    new_sigma = np.tensordot(patterns.n, spread, axes=1) / total
    new_sigma += (away * patterns.n[:, None]).T @ away / total
    return new_mean, (new_sigma + new_sigma.T) / 2


def _check_coverage(patterns: Patterns, names: tuple[str, ...]) -> None:
    seen = patterns.seen.astype(float)
    together = (seen * patterns.n[:, None]).T @ seen
    empty = np.argwhere(together < 2)
    if empty.size:
        i, j = (int(value) for value in empty[0])
        what = f"{names[i]} has" if i == j else f"{names[i]} and {names[j]} have together"
        raise DataError(
            f"{what} {int(together[i, j])} answers; their covariance cannot be estimated: leave an item out"
        )
