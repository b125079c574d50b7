"""What the attributes of responses hold: their columns must stand before the first row is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Numeric,
    TableValuedAlias,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    null,
    select,
    true,
)
from sqlalchemy.orm import Session

from surveyapp.exports.variable import Kind
from surveyapp.store.models import Response

_MOST = 2**31 - 1  # of a column of whole numbers, in either direction
_NUMBERS = frozenset({Kind.INTEGER, Kind.NUMBER})


def kinds_stored(session: Session, held: Sequence[ColumnElement[bool]]) -> dict[str, Kind]:
    """The kind of each attribute of the responses for which ``held`` holds, found by the database."""
    each = _on_sqlite() if session.get_bind().dialect.name == "sqlite" else _on_postgresql()
    query = (
        select(each.name, each.kind)
        .select_from(Response)
        .join(each.entries, true())
        .where(*held)
        .distinct()
    )
    rows = session.execute(query)
    return _common_kinds((name, Kind(kind)) for name, kind in rows if kind is not None)


def kinds_of(documents: Iterable[Mapping[str, object]]) -> dict[str, Kind]:
    """The kind of each attribute in these documents."""
    return _common_kinds(
        (name, kind)
        for document in documents
        for name, value in document.items()
        if (kind := _kind(value)) is not None
    )


class _Entries(NamedTuple):
    """The attributes of responses one by one, to be joined to them; NULL is the kind of no value."""

    entries: TableValuedAlias
    name: ColumnElement[str]
    kind: ColumnElement[str | None]


def _on_sqlite() -> _Entries:
    each = func.json_each(Response.attributes).table_valued("key", "type", "atom")
    is_whole = and_(each.c.type == "integer", each.c.atom.between(-_MOST, _MOST))
    return _Entries(each, each.c.key, _kind_where(each.c.type, is_whole, ("integer", "real")))


def _on_postgresql() -> _Entries:
    each = func.jsonb_each(Response.attributes).table_valued("key", "value")
    form = func.jsonb_typeof(each.c.value)
    number = cast(each.c.value, Numeric)
    is_whole = case(  # else what is no number would be read as one
        (form == "number", and_(func.scale(number) == 0, number.between(-_MOST, _MOST))),
        else_=false(),
    )
    return _Entries(each, each.c.key, _kind_where(form, is_whole, ("number",)))


def _kind_where(
    form: ColumnElement[str], is_whole: ColumnElement[bool], numbers: Sequence[str]
) -> ColumnElement[str | None]:
    return case(
        (form == "null", null()),
        (is_whole, literal(Kind.INTEGER.value)),
        (form.in_(numbers), literal(Kind.NUMBER.value)),
        else_=literal(Kind.TEXT.value),
    )


def _common_kinds(found: Iterable[tuple[str, Kind]]) -> dict[str, Kind]:
    """The kind that holds all values of an attribute, by name, in the order of the names."""
    kinds: dict[str, set[Kind]] = {}
    for name, kind in found:
        kinds.setdefault(name, set()).add(kind)
    return {name: _common(kinds[name]) for name in sorted(kinds)}


def _common(kinds: set[Kind]) -> Kind:
    if len(kinds) == 1:
        return next(iter(kinds))
    return Kind.NUMBER if kinds <= _NUMBERS else Kind.TEXT


def _kind(value: object) -> Kind | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Kind.TEXT
    return Kind.INTEGER if isinstance(value, int) and abs(value) <= _MOST else Kind.NUMBER
