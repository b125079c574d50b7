"""A response is told only where somebody listens, and an anonymous one without its number."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.responses.actions import submit
from surveyapp.store.db import Store
from surveyapp.store.models import Event, SurveyRow, Webhook
from surveyapp.surveys.queries import survey_at
from tests.installations import installation_on, released
from tests.responses.makers import NOW, as_survey, make_survey


def told(store: Store, *, row: bool = False, **columns: Any) -> list[dict[str, Any]]:
    """What is told of one response; ``row`` submits with the stored row instead of the plain value."""
    installation = installation_on(store, now=lambda: NOW, epoch_keys="/nowhere")
    with store.writing() as session:
        made = make_survey(session, asks=("nps",))
        for name, value in columns.items():
            setattr(made, name, value)
        session.flush()
        survey = made if row else survey_at(session.connection(), made.link)
        assert survey is not None
        submit(
            session,
            as_survey(session, survey),
            {"nps": {"nps": "3"}},
            submission_key="k",
            attributes={},
            now=NOW,
            library=BUILT_IN,
            keys=installation.epoch_keys,
        )
    released(installation)
    with store.reading() as session:
        return [event.subject for event in session.scalars(select(Event))]


def listen(store: Store, events: list[str], *, active: bool = True) -> None:
    with store.writing() as session:
        session.add(
            Webhook(name="w", url="https://w.example", seed="s", events=events, active=active)
        )


def test_nobody_listens_and_nothing_is_told(store: Store):
    listen(store, ["report"])
    listen(store, ["response"], active=False)
    assert told(store) == []


@pytest.mark.parametrize("row", [False, True])
def test_a_webhook_that_wants_responses_is_told(store: Store, row: bool):
    listen(store, ["case", "response"])
    (subject,) = told(store, row=row)
    assert set(subject) == {"response_id", "survey_id"}


@pytest.mark.parametrize("row", [False, True])
def test_a_rule_of_low_scores_is_told(store: Store, row: bool):
    assert len(told(store, row=row, closed_loop={"scale": "nps"})) == 1


def test_of_an_anonymous_response_only_the_day_is_told(store: Store):
    listen(store, ["response"])
    (subject,) = told(store, anonymity="anonymous")
    with store.reading() as session:
        number = session.scalars(select(SurveyRow.id)).one()
    assert subject == {"survey_id": number, "day": NOW.date().isoformat()}
