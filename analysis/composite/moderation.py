"""Does an effect depend on a third construct? Simple slopes and the Johnson-Neyman boundaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import stats

from analysis.composite.model import product_name
from analysis.composite.result import PlsResult
from analysis.errors import DataError, ModelError


@dataclass(frozen=True)
class Slope:
    """The effect of the source where the moderator stands ``at`` standard deviations from its mean."""

    at: float
    estimate: float
    se: float
    lower: float
    upper: float
    p: float


@dataclass(frozen=True)
class Moderation:
    """How ``moderator`` changes the effect of ``source`` on ``target``.

    ``interaction`` is the change of the slope per standard deviation of the moderator.
    ``boundaries`` are the moderator's values, in standard deviations, at which the slope's
    interval touches zero (Johnson & Neyman 1936); ``significant`` the stretches of the moderator
    between -3 and 3 in which it leaves out zero. ``f_squared`` of .005, .01 and .025 counts as
    small, medium and large (Kenny 2018). For a square, source and moderator are one construct.
    """

    source: str
    moderator: str
    target: str
    interaction: Slope
    f_squared: float
    slopes: tuple[Slope, ...]
    boundaries: tuple[float, ...]
    significant: tuple[tuple[float, float], ...]
    n: int
    level: float


def moderation(
    fit: PlsResult,
    source: str,
    moderator: str,
    target: str,
    *,
    at: Sequence[float] = (-1.0, 0.0, 1.0),
) -> Moderation:
    """Simple slopes of a product term in a bootstrapped fit.

    Scores are standardised, so that the slope is b_source + b_product * moderator (for a square
    b_source + 2 b_product * source), its interval the percentiles of that sum over resamples. The
    Johnson-Neyman boundaries use the normal interval from the bootstrap covariance of both paths
    (Bauer & Curran 2005, Multivariate Behavioral Research 40(3)).

    Raises DataError without bootstrap, ModelError where the model has no such product.
    """
    boot = fit.bootstrap
    if boot is None or "paths" not in boot.tables:
        raise DataError("moderation needs a bootstrap of paths; fit with bootstrap=5000")
    labels = list(boot.tables["paths"].index)
    names = (product_name(source, moderator), product_name(moderator, source))
    name = next((n for n in names if (n, target) in labels), None)
    if name is None:
        raise ModelError(
            f"the model has no path {names[0]} -> {target}; add it to '{target} ~ ...'"
        )
    main = boot.draws["paths"][:, labels.index((source, target))]
    product = boot.draws["paths"][:, labels.index((name, target))]
    times = 2.0 if source == moderator else 1.0
    b1, b3 = fit.path(source, target), fit.path(name, target)

    def slope(value: float) -> Slope:
        return _slope(value, b1 + times * b3 * value, main + times * value * product, boot.level)

    z = float(stats.norm.ppf(1 - (1 - boot.level) / 2))
    cov = np.cov(main, times * product)
    boundaries = _boundaries(b1, times * b3, cov, z)
    row = fit.paths[(fit.paths["source"] == name) & (fit.paths["target"] == target)]
    return Moderation(
        source,
        moderator,
        target,
        _slope(float("nan"), b3, product, boot.level),
        float(row["f_squared"].iloc[0]),
        tuple(slope(value) for value in at),
        boundaries,
        _stretches(b1, times * b3, cov, z, boundaries),
        fit.n,
        boot.level,
    )


def _slope(at: float, estimate: float, draws: np.ndarray, level: float) -> Slope:
    tail = (1 - level) / 2
    lower, upper = np.quantile(draws, [tail, 1 - tail])
    below = float((draws <= 0).mean())
    se = float(draws.std(ddof=1))
    return Slope(at, estimate, se, float(lower), float(upper), 2 * min(below, 1 - below))


def _boundaries(b1: float, b3: float, cov: np.ndarray, z: float) -> tuple[float, ...]:
    """Roots of (b1 + b3 m)^2 = z^2 var(b1 + b3 m)."""
    a = b3**2 - z**2 * cov[1, 1]
    b = 2 * (b1 * b3 - z**2 * cov[0, 1])
    c = b1**2 - z**2 * cov[0, 0]
    discriminant = b**2 - 4 * a * c
    if discriminant < 0 or a == 0:
        return ()
    library = [(-b - np.sqrt(discriminant)) / (2 * a), (-b + np.sqrt(discriminant)) / (2 * a)]
    return tuple(sorted(float(root) for root in library))


def _stretches(
    b1: float, b3: float, cov: np.ndarray, z: float, boundaries: Sequence[float]
) -> tuple[tuple[float, float], ...]:
    edges = [-3.0, *(m for m in boundaries if -3 < m < 3), 3.0]
    found = []
    for low, high in pairwise(edges):
        m = (low + high) / 2
        variance = cov[0, 0] + 2 * m * cov[0, 1] + m**2 * cov[1, 1]
        if (b1 + b3 * m) ** 2 > z**2 * variance:
            found.append((low, high))
    return tuple(found)
