"""A report as a list of blocks. Text is plain text: what looks like markup is printed as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, Literal

from surveyapp.i18n.words import ENGLISH, Words

_INDENT = "\N{NO-BREAK SPACE}" * 4
_MOST_COLUMNS, _MOST_WIDER_COLUMNS = 18, 15  # beside each other on a page


@dataclass(frozen=True)
class Styled:
    """A stretch of text in semibold or italics."""

    text: str
    style: Literal["bold", "italic"] = "bold"


Text = str | tuple[str | Styled, ...]


def plain(text: Text) -> str:
    """The words alone."""
    parts = (text,) if isinstance(text, str) else text
    return "".join(part.text if isinstance(part, Styled) else part for part in parts)


def italic(text: str) -> tuple[str | Styled, ...]:
    """Text in italics, as statistical symbols are set."""
    return (Styled(text, "italic"),)


def filled(said: str, **texts: Text) -> tuple[str | Styled, ...]:
    """A message that was said with its places left open, such as "{test}", filled with styled texts.

    >>> filled("Test {test}.", test=italic("p"))
    ('Test ', Styled(text='p', style='italic'), '.')
    """
    found: list[str | Styled] = []
    for part in re.split(r"(\{\w+\})", said):
        text = texts.get(part[1:-1], part) if part[:1] == "{" else part
        for each in (text,) if isinstance(text, str) else text:
            if isinstance(each, str) and found and isinstance(found[-1], str):
                found[-1] += each
            else:
                found.append(each)
    return tuple(part for part in found if part)


def indented(item: str) -> str:
    """A row's name under the heading of its group."""
    return f"{_INDENT}{item}"


class Paper(StrEnum):
    """The size of a page."""

    A4 = "a4"
    LETTER = "letter"

    @property
    def label(self) -> str:
        return "A4" if self is Paper.A4 else "Letter"

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in points."""
        return (595.28, 841.89) if self is Paper.A4 else (612.0, 792.0)


class Tone(StrEnum):
    BODY = "body"
    LEAD = "lead"
    NOTE = "note"
    BULLET = "bullet"
    NUMBERED = "numbered"
    QUOTE = "quote"  # fixed: model text, references
    REFERENCE = "reference"
    RIGHT_TO_LEFT = "right-to-left"


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
    fixed: bool = False  # has small letters, so that no page makes it smaller to fit it in


@dataclass(frozen=True)
class Pair:
    """Two charts side by side, in one scale; the second may be missing."""

    left: Chart
    right: Chart | None


class Look(StrEnum):
    QUIET = "quiet"
    APA = "apa"


Value = float | int | None  # None: undefined for these data


@dataclass(frozen=True)
class Interval:
    low: Value
    high: Value


@dataclass(frozen=True)
class Estimate:
    """A number and its interval in one cell."""

    value: Value
    low: Value
    high: Value


@dataclass(frozen=True)
class Quantity:
    """A number, an interval or both, or a name, that is shown otherwise than it stands in a file."""

    value: Value | Interval | Estimate | str
    shown: Text


Cell = Text | Value | Interval | Quantity
Write = Callable[[Any], Text]  # of a value, or of an interval


@dataclass(frozen=True)
class Column:
    """``share``: of the table's width. ``write`` shows the column's numbers; a column without holds
    texts. ``align``: l or r; by default texts stand left, numbers right. ``name``: what the column is
    called in a file where its head is not enough.
    """

    head: Text
    share: float
    write: Write | None = None
    align: str = ""
    name: str = ""


@dataclass(frozen=True)
class Table:
    """Numbers as they were computed, in rows; each document shows them by its columns.

    ``strong`` rows are semibold; ``groups`` are rows that head the ones below them. After the first
    column ``together`` many stay beside each other.
    """

    columns: Sequence[Column]
    cells: Sequence[Sequence[Cell]]
    title: str
    note: Text = ""
    look: Look = Look.QUIET
    number: int | None = None
    strong: frozenset[int] = frozenset()
    groups: frozenset[int] = frozenset()
    together: int = 1
    words: Words = ENGLISH  # those of its document
    is_continued: bool = False

    @property
    def numbered(self) -> str:
        """What it is called: "Table 3"; empty for one without a number."""
        if self.number is None:
            return ""
        return self.words.say("Table {number}", number=str(self.number))

    @property
    def noted(self) -> Text:
        """Its note as APA begins one; empty where it has none."""
        parts = (self.note,) if isinstance(self.note, str) else self.note
        return (Styled(f"{self.words.say('Note.')} ", "italic"), *parts) if self.note else ""

    @property
    def head(self) -> list[Text]:
        return [column.head for column in self.columns]

    @property
    def align(self) -> str:
        """l or r a column."""
        return "".join(c.align or ("r" if c.write else "l") for c in self.columns)

    @property
    def widths(self) -> list[float]:
        return [column.share for column in self.columns]

    @property
    def rows(self) -> list[list[Text]]:
        """The cells as they are shown."""
        return [
            [_shown(cell, column) for cell, column in zip(row, self.columns, strict=True)]
            for row in self.cells
        ]

    def panels(self, most: int = 0) -> Iterator[Table]:
        """The table, or where it has more than ``most`` columns several beside each other, each with
        the first column. Rows that have nothing in a panel are left out of it. By default as many as a
        page holds: fewer where numbers keep the zero before their point.
        """
        most = most or (_MOST_COLUMNS if self.words.is_english else _MOST_WIDER_COLUMNS)
        if len(self.columns) <= most:
            yield self
            return
        room = (most - 1) // self.together * self.together
        for start in range(1, len(self.columns), room):
            at = [0, *range(start, min(start + room, len(self.columns)))]
            kept = [
                i
                for i, row in enumerate(self.cells)
                if i in self.groups or any(row[j] != "" for j in at[1:])
            ]
            yield replace(
                self,
                columns=[self.columns[j] for j in at],
                cells=[[self.cells[i][j] for j in at] for i in kept],
                title=self.title
                if start == 1
                else self.words.say("{title} (Continued)", title=self.title),
                is_continued=start > 1,
                note=self.note if at[-1] == len(self.columns) - 1 else "",
                strong=frozenset(new for new, i in enumerate(kept) if i in self.strong),
                groups=frozenset(new for new, i in enumerate(kept) if i in self.groups),
            )


def _shown(cell: Cell, column: Column) -> Text:
    if isinstance(cell, Quantity):
        return cell.shown
    if isinstance(cell, str | tuple):
        return cell
    if column.write is None:
        raise TypeError(f"{plain(column.head)!r} holds {cell!r}, but its column writes no numbers")
    return column.write(cell)


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
    """Where the list of chapters stands, under its title."""

    title: str = "Contents"


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
    """``running`` stands at the head of every page after the first; ``made`` is the day on it.

    A ``sheet`` is one page: its title stands above the text, and it has neither cover nor contents.
    """

    cover: Cover
    blocks: Sequence[Block]
    subject: str
    author: str
    running: str
    made: date
    keywords: Sequence[str] = field(default_factory=tuple)
    words: Words = ENGLISH
    paper: Paper = Paper.A4
    sheet: bool = False

    def __post_init__(self) -> None:
        """Tables say their number and "Note." themselves, wherever they are set."""
        if not self.words.is_english:
            spoken = [
                replace(block, words=self.words) if isinstance(block, Table) else block
                for block in self.blocks
            ]
            object.__setattr__(self, "blocks", spoken)

    @property
    def language(self) -> str:
        """What it is written in, as a tag."""
        return self.words.language
