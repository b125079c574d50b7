"""Months of scores of many journeys, read from the rollups at most once a minute.

A list of hundreds of journeys sums up hundreds of thousands of days, which takes a second. Where a page
lists more journeys than it shows at once, their months may be a minute old; else they are of now.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from threading import Lock
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy.orm import Session

from surveyapp.results import cells
from surveyapp.results.cells import Key, MonthKey, Sums
from surveyapp.store.models import EVERYBODY

SECONDS = 60.0

Months = Mapping[MonthKey, Sums]
_Scales = frozenset[str]

_kept: WeakKeyDictionary[Any, dict[tuple[int, _Scales], tuple[float, dict[str, Months]]]] = (
    WeakKeyDictionary()
)
_lock = Lock()


def months_by_key(
    session: Session, surveys: Sequence[int], scales: Collection[str], *, keep: bool
) -> dict[Key, Months]:
    """Sums of all customers by (survey, scale) and month; ``keep``: they may be a minute old."""
    asked, now = frozenset(scales), monotonic()
    known: dict[int, dict[str, Months]] = {}
    if keep:
        with _lock:
            kept = _kept.setdefault(session.get_bind(), {})
            known = {
                survey: kept[survey, asked][1]
                for survey in surveys
                if (survey, asked) in kept and now - kept[survey, asked][0] < SECONDS
            }
    missing = [survey for survey in surveys if survey not in known]
    read = _read(session, missing, asked) if missing else {}
    if keep and read:
        with _lock:
            kept = _kept.setdefault(session.get_bind(), {})
            for old in [key for key, (at, _) in kept.items() if now - at >= SECONDS]:
                del kept[old]
            kept.update({(survey, asked): (now, months) for survey, months in read.items()})
    return {
        (survey, scale): months
        for survey, by_scale in (*known.items(), *read.items())
        for scale, months in by_scale.items()
    }


def _read(
    session: Session, surveys: Sequence[int], scales: _Scales
) -> dict[int, dict[str, Months]]:
    """Every survey, also one that nobody answered."""
    found: dict[int, dict[str, Months]] = {survey: {} for survey in surveys}
    counted = cells.monthly(session, surveys, [EVERYBODY], scales=scales)[EVERYBODY]
    for (survey, scale), months in counted.items():
        found[survey][scale] = months
    return found
