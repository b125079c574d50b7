"""One row of a file -> a response ready to be stored, or everything that is wrong with the row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from instruments.loader import Library
from instruments.schema import Item, ItemKind
from surveyapp.comments.intake import masked_by, open_items
from surveyapp.errors import Invalid
from surveyapp.responses.answer_columns import AnswerColumns
from surveyapp.responses.answer_texts import answer_in_words
from surveyapp.responses.columns import EXTERNAL_ID, Columns
from surveyapp.responses.prepared import Prepared
from surveyapp.responses.reading import Faulty, read_answers
from surveyapp.responses.row_facts import Refused, RowFacts
from surveyapp.surveys.attributes import MOST_ATTRIBUTES, Attribute, read_attributes, typed
from surveyapp.surveys.survey import Survey
from surveyapp.tables.guard import unguarded
from surveyapp.tables.missing import is_word
from surveyapp.tables.table import Row
from surveyapp.tables.typed_columns import TypedColumns

_MOST_READ = 50_000  # cells of attributes that are remembered


@dataclass(frozen=True)
class Refusal:
    """Why a row was not taken. ``column``, a heading, is empty when the whole row is meant.

    ``row`` is the number that a spreadsheet shows beside it, ``place`` the cell, such as B7.
    """

    row: int
    column: str
    value: str
    reason: str
    cure: str
    place: str = ""


class Reading:
    """Rows of one file -> prepared responses; remembers what somebody should know of them."""

    def __init__(
        self,
        survey: Survey,
        columns: Columns,
        typed: TypedColumns,
        facts: RowFacts,
        left_out: Sequence[str],
        library: Library,
    ) -> None:
        self.survey = survey
        self.columns = columns
        self.library = library
        self.secret_key = facts.secret_key
        self._table = typed.table
        self._typed = typed
        self._facts = facts
        self._left_out = left_out
        self._read: dict[tuple[int, str], Attribute] = {}
        self._open_items = open_items(survey, library)
        self._places = {item: at for at, item in columns.items.items()}
        self._columns_read = AnswerColumns(survey, self._places, library)
        self._items = {
            (instrument.code, item.code): (instrument, item)
            for instrument, key in survey.asked(library)
            for item in instrument.asked(key)
        }

    def notes(self) -> list[str]:
        """What somebody should know about how the columns were understood."""
        columns = self.columns
        notes = self._typed.notes()
        if columns.known is not None and not self._table.program:
            notes.append(f"Known as an export of {columns.known.program}.")
        notes += [
            f"Known by its question: {columns.headings[at]} is {columns.items[at][1]}."
            for at in columns.by_words
        ]
        missing = sorted(item for _, item in set(self._items) - set(columns.items.values()))
        if missing:
            notes.append(f"No column for {', '.join(missing)}: taken as not answered.")
        if columns.attributes:
            notes.append(f"Attributes: {', '.join(columns.attributes.values())}.")
        if columns.ignored:
            notes.append(f"Ignored: {', '.join(columns.ignored)}.")
        if columns.unmatched:
            notes.append(
                f"Questions that are no item of this survey: {', '.join(columns.unmatched)}; assign"
                " them by hand (--column), or store them (--attribute)."
            )
        return [*notes, *self._left_out, *self._facts.notes()]

    def read(self, row: Row) -> Prepared | list[Refusal]:
        """The response in a row, or everything that is wrong with the row."""
        if row.fault:
            return [self._refusal(row, None, "", "", row.fault, row.cure)]
        cells = self._typed.emptied(self._unguarded(row.cells))
        cells, answers = self._answers(cells)
        refusals = self._refusals(row, answers) if isinstance(answers, Faulty) else []
        about: dict[str, Any] = {}
        try:
            row = row._replace(cells=cells)
            about = {**self._facts.read(row), "attributes": self._attributes(row)}
        except Refused as refused:
            column, *told = refused.refusal
            refusals.append(self._refusal(row, self._place_of(column), column, *told))
        if refusals or isinstance(answers, Faulty):
            return refusals
        if not any(answers.values()):
            fault = "The row holds no answer."
            return [self._refusal(row, None, "", "", fault, "Remove it.")]
        taken = masked_by(self.survey, self._open_items, answers)
        return Prepared(answers=taken.answers, originals=taken.originals, **about)

    def own_id(self, row: Row) -> str:
        """The id that the row names, as it would be stored; empty where it names none or a wrong one."""
        try:
            return self._facts.own_id(row._replace(cells=self._unguarded(row.cells)))
        except Refused:
            return ""

    def place(self, row: Row) -> str:
        """Where a row stands in its file."""
        return self._table.place(row.number)

    def refused_whole(self, row: Row, value: str, reason: str, cure: str) -> Refusal:
        """The refusal of a row that could be read, for what it is beside others."""
        return self._refusal(
            row, self.columns.about.get(EXTERNAL_ID), EXTERNAL_ID, value, reason, cure
        )

    def _unguarded(self, cells: list[str]) -> list[str]:
        """The cells as they were before our own export guarded them; only text files are guarded."""
        if not self.columns.own or self._table.separator == "none":
            return cells
        return [unguarded(cell) if "'" in cell else cell for cell in cells]

    def _answers(self, cells: list[str]) -> tuple[list[str], dict[str, dict[str, Any]] | Faulty]:
        """The answers in a row, or what is wrong with them, and its cells with codes for words."""
        read = self._columns_read.read(cells)
        if read is not None:
            return cells, read
        answers = read_answers(self.survey, self._raw(cells), partial=True, library=self.library)
        if not isinstance(answers, Faulty):
            return cells, answers
        cells = self._in_codes(cells, answers)
        raw = self._raw(cells)
        return cells, read_answers(self.survey, raw, partial=True, library=self.library)

    def _raw(self, cells: list[str]) -> dict[str, dict[str, str]]:
        raw: dict[str, dict[str, str]] = {}
        for place, (instrument, item) in self.columns.items.items():
            raw.setdefault(instrument, {})[item] = cells[place]
        return raw

    def _in_codes(self, cells: list[str], faulty: Faulty) -> list[str]:
        """The cells with the codes of answers in words, and empty where an item of numbers holds a word
        for a missing one.
        """
        cells = list(cells)
        for instrument, faults in faulty.faults.items():
            for fault in faults:
                place = self._places.get((instrument, fault.item))
                if place is None:
                    continue
                known, item = self._items[instrument, fault.item]
                code = answer_in_words(known, item, cells[place])
                if code is not None:
                    cells[place] = code
                elif _is_number(item) and is_word(cells[place]):
                    self._typed.count_missing(place, cells[place])
                    cells[place] = ""
        return cells

    def _refusals(self, row: Row, faulty: Faulty) -> list[Refusal]:
        found = []
        for instrument, faults in faulty.faults.items():
            for fault in faults:
                place = self._places.get((instrument, fault.item))
                column = fault.item if place is None else self.columns.headings[place]
                told = (fault.value, fault.reason, fault.cure)
                found.append(self._refusal(row, place, column, *told))
        return found

    def _refusal(
        self, row: Row, place: int | None, column: str, value: str, reason: str, cure: str
    ) -> Refusal:
        return Refusal(
            row.number, column, value, reason, cure, self._table.place(row.number, place)
        )

    def _place_of(self, column: str) -> int | None:
        """The place of a column that is about the response, or of an attribute's."""
        if column in self.columns.about:
            return self.columns.about[column]
        return next((at for at, name in self.columns.attributes.items() if name == column), None)

    def _attributes(self, row: Row) -> dict[str, Attribute]:
        """What the row says of the customer. Most attributes have few values, which are read and
        checked once; a number's word for a missing one is counted each time.
        """
        found: dict[str, Attribute] = {}
        unread: dict[int, Attribute] = {}
        for place, name in self.columns.attributes.items():
            known = self._read.get((place, row.cells[place]))
            if known is None:
                known = typed(self._typed.value(place, row.cells[place]))
                unread[place] = known
            found[name] = known
        if not unread and len(found) <= MOST_ATTRIBUTES:
            return found
        try:
            checked = read_attributes(found)
        except Invalid as error:
            column = error.field or ""
            value = str(found.get(column, ""))
            raise Refused(column, value, str(error), "Correct it.") from error
        for place, known in unread.items():
            name = self.columns.attributes[place]
            # Of two columns with one name the last was checked.
            is_checked = name in checked and found[name] is known
            if is_checked and len(self._read) < _MOST_READ:
                self._read[place, row.cells[place]] = checked[name]
        return checked


def _is_number(item: Item) -> bool:
    """Whether the item is answered with a number: in its column NA is no answer."""
    return item.scale is not None or item.kind is ItemKind.YES_NO
