"""The rule of a survey: whether it fits what is asked, and who changed it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.closed_loop.rules import change_case_rule
from surveyapp.errors import Invalid
from surveyapp.store.models import AuditEntry, SurveyRow, User
from tests.closed_loop.makers import RULE, make_loop
from tests.responses.makers import make_survey


def test_a_change_is_stored_and_audited_once(store):
    with store.writing() as session:
        loop = make_loop(session)
        survey = session.get_one(SurveyRow, loop.survey)
        change_case_rule(
            session, survey, dict(survey.closed_loop), user_id=loop.owner, library=BUILT_IN
        )
        change_case_rule(session, survey, {}, user_id=loop.owner, library=BUILT_IN)
        assert survey.closed_loop == {}
    with store.reading() as session:
        query = select(AuditEntry).where(AuditEntry.action == "change case rule")
        first, last = session.scalars(query.order_by(AuditEntry.id))
        assert first.detail["at_most"] == 6 and first.user_id == loop.owner
        assert last.detail == {}


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"scale": "ces"}, "scale", "its scores are nps, csat"),
        ({"at_most": 10}, "at_most", "0 to 10"),
        ({"at_most": -1}, "at_most", "0 to 10"),
        ({"owner_id": 999}, "owner_id", "no active account"),
        ({"follow_up_survey_id": 999}, "follow_up_survey_id", "this journey"),
    ],
)
def test_a_rule_must_fit_what_the_survey_asks(store, change, field, words):
    with store.writing() as session:
        loop = make_loop(session)
        survey = session.get_one(SurveyRow, loop.survey)
        with pytest.raises(Invalid, match=words) as refused:
            change_case_rule(
                session, survey, {**survey.closed_loop, **change}, user_id=None, library=BUILT_IN
            )
        assert refused.value.field == field
        assert survey.closed_loop["at_most"] == 6


def test_a_closed_account_owns_no_case(store):
    with store.writing() as session:
        loop = make_loop(session)
        session.get_one(User, loop.other).active = False
        survey = session.get_one(SurveyRow, loop.survey)
        with pytest.raises(Invalid, match="no active account"):
            change_case_rule(
                session, survey, {**RULE, "owner_id": loop.other}, user_id=None, library=BUILT_IN
            )


def test_an_anonymous_survey_has_no_rule(store):
    """Nobody could be found behind the score, so a case would be a promise that cannot be kept."""
    with store.writing() as session:
        survey = make_survey(session, asks=("nps",), anonymity="anonymous")
        with pytest.raises(Invalid, match="anonymous"):
            change_case_rule(session, survey, RULE, user_id=None, library=BUILT_IN)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"asks": ("csat",)}, "does not ask for the same score"),
        ({"asks": ("nps",), "anonymity": "anonymous"}, "is anonymous"),
        (None, "is this survey itself"),
    ],
)
def test_a_follow_up_must_be_comparable_and_joinable(store, options, words):
    with store.writing() as session:
        loop = make_loop(session)
        survey = session.get_one(SurveyRow, loop.survey)
        other = survey
        if options is not None:
            journey = survey.journey
            other = make_survey(session, journey=journey, name="Other", **options)
        with pytest.raises(Invalid, match=words):
            change_case_rule(
                session,
                survey,
                {**RULE, "follow_up_survey_id": other.id},
                user_id=None,
                library=BUILT_IN,
            )
