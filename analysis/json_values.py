"""Results as JSON values and back: dicts, lists, text, numbers, None."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import numpy as np
import pandas as pd

from analysis.errors import UnreadableDocument

T = TypeVar("T")
Reader = Callable[[object, str], Any]  # of a value and of the place where it stands

# A dataclass with a class attribute of this name is written as that field alone: rows as a list.
ONLY = "json_field"


def to_json(value: Any) -> Any:
    """The same value made of JSON's types; NaN and infinity become None, precision stays.

    Dataclasses become dicts by field, frames and arrays lists of rows, mappings dicts with text
    keys, tuples and sets lists.

    >>> to_json({"a": np.array([1.0, np.nan])})
    {'a': [1.0, None]}
    """
    if isinstance(value, Enum):  # first, for a text that is an enumeration's member is both
        return to_json(value.value)
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, np.generic):
        return to_json(value.item())
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if is_dataclass(value) and not isinstance(value, type):
        if only := getattr(value, ONLY, None):
            return to_json(getattr(value, only))
        return {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, (pd.DataFrame, pd.Series)):
        return to_json(value.to_numpy())
    if isinstance(value, np.ndarray):
        return to_json(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): to_json(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(entry) for entry in value]
    if isinstance(value, (set, frozenset)):
        return [to_json(entry) for entry in sorted(value)]
    raise TypeError(f"{type(value).__name__} has no plain JSON form")


def from_json(kind: type[T], value: object, where: str = "document") -> T:
    """The value that ``to_json`` wrote, as ``kind`` says by its type hints.

    kind: a dataclass, or what its fields may be: text, numbers, truth values, ``tuple[X, ...]``,
    ``Mapping[str, X]``, each or None. A field that is absent takes its default. Raises
    UnreadableDocument for a field without default that is absent, one that is unknown, and a value
    of another type, with its place.

    >>> from_json(tuple[float | None, ...], [1.5, None])
    (1.5, None)
    """
    asked: Any = kind
    return cast(T, _reader(asked)(value, where))


def filled(kind: type[T], source: object = None, /, **given: Any) -> T:
    """``kind`` with the values of ``given`` and, for the rest, the same-named ones of ``source``.

    Values are brought to JSON's first, so that arrays may be given for tuples and an undefined
    number becomes None.
    """
    asked: Any = kind
    values = {
        f.name: to_json(given.pop(f.name) if f.name in given else getattr(source, f.name))
        for f in fields(asked)
    }
    if given:
        raise TypeError(f"{kind.__name__} has no {', '.join(given)}")
    return cast(T, _record(asked)(values, kind.__name__))


@cache
def _reader(kind: Any) -> Reader:
    origin, inner = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and is_dataclass(kind):
        only = getattr(kind, ONLY, None)
        return _wrapped(kind, only) if only else _record(kind)
    if origin in (Union, UnionType) and len(inner) == 2 and NoneType in inner:
        return _optional(_reader(next(one for one in inner if one is not NoneType)))
    if origin is tuple and len(inner) == 2 and inner[1] is Ellipsis:
        return _list(_reader(inner[0]))
    if origin in (Mapping, dict):
        return _mapping(_reader(inner[1]))
    if kind in _ACCEPTED:
        return _scalar(kind)
    raise TypeError(f"{kind} has no plain JSON form")


_ACCEPTED: dict[Any, tuple[type, ...]] = {
    str: (str,),
    bool: (bool,),
    int: (int,),
    float: (float, int),  # JSON writes 3.0 as 3 where it likes
}


def _scalar(kind: Any) -> Reader:
    def read(value: object, where: str) -> object:
        right = isinstance(value, _ACCEPTED[kind]) and isinstance(value, bool) == (kind is bool)
        if not right:
            raise UnreadableDocument(where, kind.__name__, value)
        return value

    return read


def _optional(inner: Reader) -> Reader:
    return lambda value, where: None if value is None else inner(value, where)


def _list(inner: Reader) -> Reader:
    def read(value: object, where: str) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)):
            raise UnreadableDocument(where, "a list", value)
        return tuple(inner(entry, f"{where}[{i}]") for i, entry in enumerate(value))

    return read


def _mapping(inner: Reader) -> Reader:
    def read(value: object, where: str) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise UnreadableDocument(where, "an object", value)
        return {key: inner(entry, f"{where}.{key}") for key, entry in value.items()}

    return read


def _wrapped(kind: Any, only: str) -> Reader:
    inner = _reader(get_type_hints(kind)[only])
    return lambda value, where: kind(**{only: inner(value, where)})


@cache
def _record(kind: Any) -> Reader:
    hints = get_type_hints(kind)
    readers = {f.name: _reader(hints[f.name]) for f in fields(kind)}
    needed = {f.name for f in fields(kind) if f.default is f.default_factory is MISSING}

    def read(value: object, where: str) -> Any:
        if not isinstance(value, Mapping):
            raise UnreadableDocument(where, "an object", value)
        for name in needed - value.keys():
            raise UnreadableDocument(f"{where}.{name}", "a value", None)
        for name in value.keys() - readers.keys():
            raise UnreadableDocument(f"{where}.{name}", "nothing", value[name])
        return kind(**{n: readers[n](entry, f"{where}.{n}") for n, entry in value.items()})

    return read
