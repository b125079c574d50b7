"""A document's tables as a Word file in APA style: tables that Word can edit, not pictures."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from surveyapp.reports.bibliography import reference_list, texts
from surveyapp.reports.document import Document, Styled, Table
from surveyapp.reports.files import numbered
from surveyapp.reports.files.word_grid import grid
from surveyapp.reports.files.word_text import write
from surveyapp.reports.typesetting.column_widths import needed

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
    _references(
        file,
        [text for table in found for text in texts(table)],
        document.words.say("References"),
        is_first=is_first,
    )
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


def _references(file: WordFile, said: Sequence[str], title: str, *, is_first: bool) -> None:
    """The works that the tables cite, on an upright page."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    listed = reference_list(said)
    if not listed:
        return
    _page(file, on_side=False, is_first=is_first)
    heading = file.add_paragraph(style=_HEADING)
    heading.alignment = WD_ALIGN_PARAGRAPH.CENTER
    write(heading, (Styled(title),))
    for text in listed:
        paragraph = file.add_paragraph(style=_REFERENCE)
        paragraph.paragraph_format.left_indent = Pt(_HANGING)
        paragraph.paragraph_format.first_line_indent = Pt(-_HANGING)
        write(paragraph, text)


def _add(file: WordFile, table: Table, width: float) -> None:
    size = _SIZE if needed(table, _SIZE) <= width else _SMALL
    write(file.add_paragraph(style=_NUMBER), (Styled(table.numbered),))
    write(file.add_paragraph(style=_TITLE), (Styled(table.title, "italic"),))
    grid(file, table, width, size, style=_TEXT if size == _SIZE else _SMALL_TEXT)
    note = file.add_paragraph(style=_NOTE)  # also without words: it keeps tables apart
    if table.note:
        write(note, table.noted)
