"""A table of responses on its way into a file, whatever the file's format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from surveyapp.exports.variable import Cell, Variable


@dataclass(frozen=True)
class Table:
    """Variables, the number of rows, and the rows, which can be read once.

    A door that streams the rows shows their number first (in a file's name, or beside it), so that
    whoever receives them can tell a table that broke off from one that is complete.
    """

    variables: Sequence[Variable]
    count: int
    rows: Iterator[Sequence[Cell]]
    notes: Sequence[str] = ()

    @property
    def headings(self) -> list[str]:
        return [variable.name for variable in self.variables]
