"""Rollups by month: kept wherever those by day are, so that a page need not sum up all days."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

from sqlalchemy import Connection, Select, Table, bindparam, delete, select

from surveyapp.responses.tally import MONTH_KEY, SUMS, MonthPlace, Tally
from surveyapp.store.additions import Addition
from surveyapp.store.models import MonthlyRollup

MONTHLY_ROLLUPS = cast(Table, MonthlyRollup.__table__)
_BOUND = tuple(f"key_{name}" for name in MONTH_KEY)


def addition(tally: Tally) -> Addition:
    """What was tallied, in key order, to be added after the rollups: two transactions never wait in a circle."""
    months = tally.months()
    added = [(*place, *months[place]) for place in sorted(months) if any(months[place])]
    return Addition(MONTHLY_ROLLUPS, SUMS, added)


def drop_empty(connection: Connection, places: Collection[MonthPlace]) -> None:
    """Delete those of these rows that count nobody."""
    if places:
        own = MONTHLY_ROLLUPS.c
        keys = [
            own[name] == bindparam(bound) for name, bound in zip(MONTH_KEY, _BOUND, strict=True)
        ]
        rows = [dict(zip(_BOUND, place, strict=True)) for place in sorted(places)]
        connection.execute(delete(MONTHLY_ROLLUPS).where(*keys, own.n == 0), rows)


def stored(connection: Connection, survey_id: int | None = None) -> dict[MonthPlace, list[float]]:
    """Every row that is kept, of one survey or of all."""
    own = MONTHLY_ROLLUPS.c
    place = (own.survey_id, own.generation, own.segment_id, own.scale, own.month, own.facet)
    query: Select[Any] = select(*place, *(own[name] for name in SUMS))
    if survey_id is not None:
        query = query.where(own.survey_id == survey_id)
    found: dict[MonthPlace, list[float]] = {}
    for survey, generation, segment, scale, month, facet, *sums in connection.execute(query):
        found[survey, generation, segment, scale, month, facet] = sums
    return found
