"""What a file of Word is set up with, and marks that its library has no call for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from surveyapp.design_tokens import COLOURS, PAGE_MARGIN
from surveyapp.reports.document import Document
from surveyapp.reports.files.word_text import printable, write

if TYPE_CHECKING:  # Word's library is loaded with the first file
    from docx.document import Document as WordFile

_FACE, _FIXED = "Arial", "Courier New"
_Looks = tuple[str, float, float, float, str, bool]
_BUILT_IN: Sequence[_Looks] = (  # name, size, points before and after, colour, bold
    ("Normal", 10.0, 0, 6, "ink", False),
    ("Title", 28.0, 12, 8, "accent", True),
    ("Subtitle", 13.0, 0, 20, "muted", False),
    ("Heading 1", 20.0, 22, 8, "accent", True),
    ("Heading 2", 14.0, 14, 5, "ink", True),
    ("Heading 3", 11.5, 10, 4, "ink", True),
    ("Caption", 10.0, 10, 4, "ink", True),
    ("List Bullet", 10.0, 0, 5, "ink", False),
    ("Header", 8.5, 0, 0, "muted", False),
    ("Footer", 8.5, 0, 0, "muted", False),
)
_OWN: Sequence[_Looks] = (
    ("Kind", 12.0, 0, 4, "accent", True),
    ("Lead", 12.5, 0, 10, "ink", False),
    ("Note", 8.5, 2, 6, "muted", False),
    ("Numbered", 10.0, 0, 5, "ink", False),
    ("Fixed", 7.5, 0, 6, "ink", False),
    ("Reference", 8.5, 0, 4, "ink", False),
    ("Picture", 10.0, 0, 2, "ink", False),
    ("Table Text", 9.0, 1.5, 1.5, "ink", False),
    ("Table Text Small", 7.5, 1.5, 1.5, "ink", False),
    ("Figure", 22.0, 0, 0, "accent", True),
    ("Figure Label", 9.0, 4, 0, "ink", True),
    ("Callout", 10.0, 0, 0, "ink", False),
    ("Contents Title", 11.5, 16, 4, "accent", True),
    ("Contents", 10.0, 0, 3, "ink", False),
)
_SHEET_TITLE = 20.0
_HANGING = {"Numbered": 20.0, "Reference": 18.0}  # points of all lines but the first


def set_up(file: WordFile, document: Document) -> None:
    """Styles, paper, language, properties, and what stands above and below each page."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Pt

    for looks in _BUILT_IN:
        _dress(file.styles[looks[0]], looks)
    for looks in _OWN:
        made = file.styles.add_style(looks[0], WD_STYLE_TYPE.PARAGRAPH)
        made.base_style = file.styles["Normal"]
        _dress(made, looks)
    _special(file)
    if document.sheet:
        file.styles["Title"].font.size = Pt(_SHEET_TITLE)
    _set_language(file, document.language, is_from_right=document.words.right_to_left)
    about = file.core_properties
    about.title, about.author = printable(document.cover.title), printable(document.author)
    about.subject, about.comments = printable(document.subject), ""
    about.keywords, about.language = printable(", ".join(document.keywords)), document.language
    about.created = about.modified = datetime.combine(document.made, datetime.min.time())
    _set_paper(file.sections[0], *document.paper.size)
    _set_edges(file, document)


def _dress(style: Any, looks: _Looks) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    _, size, before, after, colour, bold = looks
    style.font.size, style.font.bold, style.font.italic = Pt(size), bold, False
    style.font.color.rgb = RGBColor.from_string(COLOURS[colour].lstrip("#").upper())
    faces = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in list(faces.attrib):
        del faces.attrib[name]  # a theme's face would come first
    for script in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        faces.set(qn(script), _FIXED if style.name == "Fixed" else _FACE)
    large = OxmlElement("w:szCs")  # of letters from right to left
    large.set(qn("w:val"), str(int(2 * size)))
    style.element.get_or_add_rPr().append(large)
    style.paragraph_format.space_before = Pt(before)
    style.paragraph_format.space_after = Pt(after)


