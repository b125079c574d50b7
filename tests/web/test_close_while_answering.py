"""A survey that is closed while somebody answers it: what they had open is taken, or given back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.installation import Installation
from surveyapp.store.columns import utc_now
from surveyapp.store.models import Response, SurveyRow
from surveyapp.surveys.actions import close_survey, open_survey
from tests.responses.makers import make_survey
from tests.web.respondents import fields, form_key, opened, sent, single_use

WRITTEN = "The queue was <long>, and nobody knew why."


@pytest.fixture
def survey(installation: Installation) -> SurveyRow:
    with installation.store.writing() as session:
        return make_survey(session)


@pytest.fixture(params=["open link", "personal link"])
def path(request, installation: Installation, survey: SurveyRow) -> str:
    if request.param == "open link":
        return f"/s/{survey.link}"
    return single_use(installation, survey)[0]


@pytest.fixture
def clock(installation: Installation):
    """Turn the clock of the customers' pages on; forms are signed by the machine's own."""

    def turn(**later: int) -> None:
        then = utc_now() + timedelta(**later)
        object.__setattr__(installation, "now", lambda: then)

    return turn


def close(installation: Installation, survey: SurveyRow, monkeypatch) -> None:
    """Close it a few seconds from now: a form's time is kept in whole seconds."""
    soon = utc_now() + timedelta(seconds=5)
    monkeypatch.setattr("surveyapp.surveys.actions.utc_now", lambda: soon)
    with installation.store.writing() as session:
        close_survey(session, session.get_one(SurveyRow, survey.id), user_id=None)


def filled(client, path: str) -> dict[str, str]:
    key = form_key(opened(client, path))
    return {**fields(1), "nps-nps_reason": WRITTEN, "form-key": key}


def count(installation: Installation) -> int:
    with installation.store.reading() as session:
        return len(session.scalars(select(Response)).all())


def test_a_form_opened_before_the_closing_is_taken_for_an_hour(
    client, installation, survey, path, clock, monkeypatch
):
    form = filled(client, path)
    close(installation, survey, monkeypatch)
    clock(minutes=59)
    assert client.get(path).status_code == 410
    assert client.post(path, data=form).status_code == 303
    assert count(installation) == 1


def test_after_the_hour_the_closed_page_gives_back_what_was_written(
    client, installation, survey, path, clock, monkeypatch
):
    form = filled(client, path)
    close(installation, survey, monkeypatch)
    clock(minutes=61)
    answer = client.post(path, data=form)
    assert answer.status_code == 410
    assert "The queue was &lt;long&gt;, and nobody knew why." in answer.text
    assert count(installation) == 0


def test_a_form_opened_after_the_closing_is_not_taken(
    client, installation, survey, clock, monkeypatch
):
    path = f"/s/{survey.link}"
    form = filled(client, path)
    with installation.store.writing() as session:
        row = session.get_one(SurveyRow, survey.id)
        row.state, row.closes_at = "closed", utc_now() - timedelta(minutes=5)
    assert client.post(path, data=form).status_code == 410
    assert count(installation) == 0


def test_a_planned_closing_has_the_same_grace(client, installation, survey, path, clock):
    form = filled(client, path)
    with installation.store.writing() as session:
        row = session.get_one(SurveyRow, survey.id)
        row.closes_at = utc_now() + timedelta(minutes=5)
    clock(minutes=30)
    assert client.post(path, data=form).status_code == 303
    assert count(installation) == 1


def test_a_survey_that_is_opened_again_takes_answers(client, installation, survey, monkeypatch):
    with installation.store.writing() as session:
        row = session.get_one(SurveyRow, survey.id)
        close_survey(session, row, user_id=None)
        open_survey(session, row, user_id=None, library=BUILT_IN)
    assert sent(client, f"/s/{survey.link}").status_code == 303


def test_opening_again_keeps_a_closing_that_is_still_to_come(installation, survey):
    planned = utc_now() + timedelta(days=30)
    with installation.store.writing() as session:
        row = session.get_one(SurveyRow, survey.id)
        row.closes_at = planned
        open_survey(session, row, user_id=None, library=BUILT_IN)
        assert row.closes_at == planned
