"""HTMT with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from analysis.json_values import filled
from analysis.scale.conclusions import Conclusion
from analysis.scale.htmt_bootstrap import htmt_intervals
from analysis.scale.sections.htmt import HtmtSection
from analysis.scale.study import Number, Section, Sections, Study


@dataclass(frozen=True)
class HtmtPair:
    first: str
    second: str
    estimate: Number
    mean: Number
    se: Number
    lower: Number
    upper: Number


@dataclass(frozen=True)
class HtmtIntervalsSection(Section, percent=50, title="bootstrap of HTMT", step="htmt"):
    """Percentile bootstrap intervals of HTMT at ``level``; inadmissible resamples are left out."""

    level: float
    reps: int
    inadmissible: int
    pairs: tuple[HtmtPair, ...]

    @classmethod
    def compute(cls, study: Study) -> Self | None:
        if study.found(HtmtSection) is None:
            return None
        found = htmt_intervals(
            study.data, study.model, reps=study.choices.reps, seed=study.choices.seed
        )
        section = filled(cls, found)
        if found.inadmissible:
            said = f"{found.inadmissible} of {found.reps} resamples were inadmissible, left out"
            study.warn(cls, [said])
        return section

    def conclude(self, found: Sections) -> Iterator[Conclusion]:
        for row in self.pairs:
            source, pair = "Henseler, Ringle & Sarstedt 2015", f"{row.first} and {row.second}"
            yield self.against("htmt_upper", row.upper, "<", 1.0, source, pair)
