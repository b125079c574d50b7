"""Plans of modelling projects: registered before the answers are opened, and what departs from them."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import select

from surveyapp.cli import surveyapp
from surveyapp.store.models import AuditEntry, Job, Journey, Preregistration, Project
from surveyapp.web.installation import EXTENSION
from surveyapp.worker import run_job
from tests.results.study_place import make_study, people
from tests.web.one_app import one_app, researcher

pytestmark = pytest.mark.xdist_group("preregistrations")

MODEL = "reliability =~ rel1 + rel2 + rel3\nassurance =~ ass1 + ass2 + ass3"
FORM = {
    "name": "Two factors",
    "kind": "covariance",
    "text": MODEL,
    "estimator": "ML",
    "missing": "listwise",
    "group": "",
    "equal": "",
    "scheme": "path",
    "composite_missing": "mean",
    "bootstrap": "0",
}
PEOPLE = people(70)
FIELDS = {
    "hypotheses": "The two go together | reliability ~~ assurance | +",
    "correction": "holm",
    "family": "all",
    "design": "One <b>wave",
    "n": "80",
    "stopping": "When 80 have answered",
}


@pytest.fixture(scope="module")
def app(migrated_sqlite, tmp_path_factory):
    yield from one_app(migrated_sqlite, tmp_path_factory)


@pytest.fixture(scope="module")
def installation(app):
    return app.extensions[EXTENSION]


@pytest.fixture(scope="module")
def client(app) -> FlaskClient:
    return researcher(app)


@pytest.fixture
def base(client, installation) -> str:
    """The address of a project of a journey of its own, whose answers are closed."""
    with installation.store.writing() as session:
        survey = make_study(session, PEOPLE)
        session.get_one(Journey, survey.journey_id).code = f"journey-{survey.id}"
        survey.code = f"survey-{survey.id}"
        place, survey_id = f"/journeys/{survey.journey_id}/projects", survey.id
    asked = {"name": "Study", "survey": str(survey_id), "segment": "", "closed": "y"}
    made = client.post(f"{place}/new", data=asked)
    assert made.status_code == 303, made.text
    return made.location


def run_jobs(installation) -> None:
    while True:
        with installation.store.reading() as session:
            waiting = select(Job.id).where(Job.state == "waiting").order_by(Job.id)
            job = session.scalars(waiting).first()
        if job is None:
            return
        run_job(installation, job, worker="test")


def sent(client, address: str, **data: str) -> str:
    made = client.post(address, data=data)
    assert made.status_code == 303, made.text
    return made.location


def registered(client, base: str, **changes: str) -> str:
    """The address of a plan with a model, as it was registered."""
    sent(client, f"{base}/preregistrations/draft", **(FIELDS | changes))
    page = client.get(f"{base}/preregistrations").text
    if "Two factors" not in page[: page.index("Register plan")]:
        sent(client, f"{base}/preregistrations/models/new", **FORM)
    sent(client, f"{base}/preregistrations/freeze")
    page = client.get(f"{base}/preregistrations").text
    return re.findall(r'href="([^"]+/preregistrations/\d+)"', page)[0]


def document_of(client, address: str) -> dict:
    return json.loads(client.get(f"{address}.json").text)["document"]


def test_closed_answers_stay_closed_until_they_are_opened(client, installation, base):
    page = client.get(base).text
    assert "The answers are closed." in page
    sent(client, f"{base}/steps/leave_out_rows", name="rel1", comparison="missing", value="")
    with installation.store.reading() as session:
        assert session.scalars(select(Job.id).where(Job.state == "waiting")).all() == []
    sent(client, f"{base}/describe")
    run_jobs(installation)
    page = client.get(base).text
    assert "closed" not in page and "70 respondents" in page
    with installation.store.reading() as session:
        assert session.get(Project, int(base.rpartition("/")[2])).opened_at is not None


def test_a_plan_is_registered_before_the_answers_are_opened(client, installation, base, tmp_path):
    address = registered(client, base)
    page = client.get(address).text
    assert "the plan has this hash" in page and "One &lt;b&gt;wave" in page
    document = document_of(client, address)
    assert document["answers_known"] == {
        "state": "closed",
        "opened_on": None,
        "answers": 70,
        "said": "Registered before anybody opened the answers in a project. There were 70 answers;"
        " pages of results may have shown scores.",
    }
    assert document["plan"]["models"][0]["options"]["estimator"] == "ML"
    file = tmp_path / "plan.json"
    file.write_bytes(client.get(f"{address}.json").data)
    done = CliRunner().invoke(surveyapp, ["preregistration", "check", str(file)])
    assert done.exit_code == 0 and "version 1: the plan is as registered" in done.output
    file.write_text(file.read_text().replace('"n": 80', '"n": 60'))
    done = CliRunner().invoke(surveyapp, ["preregistration", "check", str(file)])
    assert "does not have the hash" in str(done.exception)
    with installation.store.reading() as session:
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "register plan").order_by(AuditEntry.id)
        ).all()[-1]
        plan = session.get(Preregistration, int(address.rpartition("/")[2]))
        assert entry.detail["sha256"] == plan.sha256 != ""


def test_a_registered_plan_is_a_word_document_with_its_hash(client, base):
    address = registered(client, base)
    word = client.get(f"{address}/preregistration.docx")
    assert word.data[:2] == b"PK" and "attachment" in word.headers["Content-Disposition"]
    assert client.get(f"{address}/preregistration.pdf").data[:5] == b"%PDF-"


def test_a_draft_says_which_hypotheses_no_planned_model_has(client, base):
    lines = (
        "Both | assurance ~~ reliability | +\nNps follows | nps ~ reliability | +\nIn words only"
    )
    sent(client, f"{base}/preregistrations/draft", **(FIELDS | {"hypotheses": lines}))
    assert "stays untested" not in client.get(f"{base}/preregistrations").text
    sent(client, f"{base}/preregistrations/models/new", **FORM)
    page = client.get(f"{base}/preregistrations").text
    assert page.count("stays untested") == 1
    assert "H2 (<code>nps ~ reliability</code>) stays untested: no planned model has nps." in page


def test_nothing_changes_a_registered_plan_and_a_version_stands_beside_it(client, base):
    first = registered(client, base)
    before = client.get(f"{first}.json").data
    assert client.post(f"{base}/preregistrations/freeze").status_code == 404
    gone = client.post(f"{base}/preregistrations/models/leave-out", data={"model": "Two factors"})
    assert gone.status_code == 404
    second = registered(client, base, n="90")
    assert second != first and client.get(f"{first}.json").data == before
    document = document_of(client, second)
    assert document["version"] == 2
    assert document["changes"] == ["Planned respondents: 80 became 90."]
    assert document["replaces"] == json.loads(before)["sha256"]


def test_a_plan_that_was_changed_in_the_database_says_so(client, installation, base):
    address = registered(client, base)
    with installation.store.writing() as session:
        plan = session.get(Preregistration, int(address.rpartition("/")[2]))
        plan.document = plan.document.replace('"n":80', '"n":60')
    assert "not as it was registered" in client.get(address).text


def test_a_plan_after_the_answers_were_opened_says_since_when(client, installation, base):
    sent(client, f"{base}/describe")
    run_jobs(installation)
    known = document_of(client, registered(client, base))["answers_known"]
    assert known["state"] == "opened" and known["opened_on"]
    assert "Registered after the answers were opened in this project on" in known["said"]


def test_answers_that_another_project_opened_are_told(client, installation, base):
    place, _, number = base.rpartition("/")
    with installation.store.reading() as session:
        survey = str(session.get(Project, int(number)).survey_id)
    sent(client, f"{place}/new", name="Other", survey=survey, segment="")
    run_jobs(installation)
    known = document_of(client, registered(client, base))["answers_known"]
    assert known["state"] == "opened elsewhere"
    assert "Another project opened answers of the same survey on" in known["said"]


def test_an_empty_plan_and_a_model_that_cannot_be_read_are_refused(client, base):
    sent(client, f"{base}/preregistrations/draft", design="Only this")
    refused = client.post(f"{base}/preregistrations/freeze")
    assert refused.status_code == 422 and "Write a hypothesis" in refused.text
    asked = client.post(
        f"{base}/preregistrations/models/new", data=FORM | {"text": "F =~ rel1 + relx"}
    )
    assert asked.status_code == 422 and "relx" in asked.text
    again = client.post(f"{base}/preregistrations/draft", data={"n": "many"})
    assert again.status_code == 422 and "Enter a whole number" in again.text


def test_deviations_stand_on_the_pages_and_in_the_report_with_their_reason(
    client, installation, base
):
    registered(client, base)
    model = sent(client, f"{base}/preregistrations/models/fit", model="Two factors")
    run_jobs(installation)
    page = client.get(base).text
    said = "“Two factors” was fitted to 70 respondents, 10 fewer than the 80 planned."
    assert "1 deviation:" in page and said in page
    assert "A model opened the answers" in page and "could not be described" not in page
    key = client.get(f"{base}/preregistrations.json").json["deviations"][0]["key"]
    asked = {"deviation": key, "reason": "The <i>budget was spent"}
    sent(client, f"{base}/preregistrations/reasons", **asked)
    sent(client, f"{base}/preregistrations/reasons", **asked)  # a second time it is the same
    assert "The &lt;i&gt;budget was spent" in client.get(base).text
    page = client.get(model).text
    assert said in page and "Reason: The &lt;i&gt;budget" in page
    [test] = client.get(f"{base}/preregistrations.json").json["hypotheses"]
    assert test["family"] == "all" and "all tests of its models and groups" in page
    assert test["p"] == test["p_adjusted"] and test["verdict"] in ("supported", "not significant")
    title = "Hypotheses of the Plan and What Was Estimated"
    latex = client.get(f"{model}/tables.tex").text
    assert title in page and title in latex
    assert "Deviations From the Registered Plan" in latex and "budget was spent" in latex
    assert 'class="quiet-table wide few"' in page  # fits a phone
    none = client.post(f"{base}/preregistrations/reasons", data=asked | {"deviation": "model 0 n"})
    assert none.status_code == 404
    with installation.store.reading() as session:
        given = select(AuditEntry).where(AuditEntry.action == "give reason for deviation")
        assert len(session.scalars(given).all()) == 1


def test_a_multiverse_is_drawn_over_the_steps_that_leave_out_rows(client, installation, base):
    registered(client, base, n="")
    sent(
        client,
        f"{base}/steps/leave_out_rows",
        name="region",
        comparison="=",
        value="North",
        reason="Only <b>South",
    )
    model = sent(client, f"{base}/preregistrations/models/fit", model="Two factors")
    run_jobs(installation)
    text = "quality <~ rel1 + rel2 + rel3\nsure <~ ass1 + ass2\nsure ~ quality + quality:quality"
    composite = sent(client, f"{base}/models/new", kind="composite", text=text, scheme="path")
    run_jobs(installation)
    asked = {"kind": "multiverse", "parameter": "sure ~ quality"}
    sent(client, f"{composite}/analyses", **asked)
    asked["parameter"] = "reliability ~~ assurance"
    sent(client, f"{model}/analyses", **asked)
    run_jobs(installation)
    [family] = client.get(f"{composite}.json").json["analyses"]
    tried = {
        (each["choices"]["Estimator"], each["choices"]["Missing answers"])
        for each in family["result"]["universes"]
        if each["headline"]
    }
    assert tried == {("PLS", "mean"), ("PLS", "listwise")}
    [found] = client.get(f"{model}.json").json["analyses"]
    by_rows = {
        (one["headline"] or {}).get("n")
        for one in found["result"]["universes"]
        if one["choices"]["Estimator"] == "ML"
    }
    assert by_rows == {35, 70}
    assert found["result"]["impossible"] == 6 and len(found["result"]["universes"]) == 12
    page = client.get(model).text
    assert "in every universe" in page and "not independent" in page
    assert "Multiverse (specification curve): reliability ~~ assurance of “Two factors”" in page
    assert client.get(f"{model}/tables.docx").data[:2] == b"PK"
    wrong = client.post(f"{model}/analyses", data=asked | {"parameter": "a ~ b"})
    assert wrong.status_code == 422 and "Choose a parameter of this model" in wrong.text
