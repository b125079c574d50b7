"""Blocks of a document to what reportlab sets: one function a kind of block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    KeepTogether,
    Spacer,
    TableStyle,
)
from reportlab.platypus import PageBreak as NewPage
from reportlab.platypus import Table as Grid

from surveyapp.design_tokens import HALF_WIDTH, TEXT_WIDTH
from surveyapp.reports import fonts
from surveyapp.reports.document import (
    Block,
    Callout,
    Chart,
    Contents,
    Heading,
    KeyFigures,
    Look,
    PageBreak,
    Pair,
    Paragraph,
    Styled,
    Table,
    Text,
    Tone,
)
from surveyapp.reports.drawing import drawing
from surveyapp.reports.long_table import LongTable
from surveyapp.reports.styles import FACE, cell, colour, styles, table_commands
from surveyapp.reports.tagged import ChapterList, Figure, GridTags, TableTags
from surveyapp.reports.tagged import TaggedParagraph as Set

_BLANKS = "\n\N{NO-BREAK SPACE}"
_LINES = 40.0  # of a paragraph below its heading, before a page may end
_TALLEST = 560.0  # of a drawing; title, note and headings need the rest of a page
_OVERLEAF = 3  # rows of a long table that its last page has at least
# What a style's paragraphs are, beside plain ones; nothing where the cell that they are in says it.
_KINDS = {
    "h1": "H1",
    "h2": "H2",
    "h3": "H3",
    "title": "Title",
    "long-title": "Title",
    **dict.fromkeys((Tone.BULLET, Tone.NUMBERED), "LBody"),
    **dict.fromkeys(("fact", "fact-name", "figure", "figure-label", "figure-below"), ""),
}
_LISTED = (Tone.BULLET, Tone.NUMBERED)
_GUTTER = 14  # between a right-aligned column and a left-aligned one


def markup(text: Text, font: str = fonts.REGULAR) -> str:
    """Plain text as reportlab markup: escaped, right-to-left text in its order on paper, letters
    that the text face lacks in one that has them.
    """
    parts = (text,) if isinstance(text, str) else text
    return "".join(_part(part, font) for part in parts)


def _part(part: str | Styled, font: str) -> str:
    if isinstance(part, Styled):
        face = fonts.SEMIBOLD if part.style == "bold" else fonts.ITALIC
        return f'<font name="{face}">{_runs(part.text, face)}</font>'
    return _runs(part, font)


def _runs(text: str, font: str) -> str:
    # Control characters have no letter in any face and break the markup's parser.
    printable = "".join(c if c.isprintable() or c in _BLANKS else " " for c in text)
    pieces = []
    for piece, face in fonts.runs(fonts.visual(printable), font):
        escaped = escape(piece).replace("\n", "<br/>")
        pieces.append(escaped if face == font else f'<font name="{face}">{escaped}</font>')
    return "".join(pieces)


def paragraph(text: Text, style: str, **options: Any) -> Set:
    return _set(text, styles()[style], _KINDS.get(style, "P"), **options)


def _set(text: Text, style: ParagraphStyle, kind: str, **options: Any) -> Set:
    made = Set(markup(text, style.fontName), style, **options)
    said = plain(text)
    made.kind = kind
    made.spoken = said if fonts.visual(said) != said else ""
    return made


def plain(text: Text) -> str:
    """The text without its styles."""
    parts = (text,) if isinstance(text, str) else text
    return "".join(part.text if isinstance(part, Styled) else part for part in parts)


def flowables(blocks: Sequence[Block]) -> list[Flowable]:
    """Everything between the cover and the end."""
    found: list[Flowable] = []
    before: Tone | None = None
    items = object()
    headings: list[Flowable] = []  # they, and texts that lead, wait for what they head
    for block in blocks:
        if isinstance(block, Heading):
            if block.new_page:
                headings.append(NewPage())
            headings.append(_heading(block))
            before = None
            continue
        if isinstance(block, Paragraph) and block.leads:
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


def _headed(headings: list[Flowable], parts: list[Flowable]) -> list[Flowable]:
    """Headings on one page with the first thing below them."""
    if not headings or not parts:
        return [*headings, *parts]
    breaks = [part for part in headings if isinstance(part, NewPage)]
    texts = [part for part in headings if not isinstance(part, NewPage)]
    first, *rest = parts
    if isinstance(first, CondPageBreak):  # a table that may split
        return [*breaks, CondPageBreak(first.height + _room(texts)), *texts, *rest]
    if isinstance(first, KeepTogether):
        return [*breaks, KeepTogether([*texts, *first._content]), *rest]
    if isinstance(first, Set):  # running text may go on overleaf
        return [*breaks, CondPageBreak(_LINES + _room(texts)), *texts, *parts]
    return [*breaks, KeepTogether([*texts, *parts])]


def _room(headings: list[Flowable]) -> float:
    """The height that headings take, with the space around them."""
    return sum(
        float(each.wrap(TEXT_WIDTH, _TALLEST)[1] + each.getSpaceBefore() + each.getSpaceAfter())
        for each in headings
    )


def _heading(block: Heading) -> Flowable:
    text = paragraph(block.text, f"h{block.level}")
    text.outline = (block.level, block.text)  # the page template's hook reads it
    return text


def _paragraph(block: Paragraph) -> list[Flowable]:
    if block.tone is Tone.BULLET:
        return [paragraph(block.text, block.tone, bulletText="\N{EN DASH}")]
    if block.tone is Tone.NUMBERED:
        return [paragraph(block.text, block.tone, bulletText=f"{block.number}.")]
    return [paragraph(block.text, block.tone)]


def _chart(block: Chart) -> list[Flowable]:
    parts: list[Flowable] = [
        Spacer(0, 6),
        paragraph(block.title, "caption"),
        _fitted(block, block.width or TEXT_WIDTH),
        Spacer(0, 4),
    ]
    if block.note:
        parts.append(paragraph(block.note, Tone.NOTE))
    return [KeepTogether(parts), Spacer(0, 8)]


def _fitted(chart: Chart, width: float) -> Figure:
    """The drawing at this width, or smaller where it would be taller than a page."""
    found = drawing(chart.svg, width)
    if found.height > _TALLEST:
        found = drawing(chart.svg, width * _TALLEST / found.height)
    return Figure(found, chart.title)


def _pair(block: Pair) -> list[Flowable]:
    width = HALF_WIDTH
    sides = [_half(chart, width) if chart else "" for chart in (block.left, block.right)]
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
    return [grid, Spacer(0, 6)]


def _half(chart: Chart, width: float) -> list[Flowable]:
    parts: list[Flowable] = [paragraph(chart.title, "pair"), _fitted(chart, width)]
    if chart.note:
        parts += [Spacer(0, 3), paragraph(chart.note, Tone.NOTE)]
    return parts


def _table(block: Table) -> list[Flowable]:
    return [part for panel in block.panels() for part in _panel(panel)]


def _panel(block: Table) -> list[Flowable]:
    total = sum(block.widths)
    head = [
        _cell(text, side, block.look, head=True)
        for text, side in zip(block.head, block.align, strict=True)
    ]
    rows = [
        [
            _cell(text, side, block.look, strong=at in block.strong or at in block.groups)
            for text, side in zip(row, block.align, strict=True)
        ]
        for at, row in enumerate(block.rows)
    ]
    commands = table_commands(block.look, len(rows), block.groups)
    commands += [
        ("LEFTPADDING", (at, 0), (at, -1), _GUTTER)
        for at in range(1, len(block.align))
        if block.align[at - 1 : at + 1] == "rl"
    ]
    commands += [("SPAN", (0, at + 1), (-1, at + 1)) for at in block.groups]
    commands += [("NOSPLIT", (0, at + 1), (0, at + 2)) for at in block.groups if at + 1 < len(rows)]
    if len(rows) > _OVERLEAF:
        commands.append(("NOSPLIT", (0, len(rows) + 1 - _OVERLEAF), (0, len(rows))))
    tags = TableTags(groups=frozenset(at + 1 for at in block.groups))
    grid = LongTable(
        [head, *rows],
        renderCB=tags,
        colWidths=[TEXT_WIDTH * share / total for share in block.widths],
        repeatRows=1,
        style=commands,
        hAlign="LEFT",
    )
    tags.numbered(grid)
    before = _table_title(block)
    after: list[Flowable] = [Spacer(0, 4)]
    if block.note:
        note = block.note
        if block.look is Look.APA:
            parts = (note,) if isinstance(note, str) else note
            note = (Styled("Note. ", "italic"), *parts)
        after.append(paragraph(note, Tone.NOTE))
    after.append(Spacer(0, 8))
    # Short tables stay whole with title and note; long ones split, their head repeated.
    if len(rows) <= 18:
        return [KeepTogether([*before, grid, *after])]
    grid.below = sum(part.wrap(TEXT_WIDTH, 1000)[1] for part in after[:2])
    return [CondPageBreak(150), *before, grid, *after]


def _table_title(block: Table) -> list[Flowable]:
    if block.look is Look.APA:
        number = [paragraph(f"Table {block.number}", "table-number")] if block.number else []
        return [Spacer(0, 6), *number, paragraph(block.title, "table-title")]
    return [Spacer(0, 4), paragraph(block.title, "caption")] if block.title else []


def _cell(text: Text, side: str, look: Look, *, head: bool = False, strong: bool = False) -> Set:
    style = cell(side, head=head, strong=strong, look=look)
    return _set(text, style, "")


def _key_figures(block: KeyFigures) -> list[Flowable]:
    n = len(block.figures)
    tags = TableTags(first_column=False)
    grid = Grid(
        [
            [paragraph(figure.label, "figure-label") for figure in block.figures],
            [paragraph(figure.value, "figure") for figure in block.figures],
            [paragraph(figure.below, "figure-below") for figure in block.figures],
        ],
        colWidths=[TEXT_WIDTH / n] * n,
        renderCB=tags,
        style=[
            FACE,
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 10),
            ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ("TOPPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, 0), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ("LINEBEFORE", (0, 0), (-1, -1), 1.6, colour("accent")),
        ],
        hAlign="LEFT",
    )
    return [Spacer(0, 4), tags.numbered(grid), Spacer(0, 14)]


def _callout(block: Callout) -> list[Flowable]:
    inside = [paragraph((Styled(block.title),), "callout"), paragraph(block.text, "callout")]
    box = Grid(
        [[inside]],
        colWidths=[TEXT_WIDTH],
        renderCB=GridTags(),
        style=[
            FACE,
            ("BACKGROUND", (0, 0), (-1, -1), colour("wash")),
            ("LEFTPADDING", (0, 0), (-1, -1), 12),
            ("RIGHTPADDING", (0, 0), (-1, -1), 12),
            ("TOPPADDING", (0, 0), (-1, -1), 9),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 10),
        ],
        hAlign="LEFT",
    )
    return [Spacer(0, 4), box, Spacer(0, 10)]


def _contents(_block: Contents) -> list[Flowable]:
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
    return [paragraph("Contents", "contents-title"), contents]


def _page_break(_block: PageBreak) -> list[Flowable]:
    return [NewPage()]


_SETTERS: dict[type, Callable[[Any], list[Flowable]]] = {
    Paragraph: _paragraph,
    Chart: _chart,
    Pair: _pair,
    Table: _table,
    KeyFigures: _key_figures,
    Callout: _callout,
    Contents: _contents,
    PageBreak: _page_break,
}
