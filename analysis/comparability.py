"""What a test of measurement invariance may say, and how many answers it needs."""

from __future__ import annotations

from enum import StrEnum

FEWEST = 100  # rows a group: below, the ladder seldom finds a biased item (Meade & Bauer 2007)


class Verdict(StrEnum):
    """How far groups are measured alike."""

    SCALAR = "scalar"
    PARTIAL_SCALAR = "partial scalar"
    METRIC = "metric"
    NONE = "none"

    @property
    def allows_means(self) -> bool:
        """Whether differences of means are differences of what is measured."""
        return self in (Verdict.SCALAR, Verdict.PARTIAL_SCALAR)
