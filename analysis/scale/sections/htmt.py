"""Discriminant validity by the heterotrait-monotrait ratio."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Self

import pandas as pd

from analysis.errors import DataError
from analysis.json_values import filled
from analysis.scale.conclusions import Conclusion
from analysis.scale.study import Matrix, Section, Sections, Study
from analysis.scale.validity import htmt


@dataclass(frozen=True)
class HtmtSection(Section, percent=47, title="HTMT", again=True):
    """HTMT (Henseler et al. 2015) and HTMT2 (Roemer et al. 2021) of each pair of factors."""

    factors: tuple[str, ...]
    htmt: Matrix
    htmt2: Matrix

    @classmethod
    def compute(cls, study: Study) -> Self:
        if len(study.model) < 2:
            raise DataError("HTMT compares factors; there is only one")
        found = study.moments()
        correlation = pd.DataFrame(found.correlation, found.names, found.names)
        return filled(
            cls,
            factors=list(study.model),
            htmt=htmt(correlation, study.model),
            htmt2=htmt(correlation, study.model, variant="htmt2"),
        )

    def conclude(self, found: Sections) -> Iterator[Conclusion]:
        for (i, first), (j, second) in combinations(enumerate(self.factors), 2):
            source, pair = "Henseler, Ringle & Sarstedt 2015", f"{first} and {second}"
            yield self.against("htmt", self.htmt[i][j], "<", 0.85, source, pair)
