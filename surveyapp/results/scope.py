"""Which of a journey's answers a page, an export or a report is about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from surveyapp.errors import Invalid
from surveyapp.results.cells import MonthKey
from surveyapp.store.models import EVERYBODY
from surveyapp.whole import whole_number

ARGUMENTS = ("segment", "from", "to")
LARGEST_SEGMENT = 2**31 - 1
_MONTH = re.compile(r"((?:19|20)[0-9]{2})-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Period:
    """Whole months, or open ends: narrower periods could be subtracted to single days.

    Which moments these are is said by the journey's calendar.
    """

    since: date | None = None
    until: date | None = None

    @property
    def months(self) -> tuple[MonthKey | None, MonthKey | None]:
        return (
            (self.since.year, self.since.month) if self.since else None,
            (self.until.year, self.until.month) if self.until else None,
        )

    @property
    def whole(self) -> bool:
        """Whether it is all time."""
        return self.since is None and self.until is None


ALL_TIME = Period()


def period(since: date | None, until: date | None) -> Period:
    """The months that these days lie in, whole."""
    first = since.replace(day=1) if since else None
    if until is None:
        return Period(first, None)
    following = (until.replace(day=1) + timedelta(days=32)).replace(day=1)
    return Period(first, following - timedelta(days=1))


@dataclass(frozen=True)
class Scope:
    """A journey's answers: of everybody or of one segment, of all time or of the months from that of
    ``since`` to that of ``until``.

    What every result can be cut by belongs here, and nothing that some would ignore; a channel or a
    language comes in when rollups tell them apart, with a field, a line in ``read_scope`` and one in
    ``arguments``.
    """

    journey_id: int
    segment_id: int = EVERYBODY
    since: date | None = None
    until: date | None = None

    @property
    def period(self) -> Period:
        return period(self.since, self.until)

    @property
    def of_everybody(self) -> bool:
        return self.segment_id == EVERYBODY

    @property
    def is_cut(self) -> bool:
        """Whether it leaves out any of the journey's answers."""
        return not self.of_everybody or not self.period.whole

    @property
    def arguments(self) -> dict[str, str]:
        """What stands in the address of a page, an export or a form about the same answers."""
        said = {
            "segment": "" if self.of_everybody else str(self.segment_id),
            "from": month_text(self.since),
            "to": month_text(self.until),
        }
        return {name: text for name, text in said.items() if text}


def read_scope(journey_id: int, arguments: Mapping[str, str]) -> Scope:
    """The scope that ``Scope.arguments`` wrote; Invalid names a value that is none.

    >>> read_scope(1, {"segment": "2", "to": "2026-05"}).arguments
    {'segment': '2', 'to': '2026-05'}
    """
    since, until = (read_month(arguments.get(name, ""), field=name) for name in ("from", "to"))
    if since and until and until < since:
        raise Invalid("The last month is before the first.", field="to")
    return Scope(journey_id, _segment(arguments.get("segment", "")), since, until)


def read_month(text: str, *, field: str) -> date | None:
    """The first day of a month written as 2026-03; None for nothing. Raises Invalid."""
    if not text.strip():
        return None
    found = _MONTH.fullmatch(text.strip())
    if found is None:
        raise Invalid(f"{text[:20]!r} is not a month; write it as 2026-03.", field=field)
    return date(int(found[1]), int(found[2]), 1)


def month_text(day: date | None) -> str:
    """The month of a day as addresses and forms hold it: 2026-03; empty for None."""
    return f"{day:%Y-%m}" if day else ""


def _segment(text: str) -> int:
    if not text.strip():
        return EVERYBODY
    number = whole_number(text.strip(), largest=LARGEST_SEGMENT)
    if number is None:
        raise Invalid(
            f"segment={text[:20]} is not a number; choose from the list.", field="segment"
        )
    return number
