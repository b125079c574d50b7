"""In which groups may a parameter be taken as the same? Asparouhov and Muthén (2014)."""

from __future__ import annotations

import numpy as np
from scipy import special

from analysis.covariance.matrices import Array

CONNECTED = 0.01  # p of two groups' difference, above which they are connected
KEPT = 0.001  # p of a group's difference from the set's mean, down to which it belongs to the set
ROUNDS = 100


def invariant_groups(values: Array, covariance: Array) -> Array:
    """Which groups (g,) share a parameter, given its value in each (g,) and their covariance (g, g).

    The largest set of groups that are connected by differences with p > .01 is where it begins. Then
    every group is tested against the mean of the set and belongs to it if p > .001, until nothing
    changes (or sets return, of which the largest is taken).
    """
    member = _largest_connected(values, covariance)
    seen: list[Array] = []
    for _ in range(ROUNDS):
        now = _pvalues_of_set(values, covariance, member) > KEPT
        if not now.any() or np.array_equal(now, member):
            break
        if any(np.array_equal(now, before) for before in seen):
            member = max([*seen, now], key=lambda each: int(each.sum()))
            break
        seen.append(now)
        member = now
    return member


def _pvalues_of_set(values: Array, covariance: Array, member: Array) -> Array:
    """Of each group's difference from the mean of the set's members (g,)."""
    share = member / member.sum()
    contrasts = np.eye(len(values)) - share
    return _pvalues(contrasts @ values, contrasts @ covariance @ contrasts.T)


def _largest_connected(values: Array, covariance: Array) -> Array:
    groups = len(values)
    spread = np.diag(covariance)
    variance = spread[:, None] + spread[None, :] - 2 * covariance
    apart = values[:, None] - values[None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * special.ndtr(-np.abs(apart) / np.sqrt(np.maximum(variance, 0)))
    linked = np.nan_to_num(p, nan=1.0) > CONNECTED
    best = np.zeros(groups, dtype=bool)
    left = np.ones(groups, dtype=bool)
    while left.any():
        here = np.zeros(groups, dtype=bool)
        here[int(np.argmax(left))] = True
        while True:
            wider = linked[here].any(axis=0) | here
            if np.array_equal(wider, here):
                break
            here = wider
        if here.sum() > best.sum():
            best = here
        left &= ~here
    return best


def _pvalues(differences: Array, covariance: Array) -> Array:
    """Two-sided, 1 of a difference that cannot be other than it is."""
    se = np.sqrt(np.maximum(np.diag(covariance), 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(se > 1e-12, np.abs(differences) / se, 0.0)
    return np.asarray(2 * special.ndtr(-z))
