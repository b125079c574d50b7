"""The audit log and jobs speak in words: what happened, to what, by whom, with which values."""

from __future__ import annotations

import re

import pytest

from surveyapp.journeys.actions import add_stage, create_journey
from surveyapp.reports.actions import ask_report
from surveyapp.results.scope import Scope
from surveyapp.store.audit import record
from surveyapp.web.audit_phrases import happened, values
from surveyapp.web.job_words import result_facts
from surveyapp.web.words_for_values import words_of
from tests.web.world import add_user


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("remove stage", "Removed a stage"),
        ("create alert", "Created an alert"),
        ("close case", "Closed a case"),
        ("change case rule", "Changed case rule"),
        ("bring in interactions", "Imported events"),
        ("send test message", "Sent test message"),
        ("retire contacts", "Retired contacts"),
        ("modify import", "Modified an import"),
        ("sign in", "Signed in"),
    ],
)
def test_an_action_is_told_as_something_done(action: str, said: str):
    assert happened(action) == said


def test_values_have_no_code_in_them():
    detail = {
        "minimum_cell": 5,
        "ids": [3, 4],
        "one_click": True,
        "by": -1,
        "kind": "sjq_study",
        "before": {"name": "Apply", "moment_of_truth": False},
        "note": None,
    }
    assert values(detail) == [
        ("Minimum cell", "5"),
        ("Records", "3, 4"),
        ("One click", "yes"),
        ("Moved", "1 place earlier"),
        ("Kind", "journey quality and loyalty study"),
        ("Before", "name Apply, moment of truth no"),
        ("Note", "none"),
    ]
    assert words_of(list(range(20))).endswith("10, 11 and 8 more")
    assert words_of({"a_b": [], "c": 12_345}) == "a b: none; c: 12,345"


def test_a_jobs_result_names_no_ids():
    assert result_facts({"report_id": 3, "file_id": 5, "n": 240, "refused": []}) == [
        ("Responses", "240")
    ]


def test_pages_name_what_was_changed_and_what_a_job_is_about(installation, sign_in):
    with installation.store.writing() as session:
        user = add_user(session, "administrator")
        journey = create_journey(
            session, name="Open an account", provider="Northbank", code="account", user_id=user.id
        )
        add_stage(session, journey, name="Apply", code="apply", user_id=user.id)
        record(session, user.id, "remove touchpoint", "touchpoint gone/apply/form", by=2)
        report = ask_report(session, kind="benchmark", scope=Scope(journey.id), user_id=user.id)
        title, job_id = report.title, report.job_id
    client = sign_in(user)
    rows = [
        re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row))
        for row in client.get("/audit").text.split("<tr>")[2:]
    ]
    said = " ".join(rows)
    assert "Added a stage Stage apply of “Open an account”" in said
    assert "Created a journey Journey “Open an account” (account)" in said
    assert "Removed a touchpoint Touchpoint apply / form of “gone” Moved: 2 places later" in said
    assert "{" not in said
    assert title in client.get("/jobs").text
    job = client.get(f"/jobs/{job_id}").text
    assert f"<dt>About</dt><dd><bdi>{title}</bdi></dd>" in job
    assert f"by <bdi>{user.name}</bdi>" in job
