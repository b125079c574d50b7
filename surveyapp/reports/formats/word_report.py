"""A whole document in Word: its headings, lists and tables are Word's own, its drawings pictures."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from surveyapp.design_tokens import PAGE_MARGIN
from surveyapp.reports.document import (
    Block,
    Callout,
    Chart,
    Contents,
    Document,
    Heading,
    KeyFigures,
    PageBreak,
    Pair,
    Paragraph,
    Styled,
    Table,
    Text,
    Tone,
)
from surveyapp.reports.files.word_grid import grid
from surveyapp.reports.files.word_text import from_the_right, write
from surveyapp.reports.formats import word_parts as parts
from surveyapp.reports.formats.chapters import Chapters
from surveyapp.reports.formats.pictures import Pictures, spoken
from surveyapp.reports.typesetting.column_widths import needed

if TYPE_CHECKING:  # Word's library is loaded with the first file
    from docx.document import Document as WordFile

_SIZE, _SMALL = 9.0, 7.5  # points of letters in tables; the smaller one in wide ones
_GAP = 14.0  # between two charts side by side
_TALLEST = 0.72  # of a page's text, for a drawing
_STYLE_OF = {
    Tone.BODY: "Normal",
    Tone.LEAD: "Lead",
    Tone.NOTE: "Note",
    Tone.BULLET: "List Bullet",
    Tone.NUMBERED: "Numbered",
    Tone.QUOTE: "Fixed",
    Tone.REFERENCE: "Reference",
    Tone.RIGHT_TO_LEFT: "Normal",
}


def docx(document: Document, pictures: Pictures) -> bytes:
    """The finished file."""
    import docx as word

    writer = _Report(word.Document(), document, pictures)
    writer.cover()
    for block in document.blocks:
        WRITERS[type(block)](writer, block)
    out = io.BytesIO()
    writer.file.save(out)
    return out.getvalue()


class _Report:
    def __init__(self, file: WordFile, document: Document, pictures: Pictures) -> None:
        self.file, self._document, self._pictures = file, document, pictures
        self._chapters = Chapters(document.blocks)
        self._on_side = False
        parts.set_up(file, document)

    @property
    def _width(self) -> float:
        """Of the text, in points."""
        return self._edges[0] - 2 * PAGE_MARGIN

    @property
    def _edges(self) -> tuple[float, float]:
        width, height = self._document.paper.size
        return (height, width) if self._on_side else (width, height)

    def _add(self, text: Text, style: str) -> Any:
        paragraph = self.file.add_paragraph(style=style)
        write(paragraph, text)
        return paragraph

    def _turn(self, *, on_side: bool) -> None:
        """Go on with a page of this orientation."""
        if on_side != self._on_side:
            self._on_side = on_side
            parts.new_section(self.file, *self._edges)

    def cover(self) -> None:
        document, cover = self._document, self._document.cover
        if document.sheet:
            self._add(cover.title, "Title")
            said = filter(None, (cover.kind, *cover.subtitle.split("\n")))
            self._add(" · ".join(said), "Note")
            return
        self._add(cover.kind, "Kind")
        self._add(cover.title, "Title")
        self._add(cover.subtitle, "Subtitle")
        if cover.facts:
            facts = self.file.add_table(rows=0, cols=2)
            if document.words.right_to_left:
                parts.turn(facts)
            for name, value in cover.facts:
                cells = facts.add_row().cells
                write(cells[0].paragraphs[0], name)
                write(cells[1].paragraphs[0], value)
            parts.set_widths(facts, [self._width * 0.26, self._width * 0.74])
            parts.describe(facts, document.words.say("About this report"))
        if not any(isinstance(block, Contents) for block in document.blocks):
            self.contents(Contents())
        self.page_break(PageBreak())

    def heading(self, block: Heading) -> None:
        self._turn(on_side=False)
        heading = self._add(block.text, f"Heading {min(block.level, 3)}")
        if block.new_page:
            heading.paragraph_format.page_break_before = True
        if anchor := self._chapters.anchor(block):
            parts.bookmark(heading, anchor)

    def paragraph(self, block: Paragraph) -> None:
        self._turn(on_side=False)
        text = block.text
        if block.tone is Tone.NUMBERED:
            words = (text,) if isinstance(text, str) else text
            text = (f"{block.number}.\t", *words)
        made = self._add(text, _STYLE_OF[block.tone])
        if block.leads:
            made.paragraph_format.keep_with_next = True
        if block.tone is Tone.RIGHT_TO_LEFT:
            from_the_right(made)

    def chart(self, block: Chart) -> None:
        self._turn(on_side=False)
        self._figure(self.file, block, min(block.width or self._width, self._width))

    def pair(self, block: Pair) -> None:
        self._turn(on_side=False)
        half = (self._width - _GAP) / 2
        places = self.file.add_table(rows=1, cols=2)
        parts.set_widths(places, [self._width / 2, self._width / 2])
        for cell, chart in zip(places.rows[0].cells, (block.left, block.right), strict=True):
            if chart is not None:
                self._figure(cell, chart, half - _GAP)
                parts.drop_first_paragraph(cell)
        self._add("", "Note")

    def _figure(self, place: Any, chart: Chart, width: float) -> None:
        from docx.shared import Pt

        caption = place.add_paragraph(style="Caption")
        write(caption, chart.title)
        caption.paragraph_format.keep_with_next = True
        own_width, own_height = self._pictures.size(chart.svg)
        tallest = (self._edges[1] - 2 * PAGE_MARGIN) * _TALLEST
        width = min(width, tallest * own_width / own_height)
        holder = place.add_paragraph(style="Picture")
        picture = holder.add_run().add_picture(
            io.BytesIO(self._pictures.png(chart.svg)), width=Pt(width)
        )
        picture._inline.docPr.set("descr", spoken(chart))
        if chart.note:
            holder.paragraph_format.keep_with_next = True
            write(place.add_paragraph(style="Note"), chart.note)

    def table(self, block: Table) -> None:
        width, _ = self._document.paper.size
        upright = width - 2 * PAGE_MARGIN
        for panel in block.panels():
            self._turn(on_side=needed(panel, _SMALL) > upright)
            size = _SIZE if needed(panel, _SIZE) <= self._width else _SMALL
            name = (Styled(f"{panel.numbered}. "),) if panel.number else ()
            caption = self._add((*name, panel.title), "Caption")
            caption.paragraph_format.keep_with_next = True
            style = "Table Text" if size == _SIZE else "Table Text Small"
            made = grid(self.file, panel, self._width, size, style=style)
            if self._document.words.right_to_left:
                parts.turn(made)
            parts.describe(made, panel.title)
            self._add(panel.note, "Note")  # also without words: it keeps tables apart

    def key_figures(self, block: KeyFigures) -> None:
        self._turn(on_side=False)
        lines: Sequence[tuple[str, Sequence[str]]] = (
            ("Figure Label", [figure.label for figure in block.figures]),
            ("Figure", [figure.value for figure in block.figures]),
            ("Note", [figure.below for figure in block.figures]),
        )
        tiles = self.file.add_table(rows=len(lines), cols=len(block.figures))
        for row, (style, texts) in zip(tiles.rows, lines, strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                cell.paragraphs[0].style = self.file.styles[style]
                write(cell.paragraphs[0], text)
        if self._document.words.right_to_left:
            parts.turn(tiles)
        parts.head(tiles)
        parts.set_widths(tiles, [self._width / len(block.figures)] * len(block.figures))
        parts.describe(tiles, self._document.words.say("Key figures"))
        self._add("", "Note")

    def callout(self, block: Callout) -> None:
        self._turn(on_side=False)
        title = self._add((Styled(block.title),), "Callout")
        title.paragraph_format.keep_with_next = True
        self._add(block.text, "Callout")

    def contents(self, _block: Contents) -> None:
        self._turn(on_side=False)
        chapters = list(self._chapters)
        if not chapters:
            return
        self._add(self._document.words.say("Contents"), "Contents Title")
        for anchor, text in chapters:
            parts.link_inside(self.file.add_paragraph(style="Contents"), anchor, text)

    def page_break(self, _block: PageBreak) -> None:
        parts.end_page(self.file)


WRITERS: Mapping[type[Block], Callable[[_Report, Any], None]] = {
    Heading: _Report.heading,
    Paragraph: _Report.paragraph,
    Chart: _Report.chart,
    Pair: _Report.pair,
    Table: _Report.table,
    KeyFigures: _Report.key_figures,
    Callout: _Report.callout,
    Contents: _Report.contents,
    PageBreak: _Report.page_break,
}
