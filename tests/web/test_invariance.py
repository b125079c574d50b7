"""Somebody asks from the lists whether journeys may be compared, and reads what the answer rests on."""

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
from surveyapp.settings import read
from surveyapp.store.models import Journey, JourneyGrant, JourneyInvariance, User
from surveyapp.web.installation import EXTENSION
from surveyapp.worker import run_job
from tests.analysis.sjq_population import answers
from tests.results.test_journey_invariance import fill
from tests.validity import faults
from tests.web.world import add_user, session_key

pytestmark = pytest.mark.xdist_group("invariance_pages")  # its tests share what is made once

SJQ = "from=2026-02&to=2026-04&order=sjq"


@dataclass(frozen=True)
class Made:
    app: Flask
    users: dict[str, User]
    ids: dict[str, int]

    def client(self, name: str) -> FlaskClient:
        client = self.app.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = session_key(self.app.extensions[EXTENSION], self.users[name])
        return client


@pytest.fixture(scope="module")
def made(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """Two journeys whose questions mean the same, one of them with a question that is answered lower."""
    home = tmp_path_factory.mktemp("invariance")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    app = create_app(read({}, home=home, log_level="ERROR"))
    app.testing = True
    app.config["WTF_CSRF_ENABLED"] = False
    with app.extensions[EXTENSION].store.writing() as session:
        users = {role: add_user(session, role) for role in ("researcher", "manager")}
        reader = User(email="r@x.example", name="R", role="manager", password_hash="none")
        session.add(reader)
        data = answers(400, seed=4)
        second = data[200:].assign(coh2=data["coh2"][200:] - 2)
        for name, rows in {"Alpha <b>": data[:200], "Beta": second}.items():
            fill(session, name, rows.clip(1, 7))
        ids = {each.name: each.id for each in session.scalars(select(Journey))}
        session.add(JourneyGrant(user_id=reader.id, journey_id=ids["Beta"], kind="reader"))
    yield Made(app, {**users, "reader": reader}, ids)
    app.extensions[EXTENSION].close()


def test_a_test_is_asked_for_run_and_read_where_the_journeys_stand_side_by_side(made: Made):
    client = made.client("researcher")
    page = client.get(f"/journeys?{SJQ}")
    assert "Ranks of SJQ are not shown" in page.text
    assert "Test measurement invariance" in page.text
    assert "Test measurement invariance" not in made.client("manager").get("/side-by-side").text
    chosen = {"instrument": "sjq", "journey": list(made.ids.values())}
    asked = client.post("/invariance", data=chosen)
    assert asked.status_code == 303
    assert "Waiting for a worker" in client.get(asked.location).text
    installation = made.app.extensions[EXTENSION]
    with installation.store.reading() as session:
        job = session.scalars(select(JourneyInvariance.job_id)).one()
    assert run_job(installation, job, worker="test")
    shown, document = client.get(asked.location), client.get(f"{asked.location}.json").json
    assert document["verdict"] == "partial scalar"
    assert document["result"]["ladder"]["releases"][0]["parameter"] == "coh2~1"
    assert "except for the question coh2" in shown.text
    assert "<code>coh2~1</code>" in shown.text
    assert "Alpha &lt;b&gt;" in shown.text
    assert not faults(shown.text)
    assert "View test" in client.get(f"/jobs/{job}").text
    beside = client.get("/side-by-side?from=2026-02&to=2026-04")
    assert f'href="{asked.location}"' in beside.text
    assert "significantly" in beside.text
    assert not faults(beside.text)
    [sjq] = client.get("/side-by-side.json?from=2026-02&to=2026-04").json["scores"]
    assert (sjq["invariance"]["released"], len(sjq["pairs"])) == (["coh2~1"], 1)
    listed = client.get(f"/journeys.json?{SJQ}").json
    assert (listed["invariance"]["comparable"], listed["ranked"]) == (True, 2)
    page = client.get(f"/journeys?{SJQ}")
    assert "How this was tested" in page.text
    assert "coh2: The provider looks the same in all of its channels." in page.text
    assert not faults(page.text)


def test_a_test_is_shown_to_whoever_reads_all_its_journeys(made: Made):
    with made.app.extensions[EXTENSION].store.reading() as session:
        number = session.scalars(select(JourneyInvariance.id)).first()
    assert made.client("manager").get(f"/invariance/{number}").status_code == 200
    reader = made.client("reader")
    assert reader.get(f"/invariance/{number}").status_code == 404
    assert reader.get("/side-by-side").status_code == 200
    both = {"instrument": "sjq", "journey": list(made.ids.values())}
    assert reader.post("/invariance", data=both).status_code == 403
    client = made.client("researcher")
    assert client.post("/invariance", data={**both, "journey": 99}).status_code == 404
    assert client.post("/invariance", data={**both, "journey": "x"}).status_code == 422
    assert client.post("/invariance", data={**both, "instrument": "nps~"}).status_code == 422
    one = {"instrument": "sjq", "journey": made.ids["Beta"]}
    assert "cannot be tested" in client.post("/invariance", data=one).text
