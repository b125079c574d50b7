"""A program that reads a PDF aloud finds its headings, lists, tables and figures, in their order."""

from __future__ import annotations

import pikepdf
import pytest

from surveyapp.exports.poster import Poster, poster_pdf
from surveyapp.i18n.languages import texts
from surveyapp.i18n.words import ENGLISH
from surveyapp.reports.document import (
    Callout,
    Chart,
    Column,
    Heading,
    KeyFigure,
    KeyFigures,
    Pair,
    Paragraph,
    Styled,
    Table,
    Tone,
)
from surveyapp.reports.typesetting.pdf import pdf
from tests.reports.tagged_reading import Node, TaggedReading
from tests.reports.test_reports import small

ARABIC = "بنك الشمال (UK)"
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"><rect width="80" height="40"/>'
    '<text x="10" y="50">42</text></svg>'
)
SENTENCE = "Seventy and thirteen are the long row's words. " * 150  # more than a page
ROWS = [[f"Item {at}", f"{at}.0"] for at in range(90)]
DOCUMENT = small(
    Heading("First", level=1),
    Paragraph(("Plain and ", Styled("bold"), " words.")),
    *(Paragraph(f"Point {at}", Tone.BULLET) for at in (1, 2)),
    *(Paragraph(f"Step {at}", Tone.NUMBERED, number=at) for at in (1, 2)),
    Heading("Below", level=2),
    Chart("Onboarding scores lowest", SVG, "n = 42"),
    Pair(Chart("Left rises", SVG), Chart("Right falls", SVG)),
    KeyFigures([KeyFigure("SJQ", "71", "n = 42"), KeyFigure("NPS", "+31", "n = 40")]),
    Callout("Notice", "Few answers."),
    Heading("Second", level=1, new_page=True),
    Paragraph(SENTENCE),
    Paragraph(ARABIC),
    Table(
        [Column("Item", 0.6), Column(ARABIC, 0.4, align="r")],
        [*ROWS, ["Group", ""], ["Last", "1.0"]],
        "Items",
        groups=frozenset({90}),
    ),
    words=ENGLISH,
)


@pytest.fixture(scope="module")
def found() -> TaggedReading:
    return TaggedReading(pdf(DOCUMENT))


def said(found: TaggedReading, node: Node, kind: str) -> list[str]:
    return [found.text(each) for each in node.all(kind)]


def test_every_sign_on_every_page_has_a_meaning_or_is_decoration(found: TaggedReading):
    found.check()
    assert len(found.pages) > 5


def test_the_file_says_its_language_its_title_and_that_it_is_tagged(found: TaggedReading):
    root = found.pdf.Root
    assert str(root.Lang) == "en" and bool(root.ViewerPreferences.DisplayDocTitle)
    with found.pdf.open_metadata() as metadata:
        assert metadata["dc:title"] == "Title"
        assert metadata["dc:creator"] == ["Northbank"]
        assert metadata["dc:language"] == {"en"}
        assert "pdfuaid:part" not in metadata  # nobody has certified that
    assert root.StructTreeRoot.RoleMap.Title == pikepdf.Name.P


def test_headings_lists_and_figures_are_what_they_are(found: TaggedReading):
    assert said(found, found.root, "H1") == ["First", "Second"]
    assert said(found, found.root, "H2") == ["Below"]
    bullets, steps = found.root.all("L")
    assert said(found, bullets, "LI") == ["\N{EN DASH} Point 1", "\N{EN DASH} Point 2"]
    assert said(found, steps, "LI") == ["1. Step 1", "2. Step 2"]
    assert said(found, found.root, "Figure") == [
        *("Onboarding scores lowest", "Left rises", "Right falls")
    ]


def test_what_is_read_has_the_order_of_the_text_and_nothing_twice(found: TaggedReading):
    """A paragraph and a table that go on overleaf are one each; the head that is repeated is not read."""
    text = found.text(found.root)
    order = (
        *(
            "Title",
            "Answers from May",
            "Contents First",
            "First",
            "Plain and bold words.",
            "Point 2",
            "Step 1",
        ),
        *(
            "Below",
            "n = 42",
            "Left rises",
            "SJQ NPS 71 +31 n = 42 n = 40",
            "Notice",
            "Few answers.",
        ),
        *("Second", SENTENCE.strip(), ARABIC, "Item 0 0.0 Item 1 1.0", "Group", "Last 1.0"),
    )
    at = 0
    for part in order:
        at = text.index(part, at) + len(part)
    assert sum(SENTENCE.strip() in each for each in said(found, found.root, "P")) == 1
    assert "Page 2 of" not in text


def test_a_table_over_pages_has_its_heads_once_with_their_scope(found: TaggedReading):
    table = found.root.all("Table")[-1]
    rows = [[found.text(cell) for cell in row.kids] for row in table.all("TR")]
    assert rows == [["Item", ARABIC], *ROWS, ["Group"], ["Last", "1.0"]]
    heads = table.all("TH")
    assert [str(each.raw.A.Scope) for each in heads[:3]] == ["/Column", "/Column", "/Row"]
    group = next(each for each in heads if found.text(each) == "Group")
    assert int(group.raw.A.ColSpan) == 2


def test_right_to_left_text_is_read_as_it_is_written_not_as_it_stands(found: TaggedReading):
    assert ARABIC in said(found, found.root, "P")


def test_the_contents_lead_to_the_chapters(found: TaggedReading):
    (contents,) = found.root.all("TOC")
    assert [line.split()[0] for line in said(found, contents, "TOCI")] == ["First", "Second"]
    links = [kid for link in contents.all("Link") for kid in link.kids if kid[0] == "link"]
    assert len(links) == 4  # the name and the page of each


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_poster_is_read_too_and_its_code_has_words(language: str):
    address = "https://survey.northbank.example/s/abcdefghjk"
    words = texts(language)
    found = TaggedReading(poster_pdf(Poster(address, "Northbank", words, note="A note")))
    found.check()
    assert said(found, found.root, "H1") == [words.poster_title]
    assert said(found, found.root, "Figure") == [f"{words.poster_text} {address}"]
    assert words.poster_text in said(found, found.root, "P")
    assert str(found.pdf.Root.Lang) == words.language_tag
