"""Cells of a table as values: missing codes emptied, labels for codes, numbers with a point."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import copy

from surveyapp.tables.missing import MissingCodes, is_word
from surveyapp.tables.numbers import decimal_of, number_in
from surveyapp.tables.options import ReadOptions
from surveyapp.tables.profile import ColumnProfile, Watch, profiles
from surveyapp.tables.table import DataTable


class TypedColumns:
    """What the cells of a table say, once these of its columns have been looked at from end to end;
    ``dated`` ones hold times. ``watch`` is given the rows meanwhile.

    ``profiles`` are by column; ``has_decimals`` says whether ``decimal`` was needed. Raises Invalid where their numbers have two readings.
    """

    def __init__(
        self,
        table: DataTable,
        options: ReadOptions,
        places: Collection[int],
        dated: Collection[int] = (),
        watch: Watch | None = None,
    ) -> None:
        self.table = table
        self.profiles: Mapping[int, ColumnProfile] = profiles(table, {*places, *dated}, watch)
        self._options = options
        self._missing = MissingCodes(options.missing, table.user_missing)
        signs = {at: own for at in places if (own := self.profiles[at].signs) is not None}
        self.decimal = decimal_of(
            {table.headings[at]: own for at, own in signs.items()},
            separator=table.separator,
            chosen=table.decimal,
        )
        self.has_decimals = any(own.example for own in signs.values())
        self._numbers = {at for at, own in signs.items() if own.is_number(self.decimal)}

    def uncounted(self) -> TypedColumns:
        """The same with no cell counted as missing yet, for reading the rows once more."""
        made = copy(self)
        made._missing = MissingCodes(self._options.missing, self.table.user_missing)
        return made

    def emptied(self, cells: list[str]) -> list[str]:
        """A row's cells, empty where they stand for a missing answer."""
        return self._missing.emptied(cells) if self._missing else cells

    def value(self, place: int, cell: str) -> str:
        """What a cell says: its label, if it has one; in a column of numbers the number with a point,
        or nothing where a word stands for a missing one.
        """
        labels = self.table.value_labels.get(place)
        if labels and cell in labels:
            return labels[cell]
        if place in self._numbers and not cell.isdigit():
            if is_word(cell):
                self.count_missing(place, cell)
                return ""
            return number_in(cell, self.decimal) or cell
        return cell

    def count_missing(self, place: int, cell: str) -> None:
        """Count a cell that stands for a missing answer, for the notes."""
        self._missing.count(place, cell.strip())

    def notes(self) -> list[str]:
        """How the file was understood, and what was taken as missing."""
        table = self.table
        return [
            table.said(self.decimal if self.has_decimals else ""),
            *table.notes,
            *self._missing.notes(table.headings, table.value_labels),
        ]
