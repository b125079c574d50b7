"""A report as a list of blocks. Text is plain text: what looks like markup is printed as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal


@dataclass(frozen=True)
class Styled:
    """A stretch of text in semibold or italics."""

    text: str
    style: Literal["bold", "italic"] = "bold"


Text = str | tuple[str | Styled, ...]


def italic(text: str) -> tuple[str | Styled, ...]:
    """Text in italics, as statistical symbols are set."""
    return (Styled(text, "italic"),)


class Tone(StrEnum):
    BODY = "body"
    LEAD = "lead"
    NOTE = "note"
    BULLET = "bullet"
    NUMBERED = "numbered"
    QUOTE = "quote"  # fixed: model text, references
    REFERENCE = "reference"


@dataclass(frozen=True)
class Heading:
    text: str
    level: int = 1  # 1 starts a chapter and stands in the contents
    new_page: bool = False


@dataclass(frozen=True)
class Paragraph:
    text: Text
    tone: Tone = Tone.BODY
    number: int = 0  # of a numbered paragraph
    leads: bool = False  # stays on the page of what follows it


@dataclass(frozen=True)
class Chart:
    """A drawing under a title that says what it shows; ``note`` holds n, interval, period."""

    title: str
    svg: str
    note: str = ""
    width: float | None = None  # None: the text's


@dataclass(frozen=True)
class Pair:
    """Two charts side by side, in one scale; the second may be missing."""

    left: Chart
    right: Chart | None


class Look(StrEnum):
    QUIET = "quiet"
    APA = "apa"


@dataclass(frozen=True)
class Table:
    """``align`` holds l, c or r a column; ``widths`` are shares. ``strong`` rows are semibold."""

    head: Sequence[Text]
    rows: Sequence[Sequence[Text]]
    align: str
    widths: Sequence[float]
    title: str = ""
    note: Text = ""
    look: Look = Look.QUIET
    number: int | None = None
    strong: frozenset[int] = frozenset()
    groups: frozenset[int] = frozenset()  # rows that head the ones below them


@dataclass(frozen=True)
class KeyFigure:
    label: str
    value: str
    below: str


@dataclass(frozen=True)
class KeyFigures:
    figures: Sequence[KeyFigure]


@dataclass(frozen=True)
class Callout:
    """A short notice on a quiet background."""

    title: str
    text: Text


@dataclass(frozen=True)
class Contents:
    """Where the list of chapters stands."""


@dataclass(frozen=True)
class PageBreak:
    pass


Block = Heading | Paragraph | Chart | Pair | Table | KeyFigures | Callout | Contents | PageBreak


@dataclass(frozen=True)
class Cover:
    kind: str  # "Journey benchmark report"
    title: str
    subtitle: str
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Document:
    """``running`` stands at the head of every page after the first; ``made`` is the day on it."""

    cover: Cover
    blocks: Sequence[Block]
    subject: str
    author: str
    running: str
    made: date
    keywords: Sequence[str] = field(default_factory=tuple)
    language: str = "en"
