"""Discriminant validity by Fornell and Larcker: AVE beside the factors' correlations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from analysis.errors import DataError
from analysis.json_values import filled
from analysis.scale.conclusions import Conclusion
from analysis.scale.sections.cfa import CfaSection
from analysis.scale.study import Matrix, Section, Sections, Study
from analysis.scale.validity import (
    average_variance_extracted,
    fornell_larcker,
    fornell_larcker_holds,
)


@dataclass(frozen=True)
class FornellLarckerSection(Section, percent=46, title="discriminant validity", again=True):
    """sqrt(AVE) on the diagonal (None for a single item), factor correlations off it."""

    factors: tuple[str, ...]
    matrix: Matrix
    holds: tuple[bool | None, ...]

    @classmethod
    def compute(cls, study: Study) -> Self | None:
        if study.found(CfaSection) is None:
            return None
        if len(study.model) < 2:
            raise DataError("discriminant validity needs at least 2 factors")
        ave = {
            factor: float("nan")
            if len(items) == 1
            else average_variance_extracted([x.std_all for x in study.fitted.of(factor)])
            for factor, items in study.model.items()
        }
        table = fornell_larcker(ave, study.fitted.factor_correlations)
        return filled(
            cls, factors=list(study.model), matrix=table, holds=fornell_larcker_holds(table)
        )

    def conclude(self, found: Sections) -> Iterator[Conclusion]:
        for i, factor in enumerate(self.factors):
            row = [abs(x) for j, x in enumerate(self.matrix[i]) if j != i and x is not None]
            root = self.matrix[i][i]
            gap = None if root is None or not row else root - max(row)
            yield self.against(
                "root_ave_minus_largest_correlation",
                gap,
                ">",
                0.0,
                "Fornell & Larcker 1981",
                factor,
            )
