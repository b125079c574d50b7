"""One ZIP holds a report for each segment and says of which there is none, and why."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import event

from surveyapp.errors import Conflict, Invalid
from surveyapp.installation import Installation, open_installation
from surveyapp.reports import make
from surveyapp.reports.actions import ask_report
from surveyapp.reports.journeys import every_segment
from surveyapp.results.scope import Comparison, Scope
from surveyapp.settings import read
from surveyapp.store.models import Report, Segment
from surveyapp.store.queue import Lost
from tests.results import bank

pytestmark = pytest.mark.xdist_group("every segment")  # its tests share what is made once

WHEN = {"since": date(2026, 5, 1), "until": date(2026, 10, 31)}


@pytest.fixture(scope="module")
def made(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Installation, bank.Bank]]:
    home = tmp_path_factory.mktemp("segments")
    database = shutil.copy(migrated_sqlite, home / "surveyapp.db")
    opened = open_installation(read({}, home=home, database_url=f"sqlite:///{database}"))
    with opened.store.writing() as session:
        found = bank.filled(session)
        session.add(Segment(code="none", name="=Nobody", rule="region = Nowhere"))
        session.add(Segment(code="later", name="Zealots", rule="region = Later", sorted_to=0))
    yield opened, found
    opened.close()


def asked(installation: Installation, scope: Scope, kind: str = "executive") -> int:
    with installation.store.writing() as session:
        return ask_report(
            session, kind=kind, scope=scope, every_segment=True, formats=("html",), user_id=None
        ).id


def quiet(*_: object) -> None:
    pass


def words(pdf: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def test_each_segment_has_its_own_report_and_the_contents_name_the_rest(made):
    installation, place = made
    scope = Scope(place.journey, **WHEN, comparison=Comparison.BEFORE)
    number = asked(installation, scope)
    steps: list[tuple[int, str]] = []
    result = every_segment.every_segment(
        installation, number, progress=lambda *step: steps.append(step)
    )
    assert (result["made"], result["left_out"]) == (4, 2)
    percents = [percent for percent, _ in steps]
    assert percents == sorted(percents) and "North (4 of 6)" in [said for _, said in steps]
    with installation.store.reading() as session:
        report = session.get_one(Report, number)
        assert report.file is not None and (report.kind, report.content) == ("segments", None)
        assert report.title.startswith("Executive page for every segment: Opening and using")
        assert report.file.name.startswith("current-account-executive-segments-")
        packed = zipfile.ZipFile(io.BytesIO(installation.files.read(report.file)))
    text = packed.read(every_segment.CONTENTS).decode("utf-8-sig")
    rows = {row["Segment"]: row for row in csv.DictReader(io.StringIO(text))}
    named = [name for row in rows.values() for name in row["Files"].split()]
    assert sorted([*named, "contents.csv"]) == sorted(packed.namelist()) and len(named) == 8
    assert rows["none"]["Customers"] == "'=Nobody"  # no formula in a spreadsheet
    assert rows["none"]["Left out because"].startswith("There are too few answers of May to Oct")
    assert rows["later"]["Left out because"].startswith("Responses are still being assigned")
    assert rows["none"]["Most answers to one score (n)"] == ""
    # What the ZIP holds of a segment is what its own report says.
    with installation.store.writing() as session:
        alone = ask_report(
            session, kind="executive", user_id=None,
            scope=Scope(place.journey, place.segments["north"], **WHEN, comparison=Comparison.BEFORE),
        ).id  # fmt: skip
    make.of_scope(installation, alone, progress=quiet)
    with installation.store.reading() as session:
        own = session.get_one(Report, alone).file
        assert own is not None
        there = words(installation.files.read(own))
    inside = words(packed.read(rows["north"]["Files"].split()[0]))
    assert inside == there and "North" in inside
    assert f"n = {rows['']['Most answers to one score (n)']}" in words(
        packed.read(rows[""]["Files"].split()[0])
    )


def test_what_depends_on_all_segments_is_read_for_the_first_report_alone(made):
    installation, place = made
    number = asked(installation, Scope(place.journey, **WHEN, comparison=Comparison.BEFORE))
    steps: list[list[str]] = []

    def heard(_connection, _cursor, statement: str, *_: object) -> None:
        if steps:
            steps[-1].append(statement)

    engine = installation.store.engine
    event.listen(engine, "before_cursor_execute", heard)
    try:
        every_segment.every_segment(installation, number, progress=lambda *_: steps.append([]))
    finally:
        event.remove(engine, "before_cursor_execute", heard)
    first, *others = steps[1:6]  # all customers, then each segment whose answers are sorted
    answers = [[s for s in each if "responses" in s and "FROM" in s] for each in (first, *others)]
    assert len(answers[0]) == 3 and not any(answers[1:])
    assert max(map(len, others)) < len(first)


def test_a_job_that_is_cancelled_leaves_no_file(made):
    installation, place = made
    number = asked(installation, Scope(place.journey, **WHEN))

    def cancelled(percent: int, _: str) -> None:
        if percent > 20:
            raise Lost("cancelled")

    with pytest.raises(Lost):
        every_segment.every_segment(installation, number, progress=cancelled)
    with installation.store.reading() as session:
        assert session.get_one(Report, number).file is None


def test_no_report_at_all_is_a_failure_with_its_reason(made):
    installation, place = made
    number = asked(
        installation, Scope(place.journey, since=date(2020, 1, 1), until=date(2020, 1, 31))
    )
    with pytest.raises(Conflict, match=r"could be made\. All customers: There are too few"):
        every_segment.every_segment(installation, number, progress=quiet)


def test_one_segment_and_reports_of_an_analysis_are_refused(made):
    installation, place = made
    with pytest.raises(Invalid, match="every segment and one segment were asked for"):
        asked(installation, Scope(place.journey, place.segments["north"]))
    with pytest.raises(Invalid, match="is of the customers of its analysis"):
        asked(installation, Scope(place.journey), "validation")


def test_every_report_of_the_zip_is_written_in_the_language_asked_for(made):
    installation, place = made
    with installation.store.writing() as session:
        number = ask_report(
            session,
            kind="executive",
            scope=Scope(place.journey, **WHEN),
            every_segment=True,
            language="fi",
            user_id=None,
        ).id
    every_segment.every_segment(installation, number, progress=quiet)
    with installation.store.reading() as session:
        report = session.get_one(Report, number)
        assert report.file is not None
        packed = zipfile.ZipFile(io.BytesIO(installation.files.read(report.file)))
    text = packed.read(every_segment.CONTENTS).decode("utf-8-sig")
    rows = {row["Segmentti"]: row for row in csv.DictReader(io.StringIO(text))}
    assert rows[""]["Asiakkaat"] == "Kaikki asiakkaat" and rows[""]["Jätetty pois, koska"] == ""
    assert rows["later"]["Jätetty pois, koska"].startswith("Vastauksia lajitellaan vielä")
    assert rows["none"]["Jätetty pois, koska"].startswith("Jaksolta touko–lokakuu 2026")
    reports = [name for name in packed.namelist() if name.endswith(".pdf")]
    assert reports
    for name in reports:
        assert PdfReader(io.BytesIO(packed.read(name))).trailer["/Root"]["/Lang"] == "fi"
