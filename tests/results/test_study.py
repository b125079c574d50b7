"""The service journey study: answers joined by person, a job, a stored result, on both databases."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pypdf import PdfReader
from sqlalchemy import select

from analysis.provenance import fingerprint
from instruments.loader import BUILT_IN
from surveyapp.errors import Invalid, NotFound
from surveyapp.installation import Installation, open_installation
from surveyapp.reports.actions import ask_report
from surveyapp.responses.bulk import store_bulk
from surveyapp.results.analyses.actions import ask_sjq_study
from surveyapp.results.analyses.studies import journey_scales, study_rows
from surveyapp.results.dashboards import journey_overview
from surveyapp.results.scope import Scope
from surveyapp.settings import read
from surveyapp.store.db import Store
from surveyapp.store.models import Analysis, AuditEntry, Job, Report, Response
from surveyapp.worker import run_job
from tests.responses.makers import as_survey, make_journey, make_segment, make_survey
from tests.results.study_place import ITEMS, STUDY, make_study, people, prepared

ALL_ITEMS = [item for items in ITEMS.values() for item in items]


@pytest.fixture
def installation(database_url: str, tmp_path: Path):
    opened = open_installation(read({}, home=tmp_path / "home", database_url=database_url))
    yield opened
    opened.close()


def asked(session: Any, journey_id: int, **changes: Any) -> Analysis:
    values = {
        "survey_id": None,
        "segment_id": None,
        "bootstrap": 100,
        "seed": 5,
        "user_id": None,
    }
    return ask_sjq_study(session, journey_id=journey_id, **{**values, **changes})


def finished(installation: Installation, analysis: Analysis) -> tuple[Job, Analysis]:
    assert analysis.job_id is not None
    assert run_job(installation, analysis.job_id, worker="test")
    with installation.store.reading() as session:
        return session.get_one(Job, analysis.job_id), session.get_one(Analysis, analysis.id)


def test_the_study_goes_from_wish_to_stored_result_and_paper(installation: Installation):
    data = people(120)
    with installation.store.writing() as session:
        survey = make_study(session, data)
        analysis = asked(session, survey.journey_id, survey_id=survey.id)
    job, stored = finished(installation, analysis)
    assert (job.state, job.error) == ("done", "")
    result = stored.result
    assert result is not None
    assert (stored.kind, stored.seed, result["sample"]["n"]) == ("sjq_study", 5, 120)
    assert stored.fingerprint == fingerprint(data[ALL_ITEMS], ALL_ITEMS)
    assert stored.versions["numpy"] == np.__version__
    assert [row["code"] for row in result["study"]["hypotheses"]] == ["H1", "H2", "H3"]
    assert result["settings"]["bootstrap"] == 100

    with installation.store.writing() as session:
        report = ask_report(session, kind="sjq_study", scope=Scope(stored.journey_id), analysis_id=stored.id, user_id=None)  # fmt: skip
    assert report.job_id is not None
    run_job(installation, report.job_id, worker="test")
    with installation.store.reading() as session:
        file = session.get_one(Report, report.id).file
        assert file is not None and file.name.startswith("account-journey-study-")
        pages = PdfReader(io.BytesIO(installation.files.read(file))).pages
    assert "hypotheses" in pages[1].extract_text()
    with installation.store.reading() as session:
        assert "ask study" in session.scalars(select(AuditEntry.action)).all()


def test_a_study_says_that_its_people_read_several_wordings(installation: Installation):
    with installation.store.writing() as session:
        survey = make_study(session, people(120))
        for at, each in enumerate(session.scalars(select(Response).order_by(Response.id))):
            each.wordings = {**each.wordings, "sjq": "en-1" if at < 30 else "en-2"}
        analysis = asked(session, survey.journey_id, survey_id=survey.id)
    _, stored = finished(installation, analysis)
    assert stored.result is not None
    mixed = [text for text in stored.result["study"]["warnings"] if "wordings" in text]
    assert mixed == [
        "The answers to sjq mix the wordings en-1 (30 respondents) and en-2 (90 respondents)"
    ]


def test_the_frame_holds_the_answers_as_they_were_given(store: Store):
    data = people(30)
    with store.writing() as session:
        survey = make_study(session, data)
        found = study_rows(session, items=ITEMS, journey_id=survey.journey_id).data
    assert found.astype(int).equals(data[ALL_ITEMS])


def test_answers_of_one_journey_run_are_one_person(store: Store):
    data = people(8)
    with store.writing() as session:
        journey = make_journey(session)
        along = make_survey(session, asks=("servqual-p", "loyalty"), journey=journey)
        end = make_survey(
            session, asks=("sjq",), journey=journey, at_end=True, name="End", code="end"
        )
        rows = data.to_dict("records")
        some = [
            prepared(row, at, ("servqual-p", "loyalty"), f"c{at}") for at, row in enumerate(rows)
        ]
        store_bulk(session, as_survey(session, along), some, library=BUILT_IN)
        # Two customers never reach the end.
        last = [
            prepared(row, at + 100, ("sjq",), f"c{at}") for at, row in enumerate(rows) if at < 6
        ]
        store_bulk(session, as_survey(session, end), last, library=BUILT_IN)
        found = study_rows(session, items=ITEMS, journey_id=journey.id).data
        assert study_rows(session, items=ITEMS, journey_id=journey.id, survey_id=end.id).data.empty
    wanted = [item for code in STUDY[:3] for item in ITEMS[code]]
    assert found.astype(int).equals(data[wanted][:6])


def test_only_customers_of_the_segment_are_studied(store: Store):
    data = people(20)
    with store.writing() as session:
        survey = make_study(session, data)
        segment = make_segment(session, "north", "region = North")
        where = {"items": ITEMS, "journey_id": survey.journey_id}
        found = study_rows(session, segment_id=segment.id, **where).data
        with pytest.raises(NotFound, match="no segment number 99"):
            study_rows(session, segment_id=99, **where)
    assert found.astype(int).equals(data[ALL_ITEMS][::2].reset_index(drop=True))


def test_a_marker_that_nobody_answered_is_no_column(store: Store):
    with store.writing() as session:
        survey = make_study(session, people(10), asks=STUDY[:3])
        found = study_rows(session, items=ITEMS, journey_id=survey.journey_id).data
    assert not set(ITEMS["marker"]) & set(found.columns)


def test_without_a_complete_person_the_job_says_what_is_missing(installation: Installation):
    with installation.store.writing() as session:
        survey = make_study(session, people(0))
        analysis = asked(session, survey.journey_id)
    job, stored = finished(installation, analysis)
    assert job.state == "failed"
    assert job.error.startswith("nobody has answered all of sjq, servqual-p, loyalty here")
    assert stored.result is None


def test_too_few_people_fail_with_a_sentence(installation: Installation):
    with installation.store.writing() as session:
        survey = make_study(session, people(6))
        analysis = asked(session, survey.journey_id)
    job, _ = finished(installation, analysis)
    assert job.state == "failed"
    assert "should not" not in job.error and "6" in job.error


def test_a_wish_that_cannot_be_met_is_refused(store: Store):
    with store.writing() as session:
        bare = make_survey(session)
        segment = make_segment(session, "north", "region = North")
        with pytest.raises(Invalid, match="servqual-p, loyalty is not part of this survey"):
            asked(session, bare.journey_id)
        with pytest.raises(NotFound, match="no such journey"):
            asked(session, 99)
        with pytest.raises(NotFound, match="no survey number 99"):
            asked(session, bare.journey_id, survey_id=99)
        with pytest.raises(NotFound, match="no segment number 99"):
            asked(session, bare.journey_id, segment_id=segment.id + 98)
        with pytest.raises(Invalid, match="10 resamples"):
            asked(session, bare.journey_id, bootstrap=10)
        assert session.scalars(select(Job)).all() == []


def test_a_report_is_only_about_its_own_kind_of_analysis(store: Store):
    with store.writing() as session:
        survey = make_study(session, people(3))
        analysis = asked(session, survey.journey_id)
        analysis.result = {}
        with pytest.raises(NotFound, match="no analysis number"):
            ask_report(session, kind="validation", scope=Scope(survey.journey_id), analysis_id=analysis.id, user_id=None)  # fmt: skip


def test_the_scoring_key_says_which_items_are_studied():
    assert sum(map(len, journey_scales(None, library=BUILT_IN).values())) == 16
    assert sum(map(len, journey_scales("sjq-18", library=BUILT_IN).values())) == 18
    with pytest.raises(Invalid, match="no scoring key sjq-99; it has sjq-16"):
        journey_scales("sjq-99", library=BUILT_IN)


def test_a_marker_is_no_result_of_the_journey(store: Store):
    """Its scores are kept for tests of the method; no page or report shows them to managers."""
    with store.writing() as session:
        survey = make_study(session, people(8))
        overview = journey_overview(session, Scope(survey.journey_id), library=BUILT_IN)
    shown = {figure.definition.instrument for figure in overview.end}
    assert {"sjq", "servqual-p", "loyalty"} <= shown
    assert "marker" not in shown
