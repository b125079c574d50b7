"""Flowables that say what they are: paragraphs, figures, tables, the contents."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from reportlab.graphics import renderPDF
from reportlab.graphics.shapes import Drawing
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, Table
from reportlab.platypus.tableofcontents import TableOfContents

from surveyapp.reports.typesetting.tags import Tags

_CLOSEST = 13.0  # points from line to line of the contents
_PAGE_NUMBER = 40.0  # points for the number of a page in the contents


class TaggedCanvas(Canvas):  # type: ignore[misc]  # reportlab ships no types
    """A canvas that knows what the marks on its pages mean."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.tags = Tags(self)

    def _addAnnotation(self, *args: Any, **options: Any) -> None:  # noqa: N802  # reportlab's name
        super()._addAnnotation(*args, **options)
        self.tags.link()


class TaggedParagraph(Paragraph):  # type: ignore[misc]
    """A paragraph that is an element of its ``kind``; without one it is its cell's own content.

    ``holder`` stays the same in the parts of a paragraph that goes on overleaf, ``group`` in the items
    of a list. ``spoken`` is its text where the signs on paper stand in another order.
    """

    kind = "P"
    spoken = ""
    group: object = None
    holder: object = None

    def split(self, availWidth: float, availHeight: float) -> list[Any]:
        parts: list[Any] = super().split(availWidth, availHeight)
        for part in parts:
            part.kind, part.spoken, part.group = self.kind, self.spoken, self.group
            part.holder = self.holder or self
        return parts

    def draw(self) -> None:
        tags: Tags = self.canv.tags
        holder = self.holder or self
        if self.group is not None:
            tags.enter("L", holder=self.group)
            tags.enter("LI", holder=(holder, "item"))
        if self.kind:
            tags.enter(self.kind, holder=holder)
        if self.spoken:
            tags.describe(ActualText=self.spoken)
        with tags.content():
            super().draw()
        for _ in range(bool(self.kind) + 2 * (self.group is not None)):
            tags.leave()


class Figure(Flowable):  # type: ignore[misc]
    """A drawing with the sentence that stands for it; a ``fixed`` one is not made smaller."""

    def __init__(self, drawing: Drawing, sentence: str, *, fixed: bool = False) -> None:
        super().__init__()
        self.fixed = fixed
        self._drawing, self._sentence = drawing, sentence
        self._scale = 1.0
        self.width, self.height = drawing.width, drawing.height

    def shrink(self, scale: float) -> None:
        """Set the drawing in this part of its own size."""
        self._scale = scale
        self.width, self.height = self._drawing.width * scale, self._drawing.height * scale

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        return self.width, self.height

    def draw(self) -> None:
        left, low = self.canv.absolutePosition(0, 0)
        place = (left, low, self.width, self.height)
        with self.canv.tags.figure(self._sentence, place):
            self.canv.scale(self._scale, self._scale)
            renderPDF.draw(self._drawing, self.canv, 0, 0)


class GridTags:
    """Marks of a grid that only places what is in it: its lines and backgrounds are decoration.

    Reportlab tells it of each step of drawing; the parts of a grid that goes on overleaf share it.
    """

    def __init__(self) -> None:
        self._decoration: AbstractContextManager[None] | None = None

    def __call__(self, grid: Any, step: str, *details: Any) -> None:
        tags: Tags = grid.canv.tags
        if step in {"startBG", "startLines"}:
            self._decorate(tags)
        elif step in {"endBG", "endLines"}:
            self._undecorate()
        else:
            self.step(tags, grid, step, *details)

    def step(self, tags: Tags, grid: Any, step: str, *details: Any) -> None:
        """What a step of drawing means, beside lines and backgrounds."""

    def _decorate(self, tags: Tags) -> None:
        self._decoration = tags.decoration()
        self._decoration.__enter__()

    def _undecorate(self) -> None:
        if self._decoration is not None:
            self._decoration.__exit__(None, None, None)
        self._decoration = None


