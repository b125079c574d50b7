"""Confirmatory factor analysis of simple-structure models through semopy, with own fit measures.

semopy 2.3.11 estimates complete-data maximum likelihood right, given the BFGS solver; its fit
measures are not those of the literature, so all of them come from ``analysis.fit_measures``.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.stats import norm

from analysis.errors import ModelError, NotPositiveDefinite, TooFewCases
from analysis.fit_measures import fit_measures
from analysis.moments import Moments, moments

Model = Mapping[str, Sequence[str]]  # factor -> its items


@dataclass(frozen=True)
class CfaLoading:
    """One item on its factor; the factor's first item is the marker with estimate 1 and no SE."""

    factor: str
    item: str
    est: float
    se: float  # NaN for a fixed loading
    z: float
    pvalue: float
    std_all: float
    residual: float  # residual variance in the item's units


@dataclass(frozen=True)
class Cfa:
    """A fitted model. ``fit`` holds lavaan's fitMeasures names with underscores for dots.

    ``factor_correlations`` and ``factor_covariances`` (k x k), ``implied`` and ``sample``
    covariances (p x p, the likelihood's divisor) are frames with names on both sides.
    """

    model: dict[str, tuple[str, ...]]
    n: int
    dropped: int
    estimator: str
    likelihood: str
    engine: str
    converged: bool
    loadings: tuple[CfaLoading, ...]
    factor_covariances: pd.DataFrame
    factor_correlations: pd.DataFrame
    implied: pd.DataFrame
    sample: pd.DataFrame
    fit: dict[str, float]
    warnings: tuple[str, ...]

    def of(self, factor: str) -> tuple[CfaLoading, ...]:
        """The loadings of one factor."""
        return tuple(loading for loading in self.loadings if loading.factor == factor)


