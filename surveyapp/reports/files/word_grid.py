"""A table as Word has it: cells that can be edited, three horizontal lines, no vertical ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from surveyapp.reports.document import Table, Text
from surveyapp.reports.files.word_text import write
from surveyapp.reports.typesetting.column_widths import shares

if TYPE_CHECKING:  # Word's library is loaded with the first file
    from docx.document import Document as WordFile

_WHOLE = 25  # rows of a table that stays on one page
_THICK, _THIN = 8, 4  # eighths of a point


def grid(file: WordFile, table: Table, width: float, size: float, *, style: str) -> Any:
    """The table of Word, ``width`` points wide, at the end of the file: its head is repeated on every
    page, a row is never split. ``size`` is that of the letters of the paragraph ``style``.
    """
    from docx.enum.table import WD_TABLE_ALIGNMENT
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.shared import Pt

    rows = table.rows
    named = file.styles[style].style_id
    made = file.add_table(rows=1 + len(rows), cols=len(table.columns))
    made.alignment, made.autofit = WD_TABLE_ALIGNMENT.LEFT, False
    widths = [Pt(width * share) for share in shares(table, width, size)]
    for column, each in zip(made.columns, widths, strict=True):
        column.width = each
    lines: list[tuple[Sequence[Text], bool]] = [(table.head, False)]
    lines += [(row, i in table.strong) for i, row in enumerate(rows)]
    for at, (line, row) in enumerate(zip(lines, made.rows, strict=True)):
        texts, strong = line
        properties = row._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if at == 0:
            properties.append(OxmlElement("w:tblHeader"))  # repeated on every page
        cells = list(row.cells)
        for cell, each in zip(cells, widths, strict=True):
            cell.width = each
        _border(cells, table.align, top=_THICK if at == 0 else 0,
                bottom=_THIN if at == 0 else _THICK if at == len(rows) else 0)  # fmt: skip
        if at - 1 in table.groups:
            texts, cells = texts[:1], [cells[0].merge(cells[-1])]
        last = at == len(rows) and not table.note
        # Up to the note a short table stays on one page; of a long one no head stands alone.
        kept = not last and (len(rows) <= _WHOLE or at < 2 or at - 1 in table.groups)
        for cell, text, side in zip(cells, texts, table.align, strict=False):
            paragraph = cell.paragraphs[0]
            # By name: the library would look through all styles of the file once more for each cell.
            paragraph._p.style = named
            if side == "r":
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            if kept:
                paragraph.paragraph_format.keep_with_next = True
            write(paragraph, text, strong=strong)
    return made


def _border(cells: Sequence[Any], align: str, *, top: int, bottom: int) -> None:
    """Horizontal lines of a row; there are no vertical ones. Little room beside the columns."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for at, cell in enumerate(cells):
        properties = cell._tc.get_or_add_tcPr()
        borders = OxmlElement("w:tcBorders")
        for side, width in (("top", top), ("bottom", bottom)):
            if width:
                line = OxmlElement(f"w:{side}")
                for name, value in (("val", "single"), ("sz", str(width)), ("color", "000000")):
                    line.set(qn(f"w:{name}"), value)
                borders.append(line)
        margins = OxmlElement("w:tcMar")
        for side in ("left", "right"):
            edge = OxmlElement(f"w:{side}")
            gap = side == "left" and align[max(at - 1, 0) : at + 1] == "rl"
            edge.set(qn("w:w"), "240" if gap else "50")  # twentieths of a point
            edge.set(qn("w:type"), "dxa")
            margins.append(edge)
        if len(borders):
            properties.append(borders)
        properties.append(margins)
