"""Attributes of a customer: what segments are made of. One rule for links, files and pages."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from surveyapp.errors import Invalid

Attribute = str | int | float | bool

MOST_ATTRIBUTES = 30
LONGEST_NAME = 60
LONGEST_VALUE = 200
LONGEST_REF = 200
# The names that a segment rule can speak of.
_NAME = re.compile(r"[^\W\d][\w.-]*")
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def typed(text: str) -> Attribute:
    """A file's cell as a number, a truth value or else the text.

    ``007`` stays a text, because somebody meant the zeros; so does a number beyond 15 digits.
    """
    text = text.strip()
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    return text


def name_of(heading: str) -> str:
    """A column's heading as an attribute's name: ``Tenure (years)`` -> ``Tenure_years``."""
    name = "_".join(part for part in re.split(r"[^\w.-]+", heading.strip()) if part)
    return name if _NAME.fullmatch(name) or not name else f"_{name}"


def read_attributes(raw: Mapping[str, object]) -> dict[str, Attribute]:
    """The attributes, checked; empty texts and None mean that nothing is known and are left out.

    Raises Invalid, naming the attribute and the cure.
    """
    if len(raw) > MOST_ATTRIBUTES:
        raise Invalid(
            f"There are {len(raw)} attributes; at most {MOST_ATTRIBUTES} are stored."
            " Leave out those that no segment uses.",
            field="attributes",
        )
    read: dict[str, Attribute] = {}
    for name, value in raw.items():
        if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
            raise Invalid(
                f"{name[:70]!r} is not a valid attribute name; use up to"
                f" {LONGEST_NAME} letters, digits, underscores, points and hyphens,"
                " beginning with a letter.",
                field=name[:70],
            )
        checked = _value(name, value)
        if checked is not None:
            read[name] = checked
    return read


def read_customer_ref(raw: object) -> str | None:
    """The organisation's own reference of a customer, or None; Invalid when it is too long."""
    text = "" if raw is None else str(raw).strip()
    if len(text) > LONGEST_REF or _UNPRINTABLE.search(text):
        raise Invalid(
            f"The customer_ref {text[:40]!r} is longer than {LONGEST_REF} characters"
            " or contains unprintable ones; use the customer's number.",
            field="customer_ref",
        )
    return text or None


def _value(name: str, value: object) -> Attribute | None:
    if value is None:
        return None
    if isinstance(value, (bool, int)):
        if abs(value) < 10**15:
            return value
    elif isinstance(value, float):
        if math.isfinite(value):
            return value
    elif isinstance(value, str):
        text = value.strip()
        if len(text) <= LONGEST_VALUE and not _UNPRINTABLE.search(text):
            return text or None
    raise Invalid(
        f"The attribute {name} cannot be {str(value)[:40]!r}; use a number of at most"
        f" 15 digits, true, false, or a single line of at most {LONGEST_VALUE}"
        " characters.",
        field=name,
    )
