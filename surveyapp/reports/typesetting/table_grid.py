"""Tables of a document on paper: panels, heads overleaf, rows that stay together, notes."""

from __future__ import annotations

from dataclasses import replace

from reportlab.platypus import CondPageBreak, Flowable, Spacer

from surveyapp.design_tokens import TEXT_WIDTH
from surveyapp.i18n.isolates import begins_right
from surveyapp.reports.document import Look, Table, Text, Tone
from surveyapp.reports.typesetting import grid_widths
from surveyapp.reports.typesetting.kept import Gap, Kept
from surveyapp.reports.typesetting.long_table import LongTable
from surveyapp.reports.typesetting.set_text import in_style, paragraph
from surveyapp.reports.typesetting.styles import GUTTER, PADDING, cell, table_commands
from surveyapp.reports.typesetting.tagged import TableTags, TaggedParagraph

_OVERLEAF = 3  # rows of a long table that its last page has at least
_SHORT = 18  # rows of a table that stays whole where it can


def set_table(block: Table) -> list[Flowable]:
    """The table, or its panels one below the other."""
    return [part for panel in block.panels() for part in _panel(panel)]


def _panel(block: Table) -> list[Flowable]:
    is_mirrored = begins_right(block.title)
    spans = grid_widths.spans(block)
    widths = grid_widths.widths(block, spans)
    if is_mirrored:
        block, spans = _mirrored(block, spans)
        widths.reverse()
    beginning = "r" if is_mirrored else "l"
    rows = [_row(block, at, row, widths, spans, beginning) for at, row in enumerate(block.rows)]
    head = [
        _cell(text, side, block.look, width, head=True)
        for text, side, width in zip(block.head, block.align, widths, strict=True)
    ]
    groups = frozenset(at + 1 for at in block.groups)
    tags = TableTags(groups=groups, spans=spans, mirrored=is_mirrored)
    grid = LongTable(
        [head, *rows],
        renderCB=tags,
        colWidths=widths,
        repeatRows=1,
        style=_commands(block, len(rows), spans, is_mirrored=is_mirrored),
        hAlign="LEFT",
    )
    tags.numbered(grid)
    before = _title(block)
    after: list[Flowable] = [Gap(4)]
    if block.note:
        after.append(paragraph(_note(block), Tone.NOTE, room=TEXT_WIDTH))
    after.append(Gap(8))
    grid.below = sum(part.wrap(TEXT_WIDTH, 1000)[1] for part in after[:2])
    # Short tables stay whole with title and note; long ones split, their head repeated.
    if len(rows) <= _SHORT:
        return [Kept([*before, grid, *after])]
    return [CondPageBreak(150), *before, grid, *after]


def _mirrored(block: Table, spans: grid_widths.Spans) -> tuple[Table, grid_widths.Spans]:
    """The table with its first column at the right, for a page that is read from there, and its cells
    over several columns, whose text stands in the first from the left. Texts begin at the right, and
    numbers still end there: their digits run from the left, so that units stand below units."""
    count = len(block.columns)
    cells = [list(row) for row in block.cells]
    for (row, column), over in spans.items():
        if row:
            line, last = cells[row - 1], column + over - 1
            line[column], line[last] = line[last], line[column]
    turned = replace(
        block,
        columns=[replace(column, align="r") for column in reversed(block.columns)],
        cells=[row if at in block.groups else row[::-1] for at, row in enumerate(cells)],
    )
    return turned, {(row, count - column - over): over for (row, column), over in spans.items()}


def _row(
    block: Table,
    at: int,
    row: list[Text],
    widths: list[float],
    spans: grid_widths.Spans,
    beginning: str,
) -> list[TaggedParagraph]:
    strong = at in block.strong or at in block.groups
    found = []
    for column, (text, side) in enumerate(zip(row, block.align, strict=True)):
        over = len(row) if at in block.groups else spans.get((at + 1, column), 1)
        room = sum(widths[column : column + over])
        side = beginning if at in block.groups else side
        found.append(_cell(text, side, block.look, room, strong=strong))
    return found


def _gutters(align: str) -> list[int]:
    """The columns of texts on the left of which numbers end."""
    return [at for at in range(1, len(align)) if align[at - 1 : at + 1] == "rl"]


def _commands(
    block: Table, n_rows: int, spans: grid_widths.Spans, *, is_mirrored: bool
) -> list[tuple[object, ...]]:
    commands = table_commands(block.look, n_rows, block.groups)
    commands += [("LEFTPADDING", (at, 0), (at, -1), GUTTER) for at in _gutters(block.align)]
    commands += [("SPAN", (0, at + 1), (-1, at + 1)) for at in block.groups]
    if is_mirrored:  # a cell over all columns has the padding of the first, which is leftmost
        commands += [("RIGHTPADDING", (0, at + 1), (0, at + 1), 0) for at in block.groups]
    commands += [
        ("SPAN", (column, row), (column + over - 1, row)) for (row, column), over in spans.items()
    ]
    commands += [("NOSPLIT", (0, at + 1), (0, at + 2)) for at in block.groups if at + 1 < n_rows]
    if n_rows > _OVERLEAF:
        commands.append(("NOSPLIT", (0, n_rows + 1 - _OVERLEAF), (0, n_rows)))
    return commands


def _note(block: Table) -> Text:
    return block.noted if block.look is Look.APA else block.note


def _title(block: Table) -> list[Flowable]:
    if block.look is Look.APA:
        number = [paragraph(block.numbered, "table-number")] if block.number else []
        title = paragraph(block.title, "table-title", room=TEXT_WIDTH)
        return [Spacer(0, 6), *number, title]
    if not block.title:
        return []
    return [Spacer(0, 4), paragraph(block.title, "caption", room=TEXT_WIDTH)]


def _cell(
    text: Text, side: str, look: Look, width: float, *, head: bool = False, strong: bool = False
) -> TaggedParagraph:
    style = cell(side, head=head, strong=strong, look=look)
    return in_style(text, style, "", room=width - 2 * PADDING)
