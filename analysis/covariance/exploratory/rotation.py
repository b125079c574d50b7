"""Rotation of factor loadings by gradient projection, from many starts at once.

Oblique: Lambda = A T^-T with Phi = T'T and unit columns of T; orthogonal: Lambda = A T with T'T = I
(Jennrich 2001, 2002; Bernaards & Jennrich 2005). All starts move together as one stack of matrices.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis.errors import ModelError

Array = np.ndarray
Criterion = Callable[[Array], tuple[Array, Array]]

METHODS = ("geomin", "oblimin", "quartimin", "target", "bi-geomin", "bi-quartimin", "bi-target")
BIFACTOR = ("bi-geomin", "bi-quartimin", "bi-target")
TO_TARGET = ("target", "bi-target")
GEOMIN = ("geomin", "bi-geomin")
MOST_STARTS = 1_000
TOLERANCE = 1e-6  # of the projected gradient, for the search among the starts
FINAL_TOLERANCE = 1e-9  # for the best of them
MOST_STEPS = 5_000
SAME = 1e-6  # relative difference of two criteria at the same optimum
LARGE = 0.8  # of a factor's largest loading, from which an item counts for the factor's place
QUARTERINGS = 20  # of a step that does not pay
MEMORY = 8  # values


@dataclass(frozen=True)
class Rotation:
    """How the factors of an exploratory block are rotated.

    ``method``: one of ``METHODS``; the bi-factor ones leave the first factor, the general one, out of
    the criterion and are orthogonal. ``epsilon`` is geomin's constant (lavaan's default), ``gamma``
    oblimin's (0 is quartimin). ``starts`` random starts under ``seed``. With ``standardised`` loadings
    are rotated in units of the items' standard deviations.
    """

    method: str = "geomin"
    orthogonal: bool = False
    epsilon: float = 0.001
    gamma: float = 0.0
    starts: int = 30
    seed: int = 1
    standardised: bool = True

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ModelError(
                f"rotation {self.method!r} is not known; choose among {', '.join(METHODS)}"
            )
        if not 1 <= self.starts <= MOST_STARTS:
            raise ModelError(f"{self.starts} starts of the rotation; choose 1 to {MOST_STARTS}")
        if not 0 < self.epsilon <= 1:
            raise ModelError(f"geomin's epsilon is {self.epsilon}; choose one above 0, up to 1")
        if not -10 <= self.gamma <= 0.8:
            raise ModelError(
                f"oblimin's gamma is {self.gamma}; choose -10 to 0.8, beyond which it has no minimum"
            )

    @property
    def bifactor(self) -> bool:
        """Whether the first factor is a general one."""
        return self.method in BIFACTOR

    @property
    def keeps_angles(self) -> bool:
        """Whether the factors stay uncorrelated."""
        return self.orthogonal or self.bifactor

    @property
    def by_geomin(self) -> bool:
        """Whether geomin's constant counts."""
        return self.method in GEOMIN

    @property
    def to_target(self) -> bool:
        """Whether the rotation needs a target."""
        return self.method in TO_TARGET


@dataclass(frozen=True)
class Rotated:
    """Rotated loadings (p, m) and factor correlations (m, m), with ``turn`` T (m, m).

    ``value`` of the criterion; how many of the ``starts`` ``reached`` it, and how many different
    ``optima`` they ended at. A second optimum that is nearly as good is a second story of the data.
    """

    loadings: Array
    phi: Array
    turn: Array
    value: float
    starts: int
    reached: int
    optima: int
    converged: bool


def criterion_of(rotation: Rotation, target: Array | None) -> Criterion:
    """The rotation's criterion: values (r,) and gradients (r, p, m) of loadings (r, p, m).

    ``target`` (p, m) holds NaN where a loading is left free.
    """
    if rotation.to_target:
        if target is None:
            raise ModelError(
                f"{rotation.method} rotation needs a target; give one, or have it made of the model's "
                "own factors"
            )
        return _target(target)
    inner: Criterion = (
        _geomin(rotation.epsilon)
        if rotation.by_geomin
        else _oblimin(rotation.gamma if rotation.method == "oblimin" else 0.0)
    )
    return _without_general(inner) if rotation.bifactor else inner


