"""Coefficient alpha of a scale, from the moments of its items: one pass over any number of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy.orm import Session

from analysis.errors import AnalysisError
from analysis.scale.reliability import cronbach_alpha
from instruments.schema import Instrument
from surveyapp.results.analyses.frames import streamed


@dataclass(frozen=True)
class Reliability:
    """Alpha with its 95 % interval (Feldt), from n complete rows; ``dropped`` had an item missing."""

    alpha: float
    lower: float
    upper: float
    n: int
    dropped: int


def reliability(
    session: Session,
    instrument: Instrument,
    items: Sequence[str],
    *,
    journey_id: int,
    survey_id: int | None = None,
) -> Reliability | None:
    """The scale's reliability; None where the data bear none: too few rows, an item without variance.

    Reversed items are turned, as scoring turns them.
    """
    try:
        found = streamed(
            session, instrument, tuple(items), journey_id=journey_id, survey_id=survey_id
        )
        signs = np.array([-1.0 if _is_reversed(instrument, code) else 1.0 for code in items])
        turned = replace(found, mean=found.mean * signs, cov=found.cov * np.outer(signs, signs))
        known = cronbach_alpha(turned)
    except AnalysisError:
        return None
    interval = known.alpha
    return Reliability(interval.estimate, interval.lower, interval.upper, known.n, known.dropped)


def _is_reversed(instrument: Instrument, code: str) -> bool:
    item = instrument.item(code)
    return item is not None and item.reverse
