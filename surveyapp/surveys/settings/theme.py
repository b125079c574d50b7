"""The theme of a survey: colour, logo and name, over those of the product."""

from __future__ import annotations

import re
from typing import ClassVar

from attrs import field, frozen

from surveyapp.errors import Invalid
from surveyapp.surveys.settings.document import Document, about, limited

_COLOUR = re.compile(r"#[0-9a-f]{6}")
_SHORT_COLOUR = re.compile(r"#[0-9a-f]{3}")


def _six_digits(text: str) -> str:
    """A colour as it is stored: #rgb is written #rrggbb, in small letters."""
    text = text.strip().lower()
    if _SHORT_COLOUR.fullmatch(text):
        return "#" + "".join(digit * 2 for digit in text[1:])
    return text


def _one_line(text: str) -> str:
    return " ".join(text.split())


@frozen
class Theme(Document):
    """``colour`` is "#rrggbb" or empty; ``name`` stands for the journey's provider where it is set.

    The logo is a stored file, shown in these CSS pixels.
    """

    title: ClassVar[str] = "A theme"

    colour: str = field(
        default="",
        converter=_six_digits,
        metadata=about(
            "Colour",
            "Your brand colour, such as #0b4f8a. Where the contrast is too low, a darker or lighter"
            " shade is used.",
            most=20,
        ),
    )
    logo_file_id: int | None = field(
        default=None, metadata=about("Logo", "The stored file's id.", least=1)
    )
    name: str = field(
        default="",
        converter=_one_line,
        validator=limited,
        metadata=about(
            "Name",
            "Shown at the top of the page. Leave empty to use the organisation's name.",
            most=100,
        ),
    )
    logo_width: int = field(default=0, metadata=about("Logo's width", "In CSS pixels.", least=0))
    logo_height: int = field(default=0, metadata=about("Logo's height", "In CSS pixels.", least=0))

    def __attrs_post_init__(self) -> None:
        if self.colour and not _COLOUR.fullmatch(self.colour):
            raise Invalid(
                f"{self.colour[:20]!r} is not a colour; write it as a hexadecimal code such as"
                " #0b4f8a.",
                field="colour",
            )
        logo = (self.logo_file_id, self.logo_width, self.logo_height)
        if self.logo_file_id is not None and not all(number and number > 0 for number in logo):
            raise Invalid(
                "The logo must be given by the ID and size of a stored file.", field="logo"
            )
