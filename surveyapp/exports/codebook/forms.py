"""The forms that a codebook is written in, by the end of the file's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from surveyapp.errors import Invalid

if TYPE_CHECKING:  # pandas is behind it, and the web process starts without
    from surveyapp.exports.codebook.entries import Codebook


@dataclass(frozen=True)
class Form:
    """A form of codebook. ``module`` is loaded when one is written: a library may take seconds."""

    code: str
    title: str
    media_type: str
    module: str

    @property
    def suffix(self) -> str:
        return f".{self.code}"

    def write(self, book: Codebook) -> bytes:
        """The file."""
        found = import_module(f"surveyapp.exports.codebook.{self.module}")
        make: Callable[[Codebook], str | bytes] = getattr(found, f"to_{self.module}")
        made = make(book)
        return made.encode() if isinstance(made, str) else made


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        each.code: each
        for each in (
            Form("html", "Page (HTML)", "text/html", "html"),
            Form("pdf", "PDF", "application/pdf", "pdf"),
            Form("xml", "DDI-Codebook (XML)", "application/xml", "ddi"),
            Form("jsonld", "JSON-LD", "application/ld+json", "json_ld"),
        )
    }
)


def form_of(suffix: str) -> Form:
    """The form by its code or a file's suffix. Raises Invalid for an unknown one."""
    form = FORMS.get(suffix.lower().removeprefix("."))
    if form is None:
        ends = ", ".join(each.suffix for each in FORMS.values())
        raise Invalid(f"{suffix!r} is no form of a codebook; choose from {ends}.", field="format")
    return form
