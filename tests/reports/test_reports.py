"""Reports asked for become PDF files that can be read back."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pdfplumber
import pytest
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject

from instruments.loader import BUILT_IN
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.installation import Installation, open_installation
from surveyapp.reports import apa, make, stored_content
from surveyapp.reports import queries as stored
from surveyapp.reports.actions import ask_report
from surveyapp.reports.document import (
    Callout,
    Column,
    Cover,
    Document,
    Heading,
    KeyFigure,
    KeyFigures,
    Look,
    Paper,
    Paragraph,
    Table,
    Tone,
    plain,
)
from surveyapp.reports.files import numbered
from surveyapp.reports.journeys import benchmark
from surveyapp.reports.typesetting.pdf import pdf
from surveyapp.results import dashboards, phrases
from surveyapp.results.analyses import compute
from surveyapp.results.analyses.actions import ask_validation
from surveyapp.results.scope import Scope
from surveyapp.settings import read
from surveyapp.store.models import File, Journey, Stage, Touchpoint
from tests.reports.tagged_reading import TaggedReading
from tests.results import bank

MADE = date(2026, 11, 22)
HOSTILE = "<b>x</b>&amp;"
TEMPLATE = "{{7*7}} {provider.__class__}"


@pytest.fixture
def installation(database_url: str, tmp_path: Path) -> Iterator[Installation]:
    opened = open_installation(read({}, home=tmp_path / "home", database_url=database_url))
    yield opened
    opened.close()


def quiet(_percent: int, _step: str) -> None:
    """Progress that nobody looks at."""


def opened(installation: Installation, file_id: int) -> PdfReader:
    with installation.store.reading() as session:
        return PdfReader(io.BytesIO(installation.files.read(session.get_one(File, file_id))))


def words(reader: PdfReader) -> str:
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages))


def outline(reader: PdfReader) -> list[str]:
    def titles(entries: Any) -> Iterator[str]:
        for entry in entries:
            if isinstance(entry, list):
                yield from titles(entry)
            else:
                yield str(entry.title)

    return list(titles(reader.outline))


def fonts_in(reader: PdfReader) -> dict[str, bool]:
    """Each font with text, and whether its letters are in the file."""
    found = {}
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            entry = font.get_object()
            descriptor = entry.get("/FontDescriptor")
            embedded = descriptor is not None and "/FontFile2" in descriptor.get_object()
            found[str(entry["/BaseFont"])] = embedded
    return found


def small(*blocks: Any, **changes: Any) -> Document:
    settings: dict[str, Any] = {
        "cover": Cover("Report", "Title", "Northbank", [("Answers from", "May")]),
        "blocks": blocks,
        "subject": "A report",
        "author": "Northbank",
        "running": "Title",
        "made": MADE,
    }
    return Document(**{**settings, **changes})


def made(document: Document) -> PdfReader:
    return PdfReader(io.BytesIO(pdf(document)))


def test_both_reports_are_made_filed_and_found_again(installation: Installation):
    with installation.store.writing() as session:
        journey = bank.filled(session)
        analysis = ask_validation(
            session, journey_id=journey.journey, survey_id=journey.surveys["end"],
            instrument="sjq", key="sjq-16", segment_id=None, seed=5, user_id=None,
        )  # fmt: skip
    compute.run_validation(installation, analysis.id, progress=quiet)
    with installation.store.writing() as session:
        asked = [
            ask_report(session, kind="benchmark", scope=Scope(journey.journey), user_id=None),
            ask_report(
                session, kind="benchmark", user_id=None,
                scope=Scope(journey.journey, journey.segments["north"], since=date(2026, 1, 1)),
                formats=["html"], paper=Paper.LETTER,
            ),
            ask_report(
                session, kind="validation", scope=Scope(journey.journey), analysis_id=analysis.id,
                user_id=None,
            ),
        ]  # fmt: skip
    steps: list[int] = []
    makers = (make.of_scope, make.of_scope, make.validation)
    results = [
        maker(installation, report.id, progress=lambda percent, _step: steps.append(percent))
        for maker, report in zip(makers, asked, strict=True)
    ]
    assert steps[:4] == [5, 30, 60, 95]
    with installation.store.reading() as session:
        kept = stored.reports(session, journey.journey)
        assert [report.id for report in kept] == [report.id for report in reversed(asked)]
        assert {report.file_id for report in kept} == {result["file_id"] for result in results}
        names = [report.file.name for report in kept if report.file]
        overview = dashboards.journey_overview(session, Scope(journey.journey), library=BUILT_IN)
    assert [[each.format for each in report.documents] for report in kept] == [[], ["html"], []]
    beside = kept[1].documents[0].file
    assert beside.name == names[1].replace(".pdf", ".html")
    assert b"size: letter" in installation.files.read(beside)
    assert names[2].startswith("current-account-benchmark-2")
    assert names[1].startswith("current-account-benchmark-north-")
    assert names[0].startswith("current-account-validation-sjq-")
    whole, north, study = (opened(installation, result["file_id"]) for result in results)
    for report in (whole, study):
        report.stream.seek(0)
        TaggedReading(report.stream.read()).check()
    text = words(whole)
    with installation.store.reading() as session:
        content = installation.files.read(session.get_one(File, results[0]["file_id"]))
    with pdfplumber.open(io.BytesIO(content)) as document:
        lines = document.pages[1].extract_text().splitlines()
    for figure in overview.profile:
        assert f"{figure.definition.label} {phrases.value(figure)}" in lines
    assert "Onboarding scores lowest on CSAT" in text
    assert "Alpha" in text  # the stored validation stands in the annex
    assert "North" in words(north)
    assert "For all customers, not only this segment:" in words(north)
    assert "used the answers of all customers" in words(north)
    assert "used the answers of all customers" not in text
    assert "Segment comparison" not in words(north)
    assert "Fit of the Hypothesised Model and Its Rivals" in words(study)
    assert analysis.id
    with installation.store.reading() as session:
        kept = stored.reports(session, journey.journey)
        contents = [installation.files.read(report.content) for report in kept]
    for content, reader in zip(contents, (study, north, whole), strict=True):
        found = stored_content.read(content)
        said = re.sub(r"\s", "", words(reader))
        for table in numbered.tables(found.blocks):
            assert re.sub(r"\s", "", table.title) in said
            for row in table.rows:
                assert all(re.sub(r"[\s\u2066-\u2069]", "", plain(cell)) in said for cell in row), (
                    row
                )
    for reader in (whole, north, study):
        assert all(fonts_in(reader).values()), fonts_in(reader)


def test_the_benchmark_report_has_its_chapters_contents_and_page_numbers(
    installation: Installation,
):
    with installation.store.writing() as session:
        journey = bank.filled(session)
    with installation.store.reading() as session:
        numbers = benchmark.Numbers(
            dashboards.journey_overview(session, Scope(journey.journey), library=BUILT_IN),
            dashboards.segment_comparison(session, Scope(journey.journey), library=BUILT_IN),
            dashboards.trend(session, Scope(journey.journey), library=BUILT_IN),
            dashboards.response_rates(session, Scope(journey.journey), library=BUILT_IN),
        )
    reader = made(benchmark.content(numbers, made=MADE))
    chapters = [
        "Summary",
        "Service journey quality",
        "Stages",
        "Touchpoints",
        "Segment comparison",
        "Trend by month",
        "Annex A: Sample and response rate",
        "Annex B: Reliability and validity",
        "Annex C: Methods",
    ]
    assert [title for title in outline(reader) if title in chapters] == chapters
    total = len(reader.pages)
    for at, page in enumerate(reader.pages[1:], start=2):
        assert f"Page {at} of {total}" in page.extract_text()
    starts = {
        str(entry.title): reader.get_destination_page_number(entry)
        for entry in reader.outline
        if not isinstance(entry, list)
    }
    assert starts["Summary"] == 1 and starts["Touchpoints"] <= 3  # two pages for managers
    assert reader.metadata is not None
    assert reader.metadata.title == "Opening and using a current account"
    assert reader.metadata.author == "Northbank"
    assert reader.trailer["/Root"]["/Lang"] == "en"  # type: ignore[index]
    links = [
        note.get_object()
        for note in reader.pages[0].get("/Annots", ArrayObject())
        if isinstance(note.get_object(), DictionaryObject)
    ]
    assert len(links) >= len(chapters)
    text = words(reader)
    for needed in (
        "trade marks of",
        "en-1",
        "sjq-16",
        "fewer than 5 answers",
        "neither the outcome of the service",
        "2 November 2025 to 30 October 2026",
        "have not been examined",
        "Percentage answering 9 to 10 (promoters)",
    ):
        assert needed in text, needed

    told = replace(
        numbers.overview,
        end=(),
        instruments=tuple(
            replace(each, instrument="marker", title="Sport on television")
            for each in numbers.overview.instruments
        ),
    )
    document = benchmark.content(replace(numbers, overview=told), made=MADE)
    heads = [block.text for block in document.blocks if isinstance(block, Heading)]
    assert "Annex B: Methods" in heads  # no scale, no chapter on its reliability
    assert "Sport on television" not in str(document.blocks)


def test_cover_and_tile_count_many_answers_at_small_touchpoints_as_many(installation: Installation):
    """19 answers at six touchpoints of fewer than five each: 19, and not "fewer than 5"."""
    with installation.store.writing() as session:
        journey = bank.make_journey(session)
        for code, n in (("app", 3), ("id", 3), ("pay", 4), ("chat", 2), ("meet", 3), ("offer", 4)):
            rows = [(bank.START, {}, {"csat": {"csat": 4}})] * n
            bank.store_answers(session, journey.surveys[code], rows, {})
    document = benchmark.content(_numbers(installation, journey.journey), made=MADE)
    facts = dict(document.cover.facts)
    assert facts["Responses"] == "19 at 6 touchpoints and the journey's end"
    assert _tile(document).value == "19"


def test_cover_and_tile_say_at_least_where_the_sum_would_give_a_small_touchpoint_away(
    installation: Installation,
):
    with installation.store.writing() as session:
        journey = bank.make_journey(session)
        for code, n in (("app", 1000), ("id", 4)):
            rows = [(bank.START, {}, {"csat": {"csat": 4}})] * n
            bank.store_answers(session, journey.surveys[code], rows, {})
    document = benchmark.content(_numbers(installation, journey.journey), made=MADE)
    assert dict(document.cover.facts)["Responses"] == (
        "at least 1,000 at 6 touchpoints and the journey's end; the number at one place is hidden to "
        "protect small groups"
    )
    assert _tile(document).value == "at least 1,000"
    sample = next(
        block for block in document.blocks
        if isinstance(block, Table) and block.head[0] == "Touchpoint"
    )  # fmt: skip
    assert [row[1] for row in sample.rows][:3] == ["1,000", "hidden (fewer than 5)", "0"]


def _numbers(installation: Installation, journey: int) -> benchmark.Numbers:
    with installation.store.reading() as session:
        return benchmark.Numbers(
            dashboards.journey_overview(session, Scope(journey), library=BUILT_IN),
            dashboards.segment_comparison(session, Scope(journey), library=BUILT_IN),
            dashboards.trend(session, Scope(journey), library=BUILT_IN),
            dashboards.response_rates(session, Scope(journey), minimum_cell=5, library=BUILT_IN),
        )


def _tile(document: Document) -> KeyFigure:
    tiles = next(block for block in document.blocks if isinstance(block, KeyFigures))
    return tiles.figures[-1]


def test_names_that_look_like_markup_or_templates_are_printed_as_they_are(
    installation: Installation,
):
    with installation.store.writing() as session:
        journey = bank.make_journey(
            session, name=HOSTILE, provider=TEMPLATE, app=HOSTILE, id="فتح حساب جديد"
        )
        journey.segments = bank.make_segments(session, {"x": (HOSTILE, "region = North")})
        session.get_one(Journey, journey.journey).goal = '<font size="90">big</font> <para>'
        bank.fill(session, journey, a_place=20)
    with installation.store.writing() as session:
        report = ask_report(session, kind="benchmark", scope=Scope(journey.journey), user_id=None)
    result = make.of_scope(installation, report.id, progress=quiet)
    reader = opened(installation, result["file_id"])
    text = words(reader)
    assert HOSTILE in text
    assert TEMPLATE in text
    assert '<font size="90">big</font> <para>' in text
    assert reader.metadata is not None
    assert reader.metadata.title == HOSTILE
    assert any("DejaVu" in name for name in fonts_in(reader))


def test_what_cannot_be_asked_is_refused_with_the_reason(installation: Installation):
    with installation.store.writing() as session:
        journey = bank.make_journey(session)
        other = bank.make_journey(session, "other")
        analysis = ask_validation(
            session, journey_id=journey.journey, survey_id=None, instrument="sjq", key=None,
            segment_id=None, seed=1, user_id=None,
        )  # fmt: skip
        wish: dict[str, Any] = {"scope": Scope(journey.journey), "user_id": None}
        with pytest.raises(Invalid, match="not a kind of report"):
            ask_report(session, kind="horoscope", **wish)
        with pytest.raises(Invalid, match="requires a stored analysis"):
            ask_report(session, kind="validation", **wish)
        with pytest.raises(Conflict, match="not finished"):
            ask_report(session, kind="validation", analysis_id=analysis.id, **wish)
        with pytest.raises(NotFound, match="analysis number"):
            ask_report(session, kind="validation", scope=Scope(other.journey), analysis_id=analysis.id, user_id=None)  # fmt: skip
        with pytest.raises(NotFound, match="There is no such journey"):
            ask_report(session, kind="benchmark", scope=Scope(999), user_id=None)
    with pytest.raises(NotFound, match="report number 999"):
        make.of_scope(installation, 999, progress=quiet)


def test_a_journey_without_answers_still_has_a_report(installation: Installation):
    with installation.store.writing() as session:
        journey = bank.make_journey(session)
        report = ask_report(session, kind="benchmark", scope=Scope(journey.journey), user_id=None)
    result = make.of_scope(installation, report.id, progress=quiet)
    assert "not enough answers yet" in words(opened(installation, result["file_id"]))


def test_the_same_document_gives_the_same_pages():
    document = small(Heading("One"), Paragraph("Text"))
    first, second = (made(document) for _ in range(2))
    assert [p.get_contents().get_data() for p in first.pages] == [  # type: ignore[union-attr]
        p.get_contents().get_data()
        for p in second.pages  # type: ignore[union-attr]
    ]


def test_a_long_table_splits_and_repeats_its_head():
    rows = [[f"Item {i}", f"{i / 10:.1f}"] for i in range(120)]
    reader = made(
        small(Table([Column("Score of item", 0.7), Column("Value", 0.3, align="r")], rows, ""))
    )
    pages = [page.extract_text() for page in reader.pages[1:]]
    assert len(pages) >= 3
    assert all("Score of item" in page for page in pages)
    assert sum(page.count("Item ") for page in pages) == 120


def test_no_heading_stands_alone_at_the_foot_of_a_page():
    filler = Paragraph("A line of text. " * 12)
    for n in range(8, 22):
        table = Table([Column("A", 0.5), Column("B", 0.5)], [["x", "y"]] * 6, "")
        reader = made(small(*[filler] * n, Heading("Alone?"), Heading("Below", level=2), table))
        page = next(
            page.extract_text() for page in reader.pages[1:] if "Alone?" in page.extract_text()
        )
        assert "Below" in page
        assert "x" in page.split("Below")[1]


def test_apa_tables_have_three_horizontal_lines_and_no_vertical_one():
    table = Table(
        [Column("Item", 0.5), Column("M", 0.5, apa.number)], [["a", 1.0], ["b", 2.0]],
        title="Means", look=Look.APA, number=1, note="Made up.",
    )  # fmt: skip
    with pdfplumber.open(io.BytesIO(pdf(small(table)))) as document:
        page = document.pages[1]
        body = [line for line in page.lines if line["top"] > 60]
        assert all(abs(line["x0"] - line["x1"]) > 1 for line in body)
        assert len({round(line["top"]) for line in body}) == 3
        text = page.extract_text()
    assert "Table 1" in text
    assert "Note. Made up." in text


def test_nothing_is_set_beyond_the_page_margins():
    word = "Unverhältnismäßigkeitsgrundsatz" * 4
    document = small(
        Heading(f"Heading {word}"),
        KeyFigures([KeyFigure(word, "71", word), KeyFigure("NPS", "+31", "n = 5")]),
        Paragraph(word, Tone.BULLET),
        Callout(word, word),
        Table([Column(word, 0.7), Column("n", 0.3, align="r")], [[word, "1"]], word, word),
        running=word,
    )
    with pdfplumber.open(io.BytesIO(pdf(document))) as found:
        for page in found.pages[1:]:
            assert max(letter["x1"] for letter in page.chars) <= page.width - 55
            assert min(letter["x0"] for letter in page.chars) >= 55


def test_greek_letters_in_italics_are_printed_not_boxed():
    from surveyapp.reports import apa

    reader = made(small(Paragraph(apa.chi_square(12.4, 3, 0.0004))))
    assert "χ²(3) = 12.40, p < .001" in words(reader)


@pytest.mark.parametrize(
    ("value", "text"), [(0.934, ".93"), (-0.2, "−.20"), (1.0, "1.00"), (None, "–"), (0.0, ".00")]
)
def test_statistics_that_cannot_exceed_one_lose_their_leading_zero(value: float | None, text: str):
    from surveyapp.reports.apa import bounded

    assert bounded(value) == text


def test_journeys_of_many_places_segments_and_long_names_still_fit_on_pages(
    installation: Installation,
):
    long = "A name of two hundred characters, which nobody should choose but somebody will. " * 2
    with installation.store.writing() as session:
        journey = bank.make_journey(session, name=long + "x" * 40, provider=long, app=long)
        for s in range(9):
            stage = Stage(
                journey_id=journey.journey, position=10 + s, code=f"s{s}", name=f"{long} {s}"
            )
            session.add(stage)
            session.flush()
            session.add_all(
                Touchpoint(stage_id=stage.id, position=t, code=f"t{t}", name=f"{long} {t}")
                for t in range(5)
            )
        rules = {f"r{i}": (f"{long} {i}", f"tenure_years = {i}") for i in range(30)}
        journey.segments = bank.make_segments(session, rules)
        bank.fill(session, journey, a_place=10)
        report = ask_report(session, kind="benchmark", scope=Scope(journey.journey), user_id=None)
    result = make.of_scope(installation, report.id, progress=quiet)
    with installation.store.reading() as session:
        content = installation.files.read(session.get_one(File, result["file_id"]))
    with pdfplumber.open(io.BytesIO(content)) as document:
        for page in document.pages[1:]:
            inside = [c for c in page.chars if c["text"].strip()]
            assert max(c["x1"] for c in inside) <= page.width - 55
            assert max(c["bottom"] for c in inside) <= page.height - 20
