"""A document's tables as a Word file in APA style: tables that Word can edit, not pictures."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from surveyapp.reports import numbered
from surveyapp.reports.bibliography import reference_list, texts
from surveyapp.reports.column_widths import needed, shares
from surveyapp.reports.document import Document, Styled, Table, Text

if TYPE_CHECKING:  # Word's library is loaded with the first file
    from docx.document import Document as WordFile

_FACE = "Times New Roman"
_SIZE, _SMALL = 10.0, 8.5  # points; the smaller one in tables too wide for a page on its side
_MARGIN = 72.0
_HANGING = 36.0  # of a reference's second line
_NUMBER, _TITLE, _TEXT, _SMALL_TEXT, _NOTE, _HEADING, _REFERENCE = (
    "Table Number", "Table Title", "Table Text", "Table Text Small", "Table Note",
    "References Heading", "Reference",
)  # fmt: skip
_STYLES = (  # name, size, points before and after
    (_NUMBER, _SIZE, 18, 0),
    (_TITLE, _SIZE, 6, 6),
    (_TEXT, _SIZE, 1.5, 1.5),
    (_SMALL_TEXT, _SMALL, 1.5, 1.5),
    (_NOTE, _SIZE, 4, 0),
    (_HEADING, _SIZE, 24, 6),
    (_REFERENCE, _SIZE, 0, 6),
)
_SHORT, _LONG = 595.3, 841.9  # edges of A4
_WHOLE = 25  # rows of a table that stays on one page
_THICK, _THIN = 8, 4  # eighths of a point
_RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_STRETCH = re.compile(f"[{_RIGHT_TO_LEFT}]+(?:[^\\w\\n]+[{_RIGHT_TO_LEFT}]+)*")


def docx(document: Document) -> bytes:
    """Every table with number, title and note, wide ones on pages on their side; the works they cite."""
    import docx as word

    file = word.Document()
    _set_up(file, document)
    is_first, found = True, numbered.tables(document.blocks)
    for table in found:
        parts = list(table.panels())
        on_side = any(needed(part, _SMALL) > _SHORT - 2 * _MARGIN for part in parts)
        _page(file, on_side=on_side, is_first=is_first)
        is_first = False
        for part in parts:
            _add(file, part, (_LONG if on_side else _SHORT) - 2 * _MARGIN)
    _references(file, [text for table in found for text in texts(table)], is_first=is_first)
    out = io.BytesIO()
    file.save(out)
    return out.getvalue()


def _set_up(file: WordFile, document: Document) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt

    normal = file.styles["Normal"]
    normal.font.name, normal.font.size = _FACE, Pt(_SIZE)
    faces = normal.element.get_or_add_rPr().get_or_add_rFonts()
    for script in ("w:eastAsia", "w:cs"):
        faces.set(qn(script), _FACE)
    normal.paragraph_format.space_after = Pt(0)
    for name, size, before, after in _STYLES:
        style = file.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = normal
        style.font.size = Pt(size)
        style.paragraph_format.space_before, style.paragraph_format.space_after = (
            Pt(before),
            Pt(after),
        )
        large = OxmlElement("w:szCs")  # of letters from right to left
        large.set(qn("w:val"), str(int(2 * size)))
        style.element.get_or_add_rPr().append(large)
        style.paragraph_format.keep_with_next = name in (_NUMBER, _TITLE, _HEADING)
    about = file.core_properties
    about.title, about.author = document.cover.title, document.author
    about.subject, about.comments = document.subject, ""
    about.language = document.language
    about.created = about.modified = datetime.combine(document.made, datetime.min.time())


def _page(file: WordFile, *, on_side: bool, is_first: bool) -> None:
    """A page of this orientation for what comes next; the same page goes on where it is one."""
    from docx.enum.section import WD_ORIENT, WD_SECTION
    from docx.shared import Pt

    section = file.sections[-1]
    orientation = WD_ORIENT.LANDSCAPE if on_side else WD_ORIENT.PORTRAIT
    if not is_first and section.orientation == orientation:
        return
    if not is_first:
        section = file.add_section(WD_SECTION.NEW_PAGE)
    section.orientation = orientation
    width, height = (_LONG, _SHORT) if on_side else (_SHORT, _LONG)
    section.page_width, section.page_height = Pt(width), Pt(height)
    for side in ("left", "right", "top", "bottom"):
        setattr(section, f"{side}_margin", Pt(_MARGIN))


def _references(file: WordFile, said: Sequence[str], *, is_first: bool) -> None:
    """The works that the tables cite, on an upright page."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    listed = reference_list(said)
    if not listed:
        return
    _page(file, on_side=False, is_first=is_first)
    heading = file.add_paragraph(style=_HEADING)
    heading.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _write(heading, (Styled("References"),))
    for text in listed:
        paragraph = file.add_paragraph(style=_REFERENCE)
        paragraph.paragraph_format.left_indent = Pt(_HANGING)
        paragraph.paragraph_format.first_line_indent = Pt(-_HANGING)
        _write(paragraph, text)


