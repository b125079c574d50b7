"""Alignment: means and variances of a factor by group under which most items agree over groups.

Asparouhov and Muthén (2014). Each group's loadings and intercepts are known for a factor of mean 0 and
variance 1; a mean a and standard deviation s of the group make them lambda / s and nu - a lambda / s.
The loss of two groups' difference x is (x^2 + epsilon)^(1/4), which prefers few large differences to
many small ones. Of an ordinal item each threshold, its sign turned, takes the place of an intercept, with
the item's one loading (Muthén and Asparouhov 2014).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from analysis.covariance.matrices import Array

METHODS = ("fixed", "free")
RIDGE = 0.001  # on the squared means of the free method, whose common level is hardly known without
# Epsilon falls from 1 to its value by this factor: a smooth loss leads to the sharp one's minimum.
STEP = 10**0.5
STARTS = 10
FLAT = 1e-10  # of the largest curvature, below which a direction has none
SPREAD = 0.3  # of the starts after the first


@dataclass(frozen=True)
class Measured:
    """Loadings (g, j) and intercepts (g, t) of a factor of mean 0 and variance 1, and the groups' sizes
    (g,). ``items`` (t,) are the places of the intercepts' items among the loadings; None means one each.
    """

    loadings: Array
    intercepts: Array
    sizes: Array
    items: Array | None = None

    @property
    def owners(self) -> Array:
        """Whose intercept each is (j, t): 1 of its item, 0 of the others."""
        count = self.loadings.shape[1]
        owners = np.eye(count)
        return owners if self.items is None else owners[:, self.items]

    @property
    def weights(self) -> Array:
        """What each pair of groups counts (g, g): the root of the product of their sizes, scaled by
        the sum of the roots, so that the loss does not grow with n; 0 of a group with itself.
        """
        root = np.sqrt(self.sizes) / np.sqrt(self.sizes).sum()
        pairs = np.outer(root, root)
        np.fill_diagonal(pairs, 0.0)
        return np.asarray(pairs)


@dataclass(frozen=True)
class Optimum:
    """Means and log standard deviations (g,), these of sum 0; the loss there, and how many of the
    starts led to it. ``slopes`` (2g, gj + gt) is how both change with loadings, then intercepts, row by
    row. ``curved``: whether the loss rises in every direction; where it does not, the groups' means or
    deviations have no one place, and the slopes no meaning.
    """

    mean: Array
    log_sd: Array
    loss: float
    reached: int
    starts: int
    slopes: Array
    curved: bool


def align(
    measured: Measured,
    *,
    reference: int = 0,
    method: str = "fixed",
    epsilon: float = 0.01,
    starts: int = STARTS,
    seed: int = 1,
) -> Optimum:
    """The least loss of several starts: the medians of the items first, then places around that optimum.

    ``method``: "fixed" holds the reference's mean at 0, "free" estimates it as all others, with a
    slight pull to 0. The product of the standard deviations is 1 in both.
    """
    groups = len(measured.sizes)
    basis = _basis(groups, reference, method)
    ridge = RIDGE if method == "free" else 0.0
    rng = np.random.default_rng(seed)
    first = basis.T @ _medians(measured, reference)
    losses: list[float] = []
    places: list[Array] = []
    for number in range(starts):
        # From a smooth loss all starts lead to one place; the others begin around it at the sharp one.
        at = first if number == 0 else places[0] + rng.normal(size=len(first)) * SPREAD
        for sharp in _epsilons(1.0 if number == 0 else epsilon, epsilon):
            at = optimize.minimize(
                _at, at, args=(measured, basis, sharp, ridge), jac=True, method="BFGS"
            ).x
        at = _polished(at, measured, basis, epsilon, ridge)
        losses.append(_at(at, measured, basis, epsilon, ridge)[0])
        places.append(at)
    best = int(np.argmin(losses))
    whole = basis @ places[best]
    reached = int(np.sum(np.array(losses) <= losses[best] * (1 + 1e-6)))
    slopes, curved = _slopes(whole, measured, basis, epsilon, ridge)
    return Optimum(whole[:groups], whole[groups:], losses[best], reached, starts, slopes, curved)


def aligned(measured: Measured, mean: Array, log_sd: Array) -> tuple[Array, Array]:
    """Loadings (g, j) and intercepts (g, t) of factors with these means and log standard deviations (g,)."""
    loadings = measured.loadings * np.exp(-log_sd)[:, None]
    return loadings, measured.intercepts - mean[:, None] * (loadings @ measured.owners)


def _basis(groups: int, reference: int, method: str) -> Array:
    """Directions (2g, q), orthonormal, in which means and log standard deviations may move."""
    means = np.eye(groups)
    if method == "fixed":
        means = np.delete(means, reference, axis=1)
    # Contrasts of log standard deviations, whose sum stays 0.
    level = np.full((groups, 1), 1.0)
    contrasts = np.linalg.qr(np.hstack([level, np.eye(groups)[:, 1:]]))[0][:, 1:]
    q = means.shape[1]
    out = np.zeros((2 * groups, q + groups - 1))
    out[:groups, :q], out[groups:, q:] = means, contrasts
    return out


def _medians(measured: Measured, reference: int) -> Array:
    loading = np.maximum(np.median(measured.loadings, axis=1), 1e-3)
    level = np.median(measured.intercepts, axis=1)
    log_sd = np.log(loading) - np.log(loading).mean()
    typical = np.median(measured.loadings) or 1.0
    return np.concatenate([(level - level[reference]) / typical, log_sd])


def _epsilons(first: float, least: float) -> Iterator[float]:
    """From the first down to the least."""
    now = first
    while now > least * 1.0001:
        yield now
        now /= STEP
    yield least


def _losses(values: Array, weights: Array, epsilon: float) -> tuple[float, Array, Array]:
    """Loss of all pairs of groups, each twice, over the items of ``values`` (g, j); its slopes (g, j);
    and its second derivatives (g, g, j).
    """
    apart = values[:, None, :] - values[None, :, :]
    inside = apart**2 + epsilon
    root = inside**0.25
    pairs = weights[:, :, None]
    slope = pairs * apart * root / inside  # f' = x (x^2 + e)^(-3/4) / 2, of both orders
    bend = pairs * root / inside * (1 - 1.5 * apart**2 / inside)
    second = -bend
    at = np.arange(len(values))
    second[at, at, :] = bend.sum(axis=1) - bend[at, at, :]
    return float((pairs * root).sum()), slope.sum(axis=1), second


def _at(
    at: Array, measured: Measured, basis: Array, epsilon: float, ridge: float
) -> tuple[float, Array]:
    """Loss and its slope at a place in the basis."""
    groups = len(measured.sizes)
    whole = basis @ at
    mean = whole[:groups]
    loadings, intercepts = aligned(measured, mean, np.clip(whole[groups:], -20, 20))
    weights = measured.weights
    first, of_loadings, _ = _losses(loadings, weights, epsilon)
    other, of_intercepts, _ = _losses(intercepts, weights, epsilon)
    through = (of_intercepts * (loadings @ measured.owners)).sum(axis=1)
    by_mean = -through + 2 * ridge * mean
    by_sd = mean * through - (of_loadings * loadings).sum(axis=1)
    slope = basis.T @ np.concatenate([by_mean, by_sd])
    return first + other + ridge * float(mean @ mean), slope


def _second(whole: Array, measured: Measured, epsilon: float, ridge: float) -> tuple[Array, Array]:
    """Second derivatives of the loss for means and log SDs (2g, 2g), and for those and the loadings,
    then intercepts (2g, gj + gt).
    """
    groups = len(measured.sizes)
    mean, log_sd = whole[:groups], whole[groups:]
    loadings, intercepts = aligned(measured, mean, log_sd)
    owners = measured.owners
    behind = loadings @ owners  # the loading that each intercept goes with (g, t)
    weights = measured.weights
    _, of_loadings, bend_loadings = _losses(loadings, weights, epsilon)
    _, of_intercepts, bend_intercepts = _losses(intercepts, weights, epsilon)
    shrink = np.exp(-log_sd)
    through = (of_intercepts * behind).sum(axis=1)
    # Derivatives of intercepts (g, t) for the mean and for the log SD of their group.
    by_mean, by_sd = -behind, mean[:, None] * behind

    def bent(one: Array, other: Array) -> Array:
        """Over intercepts (g, g)."""
        return np.asarray(np.einsum("gt,ght,ht->gh", one, bend_intercepts, other))

    own = np.zeros((2 * groups, 2 * groups))
    diagonal = np.diag_indices(groups)
    across = bent(by_mean, by_sd)
    across[diagonal] += through
    own[:groups, :groups] = bent(by_mean, by_mean) + 2 * ridge * np.eye(groups)
    own[:groups, groups:], own[groups:, :groups] = across, across.T
    own[groups:, groups:] = bent(by_sd, by_sd) + np.einsum(
        "gj,ghj,hj->gh", loadings, bend_loadings, loadings
    )
    own[groups:, groups:][diagonal] += (of_loadings * loadings).sum(axis=1) - mean * through
    # Of each intercept itself, and through it of its item's loading.
    at_intercepts = np.concatenate(
        [np.einsum("gt,ght->ght", one, bend_intercepts) for one in (by_mean, by_sd)]
    )
    at_loadings = -(at_intercepts @ owners.T) * (mean * shrink)[:, None]
    at_loadings[groups:] -= np.einsum("gj,ghj,h->ghj", loadings, bend_loadings, shrink)
    at, per_item = np.arange(groups), of_intercepts @ owners.T
    at_loadings[at, at] -= per_item * shrink[:, None]
    at_loadings[groups + at, at] += shrink[:, None] * (mean[:, None] * per_item - of_loadings)
    mixed = np.concatenate(
        [at_loadings.reshape(2 * groups, -1), at_intercepts.reshape(2 * groups, -1)], axis=1
    )
    return own, mixed


def _polished(at: Array, measured: Measured, basis: Array, epsilon: float, ridge: float) -> Array:
    """Newton steps from where the quasi-Newton ones stopped, while they lower the slope."""
    loss, slope = _at(at, measured, basis, epsilon, ridge)
    for _ in range(20):
        if np.abs(slope).max() < 1e-12:
            break
        own, _ = _second(basis @ at, measured, epsilon, ridge)
        reduced = basis.T @ own @ basis
        if np.linalg.eigvalsh(reduced)[0] <= 0:
            break
        there = at - np.linalg.solve(reduced, slope)
        value, steep = _at(there, measured, basis, epsilon, ridge)
        if value > loss + 1e-12 or np.abs(steep).max() >= np.abs(slope).max():
            break
        at, loss, slope = there, value, steep
    return at


def _slopes(
    whole: Array, measured: Measured, basis: Array, epsilon: float, ridge: float
) -> tuple[Array, bool]:
    """How the optimum moves with what it was made of, by the implicit function theorem, and whether the
    second derivatives are positive definite, as those of a minimum are.
    """
    own, mixed = _second(whole, measured, epsilon, ridge)
    reduced = basis.T @ own @ basis
    values = np.linalg.eigvalsh(reduced)
    curved = bool(values[0] > FLAT * np.abs(values).max())
    # Of flat directions the pseudo-inverse says nothing, where a solution would fail or be huge.
    inverse = np.linalg.inv(reduced) if curved else np.linalg.pinv(reduced, rcond=FLAT)
    return np.asarray(-basis @ inverse @ basis.T @ mixed), curved
