"""Common-method variance by models: the CFA marker sequence and an unmeasured method factor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
import pandas as pd

from analysis.covariance.compare_models import difference_test
from analysis.covariance.model import Model, Modifier, Path, covariance, measurement_model
from analysis.covariance.sem import SemFit, fit_sem
from analysis.errors import DataError
from analysis.moments import Moments
from analysis.scale.cfa import sem_model, sem_names

LEVEL = 0.05


@dataclass(frozen=True)
class MethodModel:
    """One model of a sequence and how it fits."""

    name: str
    chisq: float
    df: int
    cfi: float
    rmsea: float
    srmr: float
    chisq_scaled: float | None = None
    cfi_robust: float | None = None
    rmsea_robust: float | None = None


@dataclass(frozen=True)
class MethodComparison:
    """Test of the more constrained model against the freer one: likelihood ratio, or the scaled
    difference (Satorra & Bentler 2001) of a robust estimator.
    """

    constrained: str
    free: str
    delta_chisq: float
    delta_df: int
    pvalue: float


@dataclass(frozen=True)
class MarkerSequence:
    """Five models of Williams, Hartman & Cavazotte 2010 and their three tests.

    ``method_variance``: the marker explains answers (Method-C against Baseline). ``unequal``: it
    does so unequally (Method-U against Method-C). ``biased``: factor correlations change when it is
    accounted for (Method-R against the better of C and U). ``share`` is the mean squared
    standardised method loading, ``loadings`` item -> that loading.
    """

    n: int
    models: tuple[MethodModel, ...]
    comparisons: tuple[MethodComparison, ...]
    method_variance: bool
    unequal: bool
    biased: bool
    share: float
    loadings: dict[str, float]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class LatentMethodFactor:
    """A method factor behind all items, without a measure of its own (Podsakoff et al. 2003).

    Mean shares of the items' variance that their own factor and the method factor explain.
    ``warnings`` are those of the model with the method factor.
    """

    n: int
    models: tuple[MethodModel, ...]
    comparison: MethodComparison
    substantive_share: float
    method_share: float
    loadings: dict[str, float]
    warnings: tuple[str, ...]


def marker_sequence(
    data: pd.DataFrame | Moments,
    model: Mapping[str, Sequence[str]],
    marker: Sequence[str],
    *,
    estimator: str = "ML",
) -> MarkerSequence:
    """The CFA marker sequence: CFA, Baseline, Method-C, Method-U, Method-R (ML, MLR or MLM, complete
    rows).

    model: factor -> items. marker: at least 2 items of a factor unrelated by theory. Raises
    DataError for fewer than 2 factors or marker items and for a marker whose items do not form a
    factor, else as ``fit_sem``.
    """
    if len(model) < 2 or len(marker) < 2:
        raise DataError("the marker sequence needs at least 2 factors and 2 marker items")
    name = unused("marker", {**model, "": marker})
    base, names = sem_model(model), list(sem_names(model).values())
    items = [item for members in model.values() for item in members]
    fit = partial(fit_sem, data, std_lv=True, estimator=estimator)
    fits = {"CFA": fit(base + measurement_model({name: marker}))}
    if not fits["CFA"].converged:
        raise DataError(f"{', '.join(marker)}: the marker's items do not form a factor")
    fixed = base + _fixed_marker(fits["CFA"], name, marker) + _apart(name, names)
    fits["Baseline"] = fit(fixed)
    equal = Model(tuple(Path(name, "=~", item, (Modifier(label="method"),)) for item in items))
    each = measurement_model({name: items})
    fits["Method-C"] = fit(fixed + equal)
    fits["Method-U"] = fit(fixed + each)
    tests = [_compare(fits, "Baseline", "Method-C"), _compare(fits, "Method-C", "Method-U")]
    unequal = tests[1].pvalue < LEVEL and fits["Method-U"].converged
    chosen = "Method-U" if unequal else "Method-C"
    frozen = Model(
        tuple(
            path
            for a, b in combinations(names, 2)
            for path in covariance(a, b, fixed=_value(fits["Baseline"], a, "~~", b)).paths
        )
    )
    fits["Method-R"] = fit(fixed + (each if unequal else equal) + frozen)
    tests.append(_compare(fits, "Method-R", chosen))
    loadings = {item: _value(fits[chosen], name, "=~", item, "std_all") for item in items}
    return MarkerSequence(
        n=fits["CFA"].n,
        models=tuple(_row(step, fit) for step, fit in fits.items()),
        comparisons=tuple(tests),
        method_variance=tests[0].pvalue < LEVEL,
        unequal=unequal,
        biased=tests[2].pvalue < LEVEL,
        share=float(np.mean(np.square(list(loadings.values())))),
        loadings=loadings,
        warnings=tuple(f"{step}: {text}" for step, fit in fits.items() for text in fit.warnings),
    )


def latent_method_factor(
    data: pd.DataFrame | Moments, model: Mapping[str, Sequence[str]], *, estimator: str = "ML"
) -> LatentMethodFactor:
    """Add one factor, uncorrelated with the others, on which all items load freely (ML, MLR or MLM,
    complete rows). Items that measure a factor alone, without error, stay off it.

    Raises DataError below 3 factors of several items, else as ``fit_sem``. The model is often at
    the edge of identification: read its warnings.
    """
    owner = {item: f for f, members in model.items() if len(members) > 1 for item in members}
    if len(set(owner.values())) < 3:
        raise DataError(
            "a method factor beside fewer than 3 factors of several items is not identified"
        )
    name = unused("method", model)
    names = sem_names(model)
    base = sem_model(model)
    method = measurement_model({name: tuple(owner)}) + _apart(name, list(names.values()))
    fit = partial(fit_sem, data, std_lv=True, estimator=estimator)
    fits = {"without": fit(base), "with": fit(base + method)}
    own = [_value(fits["with"], names[f], "=~", item, "std_all") for item, f in owner.items()]
    loadings = {item: _value(fits["with"], name, "=~", item, "std_all") for item in owner}
    return LatentMethodFactor(
        n=fits["with"].n,
        models=tuple(_row(step, fit) for step, fit in fits.items()),
        comparison=_compare(fits, "without", "with"),
        substantive_share=float(np.mean(np.square(own))),
        method_share=float(np.mean(np.square(list(loadings.values())))),
        loadings=loadings,
        warnings=fits["with"].warnings,
    )


def _apart(name: str, factors: Sequence[str]) -> Model:
    """The factor of that name uncorrelated with all others."""
    return Model(tuple(p for f in factors for p in covariance(name, f, fixed=0.0).paths))


def unused(name: str, model: Mapping[str, Sequence[str]]) -> str:
    """The name, lengthened until no factor or item bears it."""
    taken = {*model, *(item for items in model.values() for item in items)}
    while name in taken:
        name += "_"
    return name


def _fixed_marker(fitted: SemFit, name: str, marker: Sequence[str]) -> Model:
    """The marker's loadings and residual variances held where the CFA found them."""
    paths = []
    for item in marker:
        loading = _value(fitted, name, "=~", item)
        residual = _value(fitted, item, "~~", item)
        paths.append(Path(name, "=~", item, (Modifier(fixed=loading),)))
        paths += covariance(item, item, fixed=residual).paths
    return Model(tuple(paths))


def _value(fitted: SemFit, lhs: str, op: str, rhs: str, column: str = "est") -> float:
    table = fitted.estimates
    same = (table["op"] == op) & (table["lhs"] == lhs) & (table["rhs"] == rhs)
    turned = (table["op"] == op) & (table["lhs"] == rhs) & (table["rhs"] == lhs)
    rows = table.loc[same | turned if op == "~~" else same, column]
    return float(rows.iloc[0])


def _row(name: str, fitted: SemFit) -> MethodModel:
    fit = fitted.fit
    robust = (fit.get(key) for key in ("chisq_scaled", "cfi_robust", "rmsea_robust"))
    plain = (fit["chisq"], int(fit["df"]), fit["cfi"], fit["rmsea"], fit["srmr"])
    return MethodModel(name, *plain, *robust)


def _compare(fits: Mapping[str, SemFit], constrained: str, free: str) -> MethodComparison:
    df = fits[constrained].tests.df - fits[free].tests.df
    if df <= 0:
        return MethodComparison(constrained, free, float("nan"), df, float("nan"))
    test = difference_test(fits[constrained], fits[free])
    return MethodComparison(constrained, free, test.chisq, df, test.pvalue)
