"""The last months of what a journey's end is asked for, for small drawings beside its figures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.results import cells
from surveyapp.results.cells import NOTHING
from surveyapp.results.figures import figure
from surveyapp.results.journey import ground, publications
from surveyapp.results.scope import Scope, months_between
from surveyapp.results.view_models import Hidden, Month

MONTHS = 12


def sparklines(
    session: Session, scope: Scope, *, minimum_cell: int = 5, library: Library
) -> Mapping[str, tuple[Month, ...]]:
    """By scale the twelve months up to the scope's last, or to the last with answers; totals only.

    A month is hidden as it is in a trend. Raises NotFound.
    """
    base = ground(session, scope.journey_id, library=library)
    scored = {
        scale: one
        for scale, one in base.scored.get(None, {}).items()
        if one.definition.parent is None
    }
    ends = [survey for survey, place in base.places.items() if place is None]
    read = cells.monthly(
        session, ends, [scope.segment_id], scales=list(scored), facets=scope.facets
    )
    found = base.pooled_months(read[scope.segment_id])
    published = publications(
        session, base, minimum=minimum_cell, scales=list(scored), facets=scope.facets
    )
    drawn = {}
    for scale, one in scored.items():
        months = found.get((None, scale), {})
        answered = [date(*month, 1) for month, sums in months.items() if sums.n]
        last = scope.period.until or max(answered, default=None)
        told = published.get((None, scale))
        drawn[scale] = tuple(
            Month(
                first,
                figure(
                    one,
                    months.get(key, NOTHING),
                    told.why_hidden(scope.segment_id, key, key) if told else Hidden.NO,
                ),
            )
            for first in (_year_to(last) if last else ())
            for key in [(first.year, first.month)]
        )
    return drawn


def _year_to(last: date) -> list[date]:
    """The first days of the twelve months that end with that of this day."""
    since = last.replace(day=1)
    for _ in range(MONTHS - 1):
        since = (since - timedelta(days=1)).replace(day=1)
    return months_between(since, last)
