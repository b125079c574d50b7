"""A journey that asks an instrument of one's own, a copy of one of the library, works everywhere."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from flask import Flask

from surveyapp.app import create_app
from surveyapp.closed_loop.rules import change_case_rule
from surveyapp.exports.chosen import Chosen
from surveyapp.exports.responses import responses_table
from surveyapp.installation import Installation
from surveyapp.reports.actions import ask_report
from surveyapp.results.scope import Scope
from surveyapp.settings import read
from surveyapp.store import audit_chain
from surveyapp.store.columns import utc_now
from surveyapp.store.models import Case, Job, Journey, SurveyRow
from surveyapp.surveys.actions import create_survey
from surveyapp.web.installation import EXTENSION
from surveyapp.worker import DUTIES, run_job
from tests.web.conftest import World, sign_in, world
from tests.web.respondents import form_key
from tests.web.test_guards import address, guarded_rules

__all__ = ["sign_in", "world"]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the instrument ``ease``: CSAT under another code."""
    root = tmp_path_factory.mktemp("own")
    shutil.copytree(str(files("instruments").joinpath("library/csat")), root / "ease")
    for path in (root / "ease").rglob("*.toml"):
        path.write_text(re.sub(r"\bcsat(?=\b|_reason)", "ease", path.read_text()))
    path = root / "ease" / "instrument.toml"
    path.write_text(path.read_text().replace('metric = "ease"', 'metric = "csat"'))
    return root


@pytest.fixture
def app(database_url: str, tmp_path: Path, own: Path) -> Iterator[Flask]:
    settings = read({}, home=tmp_path / "home", database_url=database_url, instruments=str(own))
    made = create_app(settings)
    made.testing = True
    made.config["WTF_CSRF_ENABLED"] = False
    yield made
    made.extensions[EXTENSION].close()


@pytest.fixture
def installation(app: Flask) -> Installation:
    return app.extensions[EXTENSION]


@pytest.fixture
def asked(installation: Installation, world: World) -> SurveyRow:
    """The journey's end asks ``ease``, and a low score becomes a case."""
    library = installation.library
    with installation.store.writing() as session:
        made = create_survey(
            session,
            session.get_one(Journey, world.here.journey_id),
            name="Ease",
            touchpoint=None,
            asks=[{"instrument": "ease"}],
            code="ease",
            user_id=None,
            library=library,
        )
        rule = {"scale": "ease", "at_most": 2, "due_days": 2, "owner_id": world.here.user_id}
        change_case_rule(session, made, rule, user_id=None, library=library)
    return made


def test_it_is_asked_answered_scored_followed_up_exported_and_shown(
    app: Flask, installation: Installation, world: World, asked: SurveyRow, sign_in
):
    customer = app.test_client()
    page = customer.get(f"/s/{asked.link}")
    assert "How satisfied are you" in page.text
    answers = {"ease-ease": "1", "form-key": form_key(page.text)}
    assert customer.post(f"/s/{asked.link}", data=answers).status_code == 303
    assert DUTIES["dispatch events"][1](installation, utc_now())
    with installation.store.reading() as session:
        assert {case.scale for case in session.query(Case)} == {"nps", "ease"}
        wanted = Chosen(Scope(world.here.journey_id))
        table = responses_table(session, wanted, library=installation.library)
        assert "score.ease" in table.headings
    staff = sign_in(world.users["administrator"])
    for rule, _ in guarded_rules(app):
        if "GET" in (rule.methods or ()):
            for survey in (asked.id, world.here.survey_id):
                ids = {**vars(world.here), "survey_id": survey}
                with staff.get(address(app, rule, ids)) as answer:
                    assert answer.status_code in {200, 303, 404, 409}, (
                        rule,
                        survey,
                        answer.text[:500],
                    )


@pytest.mark.parametrize("duty", DUTIES)
def test_every_duty_of_the_worker_does_its_work(
    app: Flask, installation: Installation, asked: SurveyRow, duty: str
):
    """Of all duties, one answer gives work to the one that opens the case; none fails over it."""
    with installation.store.writing() as session:
        audit_chain.seal(session)  # what making the world left in the audit log
    DUTIES["escalate cases"][1](installation, utc_now())  # and its overdue cases
    DUTIES["add up invitations"][1](installation, utc_now())  # and its invitations
    DUTIES["add up decisions"][1](installation, utc_now())  # and whom it was decided to ask
    customer = app.test_client()
    key = form_key(customer.get(f"/s/{asked.link}").text)
    sent = customer.post(f"/s/{asked.link}", data={"ease-ease": "1", "form-key": key})
    assert sent.status_code == 303
    done = DUTIES[duty][1](installation, utc_now())
    assert done == (1 if duty == "dispatch events" else 0)


def test_its_report_is_made_and_its_answers_are_sorted_into_segments(
    installation: Installation, world: World, asked: SurveyRow
):
    with installation.store.writing() as session:
        ask_report(session, kind="benchmark", scope=Scope(world.here.journey_id), user_id=None)
    with installation.store.reading() as session:
        waiting = [job.id for job in session.query(Job).filter_by(state="waiting")]
    for number in waiting:
        run_job(installation, number, worker="w")
    with installation.store.reading() as session:
        ended = {
            session.get_one(Job, number).kind: session.get_one(Job, number) for number in waiting
        }
    assert {kind: job.state for kind, job in ended.items()} == {
        "benchmark_report": "done",
        "rebuild_rollups": "done",
    }