def rotate(loadings: Array, rotation: Rotation, target: Array | None = None) -> Rotated:
    """The loadings (p, m) of uncorrelated factors, rotated.

    Columns in lavaan's order, by the mean place of each factor's large items, with positive sums; a
    target's columns stay where they are, and a general factor stays first.
    """
    m = loadings.shape[1]
    if m == 1:
        sign = 1.0 if loadings.sum() >= 0 else -1.0
        return Rotated(loadings * sign, np.eye(1), np.eye(1) * sign, 0.0, 1, 1, 1, True)
    criterion = criterion_of(rotation, target)
    turns = _starts(m, rotation)
    orthogonal = rotation.keeps_angles
    turns, values, _ = _descend(
        loadings, turns, criterion, orthogonal=orthogonal, tolerance=TOLERANCE
    )
    best = int(np.argmin(values))
    turn, value, done = _descend(
        loadings,
        turns[best : best + 1],
        criterion,
        orthogonal=orthogonal,
        tolerance=FINAL_TOLERANCE,
    )
    turn = turn[0] @ _arrangement(_rotated(loadings, turn, orthogonal)[0], rotation, target)
    return Rotated(
        _rotated(loadings, turn[None], orthogonal)[0],
        np.eye(m) if orthogonal else turn.T @ turn,
        turn,
        float(value[0]),
        rotation.starts,
        *_counted(values),
        bool(done[0]),
    )


def stationarity(loadings: Array, phi: Array, gradient: Array, *, orthogonal: bool) -> Array:
    """What is 0 where no rotation lowers the criterion (r, c) (Archer & Jennrich 1973; Jennrich 1973).

    With Z = Lambda' dQ/dLambda: Z - Z' below the diagonal for orthogonal factors, and Z - diag(Z) Phi
    beside the diagonal for oblique ones.
    """
    z = loadings.swapaxes(-1, -2) @ gradient
    m = z.shape[-1]
    if orthogonal:
        rows, columns = np.tril_indices(m, -1)
        return np.asarray((z - z.swapaxes(-1, -2))[..., rows, columns])
    diagonal = np.einsum("...ii->...i", z)
    rows, columns = np.nonzero(~np.eye(m, dtype=bool))
    return np.asarray((z - diagonal[..., :, None] * phi)[..., rows, columns])


def _starts(m: int, rotation: Rotation) -> Array:
    """Orthogonal matrices (r, m, m): the identity, turned a little, and random ones."""
    rng = np.random.default_rng(rotation.seed)
    found = np.linalg.qr(rng.normal(size=(rotation.starts, m, m)))[0]
    # These all have one handedness, which no path leaves and on which a signed target depends.
    found *= rng.choice((-1.0, 1.0), size=(rotation.starts, 1, m))
    # Exactly unrotated loadings may stand on a saddle of the criterion.
    found[0] = np.linalg.qr(np.eye(m) + 0.05 * rng.normal(size=(m, m)))[0]
    return np.asarray(found)


def _rotated(loadings: Array, turns: Array, orthogonal: bool) -> Array:
    """(r, p, m)"""
    if orthogonal:
        return np.asarray(loadings @ turns)
    return np.asarray(loadings @ np.linalg.inv(turns).swapaxes(-1, -2))


def _slope(
    loadings: Array, turns: Array, rotated: Array, gradient: Array, orthogonal: bool
) -> Array:
    """The criterion's gradient for T along the manifold that T lives on (r, m, m)."""
    if orthogonal:
        whole = loadings.T @ gradient
        inner = turns.swapaxes(-1, -2) @ whole
        return np.asarray(whole - turns @ (inner + inner.swapaxes(-1, -2)) / 2)
    back = np.linalg.inv(turns)
    whole = -(rotated.swapaxes(-1, -2) @ gradient @ back).swapaxes(-1, -2)
    return np.asarray(whole - turns * (turns * whole).sum(axis=-2, keepdims=True))


def _onto(turns: Array, orthogonal: bool) -> Array:
    """The nearest matrices of the kind sought."""
    if orthogonal:
        left, _, right = np.linalg.svd(turns)
        return np.asarray(left @ right)
    return np.asarray(turns / np.sqrt((turns**2).sum(axis=-2, keepdims=True)))


