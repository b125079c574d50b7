"""Sections with a few values of interest and the rest undefined, for tests of what reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from analysis.scale.document import ScaleValidation, Settings
from analysis.scale.sections.cfa import CfaSection, CorrelationInterval, LoadingRow
from analysis.scale.sections.reliability import ReliabilityRow
from analysis.scale.sections.sample import SampleSection
from analysis.scale.study import Fit, Section, Sections

UNDEFINED = dict.fromkeys(("est", "se", "z", "r_squared", "residual"))


def loading(
    factor: str, item: str, std_all: float | None, pvalue: float | None = 0.0
) -> LoadingRow:
    return LoadingRow(factor=factor, item=item, std_all=std_all, pvalue=pvalue, **UNDEFINED)


def correlation(
    first: str, second: str, *, r: float | None = None, lower: float | None = None, upper: float
) -> CorrelationInterval:
    return CorrelationInterval(first, second, r, None, lower, upper)


def cfa(
    loadings: Sequence[LoadingRow],
    correlations: Sequence[CorrelationInterval] = (),
    fit: Fit | None = None,
    **changes: Any,
) -> CfaSection:
    """A confirmatory factor analysis; factors and items are those of the loadings."""
    values: dict[str, Any] = {
        "n": 300, "dropped": 0, "estimator": "ML", "missing": "listwise", "likelihood": "normal",
        "engine": "analysis", "converged": True, "model_text": "", "fit": fit or {},
        "loadings": tuple(loadings),
        "factors": tuple(dict.fromkeys(row.factor for row in loadings)),
        "factor_correlations": (),
        "factor_correlation_intervals": tuple(correlations),
        "items": tuple(row.item for row in loadings),
        "residual_correlations": (),
    }  # fmt: skip
    return CfaSection(**{**values, **changes})


def reliability(factor: str, n_items: int, **values: float | None) -> ReliabilityRow:
    """A factor's row; what is not given is undefined."""
    names = {f.name for f in fields(ReliabilityRow)} - {"alpha_level", "items", "n"}
    undefined: dict[str, Any] = dict.fromkeys(names)
    given = {"factor": factor, "n_items": n_items, "n": 0, "alpha_level": 0.95, "items": ()}
    return ReliabilityRow(**{**undefined, **given, **values})


def validation(*sections: Section, n: int) -> ScaleValidation:
    """A validation of n complete rows that found these sections and nothing else."""
    sample = SampleSection(n, n, 0, 0, ())
    settings = Settings(None, None, None, (), (), "normal", "minres", "oblimin", seed=1, draws=500)
    found: dict[type[Section], Section | None] = {type(one): one for one in (sample, *sections)}
    return ScaleValidation(Sections(found), (), (), settings, None, {}, "")
