"""How the rate of an event goes with what is known of customers: Cox's proportional hazards."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, norm

from analysis.errors import DataError, NoVariance, TooFewCases
from analysis.metrics import critical_z
from analysis.survival import Floats, checked

_MOST_STEPS = 30
_CLOSE = 1e-9  # relative change of the log-likelihood
_FARTHEST = 15.0  # a log hazard ratio beyond it grows without end
LEAST_EVENTS = 5  # for each predictor


@dataclass(frozen=True)
class HazardRatio:
    """How many times the rate of the event is that of the reference, or for one unit more."""

    name: str
    ratio: float
    low: float
    high: float
    coefficient: float
    error: float
    p: float


@dataclass(frozen=True)
class CoxFit:
    """``concordance``: of pairs whose order is known, the share in which who was predicted to have the
    event first had it first. ``proportional_p``: Grambsch and Therneau's test of all predictors, with
    time itself as scale; small where hazard ratios change with time.
    """

    terms: tuple[HazardRatio, ...]
    n: int
    events: int
    log_likelihood: float
    null_log_likelihood: float
    likelihood_ratio: float
    df: int
    p: float
    concordance: float
    proportional_p: float | None
    confidence: float
    method: str = "Cox regression, Efron's approximation for ties"


@dataclass(frozen=True)
class _Parts:
    value: float
    gradient: Floats
    information: Floats


def cox(
    times: Sequence[float],
    events: Sequence[bool],
    predictors: Mapping[str, Sequence[float]],
    *,
    confidence: float = 0.95,
) -> CoxFit:
    """Hazard ratios of named predictors (a value for each customer), by partial likelihood.

    ``times`` and ``events`` as ``kaplan_meier`` takes them. Raises TooFewCases below ``LEAST_EVENTS``
    events for each predictor, NoVariance for a predictor that is the same for everybody or follows from
    the others, DataError where the likelihood has no maximum, as where one group never has the event.

    Notes: Efron's approximation for ties, Newton steps halved where they lead down, Wald intervals of
    the log ratios.

    Validated against: R survival 3.5-3 ``coxph`` (coefficients, errors, likelihoods, concordance), to
    1e-7. The test of proportional hazards is the score test of an interaction with
    time, ``cox.zph(transform = "identity")``, to 1e-5.

    References: Cox, D. R. (1972). Regression models and life-tables. Journal of the Royal Statistical
    Society B, 34, 187-220. Efron, B. (1977). The efficiency of Cox's likelihood function for censored
    data. Journal of the American Statistical Association, 72, 557-565. Grambsch, P. M., & Therneau,
    T. M. (1994). Proportional hazards tests and diagnostics. Biometrika, 81, 515-526.
    """
    t, d = checked(times, events)
    raw = np.column_stack([np.asarray(each, dtype=float) for each in predictors.values()])
    _check(raw, list(predictors), len(t), int(d.sum()))
    centre = raw.mean(axis=0)
    spread = raw.std(axis=0)
    x = (raw - centre) / spread
    order = np.argsort(-t, kind="stable")
    t, d, x = t[order], d[order], x[order]
    null = _partial(np.zeros(x.shape[1]), t, d, x)
    beta, best = _maximum(t, d, x, null)
    covariance = np.linalg.inv(best.information) / np.outer(spread, spread)
    coefficients = beta / spread
    z = critical_z(confidence)
    terms = tuple(
        HazardRatio(
            name, math.exp(b), math.exp(b - z * se), math.exp(b + z * se), float(b), float(se),
            float(2 * norm.sf(abs(b / se))),
        )
        for name, b, se in zip(predictors, coefficients, np.sqrt(np.diag(covariance)), strict=True)
    )  # fmt: skip
    ratio = 2 * (best.value - null.value)
    return CoxFit(
        terms, len(t), int(d.sum()), best.value, null.value, ratio, len(terms),
        float(chi2.sf(ratio, len(terms))), concordance(t, d, x @ beta),
        _proportional(beta, t, d, x), confidence,
    )  # fmt: skip


def concordance(times: Floats, events: np.ndarray, risks: Floats) -> float:
    """The share of comparable pairs in which the higher risk has the event first; ties count half.

    A pair is comparable where the earlier time is an event; of two equal times where one is. For
    ``n`` customers of whom ``d`` have the event, work and time are n * d, memory n.
    """
    good = tied = pairs = 0.0
    for at in np.flatnonzero(events):
        later = (times > times[at]) | ((times == times[at]) & ~events)
        pairs += later.sum()
        good += (risks[later] < risks[at]).sum()
        tied += (risks[later] == risks[at]).sum()
    if not pairs:
        return float("nan")
    return float((good + tied / 2) / pairs)


def _check(x: Floats, names: Sequence[str], n: int, events: int) -> None:
    if x.shape[0] != n or not np.isfinite(x).all():
        raise DataError("Every customer needs a finite value of each predictor.")
    needed = LEAST_EVENTS * len(names)
    if events < needed:
        raise TooFewCases(needed, events, what="customers with the event")
    for name, column in zip(names, x.T, strict=True):
        if np.ptp(column) == 0:
            raise NoVariance(f"{name} is {column[0]:g} for every customer.")
    if np.linalg.matrix_rank(x - x.mean(axis=0)) < len(names):
        raise NoVariance("One predictor follows from the others; leave one out.")


def _maximum(t: Floats, d: np.ndarray, x: Floats, start: _Parts) -> tuple[Floats, _Parts]:
    beta, now = np.zeros(x.shape[1]), start
    for _ in range(_MOST_STEPS):
        step = np.linalg.solve(now.information, now.gradient)
        after = _partial(beta + step, t, d, x)
        while after.value < now.value - _CLOSE * abs(now.value) and np.abs(step).max() > _CLOSE:
            step = step / 2
            after = _partial(beta + step, t, d, x)
        beta = beta + step
        if np.abs(beta).max() > _FARTHEST:
            break
        change, now = abs(after.value - now.value), after
        if change <= _CLOSE * abs(now.value) and np.abs(step).max() < 1e-7:
            return beta, now
    raise DataError(
        "The hazard ratios have no estimate: a group has the event always first, or never. "
        "Join groups, or look at the survival curves alone."
    )


def _partial(beta: Floats, t: Floats, d: np.ndarray, x: Floats) -> _Parts:
    """Log-likelihood, gradient and information; rows are in order of falling times."""
    width = x.shape[1]
    eta = x @ beta
    weight = np.exp(eta)
    weighted = weight[:, None] * x
    value, gradient, information = 0.0, np.zeros(width), np.zeros((width, width))
    s0, s1, s2 = 0.0, np.zeros(width), np.zeros((width, width))
    start = 0
    while start < len(t):
        stop = int(np.searchsorted(-t, -t[start], side="right"))
        block = slice(start, stop)
        s0 += weight[block].sum()
        s1 = s1 + weighted[block].sum(axis=0)
        s2 = s2 + weighted[block].T @ x[block]
        died = np.flatnonzero(d[block]) + start
        if len(died):
            m0, m1 = weight[died].sum(), weighted[died].sum(axis=0)
            m2 = weighted[died].T @ x[died]
            value += eta[died].sum()
            gradient = gradient + x[died].sum(axis=0)
            for part in np.arange(len(died)) / len(died):
                risk = s0 - part * m0
                mean = (s1 - part * m1) / risk
                value -= math.log(risk)
                gradient = gradient - mean
                information = information + (s2 - part * m2) / risk - np.outer(mean, mean)
        start = stop
    return _Parts(float(value), gradient, information)


def _proportional(beta: Floats, t: Floats, d: np.ndarray, x: Floats) -> float | None:
    """p of the score test that no coefficient changes with time; None where time does not vary."""
    width = x.shape[1]
    middle = float(t[d].mean())
    if np.ptp(t[d]) == 0:
        return None
    score = np.zeros(width)
    plain, cross, square = (np.zeros((width, width)) for _ in range(3))
    for time in np.unique(t[d]):
        risk, died = t >= time, d & (t == time)
        weight = np.exp(x[risk] @ beta)
        own = np.exp(x[died] @ beta)
        count = int(died.sum())
        gap = time - middle
        total = x[died].sum(axis=0)
        for part in np.arange(count) / count:
            s0 = weight.sum() - part * own.sum()
            mean = (weight @ x[risk] - part * own @ x[died]) / s0
            second = (
                (x[risk] * weight[:, None]).T @ x[risk]
                - part * (x[died] * own[:, None]).T @ x[died]
            ) / s0
            spread = second - np.outer(mean, mean)
            total = total - mean
            plain += spread
            cross += gap * spread
            square += gap**2 * spread
        score += gap * total
    remaining = square - cross @ np.linalg.solve(plain, cross)
    return float(chi2.sf(float(score @ np.linalg.solve(remaining, score)), width))
