"""Common-method variance by models: the CFA marker sequence and an unmeasured method factor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations

import numpy as np
import pandas as pd

from analysis.covariance.compare_models import difference_test
from analysis.covariance.sem import SemFit, fit_sem
from analysis.covariance.several_starts import Admitted, admitted
from analysis.covariance.text.model import Model, Modifier, Path, covariance, measurement_model
from analysis.errors import DataError, ModelError
from analysis.moments import Moments
from analysis.scale.cfa import sem_model, sem_names

LEVEL = 0.05
ORDINAL = "WLSMV"


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
    admissible: bool = True


@dataclass(frozen=True)
class MethodComparison:
    """Test of the more constrained model against the freer one: likelihood ratio, or the scaled
    difference (Satorra & Bentler 2001; of WLSMV Satorra 2000) of a robust estimator.
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
    standardised method loading, ``loadings`` item -> that loading. ``inadmissible``: which models have
    no proper solution, why, and what was tried; a finding that rests on one of them is None or NaN.
    """

    n: int
    models: tuple[MethodModel, ...]
    comparisons: tuple[MethodComparison, ...]
    method_variance: bool | None
    unequal: bool | None
    biased: bool | None
    share: float
    loadings: dict[str, float]
    warnings: tuple[str, ...]
    inadmissible: str = ""


@dataclass(frozen=True)
class LatentMethodFactor:
    """A method factor behind all items, without a measure of its own (Podsakoff et al. 2003).

    Mean shares of the items' variance that their own factor and the method factor explain.
    ``warnings`` are those of the model with the method factor. ``inadmissible``: why a solution is
    not to be interpreted, with what was tried; shares, loadings and the comparison are NaN then.
    """

    n: int
    models: tuple[MethodModel, ...]
    comparison: MethodComparison
    substantive_share: float
    method_share: float
    loadings: dict[str, float]
    warnings: tuple[str, ...]
    inadmissible: str = ""


def marker_sequence(
    data: pd.DataFrame | Moments,
    model: Mapping[str, Sequence[str]],
    marker: Sequence[str],
    *,
    estimator: str = "ML",
) -> MarkerSequence:
    """The CFA marker sequence: CFA, Baseline, Method-C, Method-U, Method-R (ML, MLR, MLM or WLSMV,
    complete rows).

    Under WLSMV the responses behind the answers have unit variance, so that a marker item's residual
    is held with its loading and is no parameter of its own. model: factor -> items. marker: at least 2 items of a factor unrelated by theory. Raises
    DataError for fewer than 2 factors or marker items and for a marker whose items do not form a
    factor, else as ``fit_sem``.
    """
    if len(model) < 2 or len(marker) < 2:
        raise DataError("the marker sequence needs at least 2 factors and 2 marker items")
    name = unused("marker", {**model, "": marker})
    base, names = sem_model(model), list(sem_names(model).values())
    items = [item for members in model.values() for item in members]
    fits = Fits(partial(fit_sem, data, std_lv=True, estimator=estimator))
    if not fits.add("CFA", base + measurement_model({name: marker})).converged:
        raise DataError(f"{', '.join(marker)}: the marker's items do not form a factor")
    held = _fixed_marker(fits["CFA"], name, marker, residuals=estimator != ORDINAL)
    fixed = base + held + _apart(name, names)
    fits.add("Baseline", fixed)
    equal = Model(tuple(Path(name, "=~", item, (Modifier(label="method"),)) for item in items))
    each = measurement_model({name: items})
    fits.add("Method-C", fixed + equal)
    fits.add("Method-U", fixed + each)
    tests = [fits.compare("Baseline", "Method-C"), fits.compare("Method-C", "Method-U")]
    unequal = _significant(tests[1])
    chosen = "Method-U" if unequal else "Method-C"
    frozen = Model(
        tuple(
            path
            for a, b in combinations(names, 2)
            for path in covariance(a, b, fixed=_value(fits["Baseline"], a, "~~", b)).paths
        )
    )
    fits.add("Method-R", fixed + (each if unequal else equal) + frozen)
    tests.append(fits.compare("Method-R", chosen))
    loadings = fits.method_loadings(chosen, name, items)
    return MarkerSequence(
        n=fits["CFA"].n,
        models=fits.rows,
        comparisons=tuple(tests),
        method_variance=_significant(tests[0]),
        unequal=unequal,
        biased=_significant(tests[2]),
        share=float(np.mean(np.square(list(loadings.values())))),
        loadings=loadings,
        warnings=fits.warnings,
        inadmissible=fits.inadmissible,
    )


def latent_method_factor(
    data: pd.DataFrame | Moments, model: Mapping[str, Sequence[str]], *, estimator: str = "ML"
) -> LatentMethodFactor:
    """Add one factor, uncorrelated with the others, on which all items load freely (ML, MLR or MLM,
    complete rows). Items that measure a factor alone, without error, stay off it.

    Raises ModelError for WLSMV, under which the model seldom converges, DataError below 3 factors of
    several items, else as ``fit_sem``. The model is often at the edge of identification: read its
    warnings.
    """
    if estimator == ORDINAL:
        raise ModelError(
            "a method factor without items of its own is not fitted by WLSMV, under which it seldom "
            "converges; choose ML, MLR or MLM for it, or measure a marker"
        )
    owner = {item: f for f, members in model.items() if len(members) > 1 for item in members}
    if len(set(owner.values())) < 3:
        raise DataError(
            "a method factor beside fewer than 3 factors of several items is not identified"
        )
    name = unused("method", model)
    names = sem_names(model)
    base = sem_model(model)
    method = measurement_model({name: tuple(owner)}) + _apart(name, list(names.values()))
    fits = Fits(partial(fit_sem, data, std_lv=True, estimator=estimator))
    fits.add("without", base)
    fits.add("with", base + method)
    proper = 1.0 if fits.proper("with") else np.nan
    own = [_value(fits["with"], names[f], "=~", item, "std_all") for item, f in owner.items()]
    loadings = fits.method_loadings("with", name, tuple(owner))
    return LatentMethodFactor(
        n=fits["with"].n,
        models=fits.rows,
        comparison=fits.compare("without", "with"),
        substantive_share=float(np.mean(np.square(own))) * proper,
        method_share=float(np.mean(np.square(list(loadings.values())))),
        loadings=loadings,
        warnings=fits.admitted["with"].warnings,
        inadmissible=fits.inadmissible,
    )


@dataclass(frozen=True)
class Fits:
    """The models of a sequence as they are fitted, each from several starts where it needs them."""

    fit: Callable[[Model], SemFit]
    admitted: dict[str, Admitted] = field(default_factory=dict)

    def add(self, name: str, model: Model) -> SemFit:
        """Fit a model and keep it under the name."""
        self.admitted[name] = admitted(self.fit(model))
        return self[name]

    def __getitem__(self, name: str) -> SemFit:
        return self.admitted[name].fit

    def proper(self, *names: str) -> bool:
        """Whether all of these have a solution that may be interpreted."""
        return all(self.admitted[name].admissible for name in names)

    @property
    def rows(self) -> tuple[MethodModel, ...]:
        """How each model fits."""
        return tuple(_row(name, one) for name, one in self.admitted.items())

    @property
    def warnings(self) -> tuple[str, ...]:
        """Every model's, after its name."""
        return tuple(f"{name}: {text}" for name, a in self.admitted.items() for text in a.warnings)

    @property
    def inadmissible(self) -> str:
        """Which models are not to be interpreted, why, and what was tried."""
        return "; ".join(f"{name}: {a.reason}" for name, a in self.admitted.items() if a.reason)

    def compare(self, constrained: str, free: str) -> MethodComparison:
        """The test of two of them; undefined where one is not to be interpreted."""
        df = self[constrained].tests.df - self[free].tests.df
        if df <= 0 or not self.proper(constrained, free):
            return MethodComparison(constrained, free, np.nan, df, np.nan)
        test = difference_test(self[constrained], self[free])
        return MethodComparison(constrained, free, test.chisq, df, test.pvalue)

    def method_loadings(self, model: str, factor: str, items: Sequence[str]) -> dict[str, float]:
        """Standardised loadings on the method factor; NaN of an improper solution."""
        known = 1.0 if self.proper(model) else np.nan
        return {item: _value(self[model], factor, "=~", item, "std_all") * known for item in items}


