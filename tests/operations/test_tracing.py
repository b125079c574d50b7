"""Traces as a collector receives them: what took how long, and nobody's data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from surveyapp import logs, tracing
from surveyapp.app import create_app
from surveyapp.errors import SettingsError
from surveyapp.jobs import running
from surveyapp.jobs.kinds import COUNT_DAYS, JourneyPayload
from surveyapp.settings import read
from surveyapp.store import statements
from surveyapp.store.db import Store
from surveyapp.store.models import Journey
from surveyapp.web.installation import EXTENSION
from tests.operations.collector import Collector, collecting
from tests.responses.makers import make_survey

EMAIL, SECRET_WORD, ADDRESS = "ada.lovelace@example.org", "pearl4711", "203.0.113.77"
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found
        tracing.stop()


@pytest.fixture
def wanted(collector: Collector, tmp_path: Path, database_url: str) -> dict[str, Any]:
    """Settings with which everything is traced."""
    return {
        "home": tmp_path / "home",
        "database_url": database_url,
        "otel_endpoint": collector.url,
        "trusted_proxies": 1,
    }


def test_a_request_its_statements_and_its_log_line_share_ids_and_hold_nobodys_data(
    wanted, collector, capsys
):
    settings = read({}, **wanted)
    tracing.start(settings, "web")
    app = create_app(settings)
    with app.extensions[EXTENSION].store.writing() as session:
        link = make_survey(session).link
    client = app.test_client()
    told = {"X-Forwarded-For": ADDRESS, "User-Agent": SECRET_WORD, "traceparent": PARENT}
    page = client.get("/sign-in", headers=told).text
    mark = 'name="csrf_token"'
    form = page[page.index(mark) :]
    token = form[form.index('value="') + 7 :].partition('"')[0]
    typed = {"email": EMAIL, "password": SECRET_WORD, "csrf_token": token}
    assert client.post(f"/sign-in?next=/{SECRET_WORD}", data=typed, headers=told).status_code in {
        *(200, 400, 401, 403, 422)
    }
    client.get(f"/s/{link}?email={EMAIL}", headers=told)
    client.get("/healthz")
    client.open("/", method="PURGE")
    app.extensions[EXTENSION].close()
    tracing.stop()
    requests = {each.name: each for each in collector.spans if not each.parent}
    # The survey's page is served by an application of its own.
    assert {"GET /sign-in", "POST /sign-in", "GET /s/<link>"} <= requests.keys()
    assert not any("healthz" in each.name for each in collector.spans)
    signed = requests["POST /sign-in"]
    assert signed.attributes["http.request.method"] == "POST" and signed.trace != PARENT[3:35]
    own = [each for each in collector.spans if each.trace == signed.trace and each.parent]
    assert any(each.name == "SELECT users" for each in own)
    assert {each.attributes["db.system.name"] for each in own} <= {"sqlite", "postgresql"}
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line[:1] == "{"]
    (line,) = [
        each for each in lines if (each.get("method"), each.get("route")) == ("POST", "/sign-in")
    ]
    assert (line["trace_id"], line["request"]) == (
        signed.trace,
        signed.attributes["surveyapp.request"],
    )
    assert signed.resource["service.name"] == "surveyapp"
    assert signed.resource["surveyapp.role"] == "web"
    sent = b"".join(collector.bodies)
    for secret in (EMAIL, "lovelace", SECRET_WORD, ADDRESS, "127.0.0.1", link, token, PARENT[3:35]):
        assert secret.encode() not in sent, secret


def test_a_job_and_a_failed_one_are_traced_and_told_with_their_ids(wanted, collector, capsys):
    settings = read({}, **wanted)
    tracing.start(settings, "worker")
    installation = create_app(settings).extensions[EXTENSION]
    with installation.store.writing() as session:
        journey = Journey(code="onboarding", name=SECRET_WORD, provider=EMAIL)
        session.add(journey)
        session.flush()
        asked = JourneyPayload(journey.id)
        done, broken = (
            COUNT_DAYS.ask(session, asked, journey_id=journey.id, user_id=None).id for _ in "ab"
        )

    def count(whole: Any, _asked: Any, _progress: Any) -> None:
        with whole.store.reading() as session:
            session.execute(text("SELECT id FROM journeys WHERE name = 'pearl4711'"))

    def fail(whole: Any, _asked: Any, _progress: Any) -> None:
        logs.structured("INFO").info("about it")
        with whole.store.reading() as session:
            session.execute(
                text("SELECT nothing FROM nowhere WHERE name = 'ada.lovelace@example.org'")
            )

    for number, work in ((done, count), (broken, fail)):
        assert running.run(
            installation, number, worker="one", work={COUNT_DAYS.name: work}, pause=lambda _: None
        )
    installation.close()
    tracing.stop()
    jobs = {each.attributes["surveyapp.job"]: each for each in collector.spans if not each.parent}
    assert {each.name for each in jobs.values()} == {"job count_days"}
    assert not jobs[done].failed and jobs[broken].failed
    found = [each for each in collector.spans if each.trace == jobs[done].trace and each.parent]
    assert "SELECT id FROM journeys WHERE name = ?" in {
        each.attributes["db.query.text"] for each in found
    }
    (failed,) = [each for each in collector.spans if each.name == "SELECT nowhere"]
    assert failed.failed and failed.trace == jobs[broken].trace and failed.events == 0
    (line,) = [json.loads(line) for line in capsys.readouterr().err.splitlines() if "about" in line]
    assert (line["job"], line["trace_id"]) == (broken, jobs[broken].trace)
    sent = b"".join(collector.bodies)
    assert EMAIL.encode() not in sent and SECRET_WORD.encode() not in sent


def test_a_statement_that_the_driver_runs_is_traced_inside_of_a_request_only(
    wanted, collector, store: Store
):
    tracing.start(read({}, **wanted), "web")
    count = statements.Statement(text("SELECT 1 FROM users WHERE id = 7"), store.engine.dialect)
    wrong = statements.Statement(text("SELECT 1 FROM nowhere"), store.engine.dialect)
    with store.raw_connection() as connection:
        count.rows(connection, {})
        with tracing.request_span():
            count.rows(connection, {})
    with pytest.raises(SQLAlchemyError), tracing.request_span(), store.raw_connection() as at:
        wrong.rows(at, {})
    tracing.stop()
    names = sorted(each.name for each in collector.spans)
    assert names == ["SELECT nowhere", "SELECT users", "request", "request"]
    (told,) = [each for each in collector.spans if each.name == "SELECT users"]
    assert told.attributes["db.query.text"] == "SELECT ? FROM users WHERE id = ?"


def test_a_collector_that_is_away_costs_a_request_nothing_but_a_line(wanted, caplog):
    settings = read({}, **{**wanted, "otel_endpoint": "http://127.0.0.1:9/v1/traces"})
    tracing.start(settings, "web")
    app = create_app(settings)
    assert app.test_client().get("/sign-in").status_code == 200
    app.extensions[EXTENSION].close()


@pytest.mark.parametrize(
    ("statement", "name", "bare"),
    [
        ("SELECT a1 FROM t2 WHERE x = 'it''s'", "SELECT t2", "SELECT a1 FROM t2 WHERE x = ?"),
        (
            "UPDATE\n  users SET n = 4.5 WHERE id=$1",
            "UPDATE users",
            "UPDATE users SET n = ? WHERE id=$1",
        ),
        (
            "INSERT INTO jobs VALUES (%(a_1)s, 7)",
            "INSERT jobs",
            "INSERT INTO jobs VALUES (%(a_1)s, ?)",
        ),
        ("BEGIN", "BEGIN", "BEGIN"),
        ("SELECT (SELECT 1 FROM a) FROM b", "SELECT b", "SELECT (SELECT ? FROM a) FROM b"),
    ],
)
def test_a_statement_is_told_without_its_values(statement: str, name: str, bare: str):
    assert tracing.without_values(statement) == (name, bare)


def test_without_the_setting_nothing_is_traced_and_without_the_extra_the_start_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    tracing.start(read({}), "web")
    assert not tracing.is_on() and tracing.ids() == {}
    with tracing.request_span() as span:
        span.tell("nobody", {"hears": "it"})
        span.fail("Nothing")
    wanted = read({}, otel_endpoint="http://localhost:4318/v1/traces", home=tmp_path)
    monkeypatch.setattr(tracing, "find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"pip install 'surveyapp\[otel\]'"):
        tracing.check(wanted)
    with pytest.raises(SettingsError, match="OTEL_ENDPOINT"):
        read({"SURVEYAPP_OTEL_ENDPOINT": "localhost:4318"})
