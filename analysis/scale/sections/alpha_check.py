"""Cronbach's alpha computed again by another program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from analysis.json_values import filled
from analysis.scale.pingouin_alpha import check_alpha
from analysis.scale.sections.reliability import ReliabilitySection
from analysis.scale.study import Number, Section, Study


@dataclass(frozen=True)
class AlphaCheckSection(Section, percent=49, title="independent check of alpha"):
    """The largest absolute difference of alpha between the programs and the factor ``of`` which it
    is."""

    program: str
    version: str
    largest_difference: Number
    of: str
    agrees: bool

    @classmethod
    def compute(cls, study: Study) -> Self | None:
        reliability = study.found(ReliabilitySection)
        if reliability is None or all(row.alpha is None for row in reliability.rows):
            return None
        measured = {
            factor: items
            for factor, items in study.model.items()
            if study.data[list(items)].var().all()
        }
        return filled(cls, check_alpha(study.data, measured))
