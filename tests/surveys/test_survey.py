"""One survey for everybody: the same value by its link, its id, its code and its row."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from instruments.loader import BUILT_IN
from surveyapp.errors import Invalid
from surveyapp.store.db import Store
from surveyapp.store.models import SurveyRow, Webhook, WebhookEvent
from surveyapp.surveys import queries
from surveyapp.surveys.queries import survey_at, survey_of
from surveyapp.surveys.survey import BrokenDocument
from tests.responses.makers import make_journey, make_survey

# As releases before there were classes for them wrote documents: everything, and null for nothing.
BEFORE: dict[str, dict[str, Any]] = {
    "theme": {"colour": "#0b4f8a", "logo_file_id": 3, "logo_width": 80, "logo_height": 20},
    "logic": {
        "show_if": [
            {"item": "nps-nps_reason", "when": "nps-nps", "sign": "<=", "value": "6"},
            {"item": "csat-csat_reason", "when": "nps-nps", "sign": "in", "value": ["1", 2]},
        ],
        "not_applicable": ["csat-csat"],
        "attention": {"after": "nps-nps", "choose": 2},
        "quotas": [{"most": 12, "segment": ""}],
    },
    "channels": {
        "embed_origins": ["https://shop.example"],
        "kiosk": True,
        "kiosk_seconds": 10,
        "kiosk_idle_seconds": 60,
        "end_url": "",
    },
    "sampling": {
        "active": True,
        "delay_minutes": 5,
        "share": 1.0,
        "most": None,
        "rest": "block",
        "rest_days": None,
        "channel": "email",
        "expires_days": 30,
        "max_age_days": 7,
        "trigger": {"touchpoints": [], "channels": ["app"], "outcomes": [], "rule": ""},
        "quiet_from": None,
        "quiet_to": None,
    },
    "distribution": {
        "texts": {"fi": {"subject": "Hei"}},
        "one_click": "nps-nps",
        "reminders": [3, 7],
        "reply_to": "",
    },
    "closed_loop": {
        "scale": "nps",
        "at_most": 6,
        "due_days": 2,
        "owner_id": None,
        "follow_up_survey_id": None,
        "working_days": False,
    },
    "texts": {"fi": {"introduction": "Hei!", "of": {"introduction": "0123456789ab"}}},
}


@pytest.fixture
def made(store: Store) -> SurveyRow:
    with store.writing() as session:
        row = make_survey(session, asks=("nps", "csat"), introduction="Hello!")
        for name, document in BEFORE.items():
            setattr(row, name, document)
        row.languages = ["en", "fi"]
        return row


def test_a_database_of_before_is_read_whole(store: Store, made: SurveyRow):
    with store.reading() as session:
        survey = queries.survey(session, made.id)
    assert survey.theme.logo_file_id == 3
    assert survey.logic.show_if[0].value == ("6",)
    assert survey.logic.show_if[1].value == ("1", "2")
    assert survey.channels.kiosk and survey.channels.embed_origins == ("https://shop.example",)
    assert survey.sampling.trigger.channels == ("app",) and survey.sampling.most is None
    assert survey.distribution.reminders == (3, 7)
    assert survey.case_rule is not None and survey.case_rule.catches(6)
    assert survey.texts.text("introduction", "fi") == "Hei!"
    logic = survey.fitted_logic(BUILT_IN)
    assert logic.hidden({"nps-nps": "9"}) == {"nps-nps_reason", "csat-csat_reason"}
    assert logic.attention is not None and survey.without_attention_check().logic.attention is None


def test_everybody_reads_the_same_value(store: Store, made: SurveyRow):
    with store.writing() as session:
        row = session.get_one(SurveyRow, made.id)
        row.theme = {"name": "Changed and not flushed"}
        by_row = survey_of(row)
        assert by_row.theme.name == "Changed and not flushed"
        by_link = survey_at(session.connection(), made.link)
        assert by_link == by_row == queries.survey_by_code(session, made.code)
        assert [by_row] == queries.surveys_of(session, made.journey_id)
        assert [by_row] == queries.all_surveys(session)
    assert by_link is not None and by_link.asked(BUILT_IN) is by_row.asked(BUILT_IN)
    assert (by_row.stage, by_row.stage_code, by_row.touchpoint_code) == ("Apply", "apply", "form")
    assert (by_row.touchpoint, by_row.journey) == ("the application form", "Open an account")
    assert not by_row.at_end and evolve(by_row, name="Other") != by_row


def test_at_the_end_it_is_about_its_journey(store: Store):
    with store.writing() as session:
        survey = survey_of(make_survey(session, at_end=True))
    assert survey.at_end and survey.touchpoint == "Open an account"
    assert (survey.stage, survey.touchpoint_code) == (None, None)


def test_somebody_listens_by_a_case_rule_or_a_webhook(store: Store):
    with store.writing() as session:
        row = make_survey(session)
        assert not survey_of(row).listened
        row.closed_loop = BEFORE["closed_loop"]
        assert survey_of(row).listened
        row.closed_loop = {}
        hook = Webhook(name="CRM", url="https://x.example", seed="0" * 64)
        session.add(hook)
        session.flush()
        session.add(WebhookEvent(webhook_id=hook.id, event="response"))
        session.flush()
        assert survey_of(row).listened


BROKEN = [
    ("theme", {"colour": "blue"}, "theme", "colour", "'blue' is not a colour"),
    ("channels", {"kiosk": "yes"}, "channels", "kiosk", "kiosk is 'yes'; use true or false"),
    ("sampling", {"shares": 1}, "sampling", "shares", "has no setting 'shares'"),
    ("distribution", {"reminders": [0]}, "distribution", "reminders", "1 to 60 days"),
    ("closed_loop", {"scale": "nps"}, "case_rule", "at_most", "has no at_most"),
    ("texts", {"fi": {"draw": 1}}, "texts", "draw", "fi.draw is 1; use a text"),
    ("logic", {"document_version": 2}, "logic", "document_version", "reads version 1"),
]


@pytest.mark.parametrize(("name", "document", "attribute", "key", "said"), BROKEN)
def test_a_document_that_cannot_be_read_stops_what_needs_it_and_nothing_else(
    store: Store, made: SurveyRow, name: str, document: Any, attribute: str, key: str, said: str
):
    with store.writing() as session:
        setattr(session.get_one(SurveyRow, made.id), name, document)
    with store.reading() as session:
        survey = queries.survey(session, made.id)
    with pytest.raises(BrokenDocument) as refused:
        getattr(survey, attribute)
    assert refused.value.field == key
    text = str(refused.value)
    assert text.startswith(
        f"The document {name} of the survey account-survey cannot be read at {key}"
    )
    assert said in text
    assert text.endswith(f"Correct it in the database: table surveys, column {name}, id {made.id}.")
    for _, _, other, *_ in BROKEN:
        if other != attribute:
            getattr(survey, other)


def test_logic_that_does_not_fit_the_questions_is_unreadable_too(store: Store):
    with store.writing() as session:
        row = make_survey(session, asks=("nps",))
        row.logic = {"not_applicable": ["csat-csat"]}
        survey = survey_of(row)
    assert survey.logic.not_applicable == ("csat-csat",)
    with pytest.raises(BrokenDocument, match="'csat-csat' is not a question of this survey"):
        survey.fitted_logic(BUILT_IN)


def test_a_row_outside_a_session_is_no_survey(store: Store, made: SurveyRow):
    with pytest.raises(ValueError, match="in no session"):
        survey_of(made)


def test_a_survey_of_another_journey_is_not_found(store: Store, made: SurveyRow):
    with store.writing() as session:
        other = make_journey(session, "loan")
        with pytest.raises(Exception, match="no such survey in this journey"):
            queries.survey_in(session, other.id, made.id)
        assert queries.survey_in(session, made.journey_id, made.id).code == made.code


def test_reading_a_row_twice_parses_its_documents_once(store: Store, made: SurveyRow):
    with store.reading() as session:
        first, again = (survey_at(session.connection(), made.link) for _ in range(2))
    assert first is not None and again is not None
    assert first.logic is again.logic and first.theme is again.theme
    with pytest.raises(Invalid):
        assert evolve(first, documents={**first.documents, "theme": {"colour": "x"}}).theme
