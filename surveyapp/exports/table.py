"""A table of responses on its way into a file, whatever the file's format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from surveyapp.exports.csv_table import refuse_unless_whole
from surveyapp.exports.variable import Cell, Variable

BLOCK_ROWS = 250


class BlockRows(Iterator[Sequence[Cell]]):
    """Rows that come some hundred at a time, as columns: read row by row, or as they come.

    Raises Truncated at their end when there are not as many as were counted.
    """

    def __init__(self, blocks: Iterable[Sequence[Sequence[Cell]]], expected: int) -> None:
        self._blocks = blocks
        self._expected = expected
        self._rows = (row for block in self.blocks() for row in zip(*block, strict=True))

    def __next__(self) -> Sequence[Cell]:
        return next(self._rows)

    def blocks(self) -> Iterator[Sequence[Sequence[Cell]]]:
        """The rows as they come."""
        count = 0
        for block in self._blocks:
            count += len(block[0])
            yield block
        refuse_unless_whole(count, self._expected)


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
        if isinstance(self.rows, BlockRows):
            yield from self.rows.blocks()
            return
        while block := list(zip(*islice(self.rows, BLOCK_ROWS), strict=True)):
            yield block


def without(missing: Mapping[int, str], column: Sequence[Cell]) -> Sequence[Cell]:
    """The column with None in place of the values that stand for no answer."""
    if not missing or missing.keys().isdisjoint(column):
        return column
    return [None if cell in missing else cell for cell in column]
