"""Time until an event, with customers who are followed no longer: survival curves and their comparison."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from analysis.errors import DataError, TooFewCases
from analysis.metrics import critical_z

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Step:
    """Just after ``time``: the share without the event yet, its interval, and who was at risk before.

    ``low`` and ``high`` are None where nobody is left.
    """

    time: float
    at_risk: int
    events: int
    survival: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class SurvivalCurve:
    """A Kaplan-Meier curve: a step a time with an event. ``median`` is None where half never had it."""

    steps: tuple[Step, ...]
    n: int
    events: int
    last: float
    median: float | None
    median_low: float | None
    median_high: float | None
    confidence: float

    def at(self, time: float) -> float:
        """The share without the event at this time, in the unit of the times."""
        before = [step.survival for step in self.steps if step.time <= time]
        return before[-1] if before else 1.0


@dataclass(frozen=True)
class LogRank:
    """Whether groups' curves differ; ``observed`` and ``expected`` events have a place for each group."""

    chi2: float
    df: int
    p: float
    observed: tuple[int, ...]
    expected: tuple[float, ...]


def kaplan_meier(
    times: Sequence[float], events: Sequence[bool], *, confidence: float = 0.95
) -> SurvivalCurve:
    """The share of customers without the event by time, and the median time to it.

    ``times``: from a customer's start to the event, or to when they were last known without it, where
    ``events`` is False. Customers who leave at a time of an event are at risk at it. Raises TooFewCases
    without customers, DataError for a negative time.

    Notes: Greenwood's variance, intervals of log(-log S), which stay between 0 and 1. The median is
    the first time at which the curve, or its limit, is at or below one half, and the middle of two
    times where the curve stays at one half between them.

    Validated against: R survival 3.5-3 ``survfit(conf.type = "log-log")``, to 1e-9.

    References: Kaplan, E. L., & Meier, P. (1958). Nonparametric estimation from incomplete
    observations. Journal of the American Statistical Association, 53, 457-481. Kalbfleisch, J. D., &
    Prentice, R. L. (2002). The statistical analysis of failure time data (2nd ed.), section 1.4.

    >>> kaplan_meier([6, 7, 9, 10], [True, True, False, True]).at(8)
    0.5
    """
    t, d = checked(times, events)
    z = critical_z(confidence)
    steps: list[Step] = []
    survival, variance = 1.0, 0.0
    for time in np.unique(t[d]):
        risk, died = int((t >= time).sum()), int((t[d] == time).sum())
        survival *= 1 - died / risk
        if risk > died:
            variance += died / (risk * (risk - died))
        steps.append(Step(float(time), risk, died, survival, *_limits(survival, variance, z)))
    curves = [[(s.time, value) for s in steps if (value := getattr(s, name)) is not None]
              for name in ("survival", "low", "high")]  # fmt: skip
    middle, low, high = (_half(curve) for curve in curves)
    return SurvivalCurve(
        tuple(steps), len(t), int(d.sum()), float(t.max()), middle, low, high, confidence
    )


def log_rank(
    times: Sequence[float], events: Sequence[bool], groups: Sequence[int], count: int
) -> LogRank:
    """Whether the curves of ``count`` groups (0 up) differ, by the log-rank test.

    Raises TooFewCases where fewer than two groups have customers, or nobody had the event.

    Validated against: R survival 3.5-3 ``survdiff``, to 1e-8.

    References: Mantel, N. (1966). Evaluation of survival data and two new rank order statistics
    arising in its consideration. Cancer Chemotherapy Reports, 50, 163-170.
    """
    t, d = checked(times, events)
    member = np.asarray(groups)[:, None] == np.arange(count)
    used = member.any(axis=0)
    if used.sum() < 2:
        raise TooFewCases(2, int(used.sum()), what="groups with customers")
    if not d.any():
        raise TooFewCases(1, 0, what="customers with the event")
    observed = member[d].sum(axis=0)
    expected = np.zeros(count)
    covariance = np.zeros((count, count))
    for time in np.unique(t[d]):
        risks = member[t >= time].sum(axis=0).astype(float)
        risk, died = risks.sum(), float((t[d] == time).sum())
        share = risks / risk
        expected += died * share
        if risk > 1:
            spread = died * (risk - died) / (risk - 1)
            covariance += spread * (np.diag(share) - np.outer(share, share))
    kept = np.flatnonzero(used)[:-1]  # the differences sum to 0
    gap = (observed - expected)[kept]
    value = float(gap @ np.linalg.pinv(covariance[np.ix_(kept, kept)]) @ gap)
    df = len(kept)
    return LogRank(
        value, df, float(chi2.sf(value, df)),
        tuple(int(each) for each in observed), tuple(float(each) for each in expected),
    )  # fmt: skip


def checked(times: Sequence[float], events: Sequence[bool]) -> tuple[Floats, NDArray[np.bool_]]:
    """Times and events as arrays. Raises TooFewCases without customers, DataError for impossible times."""
    t, d = np.asarray(times, dtype=float), np.asarray(events, dtype=bool)
    if len(t) == 0:
        raise TooFewCases(1, 0, what="customers")
    if t.shape != d.shape or not np.isfinite(t).all() or (t < 0).any():
        raise DataError("Every customer needs a time of 0 or later, and whether the event came.")
    return t, d


def _limits(survival: float, variance: float, z: float) -> tuple[float | None, float | None]:
    if not 0 < survival < 1:
        return None, None
    reach = z * math.sqrt(variance) / abs(math.log(survival))
    return survival ** math.exp(reach), survival ** math.exp(-reach)


def _half(curve: Sequence[tuple[float, float]]) -> float | None:
    """Where a falling curve reaches one half; half-way along a step that lies on it."""
    close = 1e-9
    for place, (time, value) in enumerate(curve):
        if abs(value - 0.5) < close and place + 1 < len(curve):
            return (time + curve[place + 1][0]) / 2
        if value <= 0.5 + close:
            return time
    return None
