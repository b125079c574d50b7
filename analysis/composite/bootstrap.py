"""Bootstrap tables of composite models: standard errors, tests, intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats

from analysis.composite.cases import Batch, Cases
from analysis.composite.estimate import Estimates, Reference, estimate
from analysis.composite.evaluate import STATISTICS, Labels
from analysis.composite.exact_fit import FitTest, misfit_test
from analysis.composite.layout import Layout
from analysis.composite.resampling import Compute, batch_size, resample, side_by_side
from analysis.errors import DataError

# Groups of rows left out in turn for the acceleration of BCa intervals; single rows up to here.
_JACKKNIFE = 500


@dataclass(frozen=True)
class Bootstrap:
    """Bootstrap tables by statistic.

    Each table has the labels in its index and the columns estimate, mean, se (divisor R - 1), t
    (distance from the reference value over se), p (normal, two-sided), p_percentile (twice the
    smaller share of resamples on one side of the reference), lower, upper (percentile interval)
    and bca_lower, bca_upper.
    """

    resamples: int
    admissible: int
    dropped: dict[str, int]
    improper: int
    contested: int
    seed: int | None
    level: float
    tables: dict[str, pd.DataFrame]
    fit_test: tuple[FitTest, ...]
    draws: dict[str, np.ndarray] = field(repr=False)


def bootstrap(
    cases: Cases,
    layout: Layout,
    *,
    resamples: int,
    seed: int | None = None,
    indices: np.ndarray | None = None,
    statistics: Sequence[str] = tuple(STATISTICS),
    level: float = 0.95,
    bca: bool = True,
    fit_test: bool = True,
    workers: int = 2,
) -> Bootstrap:
    """Bootstrap tables of a composite model.

    Resamples rows, each with its weight, or whole clusters (Davison & Hinkley 1997, 3.8) where
    rows were drawn in clusters; ``indices`` (R, m) of row numbers replaces the drawing. BCa
    intervals (Efron 1987) take their acceleration from a jackknife, by groups of units beyond 500
    of them. Raises DataError when no more than one resample is admissible.
    """
    whole = cases.whole()
    e, reference = estimate(whole, layout)

    def compute(_: Batch, sample: Estimates) -> dict[str, np.ndarray]:
        return {name: STATISTICS[name].values(sample) for name in statistics}

    result = resample(
        cases,
        layout,
        reference,
        compute,
        resamples=resamples,
        seed=seed,
        indices=indices,
        workers=workers,
    )
    if result.admissible < 2:
        reasons = "; ".join(f"{why}: {count}" for why, count in result.dropped.items())
        raise DataError(
            f"{result.admissible} of {result.asked} resamples could be used ({reasons})"
        )
    point = compute(whole, e)
    jackknife = _jackknife(cases, layout, reference, compute, workers) if bca else None
    tables = {
        name: summary(
            STATISTICS[name].labels(layout),
            point[name][0],
            result.draws[name],
            reference=STATISTICS[name].reference,
            level=level,
            jackknife=None if jackknife is None else jackknife[name],
        )
        for name in statistics
    }
    tests: tuple[FitTest, ...] = ()
    if fit_test and not layout.products:
        tests = misfit_test(cases, layout, e, reference, resamples, seed, indices, workers)
    return Bootstrap(
        result.asked,
        result.admissible,
        result.dropped,
        result.improper,
        result.contested,
        None if indices is not None else seed,
        level,
        tables,
        tests,
        result.draws,
    )


def _jackknife(
    cases: Cases, layout: Layout, reference: Reference, compute: Compute, workers: int
) -> dict[str, np.ndarray]:
    groups = min(cases.units, _JACKKNIFE)
    member = np.arange(cases.units) % groups

    def work(left_out: np.ndarray) -> dict[str, np.ndarray]:
        batch = cases.batch((member[None, :] != left_out[:, None]).astype(float))
        e, _ = estimate(batch, layout, reference=reference)
        return compute(batch.take(e.solved), e.take(e.solved))

    step = batch_size(cases, layout)
    parts = side_by_side(
        work, np.split(np.arange(groups), range(step, groups, step)), workers=workers
    )
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def summary(
    labels: Labels,
    estimates: np.ndarray,
    draws: np.ndarray,
    *,
    reference: float = 0.0,
    level: float = 0.95,
    jackknife: np.ndarray | None = None,
) -> pd.DataFrame:
    """Table of estimates (k,) with what their resampled values (R, k) say about them.

    The index is the pair of a label of two, else its parts joined by ->. A number that is infinite
    in some resample (a share of nothing) has no mean, spread or interval: NaN.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return _summary(labels, estimates, draws, reference, level, jackknife)


