"""Reference pages are written from the program at each build: they cannot lag behind it.

A page holds a line ``<!-- generated: NAME -->``; what ``NAME`` stands for here takes its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from docs.generated.access import access_reference
from docs.generated.api import api_reference
from docs.generated.commands import command_reference
from docs.generated.settings import settings_reference
from docs.generated.survey_settings import survey_settings_reference

if TYPE_CHECKING:
    from sphinx.application import Sphinx

WRITERS: Mapping[str, Callable[[], str]] = {
    "access": access_reference,
    "api": api_reference,
    "commands": command_reference,
    "settings": settings_reference,
    "survey_settings": survey_settings_reference,
}
_PLACE = re.compile(r"^<!-- generated: (\w+) -->$", re.MULTILINE)


def filled(page: str) -> str:
    """The page with everything that is generated in its place."""
    return _PLACE.sub(lambda found: WRITERS[found[1]](), page)


def setup(app: Sphinx) -> dict[str, Any]:
    """Fill each page as Sphinx reads it."""

    def fill(_app: Sphinx, _name: str, source: list[str]) -> None:
        source[0] = filled(source[0])

    app.connect("source-read", fill)
    return {"parallel_read_safe": True}
