"""How a survey's documents are read and written: a class's fields are all that a document may hold.

A class derives from ``Document``. Its fields carry their label, help and limits, from which the
reader's refusals, the staff form and the list of settings are made, so that none can say otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import time
from typing import Any, ClassVar, Self, get_origin

import attrs
from cattrs import (
    AttributeValidationNote,
    ClassValidationError,
    Converter,
    ForbiddenExtraKeysError,
    IterableValidationError,
    IterableValidationNote,
)
from cattrs.cols import homogenous_tuple_structure_factory, mapping_structure_factory
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from surveyapp.errors import Invalid

VERSION = 1  # of the documents that this release writes; one that does not say is of this version
VERSION_KEY = "document_version"
_ABOUT, _READ, _WRITE = "about", "read", "write"
_LONGEST_SHOWN = 60
Path = tuple[str, ...]


@attrs.frozen
class About:
    """What a field means to people, and its limits: of a number, of a text's length, of a list's."""

    label: str
    help: str = ""
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def limits(self) -> str:
        """The limits in words; empty where there are none."""
        if self.choices:
            return ", ".join(self.choices)
        if self.least is not None and self.most is not None:
            return f"{self.least:g} to {self.most:.10g}"
        return "" if self.most is None else f"at most {self.most:.10g}"


def about(
    label: str,
    help: str = "",
    *,
    least: float | None = None,
    most: float | None = None,
    choices: tuple[str, ...] = (),
    read: Callable[[Any], Any] | None = None,
    write: Callable[[Any], Any] | None = None,
) -> dict[str, Any]:
    """A field's ``metadata``.

    ``{limits}`` in ``help`` stands for them; ``read`` and ``write`` are from and to the field's JSON
    value where its type alone does not say how.
    """
    said = About(label, least=least, most=most, choices=choices)
    return {
        _ABOUT: attrs.evolve(said, help=help.format(limits=said.limits)),
        _READ: read,
        _WRITE: write,
    }


def about_field(kind: type[attrs.AttrsInstance], name: str) -> About:
    """What a class says about one of its fields."""
    found = attrs.fields_dict(kind)[name].metadata.get(_ABOUT)
    return found if isinstance(found, About) else About(name.replace("_", " "))


def limited(_instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    """A validator: refuse a value beyond the limits that its field's metadata names."""
    said: About = attribute.metadata[_ABOUT]
    fault = None if value is None else _beyond(said, value)
    if fault is not None:
        raise Invalid(f"{said.label}: {fault}.", field=attribute.name)


def _beyond(said: About, value: Any) -> str | None:
    """What is wrong with a value, as the end of a sentence; None where it keeps to the limits."""
    if said.choices:
        known = value in said.choices
        return None if known else f"{_shown(value)} is not a choice; use {said.limits}"
    size = len(value) if isinstance(value, (str, tuple)) else value
    if (said.least is None or size >= said.least) and (said.most is None or size <= said.most):
        return None
    if isinstance(value, str):
        return f"{size:,} characters are too many; use at most {said.most:,.0f}"
    if isinstance(value, tuple):
        return f"{size} are too many; use at most {said.most:.0f}"
    return f"{_shown(value)} is out of range; use a number from {said.limits}"


def stripped(text: str) -> str:
    """A converter: the text without space around it."""
    return text.strip()


class Document:
    """A part of a survey's settings that is kept as one JSON document; see the subclasses' fields."""

    title: ClassVar[str]  # how a sentence about the whole document begins

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Self:
        """The settings in a document. Raises Invalid with the field, the value and what to write.

        Refused are a key that there is not, a value of another type or beyond its limits, a missing
        one that has no default, and a document that another version of this program has written.
        """
        if not isinstance(raw, Mapping):
            raise Invalid(f"{cls.title} must be an object, not {_shown(raw)}.")
        version = raw.get(VERSION_KEY, VERSION)
        if version != VERSION:
            raise Invalid(
                f"{cls.title} is of version {_shown(version)}, which this release cannot read; it"
                f" reads version {VERSION}. Install the release that wrote it.",
                field=VERSION_KEY,
            )
        try:
            return cls._structured({name: raw[name] for name in raw if name != VERSION_KEY})
        except (ClassValidationError, IterableValidationError) as error:
            raise _refusal(cls, error) from error

    @classmethod
    def _structured(cls, raw: Mapping[str, Any]) -> Self:
        return CONVERTER.structure(raw, cls)

    def written(self) -> dict[str, Any]:
        """The document that ``read`` reads; what is as by default is left out."""
        document: dict[str, Any] = CONVERTER.unstructure(self)
        return document

    @classmethod
    def field_of(cls, path: Path) -> str:
        """The form's field for a place in the document."""
        return path[-1][:_LONGEST_SHOWN]


class Mistaken(ValueError):
    """A value of another type than its field."""

    def __init__(self, value: object, expected: str) -> None:
        self.value, self.expected = value, expected
        super().__init__(f"{_shown(value)} is not {expected}")