class TableTags(GridTags):
    """Marks of a table: rows, and cells that head a column or a row."""

    def __init__(
        self,
        *,
        head: bool = True,
        first_column: bool = True,
        groups: frozenset[int] = frozenset(),
        spans: Mapping[tuple[int, int], int] | None = None,
        mirrored: bool = False,
    ) -> None:
        super().__init__()
        self._mirrored, self._is_again = mirrored, False  # its first column stands rightmost
        self._head, self._first_column = head, first_column
        self._groups = groups  # rows, the head being 0, whose one cell heads those below
        self._spans = spans or {}  # columns of a cell that goes over several, by row and column
        self._rows: dict[int, int] = {}  # the row that a cell was in before the table was split

    def numbered(self, table: Table) -> Table:
        """The table, its rows remembered; parts of it know them by the cells."""
        self._rows = {id(_paragraph_of(row[0])): at for at, row in enumerate(table._cellvalues)}
        return table

    def step(self, tags: Tags, grid: Any, step: str, *details: Any) -> None:
        if step == "startTable":
            tags.enter("Table", holder=self)
        elif step == "startRow":
            row = (self, self._row(grid, details[0]))
            self._is_again = tags.has(row)
            if self._is_again:  # the head, overleaf
                self._decorate(tags)
            tags.enter("TR", holder=row)
        elif step == "startCell":
            self._cell(tags, grid, *details[:2])
        elif step == "endRow":
            if self._mirrored and not self._is_again:
                tags.turn()
            tags.leave()
            self._undecorate()
        else:  # the end of a cell or of the table
            tags.leave()

    def _cell(self, tags: Tags, grid: Any, row: int, column: int) -> None:
        at = self._row(grid, row)
        holder = (self, at, column)
        if at in self._groups:
            tags.enter("TH", holder=holder, Scope="Column", ColSpan=grid._ncols)
        elif self._head and at == 0:
            tags.enter("TH", holder=holder, Scope="Column")
        elif self._first_column and column == (grid._ncols - 1 if self._mirrored else 0):
            tags.enter("TH", holder=holder, Scope="Row")
        else:
            tags.enter("TD", holder=holder, ColSpan=self._spans.get((at, column), 0))

    def _row(self, grid: Any, row: int) -> int:
        return self._rows[id(_paragraph_of(grid._cellvalues[row][0]))]


def _paragraph_of(cell: Any) -> Any:
    """The paragraph in a cell, which laying out puts into a list."""
    return cell[0] if isinstance(cell, list | tuple) else cell


class _ContentsTags(GridTags):
    def step(self, tags: Tags, grid: Any, step: str, *details: Any) -> None:
        kinds = {"startTable": ("TOC",), "startRow": ("TOCI", "Reference"), "startCell": ("Link",)}
        for kind in kinds.get(step, ()):
            tags.enter(kind)
        for _ in kinds.get(step.replace("end", "start"), ()) if step.startswith("end") else ():
            tags.leave()


class ChapterList(TableOfContents):  # type: ignore[misc]
    """The contents: a line a chapter, which leads to it, with the number of its page; ``mirrored``: at
    the left. Where it does not fit in what the page has left, its lines stand closer, down to ``_CLOSEST``."""

    mirrored = False

    def wrap(self, availWidth: float, availHeight: float) -> tuple[float, float]:
        whole = self.getLevelStyle(0)
        leading = whole.leading
        self._set(whole, availWidth, availHeight)
        while self.height > availHeight and leading > _CLOSEST:
            leading -= 0.5
            closer = ParagraphStyle(f"{whole.name}-{leading}", parent=whole, leading=leading)
            self._set(closer, availWidth, availHeight)
        if self.height > availHeight:  # of two pages neither is crowded
            self._set(whole, availWidth, availHeight)
        return self.width, self.height

    def _set(self, style: ParagraphStyle, availWidth: float, availHeight: float) -> None:
        number_style = ParagraphStyle(f"{style.name}-number", parent=style, alignment=TA_RIGHT)
        if self.mirrored:
            style, number_style = number_style, style
        rows = [
            [_direct(_leading(text, key), style), _direct(_leading(page, key), number_style)]
            for _, text, page, key in self._lastEntries or [(0, "-", 0, None)]
        ]
        widths = [availWidth - _PAGE_NUMBER, _PAGE_NUMBER]
        if self.mirrored:
            widths, rows = widths[::-1], [row[::-1] for row in rows]
        self._table = Table(
            rows,
            colWidths=widths,
            style=self.tableStyle,
            renderCB=_ContentsTags(),
        )
        self.width, self.height = self._table.wrapOn(self.canv, availWidth, availHeight)


def _leading(text: object, key: str | None) -> str:
    return f'<a href="#{key}">{text}</a>' if key else str(text)


def _direct(markup: str, style: ParagraphStyle) -> TaggedParagraph:
    made = TaggedParagraph(markup, style)
    made.kind = ""
    return made
