"""A general factor behind the exploratory solution, by Schmid and Leiman."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from analysis.json_values import filled
from analysis.scale.schmid_leiman import omega_hierarchical
from analysis.scale.study import Number, Section, Study


@dataclass(frozen=True)
class GeneralFactorItem:
    """Orthogonal loadings on the general factor and on each group factor."""

    item: str
    factor: str
    general: Number
    group: tuple[Number, ...]


@dataclass(frozen=True)
class GeneralFactorSection(Section, percent=55, title="general factor"):
    """Schmid-Leiman; ecv: the general factor's share of the common variance. ``inadmissible``: why the
    solution is not to be interpreted; its shares are None then."""

    n: int
    omega_hierarchical: Number
    omega_total: Number
    ecv: Number
    items: tuple[GeneralFactorItem, ...]
    inadmissible: str = ""

    @classmethod
    def compute(cls, study: Study) -> Self | None:
        if len(study.model) < 2:
            return None
        found = omega_hierarchical(
            study.moments(), len(study.model), method=study.choices.efa_method
        )
        section = filled(
            cls,
            found,
            items=[
                {
                    "item": item,
                    "factor": study.factor_of[item],
                    "general": found.general[i],
                    "group": found.group[i],
                }
                for i, item in enumerate(found.items)
            ],
        )
        study.warn(cls, found.warnings)
        return section
