"""Rows with holes, summarised by pattern; saturated moments by EM, all patterns in one batch.

Full-information likelihood needs of each pattern of answered items only n, means and covariance,
so that a large file with few patterns costs no more than a small one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from analysis.covariance.matrices import Array, positive_inverse
from analysis.errors import DataError, NoVariance

MAX_INFLATION = 1e5  # of a variance, 1 / (1 - R^2) from the other items


@dataclass(frozen=True)
class Patterns:
    """Sufficient statistics of incomplete rows: one entry a pattern, zeros where nothing is seen.

    Patterns with the most unseen items stand first.
    """

    seen: Array  # (k, p) bool
    n: Array  # (k,) rows, or the sum of their weights
    mean: Array  # (k, p)
    cov: Array  # (k, p, p) divisor n of the pattern
    of_row: Array  # (rows,) the pattern of each row
    count: Array  # (k,) rows of each pattern, which n is too unless rows are weighted

    @property
    def rows(self) -> int:
        """Rows with at least one answer."""
        return int(self.count.sum())

    @property
    def answers(self) -> float:
        """Number of cells that are filled."""
        return float(self.n @ self.seen.sum(axis=1))

    @cached_property
    def share(self) -> Array:
        """Each pattern's share of the rows (k,)."""
        return np.asarray(self.n / self.n.sum())

    @cached_property
    def several(self) -> Array:
        """Positions of the patterns that more than one row has, which alone have a covariance."""
        return np.flatnonzero(self.count > 1)

    @cached_property
    def unseen(self) -> tuple[Array, ...]:
        """The first unseen item of each pattern that has one, then the second, and so on."""
        return unseen_in_turn(self.seen)


def patterns_of(rows: Array, weights: Array | None = None) -> Patterns:
    """Summarise rows (n, p) with NaN for missing; every row must have at least one answer.

    ``weights`` (n,) weigh the rows.
    """
    seen_rows = ~np.isnan(rows)
    packed = np.packbits(seen_rows, axis=1)
    _, first, of_row = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    turn = np.argsort(seen_rows[first].sum(axis=1), kind="stable")
    rank = np.empty(len(turn), dtype=int)
    rank[turn] = np.arange(len(turn))
    first, of_row = first[turn], rank[of_row.ravel()]
    k, p = len(first), rows.shape[1]
    filled = np.where(seen_rows, rows, 0.0)
    count = np.bincount(of_row, minlength=k).astype(float)
    n = count if weights is None else np.bincount(of_row, weights, minlength=k)
    order = np.argsort(of_row, kind="stable")
    starts = np.concatenate([[0], np.cumsum(count)[:-1]]).astype(int)
    sums = filled if weights is None else filled * weights[:, None]
    mean = np.add.reduceat(sums[order], starts, axis=0) / n[:, None]
    centred = (filled - mean[of_row])[order]
    if weights is not None:
        centred *= np.sqrt(weights[order])[:, None]
    cov = np.zeros((k, p, p))
    for i in np.flatnonzero(count > 1):
        part = centred[starts[i] : starts[i] + int(count[i])]
        cov[i] = part.T @ part / n[i]
    return Patterns(seen_rows[first], n, mean, cov, of_row, count)


def unseen_in_turn(seen: Array) -> tuple[Array, ...]:
    """For patterns ordered by falling number of unseen items: the first unseen item of each that
    has one, the second of each that has two, ...
    """
    counts = (~seen).sum(axis=1)
    order = np.argsort(seen, axis=1, kind="stable")
    return tuple(order[: int((counts > t).sum()), t] for t in range(int(counts.max(initial=0))))


def observed_inverses(sigma: Array, patterns: Patterns) -> tuple[Array, Array] | None:
    """Inverse of each pattern's part of Sigma, zero elsewhere (k, p, p), and log-determinants (k,).

    None when Sigma is not positive definite on some pattern.
    """
    whole = positive_inverse(sigma)
    # Where an item is nearly a sum of the others, taking items away would lose the digits.
    if whole is None or (whole[0].diagonal() * sigma.diagonal()).max() >= MAX_INFLATION:
        return _by_pattern(sigma, patterns.seen)
    inverse = np.empty((len(patterns.n), *sigma.shape))
    inverse[...] = whole[0]
    log_determinant = np.full(len(inverse), whole[1])
    for items in patterns.unseen:
        # An item leaves Sigma as its row and column leave the inverse by one sweep.
        part, every = inverse[: len(items)], np.arange(len(items))
        column = part[every, items]
        pivot = column[every, items]
        part -= (column / pivot[:, None])[:, :, None] * column[:, None, :]
        part[every, :, items] = part[every, items] = 0.0
        log_determinant[: len(items)] += np.log(pivot)
    return inverse, log_determinant


def _by_pattern(sigma: Array, seen: Array) -> tuple[Array, Array] | None:
    blank = (~seen)[:, :, None] * np.eye(len(sigma))
    masked = sigma * (seen[:, :, None] & seen[:, None, :]) + blank
    try:
        root = np.linalg.cholesky(masked)
    except np.linalg.LinAlgError:
        return None
    log_determinant = 2 * np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    return np.linalg.inv(masked) - blank, log_determinant


