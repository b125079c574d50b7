"""Power and sample size of a planned model by simulation (Muthén and Muthén 2002)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from analysis.covariance.matrices import Array
from analysis.covariance.simulation.model_population import ModelPopulation, model_population
from analysis.covariance.simulation.power_samples import PowerSamples, power_samples
from analysis.covariance.simulation.simulated_fits import INDICES
from analysis.covariance.text.model import Model
from analysis.errors import DataError, ModelError
from analysis.json_values import to_json
from analysis.metrics import critical_z, wilson

REPS = 2000
LARGEST_N = 1_000_000
START, ROUNDS = 100, 12  # the first n of a search, and about how many it asks
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Share:
    """A share of the samples with its 95 % interval by their number (Wilson)."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True)
class ParameterPower:
    """A free parameter, or a defined quantity, over the samples that converged.

    ``true``: its value where the model is fitted to the population itself. ``bias``: mean less that;
    ``sd``: standard deviation of the estimates; ``se``: mean of their standard errors. ``coverage``: of
    ``true`` by the intervals of level 1 - alpha; ``power``: significant samples, which for a true value
    of 0 is the error of the first kind.
    """

    name: str
    true: float
    mean: float
    bias: float
    sd: float
    se: float
    coverage: Share
    power: Share


@dataclass(frozen=True)
class IndexSpread:
    """A fit index over the samples: mean, and quantiles of 5 and 95 %."""

    index: str
    mean: float
    lower: float
    upper: float


@dataclass(frozen=True)
class SimulatedPower:
    """``exact_fit`` and ``close_fit``: samples in which the chi-square test, and that of RMSEA 0.05 at
    most, reject the model; None without degrees of freedom. ``estimator``: ML, FIML, or WLSMV for ordinal
    answers, whose test is scaled and shifted, with RMSEA and CFI of it.
    """

    n: int
    reps: int
    seed: int
    alpha: float
    df: int
    converged: Share
    parameters: tuple[ParameterPower, ...]
    exact_fit: Share | None
    close_fit: Share | None
    indices: tuple[IndexSpread, ...]
    warnings: tuple[str, ...]
    estimator: str = "ML"
    missing: float = 0.0

    def of(self, name: str) -> ParameterPower:
        """A parameter by its name. Raises ModelError for one that there is not."""
        for one in self.parameters:
            if one.name == name:
                return one
        known = ", ".join(one.name for one in self.parameters)
        raise ModelError(f"{name} is no free parameter of the model; it has {known}")

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values at full precision."""
        return dict(to_json(self))


@dataclass(frozen=True)
class SampleSize:
    """The least n found with the wanted power for every parameter, between ``lower`` and ``upper`` by
    the number of samples, and the simulation at that n.
    """

    n: int
    lower: int
    upper: int
    wanted: float
    parameters: tuple[str, ...]
    at_n: SimulatedPower

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values at full precision."""
        return dict(to_json(self))


def simulated_power(
    population: str | Model | ModelPopulation,
    n: int,
    *,
    model: str | Model | None = None,
    reps: int = REPS,
    alpha: float = 0.05,
    missing: float = 0.0,
    seed: int = 1,
    workers: int | None = None,
    progress: Progress | None = None,
) -> SimulatedPower:
    """Power of each parameter's test and of the tests of fit with n rows.

    ``population``: the model with a value for every path (``model_population``); answers are normal and
    fitted by maximum likelihood, or with thresholds ordinal and fitted by WLSMV with robust standard
    errors. ``model``: what is fitted to the samples, in lavaan's syntax; the population's own paths by
    default. A model that lacks some of them shows how often misfit is found.

    Raises DataError below 100 samples or for an alpha outside 0 to 1, ModelError and DataError as
    ``model_population`` and ``fit_sem``.

    Validated against: Muthén and Muthén (2002), power .81 of a factor correlation of .25 in 150 rows,
    and lavaan 0.6-14; figures in analysis/README.md. Reference: Muthén and Muthén (2002), Structural
    Equation Modeling 9, 599-620.
    """
    _check(reps, alpha)
    if not isinstance(population, ModelPopulation):
        population = model_population(population)
    fitted = population.model if model is None else model
    found = power_samples(
        population,
        n,
        fitted,
        reps=reps,
        rng=np.random.default_rng(seed),
        missing=missing,
        workers=workers,
        progress=progress,
    )
    exact, close = _fit_tests(found, alpha)
    fits = found.fits
    return SimulatedPower(
        n,
        reps,
        seed,
        alpha,
        fits.df,
        _share(len(fits.theta), reps),
        _parameters(found, critical_z(1 - alpha)),
        exact,
        close,
        tuple(_spread(index, getattr(fits, index)) for index in INDICES),
        _said(found),
        found.estimator,
        missing,
    )


