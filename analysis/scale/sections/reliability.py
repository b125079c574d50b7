"""Reliability and convergent validity of each factor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from analysis.errors import AnalysisError
from analysis.json_values import filled
from analysis.scale.cfa import Cfa, sem_names
from analysis.scale.conclusions import Conclusion
from analysis.scale.reliability import composite_reliability, cronbach_alpha, omega, ordinal_alpha
from analysis.scale.reliability_intervals import factor_reliability
from analysis.scale.sections.cfa import CfaSection
from analysis.scale.study import Number, Section, Sections, Study
from analysis.scale.validity import average_variance_extracted

MOST_CATEGORIES = 10  # more distinct answers are taken as continuous
_UNDEFINED: dict[str, Any] = dict.fromkeys(
    ("alpha", "alpha_ordinal", "alpha_lower", "alpha_upper", "alpha_standardised", "mean_correlation",
     "omega", "omega_observed", "cr", "ave", "omega_lower", "omega_upper", "cr_lower", "cr_upper",
     "ave_lower", "ave_upper")
)  # fmt: skip


@dataclass(frozen=True)
class ReliabilityItem:
    item: str
    item_rest_correlation: Number
    alpha_if_dropped: Number


@dataclass(frozen=True)
class ReliabilityRow:
    """One factor. alpha_ordinal: from polychoric correlations, None for items with more than ten
    different answers. omega: model-implied total variance; omega_observed: observed (McDonald 1999
    gives both); cr and ave from standardised loadings. All None for a single item. Intervals of omega,
    cr and ave (95 %, delta method on the logit) are None where the estimates have no errors."""

    factor: str
    n: int
    n_items: int
    alpha: Number
    alpha_lower: Number
    alpha_upper: Number
    alpha_level: float
    alpha_standardised: Number
    mean_correlation: Number
    omega: Number
    omega_observed: Number
    cr: Number
    ave: Number
    items: tuple[ReliabilityItem, ...]
    alpha_ordinal: Number = None
    omega_lower: Number = None
    omega_upper: Number = None
    cr_lower: Number = None
    cr_upper: Number = None
    ave_lower: Number = None
    ave_upper: Number = None


@dataclass(frozen=True)
class ReliabilitySection(Section, percent=44, title="reliability", again=True):
    """A row a factor."""

    json_field: ClassVar = "rows"

    rows: tuple[ReliabilityRow, ...]

    @classmethod
    def compute(cls, study: Study) -> Self:
        fitted = None if study.found(CfaSection) is None else study.fitted
        rows = []
        for factor, items in study.model.items():
            row: dict[str, Any] = {**_UNDEFINED, "n": 0, "alpha_level": 0.95, "items": []}
            try:
                row |= _alpha(study, items)
            except AnalysisError as error:
                row["n"] = int(study.data[list(items)].notna().all(axis=1).sum())
                study.warn(cls, [f"{factor}: {error}"])
            if fitted is not None and len(items) > 1:
                row |= _by_loadings(fitted, factor) | _intervals(fitted, factor)
            study.warn(cls, [f"{factor}: {text}" for text in _negative(row)])
            rows.append(filled(ReliabilityRow, factor=factor, n_items=len(items), **row))
        return cls(tuple(rows))

    def conclude(self, found: Sections) -> Iterator[Conclusion]:
        for row in self.rows:
            if row.n_items > 1:
                for measure, value, cut, source in (
                    ("alpha", row.alpha, 0.70, "Nunnally 1978"),
                    ("omega", row.omega, 0.70, "McDonald 1999; cut as Nunnally 1978"),
                    ("cr", row.cr, 0.70, "Hair, Black, Babin & Anderson 2019"),
                    ("ave", row.ave, 0.50, "Fornell & Larcker 1981"),
                ):
                    yield self.against(measure, value, ">=", cut, source, row.factor)


def _negative(row: dict[str, Any]) -> Iterator[str]:
    """A sentence on each coefficient that is below zero, and so none."""
    for measure in ("alpha", "omega", "cr"):
        value = row[measure]
        if value is not None and value < 0:
            yield (
                f"{measure} is {value:.3f}: a negative value is no reliability but"
                " a sign that items run against each other or of an improper solution; more items do"
                " not mend it"
            )


def _alpha(study: Study, items: tuple[str, ...]) -> dict[str, Any]:
    found = cronbach_alpha(study.data, items)
    return {
        "n": found.n,
        "alpha": found.alpha.estimate,
        "alpha_lower": found.alpha.lower,
        "alpha_upper": found.alpha.upper,
        "alpha_level": found.alpha.level,
        "alpha_ordinal": _ordinal(study, items),
        "alpha_standardised": found.standardised,
        "mean_correlation": found.mean_correlation,
        "items": found.items,
    }


def _ordinal(study: Study, items: tuple[str, ...]) -> float | None:
    """Ordinal alpha where the answers are ordered categories: up to 10 different ones an item."""
    if max(study.data[item].nunique() for item in items) > MOST_CATEGORIES:
        return None
    return ordinal_alpha(study.data, items)


def _intervals(fitted: Cfa, factor: str) -> dict[str, float | None]:
    """Limits of omega, cr and ave; none of another engine's fit."""
    if fitted.sem is None:
        return {}
    found = factor_reliability(fitted.sem, sem_names(fitted.model)[factor])
    limits: dict[str, float | None] = {}
    for measure in ("omega", "cr", "ave"):
        own = getattr(found, measure).interval
        limits[f"{measure}_lower"] = None if own is None else own.lower
        limits[f"{measure}_upper"] = None if own is None else own.upper
    return limits


def _by_loadings(fitted: Cfa, factor: str) -> dict[str, Any]:
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
