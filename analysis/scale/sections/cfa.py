"""Confirmatory factor analysis of the hypothesised model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from analysis.json_values import filled
from analysis.scale.cfa import model_text
from analysis.scale.conclusions import Conclusion
from analysis.scale.study import Fit, Matrix, Number, Section, Sections, Study

FIT_CUTS = (
    ("cfi", ">=", 0.95, "Hu & Bentler 1999"),
    ("tli", ">=", 0.95, "Hu & Bentler 1999"),
    ("srmr", "<=", 0.08, "Hu & Bentler 1999"),
    ("rmsea", "<=", 0.08, "Browne & Cudeck 1993"),
)


@dataclass(frozen=True)
class LoadingRow:
    """``se``, ``z``, ``pvalue`` are None for the marker item, fixed at 1."""

    factor: str
    item: str
    est: Number
    se: Number
    z: Number
    pvalue: Number
    std_all: Number
    r_squared: Number
    residual: Number
    std_se: Number = None


@dataclass(frozen=True)
class CorrelationInterval:
    """Correlation of two factors with its 95 % interval. By its upper limit two factors are hard
    to tell apart a little (.80 to .90), moderately (.90 to 1), severely (1) (Rönkkö & Cho 2022)."""

    first: str
    second: str
    r: Number
    se: Number
    lower: Number
    upper: Number


@dataclass(frozen=True)
class CfaSection(Section, percent=20, title="confirmatory factor analysis", again=True):
    """``fit`` by lavaan's fitMeasures names with underscores: chisq, df, pvalue, cfi, tli, rmsea,
    rmsea_ci_lower, rmsea_ci_upper, rmsea_pvalue, srmr, gfi, agfi, nfi, ifi, aic, bic, ...
    ``residual_correlations``: observed minus implied, in the order of ``items``."""

    later: ClassVar[Mapping[str, int]] = {"factor_correlation_upper": 50}

    n: int
    dropped: int
    estimator: str
    likelihood: str
    engine: str
    converged: bool
    model_text: str
    fit: Fit
    loadings: tuple[LoadingRow, ...]
    factors: tuple[str, ...]
    factor_correlations: Matrix
    items: tuple[str, ...]
    residual_correlations: Matrix
    missing: str = "listwise"
    factor_correlation_intervals: tuple[CorrelationInterval, ...] = ()

    @classmethod
    def compute(cls, study: Study) -> Self:
        fitted = study.fitted
        study.warn(cls, fitted.warnings)
        return filled(
            cls,
            fitted,
            dropped=len(study.data) - fitted.n,
            model_text=model_text(fitted.model),
            loadings=[{**vars(x), "r_squared": x.std_all**2} for x in fitted.loadings],
            factors=list(fitted.model),
            factor_correlation_intervals=fitted.correlations,
            items=list(fitted.sample.columns),
            residual_correlations=_correlation(fitted.sample) - _correlation(fitted.implied),
        )

    def conclude(self, found: Sections) -> Iterator[Conclusion]:
        for measure, relation, cut, source in FIT_CUTS:
            yield self.against(measure, robust(self.fit, measure), relation, cut, source)
        for factor in self.factors:
            mine = [x.std_all for x in self.loadings if x.factor == factor]
            sizes = [abs(x) for x in mine if x is not None]
            lowest = None if len(mine) < 2 or len(sizes) < len(mine) else min(sizes)
            source = "Hair, Black, Babin & Anderson 2019"
            yield self.against("lowest_loading", lowest, ">=", 0.70, source, factor)
        for row in self.factor_correlation_intervals:
            pair = f"{row.first} and {row.second}"
            yield self.against(
                "factor_correlation_upper", row.upper, "<", 0.90, "Rönkkö & Cho 2022", pair
            )


def robust(fit: Fit, measure: str) -> Number:
    """The robust measure (Brosseau-Liard & Savalei 2014) where the estimator gives one."""
    for name in (f"{measure}_robust", f"{measure}_scaled", measure):
        if fit.get(name) is not None:
            return fit[name]
    return None


def _correlation(cov: pd.DataFrame) -> np.ndarray:
    values = cov.to_numpy(dtype=float)
    sd = np.sqrt(np.diag(values))
    return np.asarray(values / np.outer(sd, sd))
