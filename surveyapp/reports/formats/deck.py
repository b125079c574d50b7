"""Slides that are filled from top to bottom: what is where on them, and how much room is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from surveyapp.design_tokens import COLOURS
from surveyapp.i18n.isolates import begins_right
from surveyapp.reports.document import Document, Styled, Table, Text, plain
from surveyapp.reports.files.word_text import printable
from surveyapp.reports.typesetting.column_widths import shares

_EDGE, _TOP, _BOTTOM = 40.0, 96.0, 40.0  # points
_TITLE = 26.0
_LETTER, _LINE = 0.52, 1.25  # a letter's mean width, and a line's height, in its size
_BETWEEN = 6.0  # lines of text
_FACE = "Arial"
_TITLE_SLIDE, _TITLE_ONLY = 0, 5  # layouts of the library's own template
_LONGEST_TITLE = 90  # characters; of a longer one the rest is left to the text


@dataclass(frozen=True)
class Line:
    """A paragraph on a slide."""

    words: tuple[str | Styled, ...]
    size: float
    from_right: bool = False
    accent: bool = False


class Deck:
    """The file, its current slide and the height that is used there."""

    def __init__(self, document: Document) -> None:
        from pptx import Presentation
        from pptx.util import Pt

        file: Any = Presentation()
        self.file = file
        self._document, self._titles = document, Counter[str]()
        long, short = max(document.paper.size), min(document.paper.size)
        across = Pt(long) / file.slide_width, Pt(short) / file.slide_height
        self.file.slide_width, self.file.slide_height = Pt(long), Pt(short)
        for page in (self.file.slide_master, *self.file.slide_layouts):
            _stretch(page, *across)
        self.left, self.width = _EDGE, long - 2 * _EDGE
        self.full_room = short - _TOP - _BOTTOM
        self.top = _TOP
        self.slide: Any = None
        self._title = document.cover.title
        self._has_heading_only = False
        self._describe()

    def _describe(self) -> None:
        document, about = self._document, self.file.core_properties
        about.title, about.author = printable(document.cover.title), printable(document.author)
        about.subject, about.language = printable(document.subject), document.language
        about.keywords = printable(", ".join(document.keywords))
        about.last_modified_by, about.comments = "", ""
        about.created = about.modified = datetime.combine(document.made, datetime.min.time())

    @property
    def room(self) -> float:
        """The height that is left."""
        return _TOP + self.full_room - self.top

    @property
    def is_fresh(self) -> bool:
        """Whether nothing stands below the title."""
        return self.slide is not None and self.top == _TOP

    @property
    def is_bare(self) -> bool:
        """Whether nothing but headings stands on the slide."""
        return self.slide is not None and (self.top == _TOP or self._has_heading_only)

    def points(self, *sizes: float) -> list[int]:
        """Lengths in points as the file counts them."""
        from pptx.util import Pt

        return [int(Pt(each)) for each in sizes]

    def title_slide(self, title: str, lines: Sequence[str]) -> None:
        """The first slide."""
        slide = self.file.slides.add_slide(self.file.slide_layouts[_TITLE_SLIDE])
        self._write_title(slide.shapes.title, title, 32.0)
        below = slide.placeholders[1]
        below.left, below.width = slide.shapes.title.left, slide.shapes.title.width
        self._fill(below.text_frame, [Line((line,), 14.0) for line in lines], to_left=True)

    def begin(self, title: str) -> None:
        """A new slide with this title; titles that come again are counted, so that none is another's."""
        self._title = title
        self._titles[title] += 1
        again = self._titles[title]
        self._new(title if again == 1 else f"{title} ({again})")

    def go_on(self) -> None:
        """A new slide with the title of this one."""
        self.begin(self._title)

    def _new(self, title: str) -> None:
        self.slide = self.file.slides.add_slide(self.file.slide_layouts[_TITLE_ONLY])
        shape = self.slide.shapes.title
        shape.left, shape.top, shape.width, shape.height = self.points(
            self.left, 24, self.width, _TOP - 34
        )
        self._write_title(shape, title, _TITLE)
        self.top, self._has_heading_only = _TOP, False

    def _write_title(self, shape: Any, title: str, size: float) -> None:
        if len(title) > _LONGEST_TITLE:
            size = max(14.0, size * _LONGEST_TITLE / len(title))
        line = Line((Styled(title),), size, accent=True)
        self._fill(shape.text_frame, [line], to_left=True)

    def used(self, height: float) -> None:
        """Note that so much of the slide is taken."""
        self.top += height
        self._has_heading_only = False

    def height_of(self, line: Line, width: float) -> float:
        """The height of a paragraph this wide."""
        said = plain(line.words)
        if not said:
            return 0.0
        each = max(width / (_LETTER * line.size), 1.0)
        rows = sum(max(1, ceil(len(part) / each)) for part in said.split("\n"))
        return rows * line.size * _LINE + _BETWEEN

    def text(self, lines: Sequence[Line], *, is_heading: bool = False) -> None:
        """Paragraphs below each other, each on this slide or, where it does not fit, the next one."""
        for line in lines:
            for part in self._pieces(line):
                height = self.height_of(part, self.width)
                if self.slide is None or (height > self.room and not self.is_fresh):
                    self.go_on()
                self.box([part], self.left, self.top, self.width, height)
                self.used(height)
        self._has_heading_only = is_heading

    def _pieces(self, line: Line) -> list[Line]:
        """The paragraph, or parts of it that fit on a slide each."""
        if self.height_of(line, self.width) <= self.full_room:
            return [line]
        each = int(self.width / (_LETTER * line.size))
        most = max(1, int(self.full_room / (line.size * _LINE)) - 1) * each
        said, parts = plain(line.words), []
        while said:
            cut = (
                max(said.rfind(" ", 0, most), said.rfind("\n", 0, most)) if len(said) > most else -1
            )
            end = cut + 1 if cut > 0 else most
            rows = said[:end].count("\n")
            if rows * line.size * _LINE > self.full_room * 0.9:  # many short lines
                end = len("\n".join(said.split("\n")[: int(self.full_room / line.size / 1.6)])) + 1
            parts.append(Line((said[:end].rstrip("\n"),), line.size, line.from_right, line.accent))
            said = said[end:]
        return parts

    def box(
        self,
        lines: Sequence[Line],
        left: float,
        top: float,
        width: float,
        height: float,
        *,
        is_tile: bool = False,
        is_callout: bool = False,
    ) -> None:
        """A box with these paragraphs."""
        from pptx.enum.shapes import MSO_CONNECTOR

        shape = self.slide.shapes.add_textbox(*self.points(left, top, width, height))
        frame = shape.text_frame
        frame.word_wrap = True
        edge = 8.0 if is_tile or is_callout else 0.0
        frame.margin_left, frame.margin_right = self.points(edge, edge)
        frame.margin_top, frame.margin_bottom = self.points(*([edge / 2] * 2))
        self._fill(frame, lines)
        if is_callout:
            shape.fill.solid()
            shape.fill.fore_color.rgb = _colour("wash")
        if is_tile:
            edges = self.points(left, top, left, top + height)
            rule = self.slide.shapes.add_connector(MSO_CONNECTOR.STRAIGHT, *edges)
            rule.line.color.rgb = _colour("accent")

    def row_heights(self, table: Table, size: float) -> list[float]:
        """Heights of the head and of each row in points, by their longest cells."""
        widths = [self.width * share for share in shares(table, self.width, size)]
        rows: list[Sequence[Text]] = [table.head, *table.rows]
        found = []
        for i, row in enumerate(rows):
            across = [self.width] if i - 1 in table.groups else widths
            lines = [
                self.height_of(Line(_words(text), size), width - 8) - _BETWEEN
                for text, width in zip(row, across, strict=False)
            ]
            found.append(max([*lines, size * _LINE]) + 6)
        return found

    def table(self, table: Table, *, heights: Sequence[float], size: float = 10.0) -> None:
        """The table as one that can be edited."""
        rows: list[Sequence[Text]] = [table.head, *table.rows]
        place = self.points(self.left, self.top, self.width, sum(heights))
        frame = self.slide.shapes.add_table(len(rows), len(table.columns), *place)
        frame._element.nvGraphicFramePr.cNvPr.set("descr", printable(table.title))
        made = frame.table
        if self._document.words.right_to_left:
            made._tbl.tblPr.set("rtl", "1")
        made.first_row, made.first_col, made.horz_banding = True, True, False
        for column, share in zip(made.columns, shares(table, self.width, size), strict=True):
            column.width = self.points(self.width * share)[0]
        for i, (row, texts) in enumerate(zip(made.rows, rows, strict=True)):
            row.height = self.points(heights[i])[0]
            is_group = i - 1 in table.groups
            if is_group:
                row.cells[0].merge(row.cells[len(texts) - 1])
            strong = i == 0 or is_group or i - 1 in table.strong
            for cell, text, side in zip(
                row.cells, texts[:1] if is_group else texts, table.align, strict=False
            ):
                self._cell(cell, text, side, size, strong=strong, is_head=i == 0)
        self.used(sum(heights) + _BETWEEN)

    def _cell(
        self, cell: Any, text: Text, side: str, size: float, *, strong: bool, is_head: bool
    ) -> None:
        from pptx.enum.text import PP_ALIGN

        words = (Styled(plain(text)),) if strong else _words(text)
        self._fill(cell.text_frame, [Line(words, size)])
        for paragraph in cell.text_frame.paragraphs:
            paragraph.alignment = PP_ALIGN.RIGHT if side == "r" else PP_ALIGN.LEFT
        cell.margin_left = cell.margin_right = self.points(4)[0]
        cell.margin_top = cell.margin_bottom = self.points(3)[0]
        cell.fill.solid()
        cell.fill.fore_color.rgb = _colour("accent-soft" if is_head else "paper")

    def _fill(self, frame: Any, lines: Sequence[Line], *, to_left: bool = False) -> None:
        from pptx.enum.text import PP_ALIGN

        for at, line in enumerate(lines):
            paragraph = frame.paragraphs[0] if at == 0 else frame.add_paragraph()
            if to_left:
                paragraph.alignment = PP_ALIGN.LEFT
            begins = begins_right(plain(line.words))
            if line.from_right or begins:
                paragraph._p.get_or_add_pPr().set("rtl", "1")
            if begins:
                paragraph.alignment = PP_ALIGN.RIGHT
            for word in line.words:
                self._run(paragraph, word, line)

    def _run(self, paragraph: Any, word: str | Styled, line: Line) -> None:
        """Add plain runs: what looks like a field or a link is none."""
        from pptx.util import Pt

        style = word.style if isinstance(word, Styled) else None
        said = printable(word.text if isinstance(word, Styled) else word).replace("\t", " ")
        for at, part in enumerate(said.split("\n")):
            if at:
                paragraph.add_line_break()
            run = paragraph.add_run()
            run.text = part
            run.font.size, run.font.name = Pt(line.size), _FACE
            run.font.bold, run.font.italic = style == "bold", style == "italic"
            run.font.color.rgb = _colour("accent" if line.accent else "ink")
            run._r.get_or_add_rPr().set("lang", self._document.language)


def _colour(name: str) -> Any:
    from pptx.dml import color

    made: Any = color.RGBColor
    return made(*bytes.fromhex(COLOURS[name].lstrip("#")))


def _words(text: Text) -> tuple[str | Styled, ...]:
    return (text,) if isinstance(text, str) else text


def _stretch(page: Any, across: float, down: float) -> None:
    """Give a layout's places the proportions of the paper."""
    for shape in page.placeholders:
        if shape._element.spPr.xfrm is None:
            continue  # as its master has it
        shape.left, shape.width = int(shape.left * across), int(shape.width * across)
        shape.top, shape.height = int(shape.top * down), int(shape.height * down)