def power_sample_size(
    population: str | Model,
    parameters: Sequence[str] = (),
    *,
    power: float = 0.80,
    model: str | Model | None = None,
    reps: int = REPS,
    alpha: float = 0.05,
    missing: float = 0.0,
    seed: int = 1,
    workers: int | None = None,
    progress: Progress | None = None,
) -> SampleSize:
    """The least n at which the test of every named parameter has the wanted power.

    ``parameters``: names such as 'F~~G' or 'Y~X', or of defined quantities; by default every loading,
    regression, covariance and defined quantity whose true value is not 0. n is halved in on with the same seed; its
    interval is that by which the power's own interval at n would move it. ``progress`` is called with
    rounds done and in all, the latter a guess.

    Raises as ``simulated_power``, ModelError where a named parameter is 0 in the population or 1,000,000
    rows are not enough.
    """
    if not 0 < power < 1:
        raise DataError(f"power must lie between 0 and 1; found {power:g}")
    made = model_population(population)
    rounds = 0

    def at(n: int) -> SimulatedPower:
        nonlocal rounds
        rounds += 1
        found = simulated_power(
            made,
            n,
            model=model,
            reps=reps,
            alpha=alpha,
            missing=missing,
            seed=seed,
            workers=workers,
        )
        if progress is not None:
            progress(rounds, max(ROUNDS, rounds))
        return found

    low = len(made.items) + 1
    first = at(max(2 * low, START))
    names = _asked(first, parameters)

    def least(found: SimulatedPower) -> float:
        return min(found.of(name).power.value for name in names)

    high, best = first.n, first
    while least(best) < power:
        low, high = high, high * 2
        if high > LARGEST_N:
            raise ModelError(
                f"no n up to {LARGEST_N:,} has power {power:g}; the values are too small"
            )
        best = at(high)
    while high - low > max(1, high // 200):
        middle = (low + high) // 2
        found = at(middle)
        low, high, best = (low, middle, found) if least(found) >= power else (middle, high, best)
    weakest = min((best.of(name).power for name in names), key=lambda one: one.value)
    lower, upper = (_moved(best.n, own, power, alpha) for own in (weakest.upper, weakest.lower))
    return SampleSize(best.n, min(lower, best.n), max(upper, best.n), power, names, best)


def _check(reps: int, alpha: float) -> None:
    if reps < 100:
        raise DataError(f"shares of samples need 100 or more; found {reps}")
    if not 0 < alpha < 1:
        raise DataError(f"alpha must lie between 0 and 1; found {alpha:g}")


def _share(count: int, of: int) -> Share:
    value = count / of
    return Share(value, *wilson(value, of, critical_z(0.95)))


def _parameters(found: PowerSamples, z: float) -> tuple[ParameterPower, ...]:
    values, se = found.estimates()
    true = found.truth
    names = found.names
    return tuple(_one(names[k], float(true[k]), values[:, k], se[:, k], z) for k in found.told)


def _one(name: str, true: float, values: Array, se: Array, z: float) -> ParameterPower:
    """Samples without a standard error count as not significant and not covering."""
    true = 0.0 if abs(true) < 1e-7 else true
    count = len(values)
    known = np.isfinite(se) & (se > 0)
    covered = int((known & (np.abs(values - true) <= z * np.where(known, se, 0.0))).sum())
    significant = int((known & (np.abs(values) > z * np.where(known, se, 0.0))).sum())
    mean = float(values.mean())
    return ParameterPower(
        name,
        true,
        mean,
        mean - true,
        float(values.std(ddof=1)),
        float(se[known].mean()) if known.any() else math.nan,
        _share(covered, count),
        _share(significant, count),
    )


def _fit_tests(found: PowerSamples, alpha: float) -> tuple[Share | None, Share | None]:
    if not found.fits.df:
        return None, None
    count = len(found.fits.chisq)
    exact, close = (_share(int(one.sum()), count) for one in found.rejected(alpha))
    return exact, close


def _spread(index: str, values: Array) -> IndexSpread:
    low, high = np.quantile(values, [0.05, 0.95])
    return IndexSpread(index, float(values.mean()), float(low), float(high))


def _said(found: PowerSamples) -> tuple[str, ...]:
    said = []
    fits = found.fits
    lost = fits.reps - len(fits.theta)
    if lost:
        said.append(f"{lost} of {fits.reps} samples did not converge and are left out")
    variances = [
        row.free
        for row in found.table.rows
        if row.op == "~~" and row.lhs == row.rhs and row.free >= 0
    ]
    negative = int((fits.theta[:, variances] < 0).any(axis=1).sum())
    if negative:
        said.append(f"{negative} of {fits.reps} samples have a negative variance and are kept")
    return tuple(said)


def _asked(found: SimulatedPower, names: Sequence[str]) -> tuple[str, ...]:
    """The named parameters, or all that a study may be about. Raises ModelError for a true value of 0."""
    if not names:
        every = tuple(
            one.name for one in found.parameters if one.true != 0 and not _variance(one.name)
        )
        if not every:
            raise ModelError(
                "every value of the population is 0, which no n finds; give one a value"
            )
        return every
    for name in names:
        if found.of(name).true == 0:
            raise ModelError(f"{name} is 0 in the population, which no n finds; give it a value")
    return tuple(names)


def _variance(name: str) -> bool:
    left, _, right = name.partition("~~")
    return left == right


def _moved(n: int, own: float, wanted: float, alpha: float) -> int:
    """The n at which a test whose power is ``own`` at n would have the wanted power: the root of n is
    in proportion to the distance of the estimate from 0.
    """
    z = critical_z(1 - alpha)
    own = min(max(own, 1e-6), 1 - 1e-6)
    reach = z + float(special.ndtri(own))
    return math.ceil(n * ((z + float(special.ndtri(wanted))) / max(reach, 0.05)) ** 2)
