"""A document as slides: every heading begins one, what does not fit goes on to the next."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

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
    plain,
)
from surveyapp.reports.formats.chapters import Chapters
from surveyapp.reports.formats.deck import Deck, Line
from surveyapp.reports.formats.pictures import Pictures, spoken

_MOST_COLUMNS = 9  # of a table on a slide; more stand on the next one
_SMALLEST_SHARE = 0.45  # of a slide's text: a drawing with less room goes to the next one
_TEXT, _NOTE, _CELL = 14.0, 10.0, 10.0  # points of letters
_SIZES = {Tone.LEAD: 18.0, Tone.NOTE: _NOTE, Tone.QUOTE: 9.0, Tone.REFERENCE: 11.0}


def pptx(document: Document, pictures: Pictures) -> bytes:
    """The finished file."""
    writer = _Slides(document, pictures)
    for block in document.blocks:
        WRITERS[type(block)](writer, block)
    out = io.BytesIO()
    writer.deck.file.save(out)
    return out.getvalue()


class _Slides:
    def __init__(self, document: Document, pictures: Pictures) -> None:
        self.deck, self._pictures = Deck(document), pictures
        self._words = document.words
        self._chapters, self._is_sheet = Chapters(document.blocks), document.sheet
        cover = document.cover
        said = [cover.kind, *cover.subtitle.split("\n")]
        if document.sheet:
            self.deck.begin(cover.title)
            said.append(document.words.draft)
            self.deck.text([Line((" · ".join(filter(None, said)),), _NOTE)])
            return
        facts = [f"{name}: {value}" for name, value in cover.facts]
        self.deck.title_slide(cover.title, [*said, *facts, *filter(None, [document.words.draft])])
        if not any(isinstance(block, Contents) for block in document.blocks):
            self.contents(Contents())

    def heading(self, block: Heading) -> None:
        """Of the levels below the first one that follows another heading stands under it; on a sheet
        all do.
        """
        if block.level > 1 and (self.deck.is_bare or self._is_sheet):
            self.deck.text([Line((Styled(block.text),), _TEXT)], is_heading=True)
            return
        self.deck.begin(block.text)

    def paragraph(self, block: Paragraph) -> None:
        size = _SIZES.get(block.tone, _TEXT)
        mark = {Tone.BULLET: "\N{EN DASH} ", Tone.NUMBERED: f"{block.number}. "}.get(block.tone, "")
        words = (block.text,) if isinstance(block.text, str) else block.text
        from_right = block.tone is Tone.RIGHT_TO_LEFT
        self.deck.text([Line((mark, *words) if mark else words, size, from_right)])

    def chart(self, block: Chart) -> None:
        self._figures([block], self.deck.width)

    def pair(self, block: Pair) -> None:
        charts = [each for each in (block.left, block.right) if each is not None]
        self._figures(charts, self.deck.width / 2)

    def _figures(self, charts: Sequence[Chart], width: float) -> None:
        """Drawings beside each other, each below its title and above its note."""
        deck = self.deck
        notes = max(deck.height_of(Line((each.note,), _NOTE), width) for each in charts)
        titles = max(deck.height_of(Line((each.title,), _TEXT), width) for each in charts)
        if deck.room - notes - titles < deck.full_room * _SMALLEST_SHARE:
            deck.go_on()
        room, top, tallest = max(deck.room - notes - titles, 60.0), deck.top, 0.0
        for at, chart in enumerate(charts):
            left = deck.left + at * width
            deck.box([Line((Styled(chart.title),), _TEXT)], left, top, width, titles)
            own_width, own_height = self._pictures.size(chart.svg)
            scale = min((width - 8) / own_width, room / own_height)
            tallest = max(tallest, own_height * scale)
            picture = deck.slide.shapes.add_picture(
                io.BytesIO(self._pictures.png(chart.svg)),
                *deck.points(left, top + titles, own_width * scale, own_height * scale),
            )
            picture._element._nvXxPr.cNvPr.set("descr", spoken(chart))
            if chart.note:
                under = top + titles + own_height * scale
                deck.box([Line((chart.note,), _NOTE)], left, under, width, notes)
        deck.used(titles + tallest + notes)

    def table(self, block: Table) -> None:
        for panel in block.panels(_MOST_COLUMNS):
            self._panel(panel)

    def _panel(self, table: Table) -> None:
        """The panel on as many slides as its rows need, its head on each."""
        deck, name = self.deck, f"{table.numbered}. " if table.number else ""
        title = Line((Styled(f"{name}{table.title}"),), _TEXT)
        at, count = 0, len(table.cells)
        while at < count or count == 0:
            heights = deck.row_heights(table, _CELL)
            used = deck.height_of(title, deck.width) + heights[0]
            if deck.room < used + sum(heights[1 + at : 3 + at]) and not deck.is_fresh:
                deck.go_on()
            end = at
            while end < count and (end == at or used + heights[1 + end] <= deck.room):
                used += heights[1 + end]
                end += 1
            deck.text([title])
            deck.table(_part(table, at, end), heights=[heights[0], *heights[1 + at : 1 + end]])
            at = end
            if count == 0:
                break
        if plain(table.note):
            deck.text([Line(_words(table.note), _NOTE)])

    def key_figures(self, block: KeyFigures) -> None:
        deck = self.deck
        lines = [
            [Line((Styled(each.label),), _CELL), Line((Styled(each.value),), 24.0, accent=True),
             Line((each.below,), _NOTE)]
            for each in block.figures
        ]  # fmt: skip
        width = deck.width / len(block.figures)
        height = max(sum(deck.height_of(line, width - 12) for line in tile) for tile in lines)
        if deck.room < height:
            deck.go_on()
        if self._words.right_to_left:
            lines.reverse()
        for at, tile in enumerate(lines):
            deck.box(tile, deck.left + at * width, deck.top, width - 6, height, is_tile=True)
        deck.used(height + 10)

    def callout(self, block: Callout) -> None:
        lines = [Line((Styled(block.title),), _TEXT), Line(_words(block.text), _TEXT)]
        height = sum(self.deck.height_of(line, self.deck.width - 20) for line in lines) + 12
        if self.deck.room < height and not self.deck.is_fresh:
            self.deck.go_on()
        deck = self.deck
        deck.box(lines, deck.left, deck.top, deck.width, height, is_callout=True)
        deck.used(height + 10)

    def contents(self, _block: Contents) -> None:
        chapters = [text for _, text in self._chapters]
        if chapters:
            self.deck.begin(self._words.say("Contents"))
            self.deck.text([Line((text,), _TEXT) for text in chapters])

    def page_break(self, _block: PageBreak) -> None:
        if not self.deck.is_fresh:
            self.deck.go_on()


WRITERS: Mapping[type[Block], Callable[[_Slides, Any], None]] = {
    Heading: _Slides.heading,
    Paragraph: _Slides.paragraph,
    Chart: _Slides.chart,
    Pair: _Slides.pair,
    Table: _Slides.table,
    KeyFigures: _Slides.key_figures,
    Callout: _Slides.callout,
    Contents: _Slides.contents,
    PageBreak: _Slides.page_break,
}


def _words(text: Text) -> tuple[str | Styled, ...]:
    return (text,) if isinstance(text, str) else text


def _part(table: Table, start: int, end: int) -> Table:
    """These rows of the table."""
    return replace(
        table,
        cells=table.cells[start:end],
        strong=frozenset(i - start for i in table.strong if start <= i < end),
        groups=frozenset(i - start for i in table.groups if start <= i < end),
    )
