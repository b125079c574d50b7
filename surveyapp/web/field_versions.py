"""A form's fields as text: what is stored, what was shown when the page was opened, what was typed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask_wtf.file import FileField
from wtforms import Field, FieldList, FormField, SelectField

_NUMBER = "revision"
_DIGITS = 8  # of a digest: enough to tell one field's few versions apart
_UNSENT = ("csrf_token",)


@dataclass(frozen=True)
class Difference:
    """A field whose stored value is not the one that was typed.

    ``by_others`` and ``by_me`` say who changed it since the page was opened.
    """

    field: Field
    label: str
    stored: str
    typed: str
    by_others: bool
    by_me: bool

    @property
    def is_written_here(self) -> bool:
        """Whether the page of both versions has the field itself; rows and files are only told."""
        return not isinstance(self.field, FieldList | FileField)


def version_of(number: int, fields: Iterable[Field]) -> str:
    """The text of a hidden field: the form's revision, and a digest of each stored value."""
    digests = {field.name: _digest(_stored(field)) for field in _compared(fields)}
    return urlencode({_NUMBER: number, **digests})


def number_in(version: str) -> str:
    """The revision's number as the hidden field has it."""
    return dict(parse_qsl(version)).get(_NUMBER, "")


def is_as_shown(version: str, fields: Iterable[Field]) -> bool:
    """Whether every field is stored as it was when the page was opened."""
    shown = dict(parse_qsl(version))
    return all(shown.get(each.name) == _digest(_stored(each)) for each in _compared(fields))


def differences(
    version: str, fields: Iterable[Field], label: Callable[[Field], str]
) -> list[Difference]:
    """The fields whose stored and typed values differ, in the form's order."""
    shown = dict(parse_qsl(version))
    found = []
    for field in _compared(fields):
        stored, typed = _stored(field), _typed(field)
        if stored != typed:
            before = shown.get(field.name)
            by_others, by_me = before != _digest(stored), before != _digest(typed)
            found.append(Difference(field, label(field), stored, typed, by_others, by_me))
    return found


def _compared(fields: Iterable[Field]) -> Iterable[Field]:
    return (field for field in fields if field.name not in _UNSENT)


def _stored(field: Field) -> str:
    if isinstance(field, FileField):
        return ""
    return _text(field, field.object_data)


def _typed(field: Field) -> str:
    if isinstance(field, FileField):
        return getattr(field.data, "filename", None) or ""
    return _text(field, field.data)


def _text(field: Field, value: Any) -> str:
    """A value as people read it, so that what means the same is the same."""
    if isinstance(field, FieldList):
        return "\n".join(_rows(field, value or ()))
    if value is None:
        return _chosen(field, "")
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str):
        text = "\n".join(line.rstrip() for line in value.strip().splitlines())
        return _chosen(field, text)
    if isinstance(value, Iterable):
        return ", ".join(sorted(_chosen(field, str(each)) for each in value))
    return _chosen(field, str(value))


def _chosen(field: Field, value: str) -> str:
    """The label of a choice; any other text as it is."""
    choices = getattr(field, "choices", None) if isinstance(field, SelectField) else None
    for choice in choices or ():
        if str(choice.value) == value:
            return str(choice.label)
    return value


def _rows(field: FieldList, value: Iterable[Any]) -> Iterable[str]:
    """Each filled row in a line. Forms in rows name the field without which a row is empty."""
    for row in value:
        if not isinstance(row, Mapping):
            yield str(row)
            continue
        parts = {name: "" if each is None else str(each).strip() for name, each in row.items()}
        if parts.get(_lead(field)):
            yield ", ".join(parts[name] for name in sorted(parts) if parts[name])


def _lead(field: FieldList) -> str:
    made = field.unbound_field
    kind = made.args[0] if made.field_class is FormField else None
    return str(getattr(kind, "lead", ""))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
