"""Fields of staff forms, made from what a survey's settings say: label, help and limits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import attrs
from wtforms import (
    BooleanField,
    Field,
    FloatField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import InputRequired, Length, Optional

from surveyapp.surveys.settings.document import about_field
from surveyapp.web.whole_number_field import WholeNumberField

_KINDS: dict[Any, Callable[..., Field]] = {
    bool: BooleanField,
    int: WholeNumberField,
    float: FloatField,
    str: StringField,
    time: TimeField,
}
LONGEST_LIST = 5000  # characters of a list that is written one line each


def setting(
    settings: type[attrs.AttrsInstance],
    name: str,
    kind: Callable[..., Field] | None = None,
    *,
    required: str = "",
    **options: Any,
) -> Field:
    """The form's field for one field of a settings class.

    A list is written one line each. ``kind`` is another field than the type's own; ``required`` is
    what is said where nothing was entered. ``options`` go to the field.
    """
    said, hint = about_field(settings, name), get_type_hints(settings)[name]
    plain = _plain(hint)
    lines = get_origin(plain) is tuple
    kind = kind or (TextAreaField if lines else _KINDS[plain])
    options.setdefault("description", said.help)
    if plain is bool:
        return kind(said.label, **options)
    checks: list[Any] = [InputRequired(required) if required else Optional()]
    if lines:
        checks.append(Length(max=LONGEST_LIST))
    elif plain is str and said.most is not None and not said.choices:
        checks.append(Length(max=int(said.most)))
    return kind(said.label, checks, **options)


def _plain(hint: Any) -> Any:
    """The type without None."""
    if get_origin(hint) is not UnionType:
        return hint
    return next(each for each in get_args(hint) if each is not type(None))
