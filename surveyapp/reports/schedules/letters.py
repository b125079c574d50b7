"""A mail about a scheduled report as plain text and as a page, in the report's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from surveyapp.design_tokens import COLOURS
from surveyapp.i18n.words import Words

Link = tuple[str, str]  # what it says, and its address


@dataclass(frozen=True)
class Letter:
    """What a mail says, in this order; ``leave`` is how its reader gets no more of them."""

    title: str
    leave: Link
    paragraphs: Sequence[str] = ()
    button: Link | None = None
    notes: Sequence[str] = ()


def as_text(letter: Letter) -> str:
    """The letter as plain text. Addresses have lines of their own: in a sentence that runs from the
    right they would fall apart.
    """
    parts = [letter.title, *letter.paragraphs]
    parts += [_linked(letter.button)] if letter.button else []
    return "\n\n".join([*parts, *letter.notes, _linked(letter.leave)]) + "\n"


def _linked(link: Link) -> str:
    said, address = link
    return f"{said}:\n{address}"


def as_page(letter: Letter, words: Words) -> str:
    """The letter as HTML, which loads nothing."""
    return _template().render(
        letter=letter,
        language=words.language,
        rtl=words.right_to_left,
        accent=COLOURS["accent"],
        on_accent=COLOURS["on-accent"],
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("surveyapp.reports.schedules"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("mail.html")
