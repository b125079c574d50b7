"""A table as it is read: headings, rows one after the other, and how the file was understood."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from surveyapp.errors import Invalid


@dataclass(frozen=True)
class Row:
    """One record and the line that it begins on, as many cells as there are headings.

    ``fault`` says why it could not be read, ``cure`` what to do; it has no cells then.
    """

    line: int
    cells: list[str]
    fault: str = ""
    cure: str = ""


@dataclass(frozen=True)
class DataTable:
    """Headings, rows as they are read, and how the file was understood, for people to check."""

    headings: tuple[str, ...]
    rows: Iterator[Row]
    encoding: str
    separator: str


def heading_of(text: str) -> str:
    """A column's heading as it is compared: its words, with one space between two."""
    return " ".join(text.split())


def refuse_unclear(headings: Sequence[str]) -> None:
    """Raise Invalid for a column without heading, and for two with the same one; capitals do not count."""
    seen: dict[str, int] = {}
    for place, heading in enumerate(headings, start=1):
        name = heading.lower()
        if not name:
            raise Invalid(f"Column {place} has no heading; name or remove it.", field="file")
        if name in seen:
            raise Invalid(
                f"Two columns are named {heading} (column {seen[name]} and column {place});"
                " rename one.",
                field="file",
            )
        seen[name] = place