def _significant(test: MethodComparison) -> bool | None:
    """Whether the constrained model is rejected; None where there is no test."""
    return None if np.isnan(test.pvalue) else bool(test.pvalue < LEVEL)


def _apart(name: str, factors: Sequence[str]) -> Model:
    """The factor of that name uncorrelated with all others."""
    return Model(tuple(p for f in factors for p in covariance(name, f, fixed=0.0).paths))


def unused(name: str, model: Mapping[str, Sequence[str]]) -> str:
    """The name, lengthened until no factor or item bears it."""
    taken = {*model, *(item for items in model.values() for item in items)}
    while name in taken:
        name += "_"
    return name


def _fixed_marker(fitted: SemFit, name: str, marker: Sequence[str], *, residuals: bool) -> Model:
    """The marker's loadings, and with ``residuals`` their variances, held where the CFA found them."""
    paths = []
    for item in marker:
        loading = _value(fitted, name, "=~", item)
        paths.append(Path(name, "=~", item, (Modifier(fixed=loading),)))
        if residuals:
            residual = _value(fitted, item, "~~", item)
            paths += covariance(item, item, fixed=residual).paths
    return Model(tuple(paths))


def _value(fitted: SemFit, lhs: str, op: str, rhs: str, column: str = "est") -> float:
    table = fitted.estimates
    same = (table["op"] == op) & (table["lhs"] == lhs) & (table["rhs"] == rhs)
    turned = (table["op"] == op) & (table["lhs"] == rhs) & (table["rhs"] == lhs)
    rows = table.loc[same | turned if op == "~~" else same, column]
    return float(rows.iloc[0])


def _row(name: str, one: Admitted) -> MethodModel:
    fit = one.fit.fit
    return MethodModel(
        name,
        fit["chisq"],
        int(fit["df"]),
        fit["cfi"],
        fit["rmsea"],
        fit["srmr"],
        chisq_scaled=fit.get("chisq_scaled"),
        cfi_robust=fit.get("cfi_robust"),
        rmsea_robust=fit.get("rmsea_robust"),
        admissible=one.admissible,
    )
