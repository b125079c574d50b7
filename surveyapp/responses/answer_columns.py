"""Answers of a file's rows, read column by column: what a cell was read as once, it is each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from instruments.answers import Fault, Value, read_item
from instruments.loader import Library
from instruments.schema import Item
from surveyapp.surveys.survey import Survey

_MOST_READ = 1000  # cells of a column that are remembered
_LONGEST_READ = 20  # characters of such a cell: texts seldom come twice


@dataclass(frozen=True)
class _Column:
    item: Item
    place: int
    read: dict[str, int | str] = field(default_factory=dict)


class AnswerColumns:
    """Reads the answers of rows, by the places of the survey's items; those without a column have none.

    ``responses.reading`` says what is wrong with a row: it would take several times as long for all the
    rows that have nothing wrong.
    """

    def __init__(
        self, survey: Survey, places: Mapping[tuple[str, str], int], library: Library
    ) -> None:
        self._instruments = {
            instrument.code: [
                _Column(item, places[instrument.code, item.code])
                for item in instrument.asked(key)
                if (instrument.code, item.code) in places
            ]
            for instrument, key in survey.asked(library)
        }
        known = sum(map(len, self._instruments.values()))
        self._all_asked = known == len(places)

    def read(self, cells: Sequence[str]) -> dict[str, dict[str, Any]] | None:
        """The answers document of a row; None where something is wrong with it."""
        if not self._all_asked:
            return None
        answers: dict[str, dict[str, Any]] = {}
        for code, columns in self._instruments.items():
            own: dict[str, Any] = {}
            for column in columns:
                cell = cells[column.place]
                if not cell:
                    continue
                value: Value | Fault | None = column.read.get(cell)
                if value is None:
                    value = _read(column, cell)
                    if isinstance(value, Fault):
                        return None
                    if value is None:
                        continue
                own[column.item.code] = value
            answers[code] = own
        return answers


def _read(column: _Column, cell: str) -> Value | Fault | None:
    value = read_item(column.item, cell)
    is_short = len(cell) <= _LONGEST_READ and len(column.read) < _MOST_READ
    if is_short and isinstance(value, (int, str)):
        column.read[cell] = value
    return value
