"""What the pages of a PDF look like: read back from the file."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pdfplumber
import pytest

from surveyapp.reports.charts import svg
from surveyapp.reports.charts.short_names import short_names
from surveyapp.reports.document import (
    Block,
    Chart,
    Column,
    Cover,
    Document,
    Heading,
    Paper,
    Paragraph,
    Table,
    Tone,
)
from surveyapp.reports.typesetting import fonts
from surveyapp.reports.typesetting.pdf import pdf
from surveyapp.results import phrases

_TOP, _FOOT, _HEIGHT = 74.0, 776.0, 702.0  # of the text of a page


def pages(*blocks: Block) -> list[Any]:
    """The pages after the cover."""
    return made(*blocks)[1:]


def made(*blocks: Block, paper: Paper = Paper.A4) -> list[Any]:
    """All pages; the cover has the facts of a report on scores."""
    facts = [("Answers from", "May"), ("Responses", "540"), ("Journey", "Version 1"), ("Goal", "A")]
    document = Document(
        cover=Cover("Report", "Title", "Northbank", [*facts, ("Created on", "1 December")]),
        blocks=blocks,
        subject="A report",
        author="Northbank",
        running="Title",
        made=date(2026, 11, 22),
        paper=paper,
    )
    return list(pdfplumber.open(io.BytesIO(pdf(document))).pages)


def lines(page: Any) -> list[str]:
    return [str(line) for line in page.extract_text().splitlines()]


def blank(page: Any) -> float:
    """The part of a page below its last words."""
    low = max(word["bottom"] for word in page.extract_words() if word["bottom"] < _FOOT)
    return float((_FOOT - low) / _HEIGHT)


def table(n: int, *, name: str = "Touchpoint", score: str = "fewer than 5") -> Table:
    columns = [
        Column("", 0.38, name="Touchpoint"),
        Column("CSAT", 0.10, align="r"),
        Column("95% CI", 0.13, align="r"),
        Column("n", 0.08, align="r"),
        Column("Responses", 0.05, align="r"),
    ]
    cells = [[f"{name} {at}", score, "", "", "protects a small group"] for at in range(n)]
    return Table(columns=columns, cells=cells, title="Scores")


def drawing(height: float, title: str = "A drawing") -> Chart:
    made = svg.document(
        [svg.text("mark", 9, height - 9, size=9)], width=470, height=height, label="", class_="x"
    )
    return Chart(title, made)


@pytest.mark.parametrize(("paper", "most"), [(Paper.A4, 18), (Paper.LETTER, 16)])
def test_the_contents_of_a_long_report_stay_on_its_cover(paper: Paper, most: int):
    """As many chapters as a benchmark report has; their lines stand closer where the page is short."""
    chapters = [Heading(f"Chapter {at}") for at in range(1, most + 1)]
    cover = made(*chapters, paper=paper)[0].extract_text()
    assert f"Chapter {most} " in cover


def filled(points: float) -> list[Block]:
    """Paragraphs that take about this height."""
    return [Paragraph(f"Line {at}.") for at in range(int(points / 21.2))]


@pytest.mark.parametrize("score", ["fewer than 5", "too few in part of the period"])
def test_why_a_number_is_hidden_stands_on_one_line(score: str):
    said = lines(pages(Heading("Touchpoints"), table(3, score=score))[0])
    for at in range(3):
        assert f"Touchpoint {at} {score} protects a small group" in said


def test_a_number_is_not_broken_where_another_column_has_room():
    row = ["Arrival", "1,234,567 to 2,345,678", "yes"]
    columns = [Column("Touchpoint", 0.8), Column("CI", 0.1, align="r"), Column("Met", 0.1)]
    said = lines(pages(Table(columns=columns, cells=[row], title="Wide"))[0])
    assert " ".join(row) in said


def test_a_page_is_not_left_more_than_half_blank_for_a_chapter_a_table_or_a_drawing():
    for below in (table(16), drawing(470)):
        found = pages(Heading("One"), *filled(200), Heading("Two", new_page=True), below)
        assert all(blank(page) < 0.5 for page in found[:-1]), below.title
        assert "Two" in lines(found[0])
    found = pages(Heading("One"), *filled(500), Heading("Two", new_page=True), table(3))
    assert "Two" in lines(found[1])  # more than half full: a chapter begins on its own page


def test_a_heading_and_its_introduction_stay_with_the_drawing_below_them():
    found = pages(*filled(500), Heading("Two"), Paragraph("In short."), drawing(200))
    assert lines(found[1])[1:3] == ["Two", "In short."]


def test_a_long_name_from_the_right_breaks_before_its_order_is_turned():
    words = ["\u05d0\u05d1\u05d2", "\u05d3\u05d4\u05d5", "\u05d6\u05d7\u05d8"]  # no joined forms
    name = " ".join(words * 9)
    said = lines(
        pages(
            Table(
                columns=[Column("", 0.5), Column("n", 0.5, align="r")],
                cells=[[name, "7"]],
                title="T",
            )
        )[0]
    )
    rows = [line for line in said if any("\u05d0" <= letter <= "\u05ea" for letter in line)]
    assert len(rows) > 1
    read = " ".join(fonts.visual(row.removesuffix(" 7")) for row in rows)
    assert read == name


def test_a_sentence_that_begins_with_a_name_from_the_right_still_runs_from_the_left():
    name = phrases.named("\u05d0\u05d1\u05d2 3")
    text = f"{name} scores lowest on CSAT."
    for block in (Paragraph(text), Paragraph(text, Tone.BULLET), Heading(text)):
        said = lines(pages(block)[0])
        assert any(line.endswith("scores lowest on CSAT.") for line in said), said


def test_names_that_differ_only_at_their_end_are_not_cut_alike():
    names = [
        f"{'A touchpoint with a name of one hundred and twenty letters ' * 2}{at}" for at in (1, 2)
    ]
    for most in (1, 2):
        first, second = short_names(names, 10, 150, most=most)
        assert first != second and first[-1].endswith("1") and second[-1].endswith("2")
        assert all(fonts.width(line, 10) <= 150 for line in (*first, *second))
    inside = [
        f"Opening {word} the account that all of our customers are asked about"
        for word in ("with", "without")
    ]
    assert len({tuple(each) for each in short_names(inside, 10, 60, most=1)}) == 2
    assert short_names(["Short", "Short"], 10, 150) == [["Short"], ["Short"]]  # the same name
