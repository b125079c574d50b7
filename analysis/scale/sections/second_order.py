"""One general factor above the factors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from analysis.json_values import filled
from analysis.scale.second_order import second_order
from analysis.scale.sections.cfa import CfaSection
from analysis.scale.study import Fit, Number, Section, Study


@dataclass(frozen=True)
class SecondOrderRow:
    """A factor's loading on the general one."""

    factor: str
    std_all: Number
    std_se: Number
    pvalue: Number
    r_squared: Number


@dataclass(frozen=True)
class SecondOrderSection(Section, percent=57, title="second order"):
    """One general factor above the factors (three or more; with three it fits as they do alone).
    omega_l1: its share of the variance of the sum of all items; omega_l2: of the sum of the
    factors; partial_omega_l1: of the items' sum without what belongs to single factors.
    ``inadmissible``: why the solution is not to be interpreted and what was tried; omegas, p values
    and R squared are None then."""

    n: int
    loadings: tuple[SecondOrderRow, ...]
    fit: Fit
    omega_l1: Number
    omega_l2: Number
    partial_omega_l1: Number
    inadmissible: str = ""

    @classmethod
    def compute(cls, study: Study) -> Self | None:
        if len(study.model) < 3 or study.found(CfaSection) is None:
            return None
        found = second_order(
            study.source,
            study.model,
            estimator=study.choices.estimator,
            missing=study.choices.missing,
            likelihood=study.choices.likelihood,
        )
        section = filled(cls, found)
        study.warn(cls, found.warnings)
        return section
