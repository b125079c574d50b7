"""The confirmatory model estimated again by another program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from analysis.json_values import filled
from analysis.scale.sections.cfa import CfaSection
from analysis.scale.semopy_cfa import independent_check
from analysis.scale.study import Number, Section, Study


@dataclass(frozen=True)
class CheckSection(Section, percent=48, title="independent check"):
    """The CFA estimated again by another program (ML on complete rows only): the largest absolute
    difference of standardised estimates, whose it is, and the relative difference of chi-square."""

    program: str
    version: str
    largest_difference: Number
    of: str
    chisq: Number
    chisq_difference: Number
    agrees: bool

    @classmethod
    def compute(cls, study: Study) -> Self | None:
        chosen = study.choices.estimator, study.choices.missing
        if study.found(CfaSection) is None or chosen != ("ML", "listwise"):
            return None
        return filled(cls, independent_check(study.fitted, study.moments()))
