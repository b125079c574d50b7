"""Columns that are encrypted on their way into the database and decrypted on their way out.

The one place in which that happens: rooms above read and write plain values. Nothing can be searched,
compared or sorted in such a column; an address is found by its ``BlindIndex``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import Dialect, String, Text, cast, event, inspect, type_coerce
from sqlalchemy.orm import Mapper
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeDecorator

from surveyapp.store.json_text import read_json
from surveyapp.store.keyring import keyring_of

_EMPTY_TESTS = (operators.eq, operators.ne, operators.is_, operators.is_not)


class OfRow(str):
    """A text with the row that it is written to, by which it is bound to that row."""

    __slots__ = ("row",)
    row: str

    def __new__(cls, text: str, row: str | int) -> OfRow:
        made = super().__new__(cls, text)
        made.row = str(row)
        return made


class _Incomparable(TypeDecorator.Comparator[Any]):
    """Two encryptions of one text differ, so that only emptiness can be asked for in the database."""

    def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
        # SQLAlchemy itself asks whether two columns are one.
        if op in _EMPTY_TESTS and not (isinstance(other[0], str) and other[0]):
            return super().operate(op, *other, **kwargs)
        raise TypeError(
            f"{self.expr} is encrypted: look for it by its blind index, sort it in Python"
        )


class Encrypted(TypeDecorator[str]):
    """A text; an empty one stays empty. ``place`` is its table and column."""

    impl = Text
    cache_ok = True
    comparator_factory = _Incomparable
    row: str | None = None  # the column that names the row, where texts are bound to rows
    empty = ""  # as the database keeps it

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return keyring_of(dialect).encrypted(value, self.place) if value else value

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return keyring_of(dialect).decrypted(value, self.place) if value else value

    def place_of(self, row: str) -> str:
        """What a text in this row is bound to."""
        return self.place if self.row is None else f"{self.place} {row}"


class EncryptedInRow(Encrypted):
    """A text that can be read in its row alone: somebody who may write to the database cannot give one
    customer another's address.

    Written as an ``OfRow``; ``row`` is the column that names the row.
    """

    cache_ok = True

    def __init__(self, place: str, row: str) -> None:
        super().__init__(place)
        self.row = row

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        if not value:
            return value if value is None else ""
        if not isinstance(value, OfRow):
            raise TypeError(f"{self.place} is bound to its row: write an OfRow")
        return keyring_of(dialect).encrypted(str(value), self.place_of(value.row))

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        # The row's name comes along, to be checked.
        table: Any = getattr(column, "table", None)
        if table is None or self.row not in table.c:
            raise TypeError(f"{self.place} can only be read with {self.row} beside it")
        return type_coerce(type_coerce(column, Text) + " " + cast(table.c[self.row], Text), self)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        kept, _, row = (value or "").partition(" ")
        return keyring_of(dialect).decrypted(kept, self.place_of(row)) if kept else kept


class EncryptedDocument(Encrypted):
    """A JSON document; an empty one stays as it is. ``empty`` is how that is written."""

    cache_ok = True

    def __init__(self, place: str, empty: str) -> None:
        super().__init__(place)
        self.empty = empty

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        said = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return said if said == self.empty else super().process_bind_param(said, dialect)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        said = value if value == self.empty else super().process_result_value(value, dialect)
        return read_json(said or "null")


class BlindIndex(TypeDecorator[str]):
    """What stands for an encrypted text: written and compared as the text, kept as its keyed hash.

    Addresses are normalised before, where they are read.
    """

    impl = String(64)
    cache_ok = True

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return keyring_of(dialect).blind_index(value, self.place) if value else value


def bind_to_rows(mapped: type[Any]) -> None:
    """Let the session write what was set on objects of this class as texts of their row, with the
    blind index of what was changed.
    """

    def before(mapper: Mapper[Any], _connection: Any, target: Any) -> None:
        columns = {each.key: each.type for each in mapper.columns}
        for name, kind in columns.items():
            if not isinstance(kind, EncryptedInRow):
                continue
            value = getattr(target, name)
            if isinstance(value, str) and not isinstance(value, OfRow):
                setattr(target, name, OfRow(value, getattr(target, str(kind.row))))
            if inspect(target).attrs[name].history.has_changes():
                for other, index in columns.items():
                    if isinstance(index, BlindIndex) and index.place == kind.place:
                        setattr(target, other, value or "")

    event.listen(mapped, "before_insert", before)
    event.listen(mapped, "before_update", before)


def same_as(name: str) -> Callable[[Any], str]:
    """A default: what is written to another column of the row."""

    def given(context: Any) -> str:
        return str(context.get_current_parameters().get(name) or "")

    return given
