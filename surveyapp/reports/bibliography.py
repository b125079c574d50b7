"""The works that reports cite: in the text and in the reference list, both from one file."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports.document import (
    Block,
    Callout,
    Chart,
    Heading,
    KeyFigures,
    Pair,
    Paragraph,
    Quantity,
    Styled,
    Table,
    Text,
    Tone,
    plain,
)

_AND = "&"
_FILE = Path(__file__).with_name("bibliography.toml")


@dataclass(frozen=True)
class Work:
    """An article; a chapter where it has a ``book``; else a book. ``short``: the names in the text,
    where their usual form would mean two works."""

    authors: tuple[str, ...]  # "Surname, I. I."
    year: int
    title: str
    journal: str = ""
    volume: str = ""
    pages: str = ""
    doi: str = ""
    book: str = ""
    editors: tuple[str, ...] = ()
    edition: str = ""
    publisher: str = ""
    short: str = ""

    @property
    def surnames(self) -> tuple[str, ...]:
        return tuple(author.partition(",")[0] for author in self.authors)

    def names(self, link: str) -> str:
        """The authors as the text names them, two of them joined by ``link``."""
        first, *others = self.surnames
        if self.short or not others:
            return self.short or first
        return f"{first} {link} {others[0]}" if len(others) == 1 else f"{first} et al."


@cache
def works() -> Mapping[str, Work]:
    """Every work by its key. Raises TypeError for an entry with a part that works do not have."""
    entries = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {key: _work(**entry) for key, entry in entries.items()}


def _work(
    authors: list[str], year: int, title: str, editors: Sequence[str] = (), **more: str
) -> Work:
    return Work(tuple(authors), year, title, editors=tuple(editors), **more)


def cited(*keys: str) -> str:
    """Works in brackets: "(Chen, 2007; Cheung & Rensvold, 2002)". Raises KeyError for no work's key."""
    found = [works()[key] for key in keys]
    return f"({'; '.join(sorted(f'{one.names(_AND)}, {one.year}' for one in found))})"


def told(key: str, words: Words = ENGLISH) -> str:
    """A work within a sentence: "Cheung and Rensvold (2002)", in another language than English
    "Cheung & Rensvold (2002)". Raises KeyError for no work's key.
    """
    work = works()[key]
    return words.name(f"{work.names('and' if words.is_english else _AND)} ({work.year})")


def source(text: str, words: Words = ENGLISH) -> str:
    """A statistic's sources as the text names works: "Kaiser 1974" becomes "Kaiser (1974)"."""
    return _pattern().sub(lambda found: told(_key(found[0]), words), text)


def named(text: str) -> set[str]:
    """The keys of the works that a text cites, or whose reference it holds."""
    found = {_key(one[0]) for one in _pattern().finditer(text)}
    low = text.casefold()
    for key, work in works().items():
        main = work.title.partition(":")[0].casefold()
        if f"({work.year})" in text and main in low and f"{work.surnames[0]}, " in text:
            found.add(key)
    return found


def references(blocks: Iterable[Block], words: Words = ENGLISH) -> Iterator[Block]:
    """The reference list of what the blocks cite; nothing where they cite nothing."""
    listed = reference_list(text for block in blocks for text in texts(block))
    if listed:
        yield Heading(words.say("References"))
    for text in listed:
        yield Paragraph(text, Tone.REFERENCE)


def reference_list(said: Iterable[str]) -> list[Text]:
    """The references of the works that the texts cite, in alphabetical order."""
    return [reference(work) for work in cited_works(said).values()]


def cited_works(said: Iterable[str]) -> dict[str, Work]:
    """The works that the texts cite by key, in the alphabetical order of their reference list."""
    keys = {key for text in said for key in named(text)}
    found = ((key, works()[key]) for key in keys)
    return dict(sorted(found, key=lambda one: (_folded(" ".join(one[1].authors)), one[1].year)))


def reference(work: Work) -> Text:
    """A work as APA 7 lists it."""
    head = f"{_authors(work.authors)} ({work.year}). "
    link = f" https://doi.org/{work.doi}" if work.doi else ""
    if work.journal:
        volume, bracket, issue = work.volume.partition("(")
        where = (
            Styled(f"{work.journal}, {volume}", "italic"),
            f"{bracket}{issue}, {work.pages}.{link}",
        )
        return (f"{head}{_ended(work.title)} ", *where)
    if work.book:
        editors = _joined(work.editors)
        role = "Ed." if len(work.editors) == 1 else "Eds."
        return (
            f"{head}{_ended(work.title)} In {editors} ({role}), ",
            Styled(work.book, "italic"),
            f" (pp. {work.pages}). {work.publisher}.{link}",
        )
    edition = f" ({work.edition})" if work.edition else ""
    return (head, Styled(work.title, "italic"), f"{edition}. {work.publisher}.{link}")


def _ended(title: str) -> str:
    return title if title.endswith(("?", "!")) else f"{title}."


def _authors(authors: Sequence[str]) -> str:
    """Up to twenty, the last after an ampersand and, unlike editors, always a comma."""
    return authors[0] if len(authors) == 1 else f"{', '.join(authors[:-1])}, & {authors[-1]}"


def _joined(names: Sequence[str]) -> str:
    return _authors(names) if len(names) > 2 else " & ".join(names)


def texts(block: Block) -> Iterator[str]:
    """Everything that a block says in words."""
    match block:
        case Heading() | Paragraph():
            yield plain(block.text)
        case Callout():
            yield from (block.title, plain(block.text))
        case Chart():
            yield from (block.title, block.note)
        case Pair():
            for chart in (block.left, block.right):
                yield from texts(chart) if chart else ()
        case KeyFigures():
            for figure in block.figures:
                yield from (figure.label, figure.value, figure.below)
        case Table():
            yield from (block.title, plain(block.note), *(plain(c.head) for c in block.columns))
            for row in block.cells:
                for cell in row:
                    said = cell.shown if isinstance(cell, Quantity) else cell
                    if isinstance(said, str | tuple):
                        yield plain(said)


@cache
def _forms() -> Mapping[tuple[str, int], str]:
    """Each way to name a work, without diacritics, and its year: the work's key.

    Raises ValueError where two works go by one.
    """
    found: dict[tuple[str, int], str] = {}
    for key, work in works().items():
        for way in map(_folded, _ways(work)):
            if found.setdefault((way, work.year), key) != key:
                raise ValueError(f"{way} {work.year} names two works: give {key} a short form")
    return found


@cache
def _pattern() -> re.Pattern[str]:
    """A work's names and its year, with or without a comma or brackets between."""
    names = {
        f"{re.escape(spelt)},? \\(?{work.year}"
        for work in works().values()
        for way in _ways(work)
        for spelt in (way, _unmarked(way))
    }
    return re.compile(rf"\b(?:{'|'.join(sorted(names, key=len, reverse=True))})\b\)?")


def _ways(work: Work) -> Iterator[str]:
    """How a text may name a work's authors: in short, or all of them."""
    *first, last = work.surnames
    yield from (work.names(_AND), work.names("and"))
    for link in (_AND, "and") if first else ():
        for comma in ("", ","):
            yield f"{', '.join(first)}{comma} {link} {last}"


def _key(citation: str) -> str:
    """The work that a match of the pattern means."""
    names, _, year = citation.strip(")").rpartition(" ")
    return _forms()[_folded(names.rstrip(",")), int(year.strip("("))]


def _unmarked(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _folded(text: str) -> str:
    return _unmarked(text).casefold()