def _add(file: WordFile, table: Table, width: float) -> None:
    size = _SIZE if needed(table, _SIZE) <= width else _SMALL
    _write(file.add_paragraph(style=_NUMBER), (Styled(f"Table {table.number}"),))
    _write(file.add_paragraph(style=_TITLE), (Styled(table.title, "italic"),))
    _grid(file, table, width, size)
    note = file.add_paragraph(style=_NOTE)  # also without words: it keeps tables apart
    if table.note:
        parts = (table.note,) if isinstance(table.note, str) else table.note
        _write(note, (Styled("Note. ", "italic"), *parts))


def _grid(file: WordFile, table: Table, width: float, size: float) -> None:
    from docx.enum.table import WD_TABLE_ALIGNMENT
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.shared import Pt

    rows, style = table.rows, file.styles[_TEXT if size == _SIZE else _SMALL_TEXT]
    grid = file.add_table(rows=1 + len(rows), cols=len(table.columns))
    grid.alignment, grid.autofit = WD_TABLE_ALIGNMENT.LEFT, False
    widths = [Pt(width * share) for share in shares(table, width, size)]
    for column, each in zip(grid.columns, widths, strict=True):
        column.width = each
    lines: list[tuple[Sequence[Text], bool]] = [(table.head, False)]
    lines += [(row, i in table.strong) for i, row in enumerate(rows)]
    for at, (line, row) in enumerate(zip(lines, grid.rows, strict=True)):
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
            paragraph.style = style
            if side == "r":
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            if kept:
                paragraph.paragraph_format.keep_with_next = True
            _write(paragraph, text, strong=strong)


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


def _write(paragraph: Any, text: Text, *, strong: bool = False) -> None:
    from docx.oxml import OxmlElement

    for part in (text,) if isinstance(text, str) else text:
        style = part.style if isinstance(part, Styled) else None
        said = part.text if isinstance(part, Styled) else part
        for piece, right_to_left in _directions(_printable(said)):
            run = paragraph.add_run(piece)
            if strong or style == "bold":
                run.bold = True
            if style == "italic":
                run.italic = True
            if right_to_left:
                run._r.get_or_add_rPr().append(OxmlElement("w:rtl"))


def _printable(text: str) -> str:
    """What XML can hold."""
    return "".join(c if c >= " " or c in "\n\t" else " " for c in text if c not in "\ufffe\uffff")


def _directions(text: str) -> Iterator[tuple[str, bool]]:
    """Stretches of one direction each: Word sets a run of letters from right to left as one."""
    end = 0
    for found in _STRETCH.finditer(text):
        if found.start() > end:
            yield text[end : found.start()], False
        yield found[0], True
        end = found.end()
    if end < len(text):
        yield text[end:], False
