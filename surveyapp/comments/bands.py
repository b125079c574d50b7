"""Low, middle and high scores: what a comment's own question was answered with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from analysis.scoring import ScoredScale, scales
from instruments.loader import Library
from instruments.schema import Metric
from surveyapp.comments.intake import open_items
from surveyapp.surveys.survey import Survey


class Band(StrEnum):
    """Where a score lies on its scale."""

    LOW = "low"
    MIDDLE = "middle"
    HIGH = "high"


# Raw points: the lowest that are not low, the lowest that are high, counted from the scale's end.
_FROM_TOP = {Metric.NPS: (3, 1), Metric.CSAT: (2, 1), Metric.CES: (3, 2)}


@dataclass(frozen=True)
class Banded:
    """The score beside a comment: low below ``middle_from``, high from ``high_from`` on."""

    scale: str
    middle_from: float
    high_from: float
    is_nps: bool

    def band(self, value: float) -> Band:
        """Where this score lies."""
        if value < self.middle_from:
            return Band.LOW
        return Band.HIGH if value >= self.high_from else Band.MIDDLE

    def named(self, value: float) -> str:
        """The band as practitioners say it."""
        names = _NPS_NAMES if self.is_nps else _NAMES
        return names[self.band(value)]


_NPS_NAMES = {Band.LOW: "detractor", Band.MIDDLE: "passive", Band.HIGH: "promoter"}
_NAMES = {Band.LOW: "low score", Band.MIDDLE: "middle score", Band.HIGH: "high score"}


def bands_of(surveys: Iterable[Survey], library: Library) -> dict[str, Banded]:
    """The score that stands beside each open question, by the question's name; where there is none, no
    entry.
    """
    found: dict[str, Banded] = {}
    for survey in surveys:
        asked = {instrument.code: (instrument, key) for instrument, key in survey.asked(library)}
        for code, item in open_items(survey, library):
            instrument, key = asked[code]
            banded = next((b for s in scales(instrument, key) if (b := _banded(s))), None)
            if banded is not None:
                found.setdefault(f"{code}-{item}", banded)
    return found


def _banded(scale: ScoredScale) -> Banded | None:
    if scale.metric not in _FROM_TOP:
        return None
    middle, high = _FROM_TOP[scale.metric]
    top = scale.maximum
    return Banded(scale.id, top - middle, top - high, scale.metric is Metric.NPS)
