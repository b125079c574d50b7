"""How large the sample is for the model: cases a parameter, and power by RMSEA."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from analysis.covariance.simulation.rmsea_power import (
    ACTUAL,
    ALPHA,
    CLOSE,
    rmsea_power,
    rmsea_sample_size,
)
from analysis.scale.sections.cfa import CfaSection
from analysis.scale.study import Number, Section, Study

POWER = 0.80


@dataclass(frozen=True)
class SampleSizeSection(Section, percent=23, title="sample size"):
    """``power``: of the test of close fit (RMSEA of ``close`` at most) where RMSEA is ``actual``, at
    level ``alpha``; ``needed``: cases for a power of .80. Both None for a model without degrees of
    freedom. ``per_parameter``: cases a free parameter."""

    n: int
    parameters: int
    df: int
    per_parameter: Number
    close: float
    actual: float
    alpha: float
    power: Number
    needed: int | None

    @classmethod
    def compute(cls, study: Study) -> Self | None:
        cfa = study.found(CfaSection)
        if cfa is None or cfa.fit.get("npar") is None or cfa.fit.get("df") is None:
            return None
        parameters, df = int(cfa.fit["npar"] or 0), int(cfa.fit["df"] or 0)
        return cls(
            n=cfa.n,
            parameters=parameters,
            df=df,
            per_parameter=cfa.n / parameters if parameters else None,
            close=CLOSE,
            actual=ACTUAL,
            alpha=ALPHA,
            power=rmsea_power(cfa.n, df) if df else None,
            needed=rmsea_sample_size(df, power=POWER) if df else None,
        )
