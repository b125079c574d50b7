"""A table as it is read: headings, rows one after the other, and how the file was understood."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

from surveyapp.errors import Invalid
from surveyapp.tables.missing import UserMissing

NOT_SETTLED = ""
_NONE: Mapping[int, Mapping[str, str]] = MappingProxyType({})
_DECIMALS = {",": "decimal comma", ".": "decimal point"}


class Row(NamedTuple):
    """One record, with as many cells as there are headings, and its number as Excel counts rows.

    ``fault`` says why it could not be read, ``cure`` what to do; it has no cells then.
    """

    number: int
    cells: list[str]
    fault: str = ""
    cure: str = ""


@dataclass(frozen=True)
class DataTable:
    """Headings, rows, and how the file was understood, for people to check.

    ``rows`` begin anew each time they are iterated. ``decimal`` is empty while the numbers have not
    been looked at. ``texts`` are the questions, where a second header row has them. ``value_labels``
    and ``user_missing`` are by column. ``percent`` says how far the reading has got.
    """

    headings: tuple[str, ...]
    rows: Iterable[Row]
    encoding: str
    separator: str = "none"
    decimal: str = NOT_SETTLED
    sheet: str = ""
    header_rows: int = 1  # 0: the file knows its columns by itself, and its rows are cases
    program: str = ""  # that is known to have written it by its header rows
    texts: tuple[str, ...] = ()
    time_zone: str = ""  # that its header rows name
    notes: tuple[str, ...] = ()
    value_labels: Mapping[int, Mapping[str, str]] = field(default_factory=lambda: _NONE)
    user_missing: Mapping[int, UserMissing] = field(default_factory=dict)
    percent: Callable[[], int] = lambda: 50

    def declaring(self, missing: Mapping[int, UserMissing]) -> DataTable:
        """The same with values that are missing in these columns, beside those that the file declares."""
        every = dict(self.user_missing)
        for place, codes in missing.items():
            every[place] = every.get(place, UserMissing()) | codes
        return replace(self, user_missing=every)

    def place(self, row: int, column: int | None = None) -> str:
        """Where something stands: ``B7``, ``row 7``, or ``case 7`` of a file without a sheet."""
        if self.header_rows == 0:
            case = f"case {row}"
            return case if column is None else f"{case}, {self.headings[column]}"
        return f"row {row}" if column is None else f"{column_letters(column)}{row}"

    def said(self, decimal: str = NOT_SETTLED) -> str:
        """How the file was read, in words."""
        decimal = decimal or self.decimal
        parts = [f"Read as {self.encoding}"]
        if self.sheet:
            parts.append(f"sheet {self.sheet}")
        if self.separator != "none":
            parts.append(f"separated by {self.separator}")
            if decimal:
                parts.append(_DECIMALS[decimal])
        if self.header_rows > 1:
            parts.append(f"{self.header_rows} header rows")
        if self.program:
            parts.append(f"an export of {self.program}")
        return f"{', '.join(parts)}."


def column_letters(column: int) -> str:
    """A column's letters as a spreadsheet shows them: 0 is A, 26 is AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def heading_of(text: str) -> str:
    """A column's heading as it is compared: its words, with one space between two."""
    return " ".join(text.split())


def refuse_unclear(headings: Sequence[str]) -> None:
    """Raise Invalid for a column without heading, and for two with the same one; capitals do not count.

    The first column may be without one: R and pandas write the names of the rows there.
    """
    seen: dict[str, int] = {}
    for place, heading in enumerate(headings):
        name = heading.casefold()
        if not name and place:
            raise Invalid(
                f"Column {column_letters(place)} has no heading; name or remove it.", field="file"
            )
        if name in seen:
            raise Invalid(
                f"Two columns are named {heading} (column {column_letters(seen[name])} and column"
                f" {column_letters(place)}); rename one.",
                field="file",
            )
        seen[name] = place
