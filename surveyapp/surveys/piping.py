"""Own attributes of a customer inside a text: ``{attribute:agent|our adviser}``.

A placeholder is replaced and nothing more: texts are data, never a template to run. Whoever shows
the filled text escapes it, attributes included.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from surveyapp.errors import Invalid
from surveyapp.i18n.isolates import isolated
from surveyapp.surveys.attributes import LONGEST_NAME, LONGEST_VALUE, Attribute, read_attributes

_PIPE = re.compile(r"\{attribute:(?P<name>[^{}|]*)(?:\|(?P<default>[^{}]*))?\}")
_PLACEHOLDER = re.compile(rf"{_PIPE.pattern}|\{{(?P<plain>[a-z]+)\}}")
_BEGINNING = "{attribute"


def names(text: str) -> frozenset[str]:
    """The attributes that ``text`` asks for."""
    if _BEGINNING not in text:
        return frozenset()
    return frozenset(match["name"].strip() for match in _PIPE.finditer(text))


def filled(
    text: str,
    attributes: Mapping[str, Attribute],
    own: Mapping[str, str] | None = None,
    *,
    right_to_left: bool = False,
) -> str:
    """``text`` with this customer's attributes, or the default of each that is not known.

    ``own`` fills plain placeholders such as ``{provider}``. All in one pass: what is filled in is
    never looked at again, whatever braces it holds. Nor does it turn the order of a text that runs
    ``right_to_left``, or of one that does not.
    """
    if "{" not in text:
        return text
    plain = own or {}

    def value(match: re.Match[str]) -> str:
        if match["plain"] is not None:
            known: Attribute | None = plain.get(match["plain"])
            default = match[0]
        else:
            known = attributes.get(match["name"].strip())
            default = (match["default"] or "").strip()
        return default if known is None else isolated(str(known), right_to_left=right_to_left)

    return _PLACEHOLDER.sub(value, text)


def check(text: str, field: str) -> None:
    """Raise Invalid for a placeholder that is not written right, naming it and the cure."""
    for place in (found.start() for found in re.finditer(re.escape(_BEGINNING), text)):
        match = _PIPE.match(text, place)
        name = match["name"].strip() if match else ""
        shown = text[place : place + LONGEST_NAME + 20].split("\n")[0]
        cure = "write {attribute:name|text when not known}"
        if match is None:
            raise Invalid(f"{shown!r} is incomplete; {cure}.", field=field)
        try:
            read_attributes({name: "x"})
        except Invalid as error:
            raise Invalid(f"{shown!r} does not name an attribute: {error}", field=field) from error
        default = match["default"] or ""
        if not default.strip():
            raise Invalid(
                f"{shown!r} has no text for when the attribute is not known; {cure}.", field=field
            )
        if len(default) > LONGEST_VALUE:
            raise Invalid(
                f"{shown!r} has a default of more than {LONGEST_VALUE} characters; shorten it.",
                field=field,
            )
