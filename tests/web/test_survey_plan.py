"""A journey from a template, its survey plan, its first steps and its workshop kit, as pages."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from surveyapp.installation import Installation
from surveyapp.store.models import Journey, SurveyRow
from tests.web.world import add_user

# Pages do not differ by database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def client(installation: Installation, sign_in) -> FlaskClient:
    with installation.store.writing() as session:
        user = add_user(session, "administrator")
    return sign_in(user)


def created(client: FlaskClient, installation: Installation, template: str) -> int:
    path = f"/journeys/new?template={template}"
    form = {
        "name": "Stay in hospital",
        "provider": "St Mary",
        "state": "current",
        "goal": "Be well",
    }
    answer = client.post(path, data=form)
    assert answer.status_code == 303
    with installation.store.reading() as session:
        return session.scalars(select(func.max(Journey.id))).one()


def test_a_journey_from_a_template_gets_drafts_where_they_are_ticked(
    client: FlaskClient, installation: Installation
):
    offered = client.get("/journeys/new?template=patient-visit").text
    assert "Visit as a patient" in offered and "Discharge conversation with a plan" in offered
    journey_id = created(client, installation, "patient-visit")
    plan = f"/journeys/{journey_id}/survey-plan"
    page = client.get(plan).text
    assert "Suggestions of the template “Visit as a patient”" in page
    assert page.count("Suggested by the template.") == 11
    for said in ("1 draft created", "Nothing new to create"):
        answer = client.post(plan, data={"place": "end"}, follow_redirects=True)
        assert said in answer.text
    with installation.store.reading() as session:
        made = session.scalars(select(SurveyRow).where(SurveyRow.journey_id == journey_id)).one()
        assert (made.state, made.touchpoint_id) == ("draft", None)
        assert [each["instrument"] for each in made.asks] == ["sjq", "csat-journey"]
    refused = client.post(plan)
    assert (refused.status_code, "No place is ticked" in refused.text) == (422, True)
    assert client.post(plan, data={"place": "999999"}).status_code == 404
    steps = client.get(f"/journeys/{journey_id}/guide").text
    assert "2 of 7 steps taken. Next: check the map together." in steps
    kit = client.get(f"/journeys/{journey_id}/workshop-kit").text
    assert "Prescription at the pharmacy" in kit and "Empathy map" in kit


def test_a_plan_without_a_map_says_how_to_begin(client: FlaskClient, installation: Installation):
    journey_id = created(client, installation, "")
    assert "The map is empty" in client.get(f"/journeys/{journey_id}/survey-plan").text
    assert "Stage:" in client.get(f"/journeys/{journey_id}/workshop-kit").text
    assert client.get("/journeys/new?template=nothing").status_code == 422


def test_a_suggested_survey_opens_with_its_questions_ticked(
    client: FlaskClient, installation: Installation
):
    journey_id = created(client, installation, "mortgage")
    page = client.get(f"/journeys/{journey_id}/surveys/new?ask=ces&ask=fcr").text
    assert page.count(" checked") >= 2
    for code in ("ces", "fcr"):
        (box,) = [line for line in page.splitlines() if f'id="ask-{code}"' in line]
        assert " checked" in box
