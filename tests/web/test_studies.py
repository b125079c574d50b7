"""The service journey study on the staff pages: asked for, followed, read, put on paper."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from surveyapp.installation import Installation
from surveyapp.store.models import Analysis, Job, Report
from surveyapp.worker import run_job
from tests.reports.study_document import document
from tests.responses.makers import make_segment
from tests.results.study_place import STUDY, make_study, people
from tests.web.world import add_user


@pytest.fixture
def researcher(installation: Installation, sign_in) -> FlaskClient:
    with installation.store.writing() as session:
        user = add_user(session, "researcher")
    return sign_in(user)


def place(installation: Installation, asks=STUDY, n: int = 0) -> tuple[int, int]:
    """(journey id, survey id) of a journey that asks this."""
    with installation.store.writing() as session:
        survey = make_study(session, people(n), asks)
        return survey.journey_id, survey.id


def stored(installation: Installation, journey_id: int, **changes: object) -> int:
    """A finished study; its id."""
    values = {"result": document(), "fingerprint": "f", "instrument": "sjq", "kind": "sjq_study"}
    with installation.store.writing() as session:
        analysis = Analysis(journey_id=journey_id, **{**values, **changes})
        session.add(analysis)
        session.flush()
        return analysis.id


def test_a_study_is_asked_for_where_its_instruments_are(
    installation: Installation, researcher: FlaskClient
):
    journey_id, survey_id = place(installation, n=3)
    page = researcher.get(f"/journeys/{journey_id}/results").text
    assert "Run study" in page and f'<option value="{survey_id}">Account survey' in page
    taken = researcher.post(
        f"/journeys/{journey_id}/studies", data={"place": str(survey_id), "group": ""}
    )
    assert taken.status_code == 303
    with installation.store.reading() as session:
        analysis = session.scalars(select(Analysis)).one()
        assert (analysis.kind, analysis.survey_id) == ("sjq_study", survey_id)
        assert analysis.parameters["bootstrap"] == 5_000
        job_id = analysis.job_id
    page = researcher.get(taken.location).text
    assert "<progress" in page and f'data-progress="/jobs/{job_id}.json"' in page
    assert job_id is not None
    run_job(installation, job_id, worker="test")
    page = researcher.get(taken.location).text
    assert "The study failed." in page  # three answers are too few
    assert "Journey quality and loyalty study" in researcher.get("/jobs").text


def test_the_whole_journey_of_one_segment_can_be_studied(
    installation: Installation, researcher: FlaskClient
):
    journey_id, _ = place(installation)
    with installation.store.writing() as session:
        segment_id = make_segment(session, "north", "region = North").id
    taken = researcher.post(
        f"/journeys/{journey_id}/studies", data={"place": "", "group": str(segment_id)}
    )
    assert taken.status_code == 303
    with installation.store.reading() as session:
        analysis = session.scalars(select(Analysis)).one()
        assert (analysis.survey_id, analysis.segment_id) == (None, segment_id)


def test_nothing_is_offered_where_an_instrument_is_missing(
    installation: Installation, researcher: FlaskClient
):
    journey_id, survey_id = place(installation, asks=("sjq", "loyalty"))
    assert "Run study" not in researcher.get(f"/journeys/{journey_id}/results").text
    taken = researcher.post(
        f"/journeys/{journey_id}/studies", data={"place": str(survey_id), "group": ""}
    )
    assert taken.status_code == 422
    with installation.store.reading() as session:
        assert session.scalars(select(Job)).all() == []


def test_the_page_says_what_came_out_in_words_tables_and_drawings(
    installation: Installation, researcher: FlaskClient
):
    journey_id, _ = place(installation)
    analysis_id = stored(installation, journey_id)
    page = researcher.get(f"/journeys/{journey_id}/analyses/{analysis_id}").text
    study = document()["study"]
    for row in study["hypotheses"]:
        assert row["claim"] in page and row["verdict"] in page
    for title in ("Explained Variance", "Paths", "Discriminant Validity", "Another population"):
        assert title in page
    drawings = re.findall(r'<svg [^>]*role="img"', page)
    assert len(drawings) == 4
    assert "style=" not in page and "<script" not in page
    address = f"/journeys/{journey_id}/analyses/{analysis_id}"
    assert f'href="{address}/tables.docx"' in page and f'href="{address}/figures.zip"' in page
    with zipfile.ZipFile(io.BytesIO(researcher.get(f"{address}/tables.zip").data)) as files:
        assert "table-01-hypotheses-and-results.csv" in files.namelist()
    assert "\\caption{Explained Variance}" in researcher.get(f"{address}/tables.tex").text
    for number, title in enumerate(re.findall(r"<figcaption>(.*?)</figcaption>", page), start=1):
        (link,) = re.findall(
            f'href="({address}/figures/[0-9]+.svg)" [^>]*: {re.escape(title)}"', page
        )
        drawn = researcher.get(link).text
        assert drawn.count("<text") == page.split("<figure")[number].count("<text")
    assert researcher.get(f"{address}/figures/4.png").data.startswith(b"\x89PNG")
    assert researcher.get(f"{address}/figures/5.svg").status_code == 404
    assert "Journey quality, service quality and loyalty</a>" in (
        researcher.get(f"/journeys/{journey_id}/results").text
    )


def test_a_new_result_is_drawn_anew(installation: Installation, researcher: FlaskClient):
    journey_id, _ = place(installation)
    analysis_id = stored(installation, journey_id)
    address = f"/journeys/{journey_id}/analyses/{analysis_id}"
    before = re.findall(r"<figcaption>(.*?)</figcaption>", researcher.get(address).text)
    changed = document()
    changed["study"]["mediation"]["total"]["estimate"] = 0.11
    with installation.store.writing() as session:
        analysis = session.get_one(Analysis, analysis_id)
        analysis.result, analysis.fingerprint = changed, "g"
    after = re.findall(r"<figcaption>(.*?)</figcaption>", researcher.get(address).text)
    assert before[1:] == after[1:]
    assert (
        after[0].startswith("Total effect of journey quality on loyalty in the model: .11")
        and before[0] != after[0]
    )


def test_the_study_goes_on_paper_from_its_page(installation: Installation, researcher: FlaskClient):
    journey_id, _ = place(installation)
    analysis_id = stored(installation, journey_id)
    page = researcher.get(f"/journeys/{journey_id}/analyses/{analysis_id}").text
    form = re.search(r'href="([^"]*/reports/new[^"]*)"', page)
    assert form is not None
    assert "Service journey study" in researcher.get(form[1].replace("&amp;", "&")).text
    taken = researcher.post(
        f"/journeys/{journey_id}/reports/new", data={"about": str(analysis_id), "segment": ""}
    )
    assert taken.status_code == 303
    with installation.store.reading() as session:
        report = session.scalars(select(Report)).one()
        assert report.kind == "sjq_study" and report.job_id is not None
        job_id = report.job_id
    run_job(installation, job_id, worker="test")
    with researcher.get(f"/journeys/{journey_id}/reports/{report.id}.pdf") as file:
        assert file.data.startswith(b"%PDF") and len(file.data) > 20_000


def test_managers_read_a_study_but_do_not_run_one(app: Flask, installation: Installation, sign_in):
    journey_id, survey_id = place(installation)
    analysis_id = stored(installation, journey_id)
    with installation.store.writing() as session:
        user = add_user(session, "manager")
    manager = sign_in(user)
    assert manager.get(f"/journeys/{journey_id}/analyses/{analysis_id}").status_code == 200
    refused = manager.post(
        f"/journeys/{journey_id}/studies", data={"place": str(survey_id), "group": ""}
    )
    assert refused.status_code == 403
