"""Every field of a survey's documents, from the classes themselves: for the documentation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import time
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import attrs

from surveyapp.surveys.settings.channels import Channels
from surveyapp.surveys.settings.closed_loop import CaseRule
from surveyapp.surveys.settings.comments import CommentSettings
from surveyapp.surveys.settings.distribution import Distribution
from surveyapp.surveys.settings.document import Document, about_field
from surveyapp.surveys.settings.logic import LogicRules
from surveyapp.surveys.settings.sampling import Sampling
from surveyapp.surveys.settings.texts import Texts, Translation
from surveyapp.surveys.settings.theme import Theme

# The column of table surveys that holds each document, and its class.
SETTINGS: dict[str, type[Document]] = {
    "theme": Theme,
    "logic": LogicRules,
    "channels": Channels,
    "sampling": Sampling,
    "distribution": Distribution,
    "closed_loop": CaseRule,
    "comments": CommentSettings,
    "texts": Texts,
}
_ANY_LANGUAGE = "<language>"
_NAMES = {
    str: "text",
    bool: "true or false",
    int: "whole number",
    float: "number",
    time: "time of day",
}


@attrs.frozen
class Field:
    """A field by its way of keys in the document; ``default`` is JSON, empty for one that must be given."""

    key: str
    type: str
    default: str
    limits: str
    meaning: str


def fields(kind: type[Any]) -> tuple[Field, ...]:
    """Every field that a document of this class may hold, nested ones too."""
    if kind is Texts:
        return tuple(_fields(Translation, f"{_ANY_LANGUAGE}."))
    return tuple(_fields(kind, ""))


def _fields(kind: type[Any], before: str) -> Iterator[Field]:
    hints = get_type_hints(kind)
    for each in attrs.fields(kind):
        said, hint = about_field(kind, each.name), hints[each.name]
        nested = [part for part in (hint, *get_args(hint)) if attrs.has(part)]
        if nested:
            way = f"{_ANY_LANGUAGE}." if get_origin(hint) is Mapping else ""
            yield from _fields(nested[0], f"{before}{each.name}.{way}")
            continue
        meaning = f"{said.label}. {said.help}".strip()
        default = _json(each.default)
        yield Field(before + each.name, _named(hint), default, said.limits, meaning)


def _named(hint: Any) -> str:
    """A type as a reader of JSON knows it."""
    parts = [each for each in get_args(hint) if each is not type(None)]
    if get_origin(hint) is UnionType:
        return f"{_named(parts[0])} or null"
    if get_origin(hint) is tuple:
        return f"list of {_named(parts[0])}s"
    return "object" if get_origin(hint) is Mapping else _NAMES[hint]


def _json(default: Any) -> str:
    """A default as JSON; empty for a field that must be given."""
    if default is attrs.NOTHING:
        return ""
    return json.dumps({} if isinstance(default, attrs.Factory) else default)  # type: ignore[arg-type]
