"""A table that is written while it is read, and is whole or fails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from surveyapp.errors import SurveyappError

T = TypeVar("T")


class Truncated(SurveyappError):
    """A table whose rows ended before, or after, as many as were counted."""


@dataclass(frozen=True)
class CsvTable:
    """The number of rows below the headings, and the text in chunks.

    A door that streams the chunks shows the number first (in a file's name, or beside it), so that
    whoever receives them can tell a table that broke off from one that is complete.
    """

    rows: int
    chunks: Iterator[str]


def counted(rows: Iterable[T], expected: int) -> Iterator[T]:
    """The same rows. Raises Truncated at their end when there are not ``expected`` of them."""
    count = 0
    for row in rows:
        count += 1
        yield row
    refuse_unless_whole(count, expected)


def refuse_unless_whole(count: int, expected: int) -> None:
    """Raise Truncated where another number of rows was read than was counted."""
    if count != expected:
        raise Truncated(f"{expected} rows were counted, {count} were read; export again.")
