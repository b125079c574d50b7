"""A table of responses on its way into a file, whatever the file's format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from surveyapp.exports.variable import Cell, Variable

BLOCK_ROWS = 250


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

    def blocks(self) -> Iterator[Sequence[Sequence[Cell]]]:
        """The rows, some hundred at a time, as columns."""
        while block := list(zip(*islice(self.rows, BLOCK_ROWS), strict=True)):
            yield block


def without(missing: Mapping[int, str], column: Sequence[Cell]) -> Sequence[Cell]:
    """The column with None in place of the values that stand for no answer."""
    if not missing or missing.keys().isdisjoint(column):
        return column
    return [None if cell in missing else cell for cell in column]
