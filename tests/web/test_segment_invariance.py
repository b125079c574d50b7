"""Somebody has a journey's segments and quarters tested, and reads beside a comparison what it allows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from surveyapp.app import create_app
from surveyapp.jobs.kinds import TEST_SEGMENT_INVARIANCE, TEST_TIME_INVARIANCE
from surveyapp.settings import read
from surveyapp.store.models import Job, Journey, Segment, Stage, SurveyRow, Touchpoint, User
from surveyapp.web.installation import EXTENSION
from surveyapp.worker import run_job
from tests.results import bank
from tests.results.test_segment_invariance import ASKS, given
from tests.validity import faults
from tests.web.world import add_user, session_key

pytestmark = pytest.mark.xdist_group(
    "segment_invariance_pages"
)  # its tests share what is made once


@dataclass(frozen=True)
class Made:
    app: Flask
    users: dict[str, User]
    journey: int

    def client(self, name: str) -> FlaskClient:
        client = self.app.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = session_key(self.app.extensions[EXTENSION], self.users[name])
        return client


@pytest.fixture(scope="module")
def made(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    home = tmp_path_factory.mktemp("segment_pages")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    app = create_app(read({}, home=home, log_level="ERROR"))
    app.testing = True
    app.config["WTF_CSRF_ENABLED"] = False
    with app.extensions[EXTENSION].store.writing() as session:
        users = {role: add_user(session, role) for role in ("researcher", "manager")}
        journey = Journey(code="loan", name="Loan", provider="P")
        segment = Segment(code="app", name="App <b>", rule="app = true")
        session.add_all([journey, segment])
        session.flush()
        stage = Stage(journey_id=journey.id, position=0, code="s", name="S")
        session.add(stage)
        session.flush()
        session.add(Touchpoint(stage_id=stage.id, position=0, code="t", name="T", channel="app"))
        survey = SurveyRow(journey_id=journey.id, code="end", name="End", asks=ASKS, link="end")
        session.add(survey)
        session.flush()
        bank.store_answers(session, survey.id, given()[200:500], {segment.id: segment.rule})
        number = journey.id
    yield Made(app, users, number)
    app.extensions[EXTENSION].close()


def test_segments_are_tested_from_their_comparison(made: Made):
    client, address = made.client("researcher"), f"/journeys/{made.journey}"
    page = client.get(f"{address}/results?period=all")
    assert "SJQ has not been tested: differences are shown" in page.text
    assert "Test measurement invariance" in page.text
    reader = made.client("manager")
    assert "Test measurement invariance" not in reader.get(f"{address}/results?period=all").text
    assert reader.post(f"{address}/segment-invariance").status_code == 403
    empty = client.get(f"{address}/segment-invariance")
    assert "No tests yet" in empty.text
    assert not faults(empty.text)
    for _ in range(2):  # a second time changes nothing
        asked = client.post(f"{address}/segment-invariance")
        assert asked.status_code == 303
    assert "Waiting for a worker" in client.get(asked.location).text
    assert "A test is running" in client.get(f"{address}/results?period=all").text
    installation = made.app.extensions[EXTENSION]
    with installation.store.reading() as session:
        kind = Job.kind == TEST_SEGMENT_INVARIANCE.name
        job = session.scalars(select(Job.id).where(kind)).one()
    assert run_job(installation, job, worker="test")
    shown = client.get(asked.location)
    assert "except for the question coh2" in shown.text
    assert "App &lt;b&gt;" in shown.text
    assert "<code>coh2~1</code>" in shown.text
    assert not faults(shown.text)
    [test] = client.get(f"{asked.location}.json").json["tests"]
    assert (test["verdict"], test["n"], test["n_others"]) == ("partial scalar", 200, 100)
    page = client.get(f"{address}/results?period=all")
    assert "except for the question coh2" in page.text
    assert not faults(page.text)
    own = client.get(f"{address}?period=all&segment=1")
    assert "except for the question coh2" in own.text
    assert "View tests" in client.get(f"/jobs/{job}").text


def test_quarters_are_tested_on_their_own_page(made: Made):
    client, address = made.client("researcher"), f"/journeys/{made.journey}/time-invariance"
    reader = made.client("manager")
    assert reader.get(address).status_code == 200
    assert reader.post(address).status_code == 403
    empty = client.get(address)
    assert "Until then changes are compared without a test." in empty.text
    assert not faults(empty.text)
    for _ in range(2):  # a second time changes nothing
        assert client.post(address).location.endswith(address)
    installation = made.app.extensions[EXTENSION]
    with installation.store.reading() as session:
        job = session.scalars(select(Job.id).where(Job.kind == TEST_TIME_INVARIANCE.name)).one()
    assert "Waiting for a worker" in client.get(address).text
    assert run_job(installation, job, worker="test")
    shown = client.get(address)
    assert "SJQ needs two quarters with 100 complete answers each to be tested" in shown.text
    assert not faults(shown.text)
    [test] = client.get(f"{address}.json").json["tests"]
    assert (test["verdict"], test["comparable"]) == ("too few answers", True)
    assert "View tests" in client.get(f"/jobs/{job}").text