def fit_cfa(data: pd.DataFrame | Moments, model: Model, *, likelihood: str = "normal") -> Cfa:
    """Maximum likelihood CFA: each item on one factor, factors correlated, marker items fixed at 1.

    data: items in columns (complete rows count) or their moments. model: factor -> items. A
    single-item factor is its item, measured without error. likelihood: "normal" (chi2 = N F, as
    lavaan) or "wishart" (chi2 = (N - 1) F on the unbiased covariance, as AMOS).

    Raises ModelError for an empty or unidentified model or an item on two factors, MissingItem,
    NoVariance, NotPositiveDefinite, and TooFewCases unless complete rows exceed items.
    Non-convergence, negative variances and impossible correlations are warnings in the result.

    Notes: semopy is given the correlation matrix and its estimates are put back into the items'
    units, so that units cannot matter to its optimiser.
    Validated against lavaan 0.6-14 ``cfa`` (ML, normal and Wishart) on Holzinger & Swineford 1939
    and on a simulated 16-item, three-factor, N = 278 set: estimates, standardised values and fit
    measures to 1e-4, standard errors to 1e-3.
    References: Joreskog 1969.
    """
    plan = _checked(model, likelihood)
    items = [item for members in plan.values() for item in members]
    found = moments(data, items)
    if found.n <= len(items):
        raise TooFewCases(len(items) + 1, found.n, what="complete rows")
    found.require_positive_definite()
    multiplier = found.n if likelihood == "normal" else found.n - 1
    sample = found.cov * found.n / multiplier
    fitted, implied, said, converged = _estimate(plan, found.correlation, multiplier)
    sd = np.sqrt(np.diag(sample))
    loadings, factor_cov = _in_units(fitted, plan, dict(zip(items, sd.tolist(), strict=True)))
    implied = implied * np.outer(sd, sd)
    names = list(plan)
    spread = np.sqrt(np.maximum(np.diag(factor_cov), 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):  # a negative variance has no correlation
        correlations = factor_cov / np.outer(spread, spread)
    np.fill_diagonal(correlations, 1.0)
    said += _inadmissible(loadings, correlations, factor_cov, names)
    return Cfa(
        model=plan,
        n=found.n,
        dropped=found.dropped,
        estimator="ML",
        likelihood=likelihood,
        engine="semopy",
        converged=converged,
        loadings=loadings,
        factor_covariances=pd.DataFrame(factor_cov, names, names),
        factor_correlations=pd.DataFrame(correlations, names, names),
        implied=pd.DataFrame(implied, items, items),
        sample=pd.DataFrame(sample, items, items),
        fit=_fit(sample, implied, found.n, multiplier, _free_parameters(plan)),
        warnings=said,
    )


def model_text(model: Model) -> str:
    """The model in lavaan's syntax; a single item measures its factor without error.

    >>> model_text({"A": ["a1", "a2"], "B": ["b1"]})
    'A =~ a1 + a2\\nB =~ 1*b1\\nb1 ~~ 0*b1'
    """
    lines = []
    for factor, items in model.items():
        if len(items) == 1:
            lines.append(f"{factor} =~ 1*{items[0]}\n{items[0]} ~~ 0*{items[0]}")
        else:
            lines.append(f"{factor} =~ {' + '.join(items)}")
    return "\n".join(lines)


def one_factor(model: Model, name: str = "one") -> dict[str, tuple[str, ...]]:
    """The rival in which every item measures the same thing."""
    return {name: tuple(item for items in model.values() for item in items)}


def merged_pairs(model: Model) -> list[dict[str, tuple[str, ...]]]:
    """The rivals in which two of the factors are one: with three factors, the two-factor models."""
    rivals = []
    for a, b in combinations(model, 2):
        merged = {f"{a}+{b}": (*model[a], *model[b])}
        rivals.append(merged | {f: tuple(i) for f, i in model.items() if f not in (a, b)})
    return rivals


def _checked(model: Model, likelihood: str) -> dict[str, tuple[str, ...]]:
    if likelihood not in ("normal", "wishart"):
        raise ModelError(f"likelihood {likelihood!r} is not known; use 'normal' or 'wishart'")
    plan = {factor: tuple(items) for factor, items in model.items()}
    items = [item for members in plan.values() for item in members]
    empty = [factor for factor, members in plan.items() if not members]
    if empty or not plan:
        raise ModelError(f"a factor needs items; none given for {', '.join(empty) or 'the model'}")
    twice = sorted({item for item in items if items.count(item) > 1})
    if twice:
        raise ModelError(f"each item may measure one factor; on two here: {', '.join(twice)}")
    df = len(items) * (len(items) + 1) // 2 - _free_parameters(plan)
    lonely = [f for f, members in plan.items() if len(members) == 2 and len(plan) == 1]
    if df < 0 or lonely:
        raise ModelError(
            f"{', '.join(plan)}: {len(items)} items do not identify this model "
            f"({_free_parameters(plan)} parameters, {len(items) * (len(items) + 1) // 2} "
            "variances and covariances); a single factor needs at least 3 items"
        )
    return plan


def _free_parameters(plan: Model) -> int:
    k = len(plan)
    free = k * (k + 1) // 2
    for items in plan.values():
        free += 2 * len(items) - 1 if len(items) > 1 else 0
    return free


def _estimate(
    plan: dict[str, tuple[str, ...]], correlation: np.ndarray, multiplier: int
) -> tuple[pd.DataFrame, np.ndarray, tuple[str, ...], bool]:
    """semopy's estimates on the correlation matrix: table, implied matrix, warnings, converged.

    Factors and items go in as f0, f1, ... and x0, x1, ..., so that any column name will do.
    """
    # semopy takes about a second to import (sklearn, sympy): never on the web process's start.
    import semopy

    lines, at = [], 0
    for f, members in enumerate(plan.values()):
        own = [f"x{at + j}" for j in range(len(members))]
        at += len(members)
        lines.append(f"f{f} =~ {' + '.join(own)}")
        if len(own) == 1:
            lines[-1] = f"f{f} =~ 1*{own[0]}\n{own[0]} ~~ 0*{own[0]}"
    columns = [f"x{i}" for i in range(at)]
    model = semopy.Model("\n".join(lines))
    model.load(cov=pd.DataFrame(correlation, columns, columns), n_samples=multiplier)
    objective, gradient = model.get_objective("MLW")
    with warnings.catch_warnings():
        # The line search may try matrices that are not positive definite on its way, and semopy
        # says by the deprecated logging.warn that it took a pseudo-inverse.
        warnings.filterwarnings("ignore", category=RuntimeWarning)
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="semopy")
        # What semopy's solver="BFGS" does, without its bounds (which BFGS cannot keep) and its
        # log lines: BFGS reports "precision loss" at most optima that it is asked to meet this
        # exactly, so whether it arrived is read from the gradient.
        done = minimize(
            objective,
            model.param_vals,
            jac=gradient,
            method="BFGS",
            options={"gtol": 1e-7, "maxiter": 2000},
        )
        slope = float(np.max(np.abs(gradient(done.x))))
        converged = bool(np.isfinite(done.fun)) and slope < 1e-4
        model.param_vals = done.x
        model.update_matrices(done.x)
        try:
            table = model.inspect()
        except np.linalg.LinAlgError as error:
            raise NotPositiveDefinite(
                f"the model's information matrix cannot be inverted ({error}); "
                "look for a factor whose items hardly correlate"
            ) from error
    said: tuple[str, ...] = ()
    if not converged:
        said = (
            f"the estimation did not converge (largest gradient {slope:.2g}); do not interpret",
        )
    implied = model.calc_sigma()[0]
    order = [list(model.vars["observed"]).index(c) for c in columns]
    return table, np.asarray(implied)[np.ix_(order, order)], said, converged


