"""Before a survey is published a list says what is missing: blockers refuse by name, warnings do not."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from lxml.html import fromstring

from surveyapp.installation import Installation
from surveyapp.store.models import Journey, Response, SurveyRow
from tests.validity import faults as html_faults
from tests.web.test_questionnaires import app, installation, journey, staff

pytestmark = pytest.mark.xdist_group("questionnaires")  # its tests share what is made once

__all__ = ["app", "installation", "journey", "staff"]


@pytest.fixture
def at(staff: FlaskClient, journey: Journey) -> str:
    """The checklist of a new draft that asks NPS."""
    sent = staff.post(
        f"/journeys/{journey.id}/surveys/new",
        data={
            "name": "After the visit",
            "place": "end",
            "language": "en",
            "anonymity": "pseudonymous",
            "open_link": "y",
            "ask": "nps",
            "state": "draft",
        },
    )
    assert sent.location.endswith("/checklist"), sent.text
    return sent.location


def row(installation: Installation, at: str) -> SurveyRow:
    with installation.store.reading() as session:
        return session.get_one(SurveyRow, int(at.split("/")[-2]))


def points(staff: FlaskClient, at: str) -> dict[str, tuple[str, str]]:
    """State and reason of each point."""
    page = staff.get(at)
    assert html_faults(page.text) == []
    rows = fromstring(page.text).xpath("//tbody/tr")
    return {
        each[0].text_content(): (each[1].text_content()[0], each[2].text_content()) for each in rows
    }


def change(installation: Installation, at: str, **values: object) -> None:
    with installation.store.writing() as session:
        found = session.get_one(SurveyRow, int(at.split("/")[-2]))
        for name, value in values.items():
            setattr(found, name, value)


def publish(staff: FlaskClient, at: str):
    return staff.post(at.replace("/checklist", "/state"), data={"state": "open"})


def test_warnings_tell_and_do_not_refuse(staff: FlaskClient, installation: Installation, at: str):
    change(installation, at, languages=["en", "fi"], introduction="Hello.")
    found = points(staff, at)
    assert found["Questions"] == ("✓", "2 questions.")
    assert found["Consent text"][0] == "!"
    assert "Not translated: introduction" in found["Texts in Suomi"][1]
    assert found["Test answer"][0] == "!"
    assert publish(staff, at).status_code == 303
    assert row(installation, at).state == "open"


@pytest.mark.parametrize(
    ("values", "name", "reason"),
    [
        ({"consent_box": True}, "Consent text", "a text that is empty"),
        ({"logic": {"quotas": [{"most": 5, "segment": "gone"}]}}, "Quotas", "no segment gone"),
        (
            {
                "logic": {
                    "show_if": [{"item": "x-y", "when": "nps-nps", "sign": "in", "value": "1"}]
                }
            },
            "Questions",
            "'x-y' is not a question of this survey",
        ),
        ({"asks": [{"instrument": "own-nothing"}]}, "Questions", "own-nothing"),
    ],
)
def test_a_blocker_refuses_by_name(
    staff: FlaskClient, installation: Installation, at: str, values, name, reason
):
    change(installation, at, **values)
    state, told = points(staff, at)[name]
    assert state == "✕"
    assert reason in told
    assert "cannot be published yet" in staff.get(at).text
    refused = publish(staff, at)
    assert refused.status_code == 409
    assert name in refused.text
    assert row(installation, at).state == "draft"
    assert staff.get(f"{at}/test").status_code == 409


def test_a_test_answer_is_read_and_scored_and_not_stored(
    staff: FlaskClient, installation: Installation, at: str
):
    with installation.store.reading() as session:
        before = session.query(Response).count()
    page = staff.get(f"{at}/test")
    assert "form-action 'self'" in page.headers["Content-Security-Policy"]
    assert 'name="csrf_token"' in page.text
    wrong = staff.post(f"{at}/test", data={"nps-nps": "12"})
    assert wrong.status_code == 422
    assert points(staff, at)["Test answer"][0] == "!"
    sent = staff.post(f"{at}/test?send", data={"nps-nps": "9"}, follow_redirects=True)
    assert "not stored. Scores: nps 9" in sent.text
    assert points(staff, at)["Test answer"][0] == "✓"
    with installation.store.reading() as session:
        assert session.query(Response).count() == before
