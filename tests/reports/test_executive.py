"""The executive page has the pages' numbers, hides what they hide, and is one sheet."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document as WordFile
from pypdf import PdfReader

from instruments.loader import BUILT_IN
from surveyapp.errors import Invalid
from surveyapp.installation import Installation, open_installation
from surveyapp.journeys.population_shares import set_shares
from surveyapp.reports import make
from surveyapp.reports.actions import ask_report, scope_of
from surveyapp.reports.document import Paper, Paragraph, Table, plain
from surveyapp.reports.journeys.every_segment import of_segment
from surveyapp.reports.journeys.weighted import weighted
from surveyapp.results import dashboards, phrases
from surveyapp.results.scope import Comparison, Scope
from surveyapp.settings import read
from surveyapp.store.models import Journey, PlannedAction, Report, Segment, Target
from tests.results import bank

pytestmark = pytest.mark.xdist_group("executive")  # its tests share what is made once

LONG = (
    "A name of a journey that was written by somebody who had much time, and more to say than fits"
)
WHEN = {"since": date(2026, 5, 1), "until": date(2026, 10, 31)}


@pytest.fixture(scope="module")
def installation(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    home = tmp_path_factory.mktemp("executive")
    database = shutil.copy(migrated_sqlite, home / "surveyapp.db")
    opened = open_installation(read({}, home=home, database_url=f"sqlite:///{database}"))
    with opened.store.writing() as session:
        made = bank.filled(session)
        session.get_one(Journey, made.journey).name = LONG
    yield opened
    opened.close()


def page(
    installation: Installation, scope: Scope, paper: Paper = Paper.A4, formats: tuple[str, ...] = ()
) -> tuple[PdfReader, dict[str, BytesIO]]:
    with installation.store.writing() as session:
        asked = ask_report(
            session, kind="executive", scope=scope, user_id=None, paper=paper, formats=formats
        )
    make.of_scope(installation, asked.id, progress=lambda *_: None)
    with installation.store.reading() as session:
        report = session.get_one(Report, asked.id)
        assert report.file is not None
        others = {
            each.format: BytesIO(installation.files.read(each.file)) for each in report.documents
        }
        return PdfReader(BytesIO(installation.files.read(report.file))), others


def words(reader: PdfReader) -> str:
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages))


def test_the_page_is_one_sheet_with_the_overviews_numbers(installation: Installation):
    with installation.store.writing() as session:
        journey = session.query(Journey).one().id
        session.add(Target(journey_id=journey, metric="sjq", value=50.0, due=date(2027, 5, 29)))
    scope = Scope(journey, **WHEN, comparison=Comparison.BEFORE)
    reader, files = page(installation, scope, formats=("docx",))
    assert len(reader.pages) == 1
    said = words(reader)
    with installation.store.reading() as session:
        overview = dashboards.journey_overview(session, scope, library=BUILT_IN)
    for figure in overview.end:
        if figure.definition.parent is None:
            assert phrases.value(figure) in said and phrases.basis(figure) in said
            assert phrases.change_numbers(figure) in said
    assert re.search(r"Target 50 by 29 May 2027: (open|reached|not reached)", said)
    lowest = overview.lowest[0]
    assert (f"{lowest.name} scores lowest" in said) == lowest.stands_out
    assert "An association is not a cause" in said and "significantly associated" in said
    in_word = WordFile(files["docx"])
    numbers = re.findall(r"\d+", " ".join(p.text for p in in_word.paragraphs))
    numbers += re.findall(
        r"\d+", " ".join(c.text for t in in_word.tables for r in t.rows for c in r.cells)
    )
    assert set(numbers) <= set(re.findall(r"\d+", said))
    assert any(p.style and p.style.name == "Heading 2" for p in in_word.paragraphs)


def test_many_actions_long_names_and_letter_paper_still_fit(installation: Installation):
    with installation.store.writing() as session:
        journey = session.query(Journey).one().id
        for i in range(5):
            title = f"{i} {LONG} {LONG}"[:200]
            session.add(PlannedAction(journey_id=journey, title=title, due_on=date(2020, 1, 1 + i)))
    reader, _ = page(
        installation, Scope(journey, **WHEN, comparison=Comparison.BEFORE), Paper.LETTER
    )
    assert len(reader.pages) == 1
    said = words(reader)
    assert said.count("overdue") == 3 and "due 1 January 2020" in said


def test_a_period_of_few_answers_shows_no_number(installation: Installation):
    with installation.store.reading() as session:
        journey = session.query(Journey).one().id
    reader, _ = page(installation, Scope(journey, since=date(2020, 1, 1), until=date(2020, 1, 31)))
    said = words(reader)
    assert "There are not enough answers yet for any findings." in said
    assert "95% CI" not in said


def test_a_weighted_report_has_both_scores_and_their_population(installation: Installation):
    with installation.store.writing() as session:
        journey = session.query(Journey).one()
        scope = Scope(journey.id, weighted=True)
        with pytest.raises(Invalid, match="set them first"):
            ask_report(session, kind="executive", scope=scope, user_id=None)
        set_shares(
            session,
            journey,
            attribute="region",
            lines="North 40\nSouth 30\nEast 15\nWest 15",
            source="Customer register",
            counted_on=date(2025, 12, 31),
            user_id=None,
        )
    bank.count_cells(installation.store)
    reader, _ = page(installation, scope)
    with installation.store.reading() as session:
        overview = dashboards.journey_overview(session, scope, library=BUILT_IN)
    assert len(reader.pages) == 1
    assert "Customer register, 31 December 2025" in words(reader)
    (nps,) = (each for each in overview.end if each.definition.scale == "nps")
    assert nps.weighted is not None and nps.weighted.figure is not None
    value = phrases.value(nps.weighted.figure)
    assert value != phrases.value(nps) and f"weighted {value}, 95% CI" in words(reader)
    numbers = list(weighted(overview, ()))
    (table,) = (each for each in numbers if isinstance(each, Table))
    shown = [each for each in overview.figures if each.shown]
    assert len(table.cells) == len(shown) > len(overview.end)
    with installation.store.writing() as session:
        with pytest.raises(Invalid, match="is not weighted"):
            ask_report(session, kind="sjq_study", scope=scope, user_id=None)
        whole = ask_report(session, kind="executive", scope=scope, every_segment=True, user_id=None)
        one = of_segment(whole, session.query(Segment).limit(1).one())
        assert whole.title.endswith("weighted") and scope_of(one).weighted
        sheet = make.drafted(installation, session, one).document()
    told = [plain(each.text) for each in sheet.blocks if isinstance(each, Paragraph)]
    assert any(each.startswith("No score is weighted") for each in told)