@dataclass(frozen=True)
class Pieces:
    """What the likelihood of incomplete rows and its derivatives need, at given moments (k patterns).

    P = Sigma_k^-1, d = mean residual, s = P d, K = P (S_k + d d') P; zeros where nothing is seen.
    """

    patterns: Patterns
    inverse: Array  # P (k, p, p)
    log_determinant: Array  # (k,)
    shift: Array  # d (k, p)

    @property
    def share(self) -> Array:
        """Each pattern's share of the rows (k,)."""
        return self.patterns.share

    @cached_property
    def score(self) -> Array:
        """s (k, p)"""
        return np.asarray((self.inverse @ self.shift[:, :, None])[:, :, 0])

    @cached_property
    def within(self) -> Array:
        """P S P of the patterns that several rows have."""
        at = self.patterns.several
        inverse = self.inverse[at]
        return np.asarray(inverse @ self.patterns.cov[at] @ inverse)

    @cached_property
    def kernel(self) -> Array:
        """K (k, p, p)"""
        kernel: Array = self.score[:, :, None] * self.score[:, None, :]
        kernel[self.patterns.several] += self.within
        return kernel

    @cached_property
    def mean_inverse(self) -> Array:
        """Mean of P over rows (p, p)."""
        k, p = self.shift.shape
        return np.asarray(self.share @ self.inverse.reshape(k, p * p)).reshape(p, p)

    @cached_property
    def value(self) -> float:
        """F: the mean over rows of log|Sigma_k| + tr(P (S_k + d d'))."""
        at = self.patterns.several
        each = self.log_determinant + (self.score * self.shift).sum(axis=1)
        spread = (self.inverse[at] * self.patterns.cov[at]).sum(axis=(1, 2))
        return float(self.share @ each + self.share[at] @ spread)

    @property
    def log_likelihood(self) -> float:
        """Normal log-likelihood of all observed cells, constants included."""
        constant = self.patterns.answers * np.log(2 * np.pi)
        return float(-0.5 * (self.patterns.n.sum() * self.value + constant))

    @cached_property
    def sigma_gradient(self) -> Array:
        """dF/dSigma as a symmetric matrix."""
        at = self.patterns.several
        kernel = (self.score * self.share[:, None]).T @ self.score
        kernel += np.tensordot(self.share[at], self.within, axes=1)
        return np.asarray(self.mean_inverse - kernel)

    @property
    def mu_gradient(self) -> Array:
        """dF/dmu."""
        return np.asarray(-2 * self.share @ self.score)


def pieces(patterns: Patterns, mu: Array, sigma: Array) -> Pieces | None:
    """The parts of the likelihood at given moments; None when a part of Sigma is not positive
    definite.
    """
    found = observed_inverses(sigma, patterns)
    if found is None:
        return None
    return Pieces(patterns, *found, np.where(patterns.seen, patterns.mean - mu, 0.0))


def log_likelihood(patterns: Patterns, mean: Array, sigma: Array) -> float:
    """Normal log-likelihood of all observed cells, constants included; -infinity where undefined."""
    found = pieces(patterns, mean, sigma)
    return -np.inf if found is None else found.log_likelihood


def em_moments(
    patterns: Patterns, names: tuple[str, ...], *, tolerance: float = 1e-10, limit: int = 2000
) -> tuple[Array, Array]:
    """Maximum-likelihood means and covariance of incomplete normal rows (Dempster et al. 1977).

    EM with the squared extrapolation of Varadhan & Roland (2008), until no standardised moment moves
    by more than ``tolerance``. Raises NoVariance for a constant item, and DataError when two items
    are never answered together, or when the covariance becomes singular on the way.
    """
    _check_coverage(patterns, names)
    p = patterns.seen.shape[1]
    counts = patterns.n @ patterns.seen
    mean = patterns.n @ patterns.mean / counts
    shift = np.where(patterns.seen, patterns.mean - mean, 0.0)
    within = np.diagonal(patterns.cov, axis1=1, axis2=2)
    variance = patterns.n @ (within + shift**2) / counts
    constant = [name for name, own in zip(names, variance, strict=True) if own <= 0]
    if constant:
        raise NoVariance(f"{constant[0]}: all answers are the same; leave the item out")
    scale = np.sqrt(variance)
    units = np.outer(scale, scale)
    standard = replace(patterns, mean=patterns.mean / scale, cov=patterns.cov / units)
    state = np.concatenate([mean / scale, np.eye(p).ravel()])

    def step(packed: Array) -> Array | None:
        after = _em_step(standard, packed[:p], packed[p:].reshape(p, p))
        return None if after is None else np.concatenate([after[0], after[1].ravel()])

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
            state = two
            break
        length = np.sqrt((r @ r) / max(v @ v, 1e-300))
        leap = state + 2 * length * r + length**2 * v if length > 1 else two
        landed = step(leap)  # one plain step makes any leap an EM iterate again
        if landed is None or np.linalg.eigvalsh(landed[p:].reshape(p, p))[0] <= 0:
            landed = two
        state = landed
    return state[:p] * scale, state[p:].reshape(p, p) * units


def _em_step(patterns: Patterns, mean: Array, sigma: Array) -> tuple[Array, Array] | None:
    """Expected moments given the seen cells: with Q and r the gradients of F for Sigma and mu,
    mu + d with d = -Sigma r / 2, and Sigma - Sigma Q Sigma - d d'.
    """
    found = pieces(patterns, mean, sigma)
    if found is None:
        return None
    move = -0.5 * sigma @ found.mu_gradient
    after = sigma - sigma @ found.sigma_gradient @ sigma - move[:, None] * move
    return mean + move, (after + after.T) / 2


def _check_coverage(patterns: Patterns, names: tuple[str, ...]) -> None:
    seen = patterns.seen.astype(float)
    together = (seen * patterns.count[:, None]).T @ seen
    empty = np.argwhere(together < 2)
    if empty.size:
        i, j = (int(value) for value in empty[0])
        what = f"{names[i]} has" if i == j else f"{names[i]} and {names[j]} have together"
        raise DataError(
            f"{what} {int(together[i, j])} answers; their covariance cannot be estimated: leave an item out"
        )
