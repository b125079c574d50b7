"""A document in the database that cannot be read takes no customer's page down that can do without."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from surveyapp.installation import Installation
from surveyapp.store.models import Response
from surveyapp.web.respond import readable
from tests.responses.makers import make_journey, make_survey
from tests.web.respondents import fields, form_key, opened

LANGUAGES = ["en", "fi"]


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written into the log."""
    told: list[str] = []
    monkeypatch.setattr(readable, "_log", told.append)
    return told


def made_with(installation: Installation, name: str, document: Any) -> str:
    with installation.store.writing() as session:
        row = make_survey(session, asks=("nps",), introduction="Hello!", code="broken")
        row.languages = LANGUAGES
        setattr(row, name, document)
        return row.link


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("theme", {"colour": "blue"}),
        ("theme", {"colours": {}}),
        ("channels", {"kiosk": "yes"}),
        ("texts", {"fi": {"introduction": 1}}),
        ("sampling", {"share": 0}),
        ("distribution", {"reminders": 3}),
    ],
)
def test_the_page_is_shown_and_the_answer_kept(
    app: Flask, installation: Installation, faults: list[str], name: str, document: Any
):
    client, link = app.test_client(), made_with(installation, name, document)
    for language in LANGUAGES:
        answer = client.get(f"/s/{link}?lang={language}")
        assert answer.status_code == 200 and "Hello!" in answer.text
    key = form_key(opened(client, f"/s/{link}"))
    data = {**fields(1, asks=("nps",)), "form-key": key}
    kept = client.post(f"/s/{link}", data=data)
    assert kept.status_code == 303, kept.text
    assert client.get(kept.location).status_code == 200
    with installation.store.reading() as session:
        assert session.query(Response).count() == 1
    if name in {"theme", "channels", "texts"}:
        assert all(f"The document {name} of the survey broken" in fault for fault in faults)
        assert faults
    else:
        assert not faults  # nobody has looked


def test_without_its_logic_a_survey_asks_nothing_and_others_go_on(
    app: Flask, installation: Installation
):
    app.testing = False  # as a server runs: a fault is a page
    link = made_with(installation, "logic", {"show_if": [{"item": "x"}]})
    with installation.store.writing() as session:
        other = make_survey(session, journey=make_journey(session, "loan"), code="fine").link
    client = app.test_client()
    answer = client.get(f"/s/{link}")
    assert answer.status_code == 500
    assert "nps-nps" not in answer.text
    assert client.get(f"/s/{other}").status_code == 200


def test_the_log_says_once_what_is_wrong_and_how_to_cure_it(
    app: Flask, installation: Installation, monkeypatch: pytest.MonkeyPatch
):
    told: list[str] = []
    log = SimpleNamespace(error=lambda event, fault: told.append(f"{event}: {fault}"))
    monkeypatch.setattr(readable, "logger", lambda _app: log)
    readable._log.cache_clear()
    link = made_with(installation, "theme", {"colour": "blue"})
    for _ in range(3):
        assert app.test_client().get(f"/s/{link}/thanks").status_code == 200
    (line,) = told
    assert line.startswith("unreadable settings: The document theme of the survey broken")
    assert "table surveys, column theme" in line