def _descend(
    loadings: Array, turns: Array, criterion: Criterion, *, orthogonal: bool, tolerance: float
) -> tuple[Array, Array, Array]:
    """Each start's T, its criterion and whether it is a minimum; steps are cut until they pay."""
    turns = turns.copy()
    rotated = _rotated(loadings, turns, orthogonal)
    values, gradient = criterion(rotated)
    slope = _slope(loadings, turns, rotated, gradient, orthogonal)
    step = np.ones(len(turns))
    # The highest of the last values is what a step must stay below: steps by curvature go up at times.
    recent = np.tile(values[:, None], (1, MEMORY))
    done = np.zeros(len(turns), dtype=bool)
    active = np.arange(len(turns))
    for round_ in range(MOST_STEPS):
        length = (slope[active] ** 2).sum(axis=(1, 2))
        done[active] = length < tolerance**2
        active, length = active[~done[active]], length[~done[active]]
        if not len(active):
            break
        highest = recent[active].max(axis=1)
        waiting = np.arange(len(active))
        for _ in range(QUARTERINGS):
            own = active[waiting]
            tried = _onto(turns[own] - step[own, None, None] * slope[own], orthogonal)
            lambdas = _rotated(loadings, tried, orthogonal)
            found, gradients = criterion(lambdas)
            pays = found < highest[waiting] - 1e-4 * step[own] * length[waiting]
            moved = own[pays]
            new = _slope(loadings, tried[pays], lambdas[pays], gradients[pays], orthogonal)
            step[moved] = _by_curvature(tried[pays] - turns[moved], new - slope[moved])
            turns[moved], values[moved], slope[moved] = tried[pays], found[pays], new
            waiting = waiting[~pays]
            if not len(waiting):
                break
            step[active[waiting]] /= 4
        recent[active, round_ % MEMORY] = values[active]
        # No step pays any more: rounding is all that is left of the slope.
        stuck = active[waiting]
        done[stuck] = (slope[stuck] ** 2).sum(axis=(1, 2)) < (1e3 * tolerance) ** 2
        active = np.setdiff1d(active, stuck)
    return turns, values, done


def _by_curvature(moved: Array, turned: Array) -> Array:
    """The step (r,) that the last one's change of slope asks for (Barzilai & Borwein 1988)."""
    along = np.abs((moved * turned).sum(axis=(1, 2)))
    size = (moved**2).sum(axis=(1, 2))
    return np.asarray(np.clip(size / np.maximum(along, 1e-300), 1e-4, 1e4))


def _counted(values: Array) -> tuple[int, int]:
    """How many starts reached the lowest value, and how many different values there are."""
    ordered = np.sort(values)
    near = SAME * np.maximum(np.abs(ordered[0]), 1e-3)
    return int((ordered - ordered[0] < near).sum()), 1 + int((np.diff(ordered) > near).sum())


def _arrangement(loadings: Array, rotation: Rotation, target: Array | None) -> Array:
    """A signed permutation (m, m) that brings the factors into order and points them upwards."""
    m = loadings.shape[1]
    signs = np.where(loadings.sum(axis=0) < 0, -1.0, 1.0)
    order = np.arange(m)
    if rotation.to_target and target is not None:
        # A value other than 0 says which way its factor points.
        signs[(np.nan_to_num(target) != 0).any(axis=0)] = 1.0
    else:
        sizes = np.abs(loadings)
        large = sizes >= LARGE * sizes.max(axis=0)
        place = np.array([np.flatnonzero(column).mean() for column in large.T])
        if rotation.bifactor:
            place[0] = -1.0
        order = np.argsort(place, kind="stable")
    return np.asarray((np.eye(m) * signs)[:, order])


def _geomin(epsilon: float) -> Criterion:
    """Yates (1987): the sum of the rows' geometric means of squared loadings plus epsilon."""

    def criterion(loadings: Array) -> tuple[Array, Array]:
        squares = loadings * loadings + epsilon
        m = loadings.shape[-1]
        means = np.exp(np.log(squares).sum(axis=-1) / m)
        return means.sum(axis=-1), 2 / m * loadings / squares * means[..., None]

    return criterion


def _oblimin(gamma: float) -> Criterion:
    """Jennrich & Sampson (1966): covariances of squared loadings between factors."""

    def criterion(loadings: Array) -> tuple[Array, Array]:
        squares = loadings * loadings
        others = squares.sum(axis=-1, keepdims=True) - squares
        if gamma:
            others = others - gamma * others.mean(axis=-2, keepdims=True)
        return (squares * others).sum(axis=(-1, -2)) / 4, loadings * others

    return criterion


def _target(target: Array) -> Criterion:
    """Browne (2001): squared distances from the target's specified loadings."""
    known = ~np.isnan(target)
    aim = np.where(known, target, 0.0)

    def criterion(loadings: Array) -> tuple[Array, Array]:
        distance = (loadings - aim) * known
        return (distance**2).sum(axis=(-1, -2)), 2 * distance

    return criterion


def _without_general(inner: Criterion) -> Criterion:
    """Jennrich & Bentler (2011): the criterion of the factors behind the first."""

    def criterion(loadings: Array) -> tuple[Array, Array]:
        values, slopes = inner(loadings[..., 1:])
        return values, np.concatenate([np.zeros_like(loadings[..., :1]), slopes], axis=-1)

    return criterion