def _refusal(kind: type[Document], error: Exception) -> Invalid:
    """What is wrong first, as a sentence about the document."""
    place, leaf = _first(error)
    path = tuple(part for part in place if isinstance(part, str))
    where = ".".join(map(str, place)) or kind.title
    if isinstance(leaf, ForbiddenExtraKeysError):
        key = min(map(str, leaf.extra_fields))[:_LONGEST_SHOWN]
        known = ", ".join(each.name for each in attrs.fields(leaf.cl))
        owner = f"{kind.title}, {where}," if place else kind.title
        said, path = f"{owner} has no setting {key!r}; use {known}.", (*path, key)
    elif isinstance(leaf, Invalid):
        said = str(leaf)
        path = (*path, leaf.field) if leaf.field and leaf.field not in path[-1:] else path
    elif isinstance(leaf, KeyError):
        said = f"{kind.title} has no {where}; give one."
    elif isinstance(leaf, Mistaken):
        said = f"{where} is {_shown(leaf.value)}; use {leaf.expected}."
    else:
        said = f"{where} cannot be read: {leaf}."
    return Invalid(said, field=kind.field_of(path) if path else None)


def _first(error: Exception) -> tuple[tuple[str | int, ...], Exception]:
    """The first fault under ``error``, and the way of keys and places to it."""
    way: list[str | int] = []
    while isinstance(error, (ClassValidationError, IterableValidationError)):
        # A key that is written wrong explains best why another one is missing.
        unknown = [each for each in error.exceptions if isinstance(each, ForbiddenExtraKeysError)]
        error = (unknown or error.exceptions)[0]
        for note in getattr(error, "__notes__", ()):
            if isinstance(note, AttributeValidationNote):
                way.append(note.name)
            elif isinstance(note, IterableValidationNote):
                way.append(note.index)
    return tuple(way), error


def _shown(value: object) -> str:
    return repr(value)[:_LONGEST_SHOWN]


def _text(value: Any, _kind: Any) -> str:
    if not isinstance(value, str):
        raise Mistaken(value, "a text")
    return value


def _truth(value: Any, _kind: Any) -> bool:
    if not isinstance(value, bool):
        raise Mistaken(value, "true or false")
    return value


def _whole(value: Any, _kind: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Mistaken(value, "a whole number")
    return value


def _number(value: Any, _kind: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise Mistaken(value, "a number")
    return float(value)


def _clock(value: Any, _kind: Any) -> time:
    try:
        read = time.fromisoformat(_text(value, str).strip().zfill(5))
    except ValueError:
        raise Mistaken(value, "a time of day such as 21:00") from None
    return read.replace(second=0, microsecond=0, tzinfo=None)


def _converter() -> Converter:
    converter = Converter(
        forbid_extra_keys=True,
        detailed_validation=True,
        omit_if_default=True,
        unstruct_collection_overrides={tuple: list},
    )
    for kind, hook in ((str, _text), (bool, _truth), (int, _whole), (float, _number)):
        converter.register_structure_hook(kind, hook)
    converter.register_structure_hook(time, _clock)
    converter.register_unstructure_hook(time, lambda value: f"{value:%H:%M}")

    strict: tuple[tuple[Any, Any, type | tuple[type, ...], str], ...] = (
        (attrs.has, _object_hook, Mapping, "an object"),
        (_is_list, homogenous_tuple_structure_factory, (list, tuple), "a list"),
        (_is_mapping, mapping_structure_factory, Mapping, "an object"),
    )
    for fits, factory, taken, expected in strict:
        converter.register_structure_hook_factory(fits, _only(factory, taken, expected))
    converter.register_unstructure_hook_factory(attrs.has, _writing)
    return converter


def _object_hook(kind: type[Any], converter: Converter) -> Any:
    own = {each.name: each.metadata.get(_READ) for each in attrs.fields(kind)}
    hooks = {name: _reading(read) for name, read in own.items() if read is not None}
    return make_dict_structure_fn(kind, converter, **hooks)


def _writing(kind: type[Any], converter: Converter) -> Any:
    own = {each.name: each.metadata.get(_WRITE) for each in attrs.fields(kind)}
    hooks: dict[str, Any] = {
        name: override(unstruct_hook=write) for name, write in own.items() if write is not None
    }
    return make_dict_unstructure_fn(kind, converter, _cattrs_omit_if_default=True, **hooks)


def _reading(read: Callable[[Any], Any]) -> Any:
    return override(struct_hook=lambda value, _kind: read(value))


def _is_list(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _is_mapping(kind: Any) -> bool:
    return get_origin(kind) is Mapping


def _only(factory: Any, taken: type | tuple[type, ...], expected: str) -> Any:
    """The factory's hooks, which take nothing but values of these types: a text is no list."""

    def strict(kind: Any, converter: Converter) -> Any:
        structure = factory(kind, converter)

        def hook(value: Any, kind: Any) -> Any:
            if not isinstance(value, taken):
                raise Mistaken(value, expected)
            return structure(value, kind)

        return hook

    return strict


CONVERTER = _converter()
