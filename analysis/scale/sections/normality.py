"""Mardia's tests of multivariate normality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from analysis.json_values import filled
from analysis.scale.normality import mardia
from analysis.scale.study import Number, Section, Study


@dataclass(frozen=True)
class NormalitySection(Section, percent=6, title="normality"):
    """Mardia's multivariate skewness b1p (chi-square) and kurtosis b2p (z; normal: p (p + 2))."""

    n: int
    skew: Number
    skew_chisq: Number
    skew_df: int
    skew_pvalue: Number
    kurtosis: Number
    kurtosis_z: Number
    kurtosis_pvalue: Number

    @classmethod
    def compute(cls, study: Study) -> Self:
        return filled(cls, mardia(study.data))
