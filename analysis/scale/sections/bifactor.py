"""A general factor beside orthogonal group factors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from analysis.json_values import filled
from analysis.scale.bifactor import bifactor
from analysis.scale.sections.cfa import CfaSection
from analysis.scale.study import Fit, Number, Section, Study


@dataclass(frozen=True)
class BifactorRow:
    """Standardised loadings on the general factor and on the item's own."""

    item: str
    factor: str
    general: Number
    group: Number


@dataclass(frozen=True)
class SubscaleOmega:
    factor: str
    omega: Number


@dataclass(frozen=True)
class BifactorSection(Section, percent=59, title="bifactor model"):
    """A general factor beside orthogonal group factors. omega_hierarchical: the general factor's
    share of the variance of the items' sum, omega_total all common factors', by subscale its own
    factor's; ecv: the general factor's share of the common variance; puc: the share of correlations
    between items of different factors. Three or more factors of three or more items only.
    ``inadmissible``: why the solution is not to be interpreted and what was tried; omegas and
    ecv are None then."""

    n: int
    converged: bool
    items: tuple[BifactorRow, ...]
    fit: Fit
    omega_hierarchical: Number
    omega_total: Number
    omega_hierarchical_subscale: tuple[SubscaleOmega, ...]
    ecv: Number
    puc: Number
    inadmissible: str = ""

    @classmethod
    def compute(cls, study: Study) -> Self | None:
        fewest = min(map(len, study.model.values()))
        if len(study.model) < 3 or fewest < 3 or study.found(CfaSection) is None:
            return None
        found = bifactor(
            study.source,
            study.model,
            estimator=study.choices.estimator,
            missing=study.choices.missing,
            likelihood=study.choices.likelihood,
        )
        subscales = found.omega_hierarchical_subscale.items()
        section = filled(
            cls,
            found,
            omega_hierarchical_subscale=[
                {"factor": factor, "omega": value} for factor, value in subscales
            ],
        )
        study.warn(cls, found.warnings)
        return section