def _special(file: WordFile) -> None:
    """Hanging lines, the callout's background, and no line below the title."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt

    for name, hanging in _HANGING.items():
        layout = file.styles[name].paragraph_format
        layout.left_indent, layout.first_line_indent = Pt(hanging), Pt(-hanging)
    shade = OxmlElement("w:shd")
    for key, value in (("val", "clear"), ("color", "auto"), ("fill", COLOURS["wash"].lstrip("#"))):
        shade.set(qn(f"w:{key}"), value)
    file.styles["Callout"].element.get_or_add_pPr().insert(0, shade)
    title = file.styles["Title"].element.get_or_add_pPr()
    for border in title.findall(qn("w:pBdr")):
        title.remove(border)


def _set_language(file: WordFile, language: str, *, is_from_right: bool) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for style in (file.styles.element.find(qn("w:docDefaults")), file.styles["Normal"].element):
        for properties in style.iter(qn("w:rPr")):
            for old in properties.findall(qn("w:lang")):
                properties.remove(old)
            spoken = OxmlElement("w:lang")
            for script in ("val", "eastAsia", *(("bidi",) if is_from_right else ())):
                spoken.set(qn(f"w:{script}"), language)
            properties.append(spoken)


def _set_paper(section: Any, width: float, height: float) -> None:
    from docx.enum.section import WD_ORIENT
    from docx.shared import Pt

    section.page_width, section.page_height = Pt(width), Pt(height)
    section.orientation = WD_ORIENT.LANDSCAPE if width > height else WD_ORIENT.PORTRAIT
    for side in ("left", "right", "top", "bottom"):
        setattr(section, f"{side}_margin", Pt(PAGE_MARGIN))


def new_section(file: WordFile, width: float, height: float) -> None:
    """A page of this size for what comes next."""
    from docx.enum.section import WD_SECTION

    _set_paper(file.add_section(WD_SECTION.NEW_PAGE), width, height)


def end_page(file: WordFile) -> None:
    """End the page here."""
    from docx.enum.text import WD_BREAK

    file.add_paragraph().add_run().add_break(WD_BREAK.PAGE)


def _set_edges(file: WordFile, document: Document) -> None:
    """The running head; day and page number below."""
    section = file.sections[0]
    write(section.header.paragraphs[0], document.running)
    foot = section.footer.paragraphs[0]
    words = document.words
    write(foot, "  ·  ".join(filter(None, (words.day(document.made), words.draft))) + "  ·  ")
    # The sentence is said with its places in it, which are the fields that Word fills in.
    said = words.say("Page {page} of {total}", page="{page}", total="{total}")
    for part in re.split(r"(\{page\}|\{total\})", said):
        if part in ("{page}", "{total}"):
            _field(foot, "PAGE" if part == "{page}" else "NUMPAGES")
        else:
            write(foot, part)


def _field(paragraph: Any, code: str) -> None:
    """A number that Word fills in; the code is ours, never a text of somebody's."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), code)
    run = OxmlElement("w:r")
    said = OxmlElement("w:t")
    said.text = "1"
    run.append(said)
    field.append(run)
    paragraph._p.append(field)


def bookmark(paragraph: Any, name: str) -> None:
    """Make the paragraph a place that links of the file lead to."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    number = name.rpartition("-")[2]
    start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
    start.set(qn("w:name"), name.replace("-", "_"))
    for each in (start, end):
        each.set(qn("w:id"), number)
    paragraph._p.append(start)
    paragraph._p.append(end)


def link_inside(paragraph: Any, name: str, text: str) -> None:
    """Write a link to the bookmark of this name."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    link = OxmlElement("w:hyperlink")
    link.set(qn("w:anchor"), name.replace("-", "_"))
    write(paragraph, text)
    for run in list(paragraph.runs):
        link.append(run._r)
    paragraph._p.append(link)


def turn(table: Any) -> None:
    """Set the first column at the right."""
    from docx.enum.table import WD_TABLE_DIRECTION

    table.table_direction = WD_TABLE_DIRECTION.RTL


def head(table: Any) -> None:
    """Mark the first row as the one that heads the columns."""
    from docx.oxml import OxmlElement

    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def set_widths(table: Any, widths: Sequence[float]) -> None:
    """The columns' widths in points."""
    from docx.shared import Pt

    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Pt(width)
        for cell in column.cells:
            cell.width = Pt(width)


def describe(table: Any, text: str) -> None:
    """What the table is, for those who do not see it."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    caption = OxmlElement("w:tblCaption")
    caption.set(qn("w:val"), printable(text))
    table._tbl.tblPr.append(caption)


def drop_first_paragraph(cell: Any) -> None:
    """Take away the empty paragraph that every new cell begins with."""
    first = cell.paragraphs[0]._p
    first.getparent().remove(first)
