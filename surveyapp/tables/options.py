"""How somebody says that a file is to be read, where the file does not say it by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from surveyapp.errors import Invalid
from surveyapp.tables.dates import DAY_FIRST, MONTH_FIRST, zone_named

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
OPTION_FIELDS = ("sheet", "encoding", "delimiter", "decimal", "missing", "dates", "time_zone")
DECIMALS = {"point": ".", "comma": ","}


@dataclass(frozen=True)
class ReadOptions:
    """Empty where the file is to be asked.

    ``delimiter`` and ``decimal`` are the signs themselves, ``missing`` the codes that stand for a
    missing answer, ``dates`` the order of day and month, ``time_zone`` that of times which name none.
    """

    sheet: str = ""
    encoding: str = ""
    delimiter: str = ""
    decimal: str = ""
    missing: tuple[str, ...] = ()
    dates: str = ""
    time_zone: str = ""

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "missing": list(self.missing)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ReadOptions:
        return cls(**{**document, "missing": tuple(document["missing"])})


def read_options(
    *,
    sheet: str | None = "",
    encoding: str | None = "",
    delimiter: str | None = "",
    decimal: str | None = "",
    missing: str | None = "",
    dates: str | None = "",
    time_zone: str | None = "",
) -> ReadOptions:
    """The options from what somebody wrote: names or signs, codes separated by commas.

    Raises Invalid, at the option's field, for a sign, an order or a zone that is none.
    """
    if time_zone:
        zone_named(time_zone)
    return ReadOptions(
        (sheet or "").strip(),
        (encoding or "").strip(),
        _sign("delimiter", delimiter or "", DELIMITERS),
        _sign("decimal", decimal or "", DECIMALS),
        missing_codes(missing or ""),
        _sign("dates", dates or "", {order: order for order in (DAY_FIRST, MONTH_FIRST)}),
        (time_zone or "").strip(),
    )


def missing_codes(text: str) -> tuple[str, ...]:
    """The codes in a text that separates them by commas: ``-99,.,NULL``."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _sign(option: str, given: str, known: Mapping[str, str]) -> str:
    if given == "\t":
        given = "tab"
    given = given.strip().lower()
    if given in {"", *known.values()}:
        return given
    if given not in known:
        names = " or ".join(known) if len(known) == 2 else f"{', '.join(known)}"
        raise Invalid(
            f"{option.capitalize()}: {given[:20]!r} is not known; use {names}.", field=option
        )
    return known[given]
