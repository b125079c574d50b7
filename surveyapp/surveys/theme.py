"""How a survey looks to customers: colour, logo and name, over those of the product."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from surveyapp.errors import Invalid

_COLOUR = re.compile(r"#[0-9a-f]{6}")
_LONGEST_NAME = 100


@dataclass(frozen=True)
class Theme:
    """``colour`` is "#rrggbb" or empty; ``name`` stands for the journey's provider where it is set.

    The logo is a stored file, shown in these CSS pixels.
    """

    colour: str = ""
    logo_file_id: int | None = None
    name: str = ""
    logo_width: int = 0
    logo_height: int = 0


def read_theme(raw: Mapping[str, Any]) -> Theme:
    """The look in a survey's document. Raises Invalid with the field for what is none."""
    unknown = set(raw) - {"colour", "logo_file_id", "name", "logo_width", "logo_height"}
    if unknown:
        raise Invalid(f"A theme has no setting {sorted(unknown)[0][:60]!r}.", field="colour")
    colour = str(raw.get("colour") or "").strip().lower()
    if re.fullmatch(r"#[0-9a-f]{3}", colour):
        colour = "#" + "".join(digit * 2 for digit in colour[1:])
    if colour and not _COLOUR.fullmatch(colour):
        raise Invalid(
            f"{colour[:20]!r} is not a colour; write it as a hexadecimal code such as #0b4f8a.",
            field="colour",
        )
    name = " ".join(str(raw.get("name") or "").split())
    if len(name) > _LONGEST_NAME:
        raise Invalid(
            f"The name has {len(name)} characters; use at most {_LONGEST_NAME}.", field="name"
        )
    logo = raw.get("logo_file_id")
    if logo is None:
        return Theme(colour, None, name)
    width, height = raw.get("logo_width"), raw.get("logo_height")
    if not all(isinstance(number, int) and number > 0 for number in (logo, width, height)):
        raise Invalid("The logo must be given by the ID and size of a stored file.", field="logo")
    return Theme(colour, logo, name, int(width or 0), int(height or 0))
