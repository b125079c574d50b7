"""The forms of a page and what a browser would send of them, read from the page itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

# What somebody might type who means no harm, by the type of the input.
TYPED = {
    "email": "a@example.org",
    "number": "3",
    "date": "2026-01-01",
    "time": "10:00",
    "url": "https://hooks.example.org/in",
    "color": "#112233",
    "password": "quiet lake morning",
}


@dataclass
class PageForm:
    """Where a form goes, its fields with a value each, and the names of its files.

    ``suggested`` has values for fields that are empty and may be.
    """

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    suggested: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[PageForm] = []
        self.links: list[str] = []
        self._open: PageForm | None = None
        self._select = self._area = ""
        self._text, self._needed = "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        name = said.get("name", "")
        if tag == "a" and said.get("href"):
            self.links.append(said["href"])
        if tag == "form":
            self._open = PageForm(said.get("action", ""), said.get("method", "get").upper())
            self.forms.append(self._open)
        if self._open is None:
            return
        if tag in {"input", "button"} and name:
            self._input(said.get("type", "text" if tag == "input" else "submit"), name, said)
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            self._option(said.get("value", ""))
        elif tag == "textarea":
            self._area, self._text, self._needed = name, "", "required" in said

    def _input(self, kind: str, name: str, said: dict[str, str]) -> None:
        assert self._open is not None
        if kind == "file":
            self._open.files.append(name)
        elif kind not in {"radio", "submit"} or name not in dict(self._open.fields):  # one of them
            if kind == "radio" and not said.get("value"):
                return  # no answer
            self._fill(name, said.get("value", ""), TYPED.get(kind, "Plain"), "required" in said)

    def _option(self, value: str) -> None:
        """The first option is what is chosen; the first that means something might be."""
        assert self._open is not None
        if self._select not in dict(self._open.fields):
            self._open.fields.append((self._select, value))
        if value:
            self._open.suggested[self._select] = value
            self._select = ""

    def _fill(self, name: str, shown: str, typed: str, required: bool) -> None:
        assert self._open is not None
        self._open.fields.append((name, shown or (typed if required else "")))
        if not shown:
            self._open.suggested[name] = typed

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "textarea" and self._open is not None and self._area:
            self._fill(self._area, self._text, "Plain", self._needed)
            self._area = ""
        elif tag == "select":
            self._select = ""


def forms_and_links(page: str) -> tuple[list[PageForm], list[str]]:
    """The page's forms, and where its links lead."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms, reader.links
