"""Missing answers by item and pattern, and whether they are missing completely at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from analysis.json_values import filled
from analysis.scale.missingness import little_test, missing_report
from analysis.scale.study import Number, Section, Study

MOST_PATTERNS = 20


@dataclass(frozen=True)
class MissingOfItem:
    item: str
    missing: int
    share: float


@dataclass(frozen=True)
class Pattern:
    """Rows that lack exactly the items in ``missing``."""

    missing: tuple[str, ...]
    n: int


@dataclass(frozen=True)
class Little:
    """Little's test (1988) that answers are missing completely at random."""

    n: int
    patterns: int
    chisq: Number
    df: int
    pvalue: Number


@dataclass(frozen=True)
class MissingSection(Section, percent=1, title="missing answers"):
    """The 20 most frequent patterns, of ``n_patterns``. ``little`` is None when nothing is missing
    or the test cannot be had."""

    cells: int
    missing_cells: int
    share: float
    n_complete: int
    n_empty: int
    items: tuple[MissingOfItem, ...]
    n_patterns: int
    patterns: tuple[Pattern, ...]
    little: Little | None = None

    @classmethod
    def compute(cls, study: Study) -> Self:
        report = missing_report(study.data, study.items)
        return filled(
            cls,
            report,
            n_patterns=len(report.patterns),
            patterns=report.patterns[:MOST_PATTERNS],
            little=study.record.attempt(cls.step, lambda: _little(study)),
        )


def _little(study: Study) -> Little | None:
    """Little's test, or None when no answer is missing."""
    if not study.data.isna().to_numpy().any():
        return None
    return filled(Little, little_test(study.data))
