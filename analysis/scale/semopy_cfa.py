"""The same confirmatory factor analysis by another program, and how far the two are apart.

semopy 2.3.11 estimates complete-data maximum likelihood right, given the BFGS solver; its fit
measures are not those of the literature, so they come from ``analysis.covariance.fit_measures`` here too.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.stats import norm

from analysis.covariance.fit_measures import fit_measures
from analysis.covariance.settings import MAXIMUM_LIKELIHOOD
from analysis.errors import DataError, ModelError, NotPositiveDefinite
from analysis.moments import Moments, moments
from analysis.scale.cfa import (
    Cfa,
    CfaLoading,
    FactorCorrelation,
    Model,
    checked,
    correlation_frame,
    inadmissible,
    require_rows,
)
from analysis.threads import one_blas_thread

AGREEMENT = 1e-3  # the two programs count as agreeing up to here
MOST_ITEMS = 60  # semopy's time grows with a high power of the number of items


@dataclass(frozen=True)
class IndependentCheck:
    """The largest absolute difference of standardised estimates and, relative, of chi-square."""

    program: str
    version: str
    largest_difference: float
    of: str
    chisq: float
    chisq_difference: float
    agrees: bool


def independent_check(fitted: Cfa, data: pd.DataFrame | Moments) -> IndependentCheck:
    """Fit the model again with semopy and compare. Complete-data ML only (ModelError else).

    Raises DataError where a standardised estimate of either program does not exist.
    """
    if fitted.estimator not in MAXIMUM_LIKELIHOOD or fitted.missing != "listwise":
        raise ModelError("the independent check covers maximum likelihood on complete rows only")
    if len(fitted.loadings) > MOST_ITEMS:
        raise ModelError(f"the independent check takes up to {MOST_ITEMS} items")
    other = semopy_cfa(data, fitted.model, likelihood=fitted.likelihood)
    differences = {
        f"loading of {a.item}": abs(a.std_all - b.std_all)
        for a, b in zip(fitted.loadings, other.loadings, strict=True)
    }
    for i, first in enumerate(fitted.model):
        for second in list(fitted.model)[:i]:
            a, b = (float(f.factor_correlations.loc[first, second]) for f in (fitted, other))  # type: ignore[arg-type]
            differences[f"correlation of {second} and {first}"] = abs(a - b)
    undefined = [name for name, value in differences.items() if not np.isfinite(value)]
    if undefined:
        raise DataError(
            f"there is nothing to compare: the standardised {undefined[0]} does not exist, for a "
            "variance is negative"
        )
    worst = max(differences, key=lambda name: differences[name])
    chisq = abs(fitted.fit["chisq"] - other.fit["chisq"]) / max(fitted.fit["chisq"], 1.0)
    return IndependentCheck(
        program="semopy",
        version=version("semopy"),
        largest_difference=differences[worst],
        of=worst,
        chisq=other.fit["chisq"],
        chisq_difference=chisq,
        agrees=bool(differences[worst] < AGREEMENT and chisq < AGREEMENT),
    )


def semopy_cfa(data: pd.DataFrame | Moments, model: Model, *, likelihood: str = "normal") -> Cfa:
    """As ``analysis.scale.cfa.fit_cfa`` with complete-data maximum likelihood, estimated by semopy.

    semopy is given the correlation matrix and its estimates are put back into the items' units, so
    that units cannot matter to its optimiser. Raises as ``fit_cfa``.

    Validated against lavaan 0.6-14 as ``fit_cfa`` is: 1e-5 on both data sets.
    """
    if likelihood not in ("normal", "wishart"):
        raise ModelError(f"likelihood {likelihood!r} is not known; use 'normal' or 'wishart'")
    plan = checked(model)
    require_rows(data, plan, complete=True)
    items = [item for members in plan.values() for item in members]
    found = moments(data, items)
    multiplier = found.n if likelihood == "normal" else found.n - 1
    sample = found.cov * found.n / multiplier
    with one_blas_thread():
        table, implied, converged = _estimate(plan, found.correlation, multiplier)
    sd = np.sqrt(np.diag(sample))
    loadings, covariances = _in_units(table, plan, dict(zip(items, sd.tolist(), strict=True)))
    implied = implied * np.outer(sd, sd)
    names = list(plan)
    correlations = correlation_frame(covariances, names)
    said = inadmissible(loadings, covariances, names, converged=converged)
    nan = float("nan")
    return Cfa(
        model=plan,
        n=found.n,
        estimator="ML",
        missing="listwise",
        likelihood=likelihood,
        engine="semopy",
        converged=converged,
        loadings=loadings,
        correlations=tuple(
            FactorCorrelation(
                names[i], names[j], float(correlations.to_numpy()[i, j]), nan, nan, nan
            )
            for i in range(len(names))
            for j in range(i + 1, len(names))
        ),
        factor_covariances=pd.DataFrame(covariances, names, names),
        factor_correlations=correlations,
        implied=pd.DataFrame(implied, items, items),
        sample=pd.DataFrame(sample, items, items),
        fit=_fit(sample, implied, found.n, multiplier, _free_parameters(plan)),
        warnings=said,
        inadmissible=said,
    )


def _free_parameters(plan: Model) -> int:
    k = len(plan)
    free = k * (k + 1) // 2
    for items in plan.values():
        free += 2 * len(items) - 1 if len(items) > 1 else 0
    return free


def _estimate(
    plan: dict[str, tuple[str, ...]], correlation: np.ndarray, multiplier: int
) -> tuple[pd.DataFrame, np.ndarray, bool]:
    """semopy's estimates on the correlation matrix: table, implied matrix, converged.

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
    implied = model.calc_sigma()[0]
    order = [list(model.vars["observed"]).index(c) for c in columns]
    return table, np.asarray(implied)[np.ix_(order, order)], converged


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
                    std_se=float("nan"),
                    residual=residual * sd[item] ** 2,
                )
            )
    return tuple(loadings), cov


def _root_share(loading: float, variance: float, total: float) -> float:
    if variance < 0 or total <= 0:
        return float("nan")
    return float(loading * np.sqrt(variance / total))


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
