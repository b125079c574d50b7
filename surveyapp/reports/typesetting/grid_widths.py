"""How wide a table's columns are on paper, measured in the typefaces that it is set in."""

from __future__ import annotations

from collections.abc import Sequence

from surveyapp.design_tokens import TEXT_WIDTH
from surveyapp.reports.document import Table, Text, plain
from surveyapp.reports.typesetting import fonts
from surveyapp.reports.typesetting.styles import GUTTER, PADDING, cell

_AIR = 8.0  # between columns of numbers, beside their cells' padding

Spans = dict[tuple[int, int], int]  # columns of a cell, by row (the head being 0) and column


def widths(table: Table, spans: Spans) -> list[float]:
    """Points of each column: its share of the text's width, and more where a number or a word would
    not fit on its line; other columns give as much of their room as they can spare.
    """
    total = sum(table.widths)
    found = [TEXT_WIDTH * share / total for share in table.widths]
    needed = _needed(table, spans)
    _shift(found, needed, _lines(table))
    short = sum(max(0.0, need - width) for need, width in zip(needed, found, strict=True))
    spare = sum(max(0.0, width - need) for need, width in zip(needed, found, strict=True))
    if not short or not spare:
        return found
    given = min(1.0, short / spare)
    taken = min(1.0, spare / short)
    return [
        width + (need - width) * (taken if need > width else given)
        for need, width in zip(needed, found, strict=True)
    ]


def _shift(found: list[float], needed: Sequence[float], lines: Sequence[float]) -> None:
    """Give texts that would wrap the room that columns of numbers do not use."""
    wished = [max(0.0, line - width) for line, width in zip(lines, found, strict=True)]
    spare = [
        0.0 if line else max(0.0, width - need - _AIR)
        for line, width, need in zip(lines, found, needed, strict=True)
    ]
    if not sum(wished) or not sum(spare):
        return
    given = min(1.0, sum(wished) / sum(spare))
    taken = min(1.0, sum(spare) / sum(wished))
    for at, (more, less) in enumerate(zip(wished, spare, strict=True)):
        found[at] += taken * more - given * less


def _lines(table: Table) -> list[float]:
    """Points of the longest text of each column of texts on one line; 0 for numbers."""
    found = []
    for column, side in enumerate(table.align):
        style = cell(side, look=table.look)
        texts = [plain(row[column]) for at, row in enumerate(table.rows) if at not in table.groups]
        widest = max(
            (
                fonts.width(each, style.fontSize, style.fontName)
                for text in texts
                for each in text.split("\n")
            ),
            default=0.0,
        )
        found.append(widest + _beside(table.align, column) if side == "l" else 0.0)
    return found


def spans(table: Table) -> Spans:
    """Texts in a column of numbers, such as why there is none, that go over the empty cells beside
    them rather than into a second line."""
    found: Spans = {}
    for at, row in enumerate(table.rows):
        if at in table.groups:
            continue
        for column, text in enumerate(row):
            said = plain(text)
            if table.align[column] != "r" or not any(map(str.isalpha, said)):
                continue
            empty = 0
            while column + empty + 1 < len(row) and not plain(row[column + empty + 1]):
                empty += 1
            if empty:
                found[at + 1, column] = empty + 1
    return found


def _needed(table: Table, spans: Spans) -> list[float]:
    """Points of a column's longest number or word, with what stands beside it."""
    rows = [(at, row) for at, row in enumerate(table.rows, start=1) if at - 1 not in table.groups]
    found = []
    for column, side in enumerate(table.align):
        style = cell(side, look=table.look)
        head = cell(side, head=True, look=table.look)
        texts = [row[column] for at, row in rows if (at, column) not in spans]
        lines = [piece for text in texts for piece in _pieces(text, whole=side == "r")]
        widest = max(
            (fonts.width(each, style.fontSize, fonts.SEMIBOLD) for each in lines), default=0.0
        )
        words = _pieces(table.columns[column].head, whole=False)
        heads = max(
            (fonts.width(each, head.fontSize, head.fontName) for each in words), default=0.0
        )
        found.append(max(widest, heads) + _beside(table.align, column))
    return found


def _pieces(text: Text, *, whole: bool) -> Sequence[str]:
    """What may not be broken: lines of numbers, words of a text."""
    said = plain(text)
    return said.split("\n") if whole else said.split()


def _beside(align: str, column: int) -> float:
    left = 0.0 if not column else GUTTER if align[column - 1 : column + 1] == "rl" else PADDING
    return (
        left + (PADDING if column < len(align) - 1 else 0.0) + 0.5
    )  # so that rounding breaks none
