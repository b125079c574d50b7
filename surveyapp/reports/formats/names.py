"""The formats of a report, by name; nothing here loads what writes them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from surveyapp.errors import Invalid

_OFFICE = "application/vnd.openxmlformats-officedocument"


class Format(StrEnum):
    """Its name is also its file's ending."""

    PDF = "pdf"
    DOCX = "docx"
    PPTX = "pptx"
    HTML = "html"

    @property
    def label(self) -> str:
        return _LABELS[self]

    @property
    def media_type(self) -> str:
        return _MEDIA_TYPES[self]


_LABELS = {
    Format.PDF: "PDF",
    Format.DOCX: "Word",
    Format.PPTX: "PowerPoint",
    Format.HTML: "Web page",
}
_MEDIA_TYPES = {
    Format.PDF: "application/pdf",
    Format.DOCX: f"{_OFFICE}.wordprocessingml.document",
    Format.PPTX: f"{_OFFICE}.presentationml.presentation",
    Format.HTML: "text/html",
}


def read_formats(names: Iterable[str]) -> tuple[Format, ...]:
    """The formats of these names, each once, in their usual order; Invalid for an unknown one."""
    asked = set(names)
    known = {str(each) for each in Format}
    for name in sorted(asked - known):
        raise Invalid(
            f"{name} is not a format of a report; choose from {', '.join(known_names())}",
            field="formats",
        )
    return tuple(each for each in Format if each in asked)


def format_of(path: Path) -> Format:
    """The format that a file's ending names. Raises Invalid for another ending."""
    ending = path.suffix.lower().removeprefix(".")
    if ending not in known_names():
        known = ", ".join(f".{name}" for name in known_names())
        raise Invalid(f"{path} has the ending {path.suffix!r}; a report is written as {known}")
    return Format(ending)


def known_names() -> list[str]:
    """Every format's name."""
    return [str(each) for each in Format]
