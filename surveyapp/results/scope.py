"""Which of a journey's answers a page, an export or a report is about, and what they are compared with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from surveyapp.errors import Invalid
from surveyapp.responses.facets import Channel
from surveyapp.results.cells import MonthKey
from surveyapp.results.facets import Facets
from surveyapp.store.models import EVERYBODY
from surveyapp.whole import whole_number

LARGEST_SEGMENT = 2**31 - 1
_ALL = "all"
_YES, _NO = "yes", "no"
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,2}")
_YEAR = 12
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

    @property
    def length(self) -> int | None:
        """How many months; None with an open end."""
        if self.since is None or self.until is None:
            return None
        return _count(self.until) - _count(self.since) + 1

    def earlier(self, months: int) -> Period | None:
        """The same number of months, so many before; None with an open end or before the year 1."""
        if self.since is None or self.until is None or _count(self.since) - months < _YEAR:
            return None
        return period(_month(_count(self.since) - months), _month(_count(self.until) - months))


ALL_TIME = Period()


def period(since: date | None, until: date | None) -> Period:
    """The months that these days lie in, whole."""
    first = since.replace(day=1) if since else None
    if until is None:
        return Period(first, None)
    following = (until.replace(day=1) + timedelta(days=32)).replace(day=1)
    return Period(first, following - timedelta(days=1))


def recent(today: date, months: int) -> Period:
    """The last complete months before the one of this day.

    >>> recent(date(2026, 2, 28), 3)
    Period(since=datetime.date(2025, 11, 1), until=datetime.date(2026, 1, 31))
    """
    return period(_month(_count(today) - months), _month(_count(today) - 1))


def months_between(first: date, last: date) -> list[date]:
    """The first day of each month from that of one day to that of another."""
    return [_month(count) for count in range(_count(first), _count(last) + 1)]


def _count(day: date) -> int:
    return day.year * _YEAR + day.month - 1


def _month(count: int) -> date:
    return date(count // _YEAR, count % _YEAR + 1, 1)


class Comparison(StrEnum):
    """What a period's scores are compared with."""

    BEFORE = "before"  # as many months just before
    YEAR = "year"  # the same months of the year before
    NONE = "none"


@dataclass(frozen=True)
class Scope:
    """A journey's answers: of everybody or of one segment, of all time or of the months from that of
    ``since`` to that of ``until``, compared with those of other months.

    Of one channel and one language where they are named; ``flagged`` answers, which may be one person's
    many, only count where that is asked for. ``weighted``: scores by population shares are asked for, too,
    where they can be. What every result can be cut by belongs here, and nothing
    that some would ignore: with a field, a line in ``read_scope`` and one in ``arguments``. ``default``
    are the months of a page whose address names none.
    """

    journey_id: int
    segment_id: int = EVERYBODY
    since: date | None = None
    until: date | None = None
    comparison: Comparison = Comparison.BEFORE
    default: Period = ALL_TIME
    channel: str = ""
    language: str = ""
    flagged: bool = False
    weighted: bool = False

    @property
    def period(self) -> Period:
        return period(self.since, self.until)

    @property
    def facets(self) -> Facets:
        """Its channel and language, and whether flagged answers count."""
        return Facets(self.channel, self.language, self.flagged)

    @property
    def baseline(self) -> Period | None:
        """The months that are compared with; None where nothing is, as for a period with an open end
        and for more than a year beside the year before, of which it holds a part.
        """
        length = self.period.length
        if length is None or self.comparison is Comparison.NONE:
            return None
        if self.comparison is Comparison.BEFORE:
            return self.period.earlier(length)
        return self.period.earlier(_YEAR) if length <= _YEAR else None

    @property
    def history(self) -> Period:
        """The months that a trend shows: up to the period's end, from the first that is compared but at
        least a year; all there are where nobody chose the months.
        """
        since, until = self.period.since, self.period.until
        if self.is_default:
            return Period(None, until)
        if self.baseline is None or until is None or self.baseline.since is None:
            return Period(since, until)
        year = _month(max(_count(until) - _YEAR + 1, _YEAR))
        return Period(min(self.baseline.since, year), until)

    @property
    def of_everybody(self) -> bool:
        return self.segment_id == EVERYBODY

    @property
    def is_default(self) -> bool:
        """Whether its months are those that are shown to whoever chooses none."""
        return self.period == self.default

    @property
    def is_cut(self) -> bool:
        """Whether it leaves out any of the journey's answers."""
        return not self.of_everybody or not self.period.whole or bool(self.channel or self.language)

    @property
    def arguments(self) -> dict[str, str]:
        """What stands in the address of a page, an export or a form about the same answers."""
        months = {} if self.is_default else self._months
        compare = "" if self.comparison is Comparison.BEFORE else self.comparison.value
        segment = "" if self.of_everybody else str(self.segment_id)
        said = {"segment": segment, **months, "compare": compare}
        said |= {"channel": self.channel, "language": self.language}
        said |= {"flagged": _YES if self.flagged else "", "weighted": _YES if self.weighted else ""}
        return {name: text for name, text in said.items() if text}

    @property
    def of_all_time(self) -> Scope:
        """The same customers in all months."""
        return replace(self, since=None, until=None)

    @property
    def of_default(self) -> Scope:
        """The same customers in the months that are shown to whoever chooses none."""
        return replace(self, since=self.default.since, until=self.default.until)

    def without(self, name: str) -> Scope:
        """The same without one of its choices, named as in the address: "segment", "period", "compare",
        "channel", "language", "flagged" or "weighted".
        """
        if name == "period":
            return self.of_default
        plain = Scope(self.journey_id)
        field = {"segment": "segment_id", "compare": "comparison"}.get(name, name)
        return replace(self, **{field: getattr(plain, field)})

    @property
    def _months(self) -> dict[str, str]:
        if self.period.whole:
            return {"period": _ALL}
        return {"from": month_text(self.since), "to": month_text(self.until)}


