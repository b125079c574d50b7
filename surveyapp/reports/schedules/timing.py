"""When a scheduled report is due, and which months it is of: days of the journey's time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Every(StrEnum):
    """How often a report is made: on Mondays, on the first of a month, or of a quarter."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"

    @property
    def label(self) -> str:
        return {"week": "Weekly", "month": "Monthly", "quarter": "Quarterly"}[self.value]


def next_day(every: Every, after: date) -> date:
    """The first day after this one on which a report is made.

    >>> next_day(Every.WEEK, date(2026, 11, 30)), next_day(Every.QUARTER, date(2026, 11, 30))
    (datetime.date(2026, 12, 7), datetime.date(2027, 1, 1))
    """
    if every is Every.WEEK:
        return after + timedelta(days=7 - after.weekday())
    months = 1 if every is Every.MONTH else 3 - (after.month - 1) % 3
    return _month(after, months)


def due_at(day: date, hour: int, zone: str) -> datetime:
    """The moment at which a day's report is due, in UTC.

    An hour that clocks skip is the one after it; of one that comes twice it is the first.

    >>> due_at(date(2026, 3, 30), 7, "Europe/Helsinki").hour, due_at(date(2026, 3, 2), 7, "Europe/Helsinki").hour
    (4, 5)
    """
    return datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(UTC)


def months_of(every: Every, day: date, months: int) -> tuple[date, date]:
    """The first and the last day of the months that a day's report is of: complete ones, of a weekly
    report up to the month of the day before.

    >>> months_of(Every.MONTH, date(2026, 12, 1), 3)
    (datetime.date(2026, 9, 1), datetime.date(2026, 11, 30))
    >>> months_of(Every.WEEK, date(2026, 12, 7), 1)
    (datetime.date(2026, 12, 1), datetime.date(2026, 12, 31))
    """
    last = day - timedelta(days=1)  # of the other two this is the last day of a month
    return _month(last, 1 - months), _month(last, 1) - timedelta(days=1)


def _month(day: date, months: int) -> date:
    """The first day of the month that lies so many months away."""
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, 1)
