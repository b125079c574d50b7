"""A document says the same in every format that it is written in."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, get_args

import html5lib
import pytest
from docx import Document as WordFile
from docx.oxml.ns import qn
from pptx import Presentation
from pypdf import PdfReader

from surveyapp.errors import Invalid
from surveyapp.i18n.words import Words
from surveyapp.reports.charts import svg
from surveyapp.reports.document import (
    Block,
    Callout,
    Chart,
    Column,
    Cover,
    Document,
    Heading,
    KeyFigure,
    KeyFigures,
    PageBreak,
    Pair,
    Paper,
    Paragraph,
    Styled,
    Table,
    Tone,
)
from surveyapp.reports.formats import slides, web_page, word_report, writers
from surveyapp.reports.formats.names import Format, read_formats
from surveyapp.reports.formats.pictures import Pictures, spoken
from surveyapp.reports.typesetting import blocks
from tests.reports.test_reports import MADE

NASTY = '<b>x</b> & "q" {{7*7}} =1+1 https://example.org \\u200bشركة الشمال'
LONG = " ".join(f"word{i}" for i in range(900))


@lru_cache(maxsize=1)
def document() -> Document:
    """Every kind of block, with numbers that nothing else says."""
    text = svg.text("71.5", 20, 20, size=10)
    drawn = svg.document([text], width=470, height=60, label="Advice: 71.5, 63 to 80 (n = 120)")
    chart = Chart("Advice scores highest", drawn, "n = 120")
    columns = [Column("Touchpoint", 0.4), Column("Score", 0.3, str), Column("n", 0.3, str)]
    cells: list[Any] = [
        ["Onboarding", "", ""],
        *([f"Step {i}", 40 + i, 300 + i] for i in range(40)),
    ]
    wide = [Column("Item", 0.1), *(Column(f"C{i}", 0.05, str) for i in range(30))]
    return Document(
        Cover("Report", f"Journey {NASTY}", "Northbank\nAll customers", [("Period", "May 2026")]),
        [
            Heading("Summary"),
            KeyFigures([KeyFigure("CSAT", "71", "95% CI 63 to 80"), KeyFigure("NPS", "+8", "n = 180")]),
            Paragraph((Styled("Bold."), " and plain ", NASTY), Tone.BULLET),
            Paragraph("second", Tone.BULLET),
            Paragraph("first of two", Tone.NUMBERED, number=7),
            Heading("Scores", level=2),
            chart,
            Pair(chart, None),
            Callout("Caution", f"Nothing is caused by 17 answers. {NASTY}"),
            Heading("Details", new_page=True),
            Table(columns, cells, f"Scores {NASTY}", note="Note 4711", groups=frozenset({0}), strong=frozenset({2})),
            PageBreak(),
            Table(wide, [["x", *range(1000, 1030)]], "Wide", number=2),
            Paragraph(LONG),
            Paragraph("نص من اليمين", Tone.RIGHT_TO_LEFT),
        ],
        "About it", "Northbank", "Running head", MADE, ("one", "two"), Words("en-GB"),
    )  # fmt: skip


@lru_cache(maxsize=1)
def files() -> Mapping[Format, bytes]:
    return dict(writers.written(document(), Format))


def word() -> Any:
    return WordFile(io.BytesIO(files()[Format.DOCX]))


def deck() -> Any:
    return Presentation(io.BytesIO(files()[Format.PPTX]))


def page() -> Any:
    return html5lib.parse(files()[Format.HTML].decode(), namespaceHTMLElements=False)


def said_in_pdf() -> str:
    pages = PdfReader(io.BytesIO(files()[Format.PDF])).pages
    return " ".join(each.extract_text() for each in pages[1:])


def said_in_word() -> str:
    return "\n".join(
        "".join(run.text or "" for run in each.iter(qn("w:t")))
        for each in word().element.body.iter(qn("w:p"))
    )


def said_in_slides() -> str:
    found = []
    for slide in deck().slides:
        for shape in slide.shapes:
            if shape.has_text_frame:
                found.append(shape.text_frame.text)
            if shape.has_table:
                found += [cell.text for row in shape.table.rows for cell in row.cells]
    return "\n".join(found)


def said_on_the_page() -> str:
    return "\n".join(page().itertext())


SAID: Mapping[str, Callable[[], str]] = {
    "docx": said_in_word,
    "pptx": said_in_slides,
    "html": said_on_the_page,
}


def cells(said: str) -> Counter[str]:
    """Numbers of the tables, each of which stands once in the document."""
    return Counter(re.findall(r"\b(?:3\d\d|10[0-2]\d|4711)\b", said))


def test_every_format_writes_every_kind_of_block():
    kinds = set(get_args(Block))
    for known in (word_report.WRITERS, slides.WRITERS, web_page.WRITERS):
        assert set(known) == kinds
    assert set(blocks._SETTERS) | {Heading} == kinds
    assert set(writers.WRITERS) == set(Format)


@pytest.mark.parametrize("name", SAID)
def test_the_numbers_of_a_format_are_those_of_the_pdf(name: str):
    found = cells(SAID[name]())
    assert len(found) == 40 + 30 + 1
    assert set(found) == set(cells(said_in_pdf()))
    assert all(count == 1 for count in found.values())


@pytest.mark.parametrize("name", SAID)
def test_text_of_users_is_text_and_nothing_else(name: str):
    said = re.sub(r"\s+", " ", SAID[name]())
    assert said.count('<b>x</b> & "q" {{7*7}} =1+1 https://example.org') >= 4
    assert "شركة" in said


def test_no_link_leaves_a_file_and_no_field_holds_a_text():
    links = {each.get("href") for each in page().iter("a")}
    assert links == {"#chapter-1", "#chapter-2"}
    assert not list(page().iter("script")) and not list(page().iter("b"))
    sources = [each.get("src", "") for each in page().iter("img")]
    assert len(sources) == 2 and all(
        each.startswith("data:image/svg+xml;base64,") for each in sources
    )
    body = word()
    anchors = {each.get(qn("w:anchor")) for each in body.element.iter(qn("w:hyperlink"))}
    assert anchors == {"chapter_1", "chapter_2"}
    assert not any(each.is_external for each in body.part.rels.values())
    foot = body.sections[0].footer._element
    assert {each.get(qn("w:instr")) for each in foot.iter(qn("w:fldSimple"))} == {
        "PAGE",
        "NUMPAGES",
    }
    assert not list(body.element.iter(qn("w:fldSimple"), qn("w:instrText")))
    for slide in deck().slides:
        assert not any(each.is_external for each in slide.part.rels.values())


def test_word_has_real_headings_lists_table_heads_and_alt_texts():
    body = word()
    styles = {each.text: each.style.name for each in body.paragraphs}
    assert (styles["Summary"], styles["Scores"]) == ("Heading 1", "Heading 2")
    assert styles["second"] == "List Bullet"
    scores = next(each for each in body.tables if each.cell(0, 0).text == "Touchpoint")
    assert scores.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    pictures = list(body.element.iter(qn("wp:docPr")))
    assert len(pictures) == 2
    chart = next(each for each in document().blocks if isinstance(each, Chart))
    assert all(each.get("descr") == spoken(chart) for each in pictures)
    assert "Advice" in spoken(chart) and "63" in spoken(chart)


def test_files_say_title_author_language_and_paper():
    about = word().core_properties
    assert (about.title, about.author) == (document().cover.title, "Northbank")
    assert about.language == deck().core_properties.language == page().get("lang") == "en-GB"
    assert page().find(".//title").text == document().cover.title
    languages = {each.get(qn("w:val")) for each in word().styles.element.iter(qn("w:lang"))}
    assert languages == {"en-GB"}
    assert [round(each.pt) for each in (word().sections[0].page_width, word().sections[0].page_height)] == [595, 842]  # fmt: skip
    assert round(deck().slide_width.pt) == 842
    letter = Document(**{**vars(document()), "paper": Paper.LETTER, "blocks": [Heading("One")]})
    made = dict(writers.written(letter, Format))
    sizes = PdfReader(io.BytesIO(made[Format.PDF])).pages[1].mediabox
    assert (sizes.width, sizes.height) == (612, 792)
    assert WordFile(io.BytesIO(made[Format.DOCX])).sections[0].page_height.pt == 792
    assert Presentation(io.BytesIO(made[Format.PPTX])).slide_width.pt == 792
    assert b"@page { size: letter" in made[Format.HTML]


def test_every_slide_has_a_title_of_its_own_and_keeps_inside_its_paper():
    found = deck()
    titles = [slide.shapes.title.text_frame.text for slide in found.slides]
    assert all(titles) and len(set(titles)) == len(titles)
    for slide in found.slides:
        for shape in slide.shapes:
            assert shape.top + shape.height <= found.slide_height, (
                slide.shapes.title.text_frame.text
            )
            assert shape.left + shape.width <= found.slide_width + 1
            if shape.shape_type == 13:  # a picture
                assert "Advice" in shape._element._nvXxPr.cNvPr.get("descr")
    assert said_in_slides().count("word") == 900


def test_a_drawing_is_made_into_a_picture_once(monkeypatch: pytest.MonkeyPatch):
    drawn = []
    original = Pictures.png
    monkeypatch.setattr(
        "surveyapp.reports.files.figure_files.png", lambda svg, dpi: drawn.append(svg) or b""
    )
    pictures = Pictures()
    for _ in range(2):
        original(pictures, "<svg/>")
    assert drawn == ["<svg/>"]


def test_an_unknown_format_is_named():
    assert read_formats(["html", "pdf", "html"]) == (Format.PDF, Format.HTML)
    with pytest.raises(Invalid, match="odt is not a format of a report; choose from pdf, docx"):
        read_formats(["odt"])