def _summary(
    labels: Labels,
    estimates: np.ndarray,
    draws: np.ndarray,
    reference: float,
    level: float,
    jackknife: np.ndarray | None,
) -> pd.DataFrame:
    tail = (1 - level) / 2
    pairs = bool(labels) and len(labels[0]) == 2
    index = (
        pd.MultiIndex.from_tuples(labels)
        if pairs
        else pd.Index([" -> ".join(label) for label in labels])
    )
    if not labels:
        return pd.DataFrame(index=index, columns=list(COLUMNS), dtype=float)
    mean = draws.mean(axis=0)
    se = draws.std(axis=0, ddof=1)
    # A weight that is 1 in every resample has no sampling error: neither t nor p.
    steady = se <= 1e-12 * np.maximum(1.0, np.abs(mean))
    se = np.where(steady, 0.0, se)
    t = np.where(steady, np.nan, (estimates - reference) / se)
    below = (draws <= reference).mean(axis=0)
    lower, upper = np.quantile(draws, [tail, 1 - tail], axis=0)
    bca_lower, bca_upper = (
        (np.full_like(lower, np.nan),) * 2
        if jackknife is None
        else bca_interval(estimates, draws, jackknife, level=level)
    )
    return pd.DataFrame(
        {
            "estimate": estimates,
            "mean": mean,
            "se": se,
            "t": t,
            "p": 2 * stats.norm.sf(np.abs(t)),
            "p_percentile": np.where(steady, np.nan, 2 * np.minimum(below, 1 - below)),
            "lower": lower,
            "upper": upper,
            "bca_lower": bca_lower,
            "bca_upper": bca_upper,
        },
        index=index,
    )


COLUMNS = (
    "estimate", "mean", "se", "t", "p", "p_percentile", "lower", "upper", "bca_lower", "bca_upper",
)  # fmt: skip


def bca_interval(
    estimates: np.ndarray, draws: np.ndarray, jackknife: np.ndarray, *, level: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Bias-corrected and accelerated interval of each column of ``draws`` (R, k) (Efron 1987).

    Ties with the estimate count half; an estimate outside all draws counts as just inside.
    """
    R = len(draws)
    share = ((draws < estimates).sum(axis=0) + 0.5 * (draws == estimates).sum(axis=0)) / R
    d = jackknife.mean(axis=0) - jackknife
    with np.errstate(divide="ignore", invalid="ignore"):
        acceleration = (d**3).sum(axis=0) / (6 * (d**2).sum(axis=0) ** 1.5)
    acceleration = np.where(np.isfinite(acceleration), acceleration, 0.0)
    z0 = stats.norm.ppf(np.clip(share, 0.5 / R, 1 - 0.5 / R))
    tail = (1 - level) / 2
    ordered = np.sort(draws, axis=0)
    ends = []
    for z in (stats.norm.ppf(tail), stats.norm.ppf(1 - tail)):
        shifted = z0 + (z0 + z) / (1 - acceleration * (z0 + z))
        position = stats.norm.cdf(shifted) * (R - 1)
        low = np.floor(position).astype(int)
        high = np.minimum(low + 1, R - 1)
        k = np.arange(draws.shape[1])
        ends.append(ordered[low, k] + (position - low) * (ordered[high, k] - ordered[low, k]))
    return ends[0], ends[1]