def _in_units(
    table: pd.DataFrame, plan: dict[str, tuple[str, ...]], sd: dict[str, float]
) -> tuple[tuple[CfaLoading, ...], np.ndarray]:
    """Loadings and factor covariances in the items' units, markers as the factors' units."""
    est: dict[tuple[str, str, str], tuple[float, float]] = {}
    for row in table.to_dict("records"):
        se = row["Std. Err"]
        pair = (float(row["Estimate"]), float(se) if se != "-" else float("nan"))
        est[row["lval"], row["op"], row["rval"]] = pair
        est.setdefault((row["rval"], row["op"], row["lval"]), pair)
    units = [sd[members[0]] for members in plan.values()]
    cov = np.array(
        [
            [est[f"f{a}", "~~", f"f{b}"][0] * units[a] * units[b] for b in range(len(plan))]
            for a in range(len(plan))
        ]
    )
    loadings: list[CfaLoading] = []
    for f, (factor, members) in enumerate(plan.items()):
        variance = est[f"f{f}", "~~", f"f{f}"][0]
        for item in members:
            x = f"x{len(loadings)}"
            value, se = est[x, "~", f"f{f}"]
            scale = sd[item] / units[f]
            residual = est[x, "~~", x][0] if len(members) > 1 else 0.0
            total = value**2 * variance + residual
            z = value / se
            loadings.append(
                CfaLoading(
                    factor=factor,
                    item=item,
                    est=value * scale,
                    se=se * scale,
                    z=z,
                    pvalue=float(2 * norm.sf(abs(z))),
                    std_all=_root_share(value, variance, total),
                    residual=residual * sd[item] ** 2,
                )
            )
    return tuple(loadings), cov


def _root_share(loading: float, variance: float, total: float) -> float:
    if variance < 0 or total <= 0:
        return float("nan")
    return float(loading * np.sqrt(variance / total))


def _inadmissible(
    loadings: tuple[CfaLoading, ...], correlations: np.ndarray, cov: np.ndarray, names: list[str]
) -> tuple[str, ...]:
    said = [
        f"Heywood case: the residual variance of {x.item} is negative ({x.residual:.3g})"
        for x in loadings
        if x.residual < 0
    ]
    for i, j in zip(*np.triu_indices(len(names), 1), strict=True):
        if not abs(correlations[i, j]) <= 1:
            said.append(f"{names[i]} and {names[j]} correlate {correlations[i, j]:.3g}, beyond 1")
    said += [
        f"the variance of {name} is negative"
        for name, v in zip(names, np.diag(cov), strict=True)
        if v < 0
    ]
    return tuple(said)


def _fit(
    S: np.ndarray, implied: np.ndarray, n: int, multiplier: int, npar: int
) -> dict[str, float]:
    """Chi-square, baseline and every measure that follows from them."""
    p = len(S)
    log_sample = float(np.linalg.slogdet(S)[1])
    log_implied = float(np.linalg.slogdet(implied)[1])
    trace = float(np.trace(np.linalg.solve(implied, S)))
    fmin = log_implied + trace - log_sample - p
    baseline = float(np.sum(np.log(np.diag(S)))) - log_sample
    constant = p * np.log(2 * np.pi)
    measures: dict[str, Any] = {
        "chisq": max(multiplier * fmin, 0.0),
        "df": p * (p + 1) // 2 - npar,
        "baseline_chisq": multiplier * baseline,
        "baseline_df": p * (p - 1) // 2,
        "n": n,
        "npar": npar,
        "logl": -n / 2 * (constant + log_implied + trace),
        "unrestricted_logl": -n / 2 * (constant + log_sample + p),
        "sample": S,
        "implied": implied,
        "multiplier": multiplier,
        "fmin": fmin / 2,
    }
    return fit_measures(**measures)
