"""Blocks of a document to what reportlab sets: one function a kind of block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any

from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    Spacer,
    TableStyle,
)
from reportlab.platypus import PageBreak as NewPage
from reportlab.platypus import Table as Grid

from surveyapp.design_tokens import HALF_WIDTH, TEXT_WIDTH
from surveyapp.i18n.isolates import begins_right
from surveyapp.reports.charts.drawing import drawing
from surveyapp.reports.document import (
    Block,
    Callout,
    Chart,
    Contents,
    Heading,
    KeyFigures,
    PageBreak,
    Pair,
    Paragraph,
    Styled,
    Table,
    Tone,
    plain,
)
from surveyapp.reports.typesetting.kept import FreshPage, Gap, Kept
from surveyapp.reports.typesetting.set_text import in_style, paragraph
from surveyapp.reports.typesetting.styles import FACE, colour, mirrored, styles
from surveyapp.reports.typesetting.table_grid import set_table
from surveyapp.reports.typesetting.tagged import (
    ChapterList,
    Figure,
    GridTags,
    TableTags,
    TaggedParagraph,
)

_LINES = 40.0  # of a paragraph below its heading, before a page may end
_PAGE = 702.0  # height of a page's text
_TALLEST = 560.0  # of a drawing; title, note and headings need the rest of a page
_CALLOUT = 12  # points left and right of its text
_TILE = 14.0  # points beside the texts of a key figure
_INTRODUCTION = 260  # letters of a text that stays with the table or drawing below it
_LISTED = (Tone.BULLET, Tone.NUMBERED)


def flowables(blocks: Sequence[Block]) -> list[Flowable]:
    """Everything between the cover and the end."""
    found: list[Flowable] = []
    before: Tone | None = None
    items = object()
    headings: list[Flowable] = []  # they, and texts that lead, wait for what they head
    for block, following in zip_longest(blocks, blocks[1:]):
        if isinstance(block, Heading):
            if block.new_page:
                headings.append(FreshPage(_PAGE))
            headings.append(_heading(block))
            before = None
            continue
        if isinstance(block, Paragraph) and (
            block.leads or _introduces(block, following, headings)
        ):
            headings += _paragraph(block)
            continue
        parts = _SETTERS[type(block)](block)
        listed = block.tone if isinstance(block, Paragraph) and block.tone in _LISTED else None
        if listed != before:  # neighbours of one kind are one list
            items = object()
        for part in parts if listed else ():
            part.group = items
        before = listed
        found += _headed(headings, parts)
        headings = []
    return [*found, *headings]


def _introduces(block: Paragraph, following: Block | None, headings: list[Flowable]) -> bool:
    """Whether a short text stands between a heading and what both are about."""
    is_short = block.tone not in _LISTED and len(plain(block.text)) <= _INTRODUCTION
    return bool(headings) and is_short and isinstance(following, Chart | Table | Pair)


def _headed(headings: list[Flowable], parts: list[Flowable]) -> list[Flowable]:
    """Headings on one page with the first thing below them."""
    if not headings or not parts:
        return [*headings, *parts]
    breaks = [part for part in headings if isinstance(part, FreshPage)]
    texts = [part for part in headings if not isinstance(part, FreshPage)]
    first, *rest = parts
    if isinstance(first, CondPageBreak):  # a table that may split
        return [*breaks, CondPageBreak(first.height + _room(texts)), *texts, *rest]
    if isinstance(first, Kept):
        return [*breaks, Kept([*texts, *first._content]), *rest]
    if isinstance(first, TaggedParagraph):  # running text may go on overleaf
        return [*breaks, CondPageBreak(_LINES + _room(texts)), *texts, *parts]
    return [*breaks, Kept([*texts, *parts])]


def _room(headings: list[Flowable]) -> float:
    """The height that headings take, with the space around them."""
    return sum(
        float(each.wrap(TEXT_WIDTH, _TALLEST)[1] + each.getSpaceBefore() + each.getSpaceAfter())
        for each in headings
    )


def _heading(block: Heading) -> Flowable:
    text = paragraph(block.text, f"h{block.level}", room=TEXT_WIDTH)
    text.outline = (block.level, block.text)  # the page template's hook reads it
    return text


def _paragraph(block: Paragraph) -> list[Flowable]:
    options: dict[str, Any] = {"room": TEXT_WIDTH}
    if block.tone in _LISTED and begins_right(plain(block.text)):
        # The mark of a list stands at the left of every text; at the right it is a part of the text.
        mark = "\N{EN DASH} " if block.tone is Tone.BULLET else f"{block.number}. "
        parts = (block.text,) if isinstance(block.text, str) else block.text
        return [paragraph((mark, *parts), block.tone, **options)]
    if block.tone is Tone.BULLET:
        options["bulletText"] = "\N{EN DASH}"
    if block.tone is Tone.NUMBERED:
        options["bulletText"] = f"{block.number}."
    return [paragraph(block.text, block.tone, **options)]


def _chart(block: Chart) -> list[Flowable]:
    parts: list[Flowable] = [
        Spacer(0, 6),
        paragraph(block.title, "caption", room=TEXT_WIDTH),
        _fitted(block, block.width or TEXT_WIDTH),
        Spacer(0, 4),
    ]
    if block.note:
        parts.append(paragraph(block.note, Tone.NOTE, room=TEXT_WIDTH))
    return [Kept(parts), Gap(8)]


def _fitted(chart: Chart, width: float) -> Figure:
    """The drawing at this width, or smaller where it would be taller than a page."""
    found = drawing(chart.svg, width)
    if found.height > _TALLEST:
        found = drawing(chart.svg, width * _TALLEST / found.height)
    return Figure(found, chart.title, fixed=chart.fixed)


def _pair(block: Pair) -> list[Flowable]:
    width = HALF_WIDTH
    sides = [_half(chart, width) if chart else "" for chart in (block.left, block.right)]
    if begins_right(block.left.title):
        sides.reverse()
    grid = Grid(
        [[sides[0], "", sides[1]]],
        colWidths=[width, TEXT_WIDTH - 2 * width, width],
        renderCB=GridTags(),
        style=[
            FACE,
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
        ],
    )
    return [grid, Gap(6)]


def _half(chart: Chart, width: float) -> list[Flowable]:
    title = paragraph(chart.title, "pair", room=width)
    parts: list[Flowable] = [title, _fitted(chart, width)]
    if chart.note:
        parts += [Spacer(0, 3), paragraph(chart.note, Tone.NOTE, room=width)]
    return parts


def _key_figures(block: KeyFigures) -> list[Flowable]:
    n, figures = len(block.figures), list(block.figures)
    is_mirrored = any(begins_right(figure.below) for figure in figures)
    tags = TableTags(first_column=False, mirrored=is_mirrored)
    if is_mirrored:
        figures.reverse()
    room = TEXT_WIDTH / n - _TILE
    side = "AFTER" if is_mirrored else "BEFORE"
    value, label, below = (
        mirrored(styles()[name]) if is_mirrored else styles()[name]
        for name in ("figure", "figure-label", "figure-below")
    )
    grid = Grid(
        [
            [in_style(figure.label, label, "", room=room) for figure in figures],
            [in_style(figure.value, value, "", room=room) for figure in figures],
            [in_style(figure.below, below, "", room=room) for figure in figures],
        ],
        colWidths=[TEXT_WIDTH / n] * n,
        renderCB=tags,
        style=[
            FACE,
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 4 if is_mirrored else 10),
            ("RIGHTPADDING", (0, 0), (-1, -1), 10 if is_mirrored else 4),
            ("TOPPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, 0), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            (f"LINE{side}", (0, 0), (-1, -1), 1.6, colour("accent")),
        ],
        hAlign="LEFT",
    )
    return [Spacer(0, 4), tags.numbered(grid), Gap(14)]


def _callout(block: Callout) -> list[Flowable]:
    room = TEXT_WIDTH - 2 * _CALLOUT
    inside = [
        paragraph(text, "callout", room=room) for text in ((Styled(block.title),), block.text)
    ]
    box = Grid(
        [[inside]],
        colWidths=[TEXT_WIDTH],
        renderCB=GridTags(),
        style=[
            FACE,
            ("BACKGROUND", (0, 0), (-1, -1), colour("wash")),
            ("LEFTPADDING", (0, 0), (-1, -1), _CALLOUT),
            ("RIGHTPADDING", (0, 0), (-1, -1), _CALLOUT),
            ("TOPPADDING", (0, 0), (-1, -1), 9),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 10),
        ],
        hAlign="LEFT",
    )
    return [Spacer(0, 4), box, Gap(10)]


def _contents(block: Contents) -> list[Flowable]:
    contents = ChapterList(
        levelStyles=[styles()["contents"]],
        tableStyle=TableStyle(
            [
                FACE,
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 1),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
            ]
        ),
    )
    contents.mirrored = begins_right(block.title)
    return [paragraph(block.title, "contents-title", room=TEXT_WIDTH), contents]


def _page_break(_block: PageBreak) -> list[Flowable]:
    return [NewPage()]


_SETTERS: dict[type, Callable[[Any], list[Flowable]]] = {
    Paragraph: _paragraph,
    Chart: _chart,
    Pair: _pair,
    Table: set_table,
    KeyFigures: _key_figures,
    Callout: _callout,
    Contents: _contents,
    PageBreak: _page_break,
}
