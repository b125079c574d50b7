"""How many closed cases ended well, and how long it took to get there.

A share of few cases is hidden, and so is one that with others would give it away: the groups of cases
that any page shows (all, and each journey, survey, month and owner) are looked at together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from analysis.medians import Median, median
from analysis.metrics import share
from instruments.schema import Metric
from surveyapp.results import phrases
from surveyapp.results.figure_json import figure_to_json
from surveyapp.results.suppression.counted_once import hidden_groups
from surveyapp.results.view_models import Definition, Figure, Hidden, Unit
from surveyapp.store.models import EVERYBODY, Case, SurveyRow

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
    journey_id: int
    owner_id: int | None
    outcome: str
    opened_at: datetime
    contacted_at: datetime | None
    closed_at: datetime


@dataclass(frozen=True)
class Recovery:
    """Closed cases of one group. Medians are in days since the response, None without a case that has
    both times, and where the share is hidden.
    """

    name: str
    closed: int
    share: Figure
    contact: Median | None
    close: Median | None

    @property
    def days_to_contact(self) -> float | None:
        return self.contact.estimate if self.contact else None

    @property
    def days_to_close(self) -> float | None:
        return self.close.estimate if self.close else None


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
    """Cases closed in the last ``days`` days; a share of fewer than ``minimum_cell``, or one that would
    give such a share away, is not shown.

    ``granted`` are the ids of the journeys that may be seen; None: all. What is hidden among all
    journeys is hidden among those, too: two people may look at different ones.
    """
    names = {row[0]: row[1] for row in session.execute(select(SurveyRow.id, SurveyRow.name))}
    everything = _closed(session, now - timedelta(days=days))
    rows, reasons = everything, _hidden(everything, minimum_cell)
    if granted is not None:
        seen = set(session.scalars(granted))
        rows = [row for row in everything if row.journey_id in seen]
        among_all = {group: why for group, why in reasons.items() if why is not Hidden.NO}
        reasons = _hidden(rows, minimum_cell) | among_all
    asked: _Filter = (journey_id, owner_id)
    kept = [row for row in rows if asked in _filters(row)]
    by_place: dict[int, list[Closed]] = {}
    by_month: dict[str, list[Closed]] = {}
    for row in kept:
        by_place.setdefault(row.survey_id, []).append(row)
        by_month.setdefault(_month(row), []).append(row)

    def summed(name: str, group: object, found: Sequence[Closed]) -> Recovery:
        return _summed(name, found, reasons.get((asked, group), Hidden.NO))

    return RecoveryTable(
        whole=summed("All", None, kept),
        # Two surveys may have one name, and stay two.
        surveys=tuple(
            summed(names[place], place, by_place[place])
            for place in sorted(by_place, key=lambda place: (names[place], place))
        ),
        months=tuple(summed(name, name, found) for name, found in by_month.items()),
    )


_Filter = tuple[int | None, int | None]  # journey, owner (0: nobody's); None: all
_Group = tuple[_Filter, object]  # what is asked for, and its part: None, a survey or a month


def _filters(row: Closed) -> list[_Filter]:
    """The filters that a case passes."""
    return [
        (journey, owner)
        for journey in (None, row.journey_id)
        for owner in (None, row.owner_id or 0)
    ]


def _month(row: Closed) -> str:
    return f"{row.closed_at:%b %Y}"


def _hidden(rows: Sequence[Closed], minimum: int) -> dict[_Group, Hidden]:
    """Why to hide which group of cases."""
    numbers: dict[_Group, int] = {((None, None), None): EVERYBODY}
    groups: Counter[frozenset[int]] = Counter()
    for row in rows:
        inside = [
            (chosen, part)
            for chosen in _filters(row)
            for part in (None, row.survey_id, _month(row))
        ]
        groups[frozenset(numbers.setdefault(group, len(numbers)) for group in inside)] += 1
    found = hidden_groups(groups, minimum=minimum)
    return {group: found[number] for group, number in numbers.items()}


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
        "days_to_contact_interval": _ends(found.contact),
        "days_to_contact_reason": _why_no_days(
            found.days_to_contact, found.share, few, "no case is marked as contacted"
        ),
        "days_to_close": found.days_to_close,
        "days_to_close_interval": _ends(found.close),
        "days_to_close_reason": _why_no_days(
            found.days_to_close, found.share, few, "no case has been closed"
        ),
    }


def _ends(found: Median | None) -> list[float] | None:
    """Both ends of a median's interval; None where there are too few cases for one."""
    if found is None or found.low is None or found.high is None:
        return None
    return [found.low, found.high]


def _why_no_days(days: float | None, share: Figure, few: int, without: str) -> str | None:
    if days is not None:
        return None
    return phrases.hidden(share.hidden, few=few) if share.suppressed else without


def recovered_share(rows: Sequence[Closed], reason: Hidden) -> Figure:
    """The share with Wilson's interval, or why there is none."""
    n = len(rows)
    if n == 0:
        return Figure(RECOVERED, 0, None, None, None, None)
    if reason:
        return Figure(RECOVERED, None, None, None, None, None, reason)
    found = share(sum(row.outcome == "recovered" for row in rows), n)
    return Figure(RECOVERED, n, found.estimate, found.low, found.high, None)


def _closed(session: Session, since: datetime) -> Sequence[Closed]:
    query = (
        select(
            Case.survey_id,
            SurveyRow.journey_id,
            Case.owner_id,
            Case.outcome,
            Case.opened_at,
            Case.contacted_at,
            Case.closed_at,
        )
        .join(SurveyRow, SurveyRow.id == Case.survey_id)
        .where(Case.state == "closed", Case.closed_at >= since)
        .order_by(Case.closed_at)
    )
    return [Closed(*cast(Any, row)) for row in session.execute(query)]


def _summed(name: str, rows: Sequence[Closed], reason: Hidden) -> Recovery:
    contacts = (row.contacted_at - row.opened_at for row in rows if row.contacted_at)
    closes = (row.closed_at - row.opened_at for row in rows)
    return Recovery(
        name=name,
        closed=len(rows),
        share=recovered_share(rows, reason),
        contact=None if reason else _median(contacts),
        close=None if reason else _median(closes),
    )


def _median(spans: Iterable[timedelta]) -> Median | None:
    found = [span / timedelta(days=1) for span in spans]
    return median(found) if found else None
