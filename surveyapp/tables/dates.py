"""Times as people and programs write them: ISO, European, American, with months in words, Excel serials.

An order of day and month that nothing settles is asked for, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import get_month_names

from surveyapp.errors import Invalid

DAY_FIRST, MONTH_FIRST = "day-first", "month-first"
_LANGUAGES = ("en", "fi", "sv", "de", "fr", "es", "ar")
_FIRST_SERIAL, _LAST_SERIAL = 32_874, 73_051  # 1990 to 2099, in days since the end of 1899
_SERIAL = re.compile(r"([0-9]{5})(?:[.,]([0-9]+))?")
_END_OF_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]24:00(?::00)?(.*)")
_TIME = (
    r"(?:(?:,|T|\s|\s(?:at|um|klo|kl\.?|à)\s)+(?P<hour>[0-9]{1,2})[:.](?P<minute>[0-9]{2})"
    r"(?:[:.](?P<second>[0-9]{2})(?:[.,][0-9]+)?)?\s*(?P<half>[ap]\.?m\.?)?)?"
    r"\s*(?P<zone>Z|UTC|GMT|(?:GMT|UTC)?[+-][0-9]{1,2}(?::?[0-9]{2})?)?"
)
_NUMBERS = re.compile(
    rf"(?P<a>[0-9]{{1,4}})(?P<sign>[./-])\s?(?P<b>[0-9]{{1,2}})(?P=sign)\s?(?P<c>[0-9]{{1,4}}){_TIME}",
    re.IGNORECASE,
)
_DAY_AND_WORD = re.compile(
    rf"(?:[^\W\d]+\.?,?\s+)?(?P<day>[0-9]{{1,2}})\.?(?:\s|-|de\s)+(?P<month>[^\W\d]+)\.?,?(?:\s|-|de\s)+"
    rf"(?P<year>[0-9]{{4}}|[0-9]{{2}}){_TIME}",
    re.IGNORECASE,
)
_WORD_AND_DAY = re.compile(
    rf"(?:[^\W\d]+\.?,?\s+)??(?P<month>[^\W\d]+)\.?\s+(?P<day>[0-9]{{1,2}}),?\s+(?P<year>[0-9]{{4}}){_TIME}",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class OrderSigns:
    """What the cells of a column tell about the order of day and month.

    ``settled`` are the orders that some cell leaves alone possible, ``unclear`` is one that has both.
    """

    settled: frozenset[str] = frozenset()
    unclear: str = ""

    def merged(self, other: OrderSigns) -> OrderSigns:
        return OrderSigns(self.settled | other.settled, self.unclear or other.unclear)


def order_signs(cells: Iterable[str]) -> OrderSigns:
    """What these cells tell about the order of day and month."""
    settled, unclear = set(), ""
    for cell in cells:
        found = _NUMBERS.fullmatch(cell.strip()) if "/" in cell or "-" in cell else None
        if found is None or found["sign"] == "." or len(found["a"]) > 2:
            continue
        first, second = int(found["a"]), int(found["b"])
        if first > 12:
            settled.add(DAY_FIRST)
        elif second > 12:
            settled.add(MONTH_FIRST)
        elif first != second:
            unclear = unclear or cell.strip()
    return OrderSigns(frozenset(settled), unclear)


def order_of(heading: str, signs: OrderSigns, chosen: str = "") -> str:
    """The order of day and month in a column: ``chosen``, else the one that its cells settle.

    Empty where no cell has two readings. Raises Invalid where one has, and nothing settles it.
    """
    if chosen or not signs.unclear:
        return chosen
    if len(signs.settled) == 1:
        return next(iter(signs.settled))
    readings = " or ".join(
        f"{moment_in(signs.unclear, order).date():%-d %B %Y}" for order in (DAY_FIRST, MONTH_FIRST)
    )
    raise Invalid(
        f"Column {heading}: {signs.unclear} may be {readings}; choose the order of day and month"
        " (--dates day-first or month-first).",
        field="dates",
    )


def moment_in(cell: str, order: str = "") -> datetime:
    """The time in a cell, without a zone where the cell names none. Raises ValueError for no time."""
    cell = cell.strip()
    try:
        return datetime.fromisoformat(cell)  # nearly all of them
    except ValueError:
        pass
    serial = _SERIAL.fullmatch(cell)
    if serial:
        return _of_serial(serial)
    midnight = _END_OF_DAY.fullmatch(cell)
    if midnight:
        return datetime.fromisoformat(f"{midnight[1]}T00:00{midnight[2]}") + timedelta(days=1)
    for pattern in (_NUMBERS, _DAY_AND_WORD, _WORD_AND_DAY):
        found = pattern.fullmatch(cell)
        if found:
            return _at(_day(found, order), found)
    raise ValueError(cell)


def zone_named(name: str, field: str = "time_zone") -> ZoneInfo:
    """The IANA time zone of this name; Invalid for none."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise Invalid(
            f"{name[:60]!r} is no IANA time zone; use a name such as Europe/Helsinki.", field=field
        ) from None


def _of_serial(found: re.Match[str]) -> datetime:
    days = int(found[1])
    if not _FIRST_SERIAL <= days < _LAST_SERIAL:
        raise ValueError(found[0])
    milliseconds = round(float(f"0.{found[2] or 0}") * 86_400_000)
    return datetime.fromisoformat("1899-12-30") + timedelta(days=days, milliseconds=milliseconds)


def _day(found: re.Match[str], order: str) -> tuple[int, int, int]:
    parts = found.groupdict()
    if "month" in parts:
        return _year(parts["year"]), _month(parts["month"]), int(parts["day"])
    first, second, third = parts["a"], parts["b"], parts["c"]
    if len(first) == 4:
        return int(first), int(second), int(third)
    if len(first) > 2 or len(third) not in {2, 4}:
        raise ValueError(found[0])
    a, b = int(first), int(second)
    if parts["sign"] == "." or order == DAY_FIRST or (not order and a > 12):
        return _year(third), b, a
    if order == MONTH_FIRST or b > 12 or a == b:
        return _year(third), a, b
    raise ValueError(found[0])


def _at(day: tuple[int, int, int], found: re.Match[str]) -> datetime:
    hour = int(found["hour"] or 0)
    half = (found["half"] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(found[0])
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    minute, second = int(found["minute"] or 0), int(found["second"] or 0)
    return datetime(*day, hour, minute, second, tzinfo=_offset(found["zone"]))


def _offset(text: str | None) -> timezone | None:
    if not text:
        return None
    text = text.upper().removeprefix("GMT").removeprefix("UTC")
    if text in {"", "Z"}:
        return UTC
    digits = text[1:].replace(":", "")
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")
    behind = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-behind if text[0] == "-" else behind)


def _year(text: str) -> int:
    year = int(text)
    if len(text) == 4:
        return year
    return year + (2000 if year < 70 else 1900)


def _month(word: str) -> int:
    number = _months().get(word.casefold())
    if number is None:
        raise ValueError(word)
    return number


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    """The months' names in the languages of the customer's pages, whole and short."""
    found: dict[str, int] = {}
    for language in _LANGUAGES:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                names = get_month_names(width, context, language)
                found |= {name.casefold().rstrip("."): int(month) for month, name in names.items()}
    found["sept"] = 9
    return found
