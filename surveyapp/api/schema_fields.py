"""Fields that schemas of models and analyses share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import marshmallow as ma

_LARGEST = 2_147_483_647


def number(description: str, **given: Any) -> ma.fields.Integer:
    return ma.fields.Integer(
        validate=ma.validate.Range(min=1, max=_LARGEST),
        metadata={"description": description},
        **given,
    )


def one_of(known: Any, description: str) -> ma.fields.String:
    return ma.fields.String(
        validate=ma.validate.OneOf(list(known)), metadata={"description": description}
    )


def choice(known: Sequence[str], description: str) -> ma.fields.String:
    """A choice that may be left out, or left empty."""
    return ma.fields.String(
        validate=ma.validate.OneOf(["", *known]),
        metadata={"description": description},
        load_default="",
    )


def short_text(description: str, longest: int, **given: Any) -> ma.fields.String:
    return ma.fields.String(
        validate=ma.validate.Length(max=longest), metadata={"description": description}, **given
    )
