"""31: whoever reads, searches or downloads what customers said leaves an entry in the audit log."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from surveyapp.app import create_app
from surveyapp.auth import api_keys
from surveyapp.cli import surveyapp
from surveyapp.installation import Installation
from surveyapp.sampling.customers import audit_reference
from surveyapp.settings import read
from surveyapp.store.models import AuditEntry, Contact, Delivery, Job, Response, SurveyRow
from surveyapp.surveys.links import pseudonym
from surveyapp.web.installation import EXTENSION
from tests.web.test_guards import address, guarded_rules, methods_of
from tests.web.world import Place, add_user, make_place, session_key

SAID = "The quokka at the counter was kind"  # an answer
EMAIL = "quokka@example.org"
REFERENCE = "quokka-4711"
# Downloads in which no customer is.
PRINTED = {
    *("channels.poster", "surveys.qr_code", "questionnaires.download"),
    "judge_numbers.tables",  # how many judges an item takes, whoever they are
}
Opened = tuple[FlaskClient, Installation, Place, Flask]


@pytest.fixture(scope="module")
def opened(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """An administrator, one answer, its case, a customer with an address; on SQLite: no page differs."""
    home = tmp_path_factory.mktemp("home")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    app = create_app(read({}, home=home, log_level="ERROR"))
    app.testing, app.config["WTF_CSRF_ENABLED"] = True, False
    installation: Installation = app.extensions[EXTENSION]
    with installation.store.writing() as session:
        users = {role: add_user(session, role) for role in ("administrator", "researcher")}
    place = make_place(installation, "Open", users["researcher"])
    ref = pseudonym(installation.secret_key, REFERENCE)
    with installation.store.writing() as session:
        response = session.get_one(Response, place.response_id)
        response.answers = {"nps": {"nps": 3, "nps_reason": SAID}}
        session.get_one(Delivery, place.delivery_id).payload = {"answers": SAID}
        refused = [{"line": 2, "column": "nps_reason", "value": SAID, "reason": "", "cure": ""}]
        session.get_one(Job, place.job_id).result = {"refused": refused}
        session.add(Contact(customer_ref=ref, email=EMAIL))
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = session_key(installation, users["administrator"])
    yield client, installation, replace(place, user_id=users["researcher"].id), app
    installation.close()


def entries(installation: Installation, after: int = 0) -> list[AuditEntry]:
    with installation.store.reading() as session:
        query = select(AuditEntry).where(AuditEntry.id > after).order_by(AuditEntry.id)
        return list(session.scalars(query))


def last(installation: Installation) -> int:
    with installation.store.reading() as session:
        return session.scalar(select(func.max(AuditEntry.id))) or 0


def test_every_page_with_an_answer_or_a_file_leaves_an_entry(opened: Opened):
    client, installation, place, app = opened
    ids, silent, seen = vars(place), [], set()
    for rule, _ in guarded_rules(app):
        if "GET" not in methods_of(rule):
            continue
        before = last(installation)
        with client.get(address(app, rule, ids)) as answer:
            if answer.status_code != 200:
                continue
            hands_out = SAID.encode() in answer.data or EMAIL.encode() in answer.data
            hands_out |= "attachment" in answer.headers.get("Content-Disposition", "")
        if hands_out and rule.endpoint not in PRINTED:
            seen.add(rule.endpoint)
            if last(installation) == before:
                silent.append(rule.endpoint)
    assert silent == []
    assert seen >= {
        *("responses.index", "responses.show", "responses.export"),
        *("responses.export_csv", "responses.codebook", "cases.show"),
        *("channels.export", "cases.export", "webhooks.delivery", "jobs.show", "previews.refused"),
        *("reports.download", "audit.export"),
    }


def test_an_entry_says_what_was_read_and_never_what_stood_there(opened: Opened):
    client, installation, place, _ = opened
    before = last(installation)
    journey = f"/journeys/{place.journey_id}"
    client.get(f"{journey}/responses?from=2026-01&survey={place.survey_id}")
    client.get(f"{journey}/responses/{place.response_id}")
    client.get(f"/cases/{place.case_id}")
    client.get("/cases?state=all")
    client.get(f"{journey}/reports/{place.report_id}.pdf").close()
    client.post("/contacts", data={"customer": EMAIL}, follow_redirects=True)
    with installation.store.reading() as session:
        public_id = session.get_one(Response, place.response_id).public_id
        survey = session.get_one(SurveyRow, place.survey_id)
        journey_code, survey_code = survey.journey.code, survey.code
    customer = pseudonym(installation.secret_key, REFERENCE)
    reference = audit_reference(customer, installation.secret_key)
    found = entries(installation, before)
    assert [(each.action, each.subject, each.detail) for each in found] == [
        (
            "list responses",
            f"journey {journey_code}",
            {"survey": place.survey_id, "from": "2026-01"},
        ),
        ("read response", f"survey {survey_code}", {"response": str(public_id)}),
        ("read case", f"case {place.case_id}", {}),
        ("list cases", "cases", {"state": "all"}),
        ("download report", f"report {place.report_id}", {"file": "pdf"}),
        ("search customers", "contacts", {"found": [reference]}),
        ("read customer", f"customer {reference}", {}),
    ]
    assert {each.user_id for each in found} != {None}
    whole = " ".join(f"{each.subject} {each.detail}" for each in entries(installation))
    for personal in (SAID, EMAIL, REFERENCE, customer):
        assert personal not in whole


def test_nothing_is_handed_out_where_no_entry_can_be_written(opened: Opened):
    client, _, place, _ = opened

    def refuse(*_: object) -> None:
        raise OSError("disk full")

    event.listen(AuditEntry, "before_insert", refuse)
    try:
        with pytest.raises(OSError, match="disk full"):
            client.get(f"/cases/{place.case_id}")
    finally:
        event.remove(AuditEntry, "before_insert", refuse)


def test_of_an_anonymous_survey_the_entry_names_no_response(opened: Opened):
    client, installation, place, _ = opened
    with installation.store.writing() as session:
        session.get_one(SurveyRow, place.survey_id).anonymity = "anonymous"
    try:
        before = last(installation)
        client.get(f"/journeys/{place.journey_id}/responses/{place.response_id}")
        assert [each.detail for each in entries(installation, before)] == [{}]
    finally:
        with installation.store.writing() as session:
            session.get_one(SurveyRow, place.survey_id).anonymity = "pseudonymous"


def test_a_program_that_reads_by_key_leaves_an_entry(opened: Opened):
    _, installation, place, app = opened
    with installation.store.writing() as session:
        survey = session.get_one(SurveyRow, place.survey_id).code
        _, key = api_keys.make(session, name="CRM", scopes=["read responses"], user_id=None)
    before = last(installation)
    answer = app.test_client().get(
        f"/api/v1/responses?survey={survey}", headers={"Authorization": f"Bearer {key}"}
    )
    assert answer.status_code == 200
    detail = {"survey": survey, "responses": 1}
    found = [(each.action, each.subject, each.detail) for each in entries(installation, before)]
    assert found == [("read responses by API key", "API key CRM", detail)]


def test_a_command_that_exports_leaves_an_entry(opened: Opened, tmp_path, monkeypatch):
    _, installation, place, _ = opened
    monkeypatch.setenv("SURVEYAPP_HOME", str(installation.settings.home))
    with installation.store.reading() as session:
        survey = session.get_one(SurveyRow, place.survey_id)
        code, journey = survey.code, survey.journey.code
    before = last(installation)
    command = ["export", "--survey", code, "--out", str(tmp_path / "out.csv")]
    assert CliRunner().invoke(surveyapp, command, catch_exceptions=False).exit_code == 0
    (entry,) = entries(installation, before)
    assert (entry.user_id, entry.action, entry.subject) == (
        None, "export responses", f"journey {journey}",
    )  # fmt: skip
    assert entry.detail == {"by": "command", "format": "csv", "survey": str(place.survey_id)}
