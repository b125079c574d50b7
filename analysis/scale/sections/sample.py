"""The sample: how many rows, items and factors, and which items measure which factor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from analysis.scale.missingness import missing_report
from analysis.scale.plan import Factor, factors
from analysis.scale.study import Number, Section, Study


@dataclass(frozen=True)
class SampleSection(Section, percent=0, title="sample", again=True):
    """``n_complete``: rows with every item of the model answered. ``dropped``: rows that the main
    estimates leave out, those with a missing answer or, of FIML, without any; None in the results
    of earlier versions."""

    n_rows: int
    n_complete: int
    dropped: int | None = field(default=None, kw_only=True)
    dropped_share: Number = field(default=None, kw_only=True)
    n_items: int
    n_factors: int
    factors: tuple[Factor, ...]

    @classmethod
    def compute(cls, study: Study) -> Self:
        report = missing_report(study.data, study.items)
        n = len(study.data)
        dropped = report.n_empty if study.choices.missing == "fiml" else n - report.n_complete
        return cls(
            n_rows=n,
            n_complete=report.n_complete,
            n_items=len(study.items),
            n_factors=len(study.model),
            factors=factors(study.model),
            dropped=dropped,
            dropped_share=dropped / n if n else None,
        )
