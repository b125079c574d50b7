"""A built site: what each page says, leads to, and can be led to."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path


@dataclass
class Page(HTMLParser):
    """One page of HTML."""

    links: list[str] = field(default_factory=list)  # of pages, pictures, styles and scripts
    ids: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.links += [value for name in ("href", "src") if (value := named.get(name))]
        if identity := named.get("id"):
            self.ids.add(identity)

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"p", "dt", "dd", "td", "th", "li"}:
            self.words.append(" ")

    @property
    def text(self) -> str:
        """The words of the page, each blank one blank."""
        return " ".join("".join(self.words).split())


@dataclass(frozen=True)
class Site:
    """The pages under a folder."""

    folder: Path

    @cached_property
    def pages(self) -> dict[str, Page]:
        """Every page by its path in the folder."""
        found = {}
        for path in sorted(self.folder.rglob("*.html")):
            page = Page()
            page.feed(path.read_text())
            found[path.relative_to(self.folder).as_posix()] = page
        return found