def read_scope(
    journey_id: int, arguments: Mapping[str, str], *, default: Period = ALL_TIME
) -> Scope:
    """The scope that ``Scope.arguments`` wrote; Invalid names a value that is none.

    ``default``: the months where neither a period nor a month is named. An empty month is an open end.

    >>> read_scope(1, {"segment": "2", "to": "2026-05"}).arguments
    {'segment': '2', 'to': '2026-05'}
    """
    since, until = (read_month(arguments.get(name, ""), field=name) for name in ("from", "to"))
    if since and until and until < since:
        raise Invalid("The last month is before the first.", field="to")
    named = arguments.get("period", "").strip()
    if named not in ("", _ALL):
        raise Invalid(
            f"period={named[:20]} is not a period; use {_ALL}, or from and to.", field="period"
        )
    if named and (since or until):
        raise Invalid(
            "All time has no first and no last month; leave out one of them.", field="period"
        )
    if not named and "from" not in arguments and "to" not in arguments:
        since, until = default.since, default.until
    return Scope(
        journey_id,
        _segment(arguments.get("segment", "")),
        since,
        until,
        _comparison(arguments),
        default,
        channel=_channel(arguments.get("channel", "").strip()),
        language=_language(arguments.get("language", "").strip()),
        flagged=_is_yes(arguments, "flagged"),
        weighted=_is_yes(arguments, "weighted"),
    )


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


def _comparison(arguments: Mapping[str, str]) -> Comparison:
    text = arguments.get("compare", "").strip()
    try:
        return Comparison(text) if text else Comparison.BEFORE
    except ValueError:
        known = ", ".join(Comparison)
        raise Invalid(f"compare={text[:20]} is not one of {known}.", field="compare") from None


def _channel(text: str) -> str:
    if text and text not in set(Channel):
        raise Invalid(f"channel={text[:20]} is not one of {', '.join(Channel)}.", field="channel")
    return text


def _language(text: str) -> str:
    if text and not _LANGUAGE.fullmatch(text):
        raise Invalid(
            f"language={text[:20]} is not the tag of a language; write it as fi or pt-BR.",
            field="language",
        )
    return text


def _is_yes(arguments: Mapping[str, str], name: str) -> bool:
    text = arguments.get(name, "").strip()
    if text not in ("", _YES, _NO):
        raise Invalid(f"{name}={text[:20]} is neither {_YES} nor {_NO}.", field=name)
    return text == _YES


def _segment(text: str) -> int:
    if not text.strip():
        return EVERYBODY
    number = whole_number(text.strip(), largest=LARGEST_SEGMENT)
    if number is None:
        raise Invalid(
            f"segment={text[:20]} is not a number; choose from the list.", field="segment"
        )
    return number
