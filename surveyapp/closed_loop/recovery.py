"""How many closed cases ended well, and how long it took to get there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any, cast

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from analysis.metrics import share
from instruments.schema import Metric
from surveyapp.results.figure_json import figure_to_json
from surveyapp.results.view_models import Definition, Figure, Hidden, Unit
from surveyapp.store.models import Case, SurveyRow

RECOVERED = Definition(
    scale="recovered",
    instrument="",
    metric=Metric.SHARE,
    label="Recovered cases",
    short="Recovered",
    unit=Unit.PERCENT,
    axis=(0.0, 100.0),
    text="Share of closed cases with the outcome recovered.",
    interval="Wilson score interval, 95%",
)


@dataclass(frozen=True)
class Closed:
    """One closed case, as far as recovery is concerned."""

    survey_id: int
    outcome: str
    opened_at: datetime
    contacted_at: datetime | None
    closed_at: datetime


@dataclass(frozen=True)
class Recovery:
    """Closed cases of one group. Medians are in days, None without a case that has both times."""

    name: str
    closed: int
    share: Figure
    days_to_contact: float | None
    days_to_close: float | None


@dataclass(frozen=True)
class RecoveryTable:
    """The whole, then the same cases by survey and by the month in which they were closed."""

    whole: Recovery
    surveys: tuple[Recovery, ...]
    months: tuple[Recovery, ...]


def recovery(
    session: Session,
    *,
    now: datetime,
    days: int = 365,
    journey_id: int | None = None,
    owner_id: int | None = None,
    granted: Select[int] | None = None,
    minimum_cell: int = 5,
) -> RecoveryTable:
    """Cases closed in the last ``days`` days; a share of fewer than ``minimum_cell`` is not shown.

    ``granted`` are the ids of the journeys that may be seen; None: all.
    """
    names = {row[0]: row[1] for row in session.execute(select(SurveyRow.id, SurveyRow.name))}
    rows = _closed(session, now - timedelta(days=days), journey_id, owner_id, granted)
    by_place: dict[int, list[Closed]] = {}
    by_month: dict[str, list[Closed]] = {}
    for row in rows:
        by_place.setdefault(row.survey_id, []).append(row)
        by_month.setdefault(f"{row.closed_at:%b %Y}", []).append(row)
    return RecoveryTable(
        whole=_summed("All", rows, minimum_cell),
        # Two surveys may have one name, and stay two.
        surveys=tuple(
            _summed(names[place], by_place[place], minimum_cell)
            for place in sorted(by_place, key=lambda place: (names[place], place))
        ),
        months=tuple(_summed(name, found, minimum_cell) for name, found in by_month.items()),
    )


def recovery_to_json(table: RecoveryTable, *, few: int) -> dict[str, Any]:
    """The same as JSON values; ``few`` is the smallest group whose share is shown."""
    return {
        "all": _to_json(table.whole, few),
        "surveys": [_to_json(each, few) for each in table.surveys],
        "months": [_to_json(each, few) for each in table.months],
    }


def _to_json(found: Recovery, few: int) -> dict[str, Any]:
    return {
        "name": found.name,
        "closed": found.closed,
        "recovered": figure_to_json(found.share, few=few),
        "days_to_contact": found.days_to_contact,
        "days_to_contact_reason": None
        if found.days_to_contact is not None
        else "no case is marked as contacted",
        "days_to_close": found.days_to_close,
        "days_to_close_reason": None
        if found.days_to_close is not None
        else "no case has been closed",
    }


def recovered_share(rows: Sequence[Closed], minimum_cell: int) -> Figure:
    """The share with Wilson's interval, or why there is none."""
    n = len(rows)
    if n == 0:
        return Figure(RECOVERED, 0, None, None, None, None)
    if n < minimum_cell:
        return Figure(RECOVERED, None, None, None, None, None, Hidden.FEW)
    found = share(sum(row.outcome == "recovered" for row in rows), n)
    return Figure(RECOVERED, n, found.estimate, found.low, found.high, None)


def _closed(
    session: Session,
    since: datetime,
    journey_id: int | None,
    owner_id: int | None,
    granted: Select[int] | None,
) -> Sequence[Closed]:
    query = (
        select(Case.survey_id, Case.outcome, Case.opened_at, Case.contacted_at, Case.closed_at)
        .join(SurveyRow, SurveyRow.id == Case.survey_id)
        .where(Case.state == "closed", Case.closed_at >= since)
        .order_by(Case.closed_at)
    )
    if journey_id is not None:
        query = query.where(SurveyRow.journey_id == journey_id)
    if granted is not None:
        query = query.where(SurveyRow.journey_id.in_(granted))
    if owner_id is not None:
        query = query.where(Case.owner_id == owner_id if owner_id else Case.owner_id.is_(None))
    return [Closed(*cast(Any, row)) for row in session.execute(query)]


def _summed(name: str, rows: Sequence[Closed], minimum_cell: int) -> Recovery:
    return Recovery(
        name=name,
        closed=len(rows),
        share=recovered_share(rows, minimum_cell),
        days_to_contact=_median(
            row.contacted_at - row.opened_at for row in rows if row.contacted_at
        ),
        days_to_close=_median(row.closed_at - row.opened_at for row in rows),
    )


def _median(spans: Iterable[timedelta]) -> float | None:
    found = [span / timedelta(days=1) for span in spans]
    return median(found) if found else None
