"""Somebody imports outcomes of customers, has them analysed, and reads what goes with what."""

from __future__ import annotations

import html
import io
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from surveyapp.app import create_app
from surveyapp.jobs.kinds import ANALYSE_OUTCOMES
from surveyapp.settings import read
from surveyapp.store.models import Job, Journey, JourneyRun, OutcomeAnalysis, Response, User
from surveyapp.surveys.links import pseudonym
from surveyapp.web.installation import EXTENSION
from surveyapp.worker import run_job
from tests.results import bank
from tests.validity import faults
from tests.web.world import add_user, session_key

pytestmark = pytest.mark.xdist_group("outcome_pages")  # its tests share what is made once

DAY = datetime(2025, 3, 10, 12, tzinfo=UTC)
CUSTOMERS = 60


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

    @property
    def address(self) -> str:
        return f"/journeys/{self.journey}/outcomes"


@pytest.fixture(scope="module")
def made(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    home = tmp_path_factory.mktemp("outcome_pages")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    app = create_app(read({}, home=home, log_level="ERROR"))
    app.testing = True
    app.config["WTF_CSRF_ENABLED"] = False
    installation = app.extensions[EXTENSION]
    with installation.store.writing() as session:
        users = {role: add_user(session, role) for role in ("administrator", "manager")}
        place = bank.make_journey(session)
        session.get_one(Journey, place.journey).name = "Loan <b>"
        given = [(DAY, {}, {"nps": {"nps": 3 * (at % 4)}}) for at in range(CUSTOMERS)]
        bank.store_answers(session, place.surveys["end"], given, {})
        for number in session.scalars(select(Response.id).order_by(Response.id)).all():
            run = JourneyRun(
                journey_id=place.journey,
                customer_ref=pseudonym(installation.secret_key, f"c{number}"),
            )
            session.add(run)
            session.flush()
            session.get_one(Response, number).journey_run_id = run.id
    yield Made(app, users, place.journey)
    app.extensions[EXTENSION].close()


def table() -> str:
    """Detractors leave soon, promoters later or not."""
    rows = ["customer_ref,kind,value,at,external_id"]
    for number in range(1, CUSTOMERS + 1):
        nps = 3 * ((number - 1) % 4)
        days = 20 + number + 30 * nps
        left = int(nps < 9 or number % 8 == 0)
        at = (DAY + timedelta(days=days)).isoformat()
        rows.append(f"c{number},churn,{left},{at},{number}")
    return "\n".join(rows) + "\nc1,joy,1,2025-04-01T00:00:00Z,x\n"


def test_outcomes_are_imported_analysed_and_shown(made: Made):
    client = made.client("administrator")
    empty = client.get(made.address)
    assert "No outcomes yet" in empty.text and "Analyse outcomes" not in empty.text
    assert client.post(made.address).status_code == 422
    sent = client.post(
        f"{made.address}/import",
        data={"outcomes": (io.BytesIO(table().encode()), "outcomes.csv")},
    )
    assert (sent.status_code, "60 stored, 0 already stored, 1 rejected" in sent.text) == (200, True)
    assert "is not a kind of outcome" in sent.text
    assert "Not analysed yet" in client.get(made.address).text
    assert client.post(made.address).status_code == 303
    assert client.post(made.address).status_code == 303  # again: the same job
    installation = made.app.extensions[EXTENSION]
    with installation.store.reading() as session:
        (job,) = session.scalars(select(Job.id).where(Job.kind == ANALYSE_OUTCOMES.name)).all()
    waiting = client.get(made.address).text
    assert "data-progress" in waiting and "Analyse again" not in waiting
    assert run_job(installation, job, worker="test")
    with installation.store.reading() as session:
        assert session.get_one(Job, job).error == ""
    page = client.get(made.address)
    assert faults(page.text) == []
    for said in (
        "Detractors (0 to 6)",
        "The curves differ significantly",
        "Hazard ratio",
        "Kaplan-Meier",
        "Loan &lt;b&gt;",
        "nothing here tells what would happen",
        'class="curves"',
    ):
        assert said in page.text
    document = client.get(f"{made.address}.json").json
    (churn,) = document["result"]["outcomes"]
    assert "two scores" in document["result"]["segments"]["reason"]
    assert churn["n"] == CUSTOMERS and not document["stale"]
    assert [band["n"] for band in churn["scales"][0]["bands"]] == [45, 15] or churn["scales"][0]
    assert made.app.test_client().get(made.address).status_code in {302, 303, 401}


CREDIT = [{"touchpoint": "Form <b>", "share": 1.0, "low": 0.9, "high": 1.0}]
CREDITED = {
    "scale": "nps",
    "label": "NPS",
    "band": "Promoters",
    "attribution": {
        "customers": 60,
        "outcomes": 20,
        "half_life_days": 7.0,
        "resamples": 500,
        "seed": 1,
        "removal": {"Form <b>": 1.0},
        "models": {
            **dict.fromkeys(("linear", "time_decay", "markov", "shapley"), CREDIT),
            **dict.fromkeys(("first", "last")),
        },
    },
}


@contextmanager
def stored_groups(made: Made, proposed: dict[str, Any]) -> Iterator[None]:
    """While it lasts, an analysis that proposes these groups; what was there comes back."""
    store = made.app.extensions[EXTENSION].store
    with store.writing() as session:
        row = session.get(OutcomeAnalysis, made.journey)
        before = row.result if row else None
        result = {
            "minimum": 5,
            "answered": 60,
            "outcomes": [],
            "segments": proposed,
            "scores": [CREDITED],
            "flow": {"customers": None, "flows": [], "starts": {}},
        }
        session.merge(OutcomeAnalysis(journey_id=made.journey, result=result))
    yield
    with store.writing() as session:
        row = session.get_one(OutcomeAnalysis, made.journey)
        if before is None:
            session.delete(row)
        else:
            row.result = before


def test_groups_and_values_have_pages_of_their_own(made: Made):
    client = made.client("manager")
    with stored_groups(made, {"reason": "too few"}):
        page = client.get(f"{made.address}/clusters")
        assert faults(page.text) == [] and "Loan &lt;b&gt;" in page.text
        assert "No groups are shown: too few." in page.text
        above = client.get(made.address).text
        assert faults(above) == [] and "NPS: Promoters" in above and "Form &lt;b&gt;" in above
        assert "sharing 20 customers in this band" in above and "hidden</span>" in above
        told = client.get(f"{made.address}/clusters.json").json
        assert told["segments"] == {"reason": "too few"}
    empty = client.get(f"{made.address}/value")
    assert faults(empty.text) == [] and "By measured retention" not in empty.text
    page = client.get(f"{made.address}/value?margin=100&retention=90&discount=12")
    assert faults(page.text) == [] and "<b>409</b>" in page.text
    found = client.get(f"{made.address}/value.json?margin=100&retention=90&discount=12").json
    assert found["values"]["stated"]["value"] == pytest.approx(409.09, abs=0.01)
    assert found["assumed"]["cost"] == "0"
    for wrong in ("margin=<b>", "margin=-1", "margin=1&retention=101", "margin=nan"):
        refused = client.get(f"{made.address}/value?{wrong}")
        assert refused.status_code == 422 and "alert-box" in refused.text, wrong


def test_a_group_with_a_rule_makes_a_segment(made: Made):
    share = {"estimate": 0.9, "low": 0.8, "high": 0.95, "n": 40}
    rule = {
        "text": "region = <b>",
        "describes": True,
        "kappa": 0.8,
        "precision": share,
        "recall": share,
    }
    score = {"scale": "nps", "label": "NPS", "mean": 7.0, "low": 6.5, "high": 7.5}
    group = {"n": 40, "share": 0.5, "jaccard": 0.9, "stability": "stable", "scores": [score]}
    proposed = {
        "n": 80,
        "left_out": 6,
        "sampled": 50,
        "silhouette": 0.4,
        "bic": {"2": 1.0},
        "resamples": 100,
        "seed": 1,
        "method": "k-means",
        "clusters": [
            {**group, "rule": rule},
            {**group, "stability": "unstable", "rule": {"reason": "no attribute"}},
        ],
    }
    with stored_groups(made, proposed):
        client = made.client("administrator")
        page = client.get(f"{made.address}/clusters").text
        assert faults(page) == [] and "6 without one of them are left out" in page
        assert "resamples of 50 customers drawn at random" in page
        assert page.count("Make a segment of it") == 1 and "No rule can be stated" in page
        (link,) = re.findall(r'href="(/segments/new\?[^"]+)"', page)
        form = client.get(html.unescape(link)).text
        assert "region = &lt;b&gt;</textarea>" in form and "Group 1 of Loan &lt;b&gt;" in form
        assert "Make a segment" not in made.client("manager").get(f"{made.address}/clusters").text


def test_a_reader_sees_results_and_may_neither_import_nor_analyse(made: Made):
    client = made.client("manager")
    assert client.get(made.address).status_code == 200
    assert "Import outcomes" not in client.get(made.address).text
    assert client.get(f"{made.address}/import").status_code == 403
    assert client.post(made.address).status_code == 403


def test_a_file_with_a_column_of_names_is_refused(made: Made):
    client = made.client("administrator")
    file = (io.BytesIO(b"customer_ref,kind,at,name\n"), "o.csv")
    answer = client.post(f"{made.address}/import", data={"outcomes": file})
    assert answer.status_code == 422
    assert "is not used" in answer.text
