"""Answers that are changed after "Back": a correction, or a page that says which answers stand."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from surveyapp.installation import Installation
from surveyapp.responses import rollups
from surveyapp.store.models import Event, Response, SurveyRow
from tests.installations import released
from tests.responses.makers import make_survey, some_answers
from tests.web.respondents import fields, form_key, opened, single_use


def asked(installation: Installation, **options) -> SurveyRow:
    with installation.store.writing() as session:
        return make_survey(session, **options)


def stored(installation: Installation) -> Response:
    """The one response; scores and rollups are those of its answers."""
    with installation.store.reading() as session:
        assert rollups.recount(session) == []
        return session.scalars(select(Response)).one()


def form(client: FlaskClient, path: str) -> dict[str, str]:
    return {**fields(1), "form-key": form_key(opened(client, path))}


@pytest.mark.parametrize("personal", [False, True], ids=["open link", "personal link"])
def test_a_form_that_is_changed_and_sent_again_corrects_its_response(
    client, installation, personal
):
    survey = asked(installation)
    path = single_use(installation, survey)[0] if personal else f"/s/{survey.link}"
    first = form(client, path)
    changed = {**first, "nps-nps": "2", "nps-nps_reason": "It broke on the second day."}
    answers = [client.post(path, data=each) for each in (first, changed, changed)]
    assert {answer.status_code for answer in answers} == {303}
    assert ["again=changed" in answer.location for answer in answers] == [False, True, False]
    assert "Your changes are saved" in opened(client, answers[1].location)
    kept = stored(installation)
    assert kept.answers["nps"] == {"nps": 2, "nps_reason": "It broke on the second day."}
    assert kept.answers["sjq"] == some_answers(1)["sjq"]
    assert kept.corrected_at is not None


def test_the_same_form_once_more_is_no_correction(client, installation):
    survey = asked(installation)
    path = f"/s/{survey.link}"
    data = form(client, path)
    assert len({client.post(path, data=data).location for _ in range(3)}) == 1
    assert stored(installation).corrected_at is None
    with installation.store.reading() as session:
        assert session.scalars(select(Event).where(Event.kind == "response.corrected")).all() == []


@pytest.mark.parametrize("personal", [False, True], ids=["open link", "personal link"])
def test_the_first_answers_to_an_anonymous_survey_stand_and_the_page_says_so(
    client, installation, personal
):
    survey = asked(installation, anonymity="anonymous")
    path = single_use(installation, survey)[0] if personal else f"/s/{survey.link}"
    first = form(client, path)
    client.post(path, data=first)
    answer = client.post(path, data={**first, "nps-nps": "2"})
    assert answer.location == f"/s/{survey.link}/thanks?again=stands"
    assert "your first answers stand" in opened(client, answer.location)
    assert "again" not in client.post(path, data=first).location
    released(installation)
    again = client.post(path, data={**first, "nps-nps": "2"})
    assert (again.location, client.post(path, data=first).location) == (
        f"/s/{survey.link}/thanks?again=stands",
        f"/s/{survey.link}/thanks",
    )
    kept = stored(installation)
    assert (kept.answers, kept.corrected_at) == (some_answers(1), None)


def test_whoever_erased_their_answers_is_not_thanked_for_the_old_form(client, installation):
    survey = asked(installation)
    (path,) = single_use(installation, survey)
    data = form(client, path)
    client.post(path, data=data)
    client.post(f"{path}/mine/erase")
    again = client.post(path, data=data)
    assert "answers are erased" in opened(client, again.location)
    with installation.store.reading() as session:
        assert session.scalars(select(Response)).all() == []


def test_a_change_with_a_fault_shows_the_form_and_the_first_answers_stay(client, installation):
    survey = asked(installation)
    path = f"/s/{survey.link}"
    data = form(client, path)
    client.post(path, data=data)
    assert client.post(path, data={**data, "nps-nps": "11"}).status_code == 422
    assert stored(installation).answers == some_answers(1)
