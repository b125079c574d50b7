"""A benchmark set of the demonstration: an invented survey that is comparable, and one that is not."""

from __future__ import annotations

from sqlalchemy.orm import Session

from surveyapp.results.benchmarks.sets import import_set
from surveyapp.results.benchmarks.values import Value

_SOURCE = "Simulated for the demonstration; no such survey exists"


def import_benchmarks(session: Session, *, year: int, wording: str) -> None:
    """Import it, a year old."""
    comparable = Value(
        metric="nps",
        label="Banks",
        value=12.0,
        n=1800,
        sd=79.0,
        scale="0 to 10",
        wording=wording,
        mode="web",
        year=year - 1,
        population="Customers of six invented banks",
        source=_SOURCE,
    )
    by_phone = Value(
        metric="nps",
        label="Banks, by telephone",
        value=25.0,
        n=900,
        sd=74.0,
        scale="0 to 10",
        wording=wording,
        mode="telephone",
        year=year - 3,
        population="Customers of two invented banks",
        source=_SOURCE,
    )
    import_set(session, "Invented banks", [comparable, by_phone], user_id=None)
