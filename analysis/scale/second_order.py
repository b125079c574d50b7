"""A general factor above the scale's factors: the second-order model and its reliability."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from analysis.covariance.sem import SemFit, fit_sem
from analysis.covariance.several_starts import admitted
from analysis.covariance.text.model import Model, Modifier, Path, covariance
from analysis.errors import ModelError
from analysis.moments import Moments
from analysis.scale.cfa import sem_model, sem_names
from analysis.scale.method_factor import unused


@dataclass(frozen=True)
class SecondOrderLoading:
    """A first-order factor on the general one: standardised loading, its error and its z test."""

    factor: str
    std_all: float
    std_se: float
    pvalue: float
    r_squared: float


@dataclass(frozen=True)
class SecondOrder:
    """The second-order model, and three reliabilities of the general factor (semTools).

    ``omega_l1``: its share of the variance of the sum of all items; ``omega_l2``: of the sum of
    the first-order factors; ``partial_omega_l1``: of the items' sum without the parts that belong
    to single factors. With three factors the model fits exactly as the first-order one does.
    ``inadmissible``: why the solution is not to be interpreted, with what was tried; omegas, p values
    and shares are NaN then. Empty for a proper solution.
    """

    n: int
    loadings: tuple[SecondOrderLoading, ...]
    fit: dict[str, float]
    omega_l1: float
    omega_l2: float
    partial_omega_l1: float
    warnings: tuple[str, ...]
    inadmissible: str = ""


def second_order(
    data: pd.DataFrame | Moments,
    model: Mapping[str, Sequence[str]],
    *,
    estimator: str = "ML",
    missing: str = "listwise",
    likelihood: str = "normal",
) -> SecondOrder:
    """Fit one general factor above the factors of a measurement model.

    Raises ModelError below 3 factors (2 do not identify it), else as ``fit_sem``.

    Validated against lavaan 0.6-14 and semTools ``reliabilityL2`` on a simulated 16-item,
    three-factor, N = 278 set: loadings, fit and the three omegas to 1e-5.
    """
    if len(model) < 3:
        raise ModelError(f"a second-order factor needs at least 3 factors, found {len(model)}")
    names = sem_names(model)
    general = unused("general", {**model, "": tuple(names.values())})
    first = fit_sem(
        data,
        sem_model(model) + _above(general, tuple(names.values())),
        estimator=estimator,
        missing=missing,
        likelihood=likelihood,
    )
    found = admitted(first)
    fitted, known = found.fit, 1.0 if found.admissible else np.nan
    rows = {(row["lhs"], row["op"], row["rhs"]): row for row in fitted.estimates.to_dict("records")}
    loadings = tuple(_loading(f, rows[general, "=~", name], known) for f, name in names.items())
    l1, l2, partial = _omegas(fitted, general, list(names.values()))
    return SecondOrder(
        n=fitted.n,
        loadings=loadings,
        fit=fitted.fit,
        omega_l1=l1 * known,
        omega_l2=l2 * known,
        partial_omega_l1=partial * known,
        warnings=found.warnings,
        inadmissible=found.reason,
    )


def _above(general: str, factors: tuple[str, ...]) -> Model:
    """The general factor with variance 1 and all loadings free: were the first factor its unit,
    one that runs against the others would send it to a negative variance."""
    loadings = tuple(Path(general, "=~", factor, (Modifier(free=True),)) for factor in factors)
    return Model(loadings) + covariance(general, general, fixed=1.0)


def _loading(factor: str, row: Mapping[Hashable, Any], known: float) -> SecondOrderLoading:
    std, se = float(row["std_all"]), float(row["std_se"])
    pvalue = float(2 * norm.sf(abs(std / se)))
    return SecondOrderLoading(factor, std, se, pvalue * known, std**2 * known)


def _omegas(fitted: SemFit, general: str, factors: list[str]) -> tuple[float, float, float]:
    table = fitted.estimates
    loading = table[table["op"] == "=~"]
    items = loading[loading["lhs"].isin(factors)]
    weight = items.groupby("lhs")["est"].sum().reindex(factors).to_numpy(dtype=float)
    gamma = (
        loading[loading["lhs"] == general].set_index("rhs")["est"].reindex(factors).to_numpy(float)
    )
    variances = table[(table["op"] == "~~") & (table["lhs"] == table["rhs"])].set_index("lhs")[
        "est"
    ]
    phi = float(variances[general])
    psi = variances.reindex(factors).to_numpy(dtype=float)
    theta = float(variances.reindex(items["rhs"]).sum())
    by_general = float(weight @ gamma) ** 2 * phi
    by_factors = float(weight**2 @ psi)
    l2 = float(gamma.sum() ** 2 * phi / (gamma.sum() ** 2 * phi + psi.sum()))
    total = by_general + by_factors + theta
    with np.errstate(divide="ignore", invalid="ignore"):
        return by_general / total, l2, by_general / (by_general + theta)
