"""The sample: how many rows, items and factors, and which items measure which factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from analysis.scale.missingness import missing_report
from analysis.scale.plan import Factor, factors
from analysis.scale.study import Section, Study


@dataclass(frozen=True)
class SampleSection(Section, percent=0, title="sample", again=True):
    """``n_complete``: rows with every item of the model answered."""

    n_rows: int
    n_complete: int
    n_items: int
    n_factors: int
    factors: tuple[Factor, ...]

    @classmethod
    def compute(cls, study: Study) -> Self:
        return cls(
            n_rows=len(study.data),
            n_complete=missing_report(study.data, study.items).n_complete,
            n_items=len(study.items),
            n_factors=len(study.model),
            factors=factors(study.model),
        )
