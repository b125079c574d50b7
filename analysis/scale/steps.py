"""The steps of a scale validation, each from the study's data to one section of the document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from analysis.errors import AnalysisError, DataError
from analysis.moments import Moments, moments
from analysis.scale.cfa import Cfa, Model, fit_cfa, merged_pairs, model_text, one_factor
from analysis.scale.describe import describe_items
from analysis.scale.efa import adequacy, efa
from analysis.scale.factor_count import minimum_average_partial, parallel_analysis
from analysis.scale.missingness import missing_report
from analysis.scale.plan import Choices
from analysis.scale.reliability import composite_reliability, cronbach_alpha, omega, ordinal_alpha
from analysis.scale.validity import (
    average_variance_extracted,
    fornell_larcker,
    fornell_larcker_holds,
    htmt,
)

MOST_PATTERNS = 20
MOST_MERGERS = 45  # rivals in which two factors are one: all pairs up to ten factors
MOST_CATEGORIES = 10  # more distinct answers are taken as continuous


@dataclass(frozen=True)
class Study:
    """The data (reverse items already turned), the hypothesised model and the choices made."""

    data: pd.DataFrame
    model: dict[str, tuple[str, ...]]
    scales: Mapping[str, tuple[float, float]]
    choices: Choices

    @property
    def items(self) -> tuple[str, ...]:
        return tuple(item for items in self.model.values() for item in items)

    @property
    def factor_of(self) -> dict[str, str]:
        return {item: factor for factor, items in self.model.items() for item in items}

    def fit(self, model: Model) -> Cfa:
        """A model of these items under the study's estimator, handling of missing answers and
        likelihood; from moments where they are enough."""
        return fit_cfa(
            self.source,
            model,
            estimator=self.choices.estimator,
            missing=self.choices.missing,
            likelihood=self.choices.likelihood,
        )

    @property
    def source(self) -> Moments | pd.DataFrame:
        """What the chosen estimation needs: moments of complete rows where they are enough."""
        enough = self.choices.estimator == "ML" and self.choices.missing == "listwise"
        return self.moments() if enough else self.data

    def moments(self) -> Moments:
        """Moments of the rows with every item; TooFewCases when there are fewer than 2."""
        return moments(self.data, self.items)


Section = dict[str, Any]


def sample_section(study: Study) -> Section:
    return {
        "n_rows": len(study.data),
        "n_complete": missing_report(study.data, study.items).n_complete,
        "n_items": len(study.items),
        "n_factors": len(study.model),
        "factors": factors(study.model),
    }


def factors(model: Mapping[str, tuple[str, ...]]) -> list[Section]:
    return [{"name": name, "items": list(items)} for name, items in model.items()]


def missing_section(study: Study) -> Section:
    report = missing_report(study.data, study.items)
    return {
        "cells": report.cells,
        "missing_cells": report.missing_cells,
        "share": report.share,
        "n_complete": report.n_complete,
        "n_empty": report.n_empty,
        "items": report.items,
        "n_patterns": len(report.patterns),
        "patterns": report.patterns[:MOST_PATTERNS],
    }


def items_section(study: Study) -> list[Section]:
    described = describe_items(study.data, study.items, scales=study.scales)
    return [
        {
            **vars(d),
            "factor": study.factor_of[d.item],
            "histogram": [{"value": value, "n": n} for value, n in d.histogram],
        }
        for d in described
    ]


def adequacy_section(study: Study) -> Section:
    found = adequacy(study.data, study.items)
    return {
        "n": found.n,
        "kmo": found.kmo,
        "msa": [
            {"item": item, "msa": msa} for item, msa in zip(found.items, found.msa, strict=True)
        ],
        "bartlett": {"chisq": found.chisq, "df": found.df, "pvalue": found.pvalue},
    }


def factor_count_section(study: Study) -> Section:
    found = parallel_analysis(study.moments(), draws=study.choices.draws, seed=study.choices.seed)
    return {
        "n": found.n,
        "draws": found.draws,
        "percentile": found.percentile,
        "seed": found.seed,
        "components": found.components,
        "factors": found.factors,
        "map": minimum_average_partial(study.moments()),
    }


def efa_section(study: Study) -> tuple[Section, tuple[str, ...]]:
    found = efa(
        study.moments(),
        len(study.model),
        method=study.choices.efa_method,
        rotation=study.choices.efa_rotation,
    )
    section = {
        "n": found.n,
        "method": found.method,
        "rotation": found.rotation,
        "names": [f"F{j + 1}" for j in range(found.loadings.shape[1])],
        "items": [
            {
                "item": item,
                "factor": study.factor_of[item],
                "loadings": found.loadings[i],
                "communality": found.communalities[i],
            }
            for i, item in enumerate(found.items)
        ],
        "phi": found.phi,
        "variance": found.variance,
        "chisq": found.chisq,
        "df": found.df,
        "pvalue": found.pvalue,
        "residual_rms": found.residual_rms,
    }
    return section, found.warnings


def cfa_section(fitted: Cfa, dropped: int) -> Section:
    residual = _correlation(fitted.sample) - _correlation(fitted.implied)
    return {
        "n": fitted.n,
        "dropped": dropped,
        "estimator": fitted.estimator,
        "missing": fitted.missing,
        "likelihood": fitted.likelihood,
        "engine": fitted.engine,
        "converged": fitted.converged,
        "model_text": model_text(fitted.model),
        "fit": fitted.fit,
        "loadings": [{**vars(x), "r_squared": x.std_all**2} for x in fitted.loadings],
        "factors": list(fitted.model),
        "factor_correlations": fitted.factor_correlations,
        "factor_correlation_intervals": fitted.correlations,
        "items": list(fitted.sample.columns),
        "residual_correlations": residual,
    }


def _correlation(cov: pd.DataFrame) -> np.ndarray:
    values = cov.to_numpy(dtype=float)
    sd = np.sqrt(np.diag(values))
    return np.asarray(values / np.outer(sd, sd))


RIVAL_MEASURES = (
    "chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper",
    "srmr", "gfi", "aic", "bic",
)  # fmt: skip


def rivals_section(study: Study, fitted: Cfa) -> tuple[list[Section], list[str]]:
    """The hypothesised model, the null, one factor, and each pair of factors merged."""
    said: list[str] = []
    null = {
        "chisq": fitted.fit["baseline_chisq"],
        "df": fitted.fit["baseline_df"],
        "pvalue": fitted.fit["baseline_pvalue"],
    }
    rows = [
        _rival("hypothesised", "hypothesised", fitted.model, fitted.fit, fitted.fit),
        _rival("no common factor", "null", {}, null, fitted.fit),
    ]
    others = [("one_factor", one_factor(study.model))] if len(study.model) > 1 else []
    if len(study.model) > 2:
        pairs = merged_pairs(study.model)
        if len(pairs) > MOST_MERGERS:
            r = np.abs(fitted.factor_correlations.to_numpy()[np.triu_indices(len(study.model), 1)])
            closest = sorted(np.argsort(-r, kind="stable")[:MOST_MERGERS].tolist())
            said.append(f"of {len(pairs)} pairs of factors the {MOST_MERGERS} closest were merged")
            pairs = [pairs[i] for i in closest]
        others += [("merged", rival) for rival in pairs]
    for kind, rival in others:
        name = "one factor" if kind == "one_factor" else next(iter(rival)).replace("+", " + ")
        try:
            other = study.fit(rival)
        except AnalysisError as error:
            said.append(f"{name}: {error}")
            continue
        said += [f"{name}: {text}" for text in other.inadmissible]
        rows.append(_rival(name, kind, rival, other.fit, fitted.fit))
    return rows, said


def _rival(
    name: str,
    kind: str,
    model: Mapping[str, tuple[str, ...]],
    fit: Mapping[str, float],
    base: Mapping[str, float],
) -> Section:
    delta, df = fit["chisq"] - base["chisq"], fit["df"] - base["df"]
    nested = df > 0
    return {
        "name": name,
        "kind": kind,
        "n_factors": len(model),
        "fit": {measure: fit.get(measure) for measure in RIVAL_MEASURES},
        "delta_chisq": delta if nested else None,
        "delta_df": df if nested else None,
        "delta_pvalue": float(chi2.sf(max(delta, 0.0), df)) if nested else None,
    }


def reliability_section(study: Study, fitted: Cfa | None) -> tuple[list[Section], list[str]]:
    rows, said = [], []
    for factor, items in study.model.items():
        row: Section = {"factor": factor, "n": 0, "n_items": len(items), "alpha_level": 0.95}
        row |= dict.fromkeys(
            ("alpha", "alpha_ordinal", "alpha_lower", "alpha_upper", "alpha_standardised", "mean_correlation",
             "omega", "omega_observed", "cr", "ave")
        )  # fmt: skip
        row["items"] = []
        try:
            row |= _alpha_part(study, items)
        except AnalysisError as error:
            row["n"] = int(study.data[list(items)].notna().all(axis=1).sum())
            said.append(f"{factor}: {error}")
        if fitted is not None and len(items) > 1:
            row |= _loading_part(fitted, factor)
        rows.append(row)
    return rows, said


def _alpha_part(study: Study, items: tuple[str, ...]) -> Section:
    found = cronbach_alpha(study.data, items)
    return {
        "n": found.n,
        "alpha": found.alpha.estimate,
        "alpha_lower": found.alpha.lower,
        "alpha_upper": found.alpha.upper,
        "alpha_level": found.alpha.level,
        "alpha_ordinal": _ordinal_part(study, items),
        "alpha_standardised": found.standardised,
        "mean_correlation": found.mean_correlation,
        "items": found.items,
    }


def _ordinal_part(study: Study, items: tuple[str, ...]) -> float | None:
    """Ordinal alpha where the answers are ordered categories: up to 10 different ones an item."""
    if max(study.data[item].nunique() for item in items) > MOST_CATEGORIES:
        return None
    return ordinal_alpha(study.data, items)


def _loading_part(fitted: Cfa, factor: str) -> Section:
    mine = fitted.of(factor)
    items = [x.item for x in mine]
    loadings, residuals = [x.est for x in mine], [x.residual for x in mine]
    standardised = [x.std_all for x in mine]
    at = list(fitted.model).index(factor)
    variance = float(fitted.factor_covariances.to_numpy()[at, at])
    total = float(fitted.sample.loc[items, items].to_numpy().sum())
    return {
        "omega": omega(loadings, residuals, factor_variance=variance),
        "omega_observed": omega(
            loadings, residuals, factor_variance=variance, total_variance=total
        ),
        "cr": composite_reliability(standardised),
        "ave": average_variance_extracted(standardised),
    }


def fornell_larcker_section(study: Study, fitted: Cfa) -> Section:
    if len(study.model) < 2:
        raise DataError("discriminant validity needs at least 2 factors")
    single = [factor for factor, items in study.model.items() if len(items) == 1]
    ave = {
        factor: float("nan")
        if factor in single
        else average_variance_extracted([x.std_all for x in fitted.of(factor)])
        for factor in study.model
    }
    table = fornell_larcker(ave, fitted.factor_correlations)
    return {
        "factors": list(study.model),
        "matrix": table,
        "holds": fornell_larcker_holds(table),
    }


def htmt_section(study: Study) -> Section:
    if len(study.model) < 2:
        raise DataError("HTMT compares factors; there is only one")
    found = study.moments()
    correlation = pd.DataFrame(found.correlation, found.names, found.names)
    return {
        "factors": list(study.model),
        "htmt": htmt(correlation, study.model),
        "htmt2": htmt(correlation, study.model, variant="htmt2"),
    }
