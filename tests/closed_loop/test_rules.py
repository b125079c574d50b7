"""The rule of a survey: what it may say, and who changed it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.closed_loop.rules import LoopRule, change_loop, read_loop
from surveyapp.errors import Invalid
from surveyapp.store.models import AuditEntry, SurveyRow, User
from tests.closed_loop.makers import RULE, make_loop
from tests.responses.makers import make_survey


def test_no_document_is_no_rule():
    assert read_loop({}) is None


def test_a_document_is_read_into_a_rule():
    read = read_loop({**RULE, "owner_id": 4, "follow_up_survey_id": 9})
    assert read == LoopRule("nps", 6.0, 2, 4, 9)
    assert read.catches(6) and not read.catches(6.5)


@pytest.mark.parametrize(
    ("opened", "days", "all_days", "working"),
    [  # 1 May 2026 is a Friday
        ("2026-05-01T10:00:00+00:00", 0, 1, 1),
        ("2026-05-01T10:00:00+00:00", 1, 2, 4),
        ("2026-05-01T10:00:00+00:00", 5, 6, 8),
        ("2026-05-01T10:00:00+00:00", 6, 7, 11),
        ("2026-05-02T10:00:00+00:00", 0, 2, 4),
        ("2026-05-03T23:59:59+00:00", 1, 4, 4),
        ("2026-05-05T01:00:00+02:00", 1, 5, 5),  # still Monday in UTC
    ],
)
def test_a_case_is_due_at_the_end_of_a_day_and_weekends_can_be_left_out(
    opened: str, days: int, all_days: int, working: int
):
    moment = datetime.fromisoformat(opened)
    for only, day in ((False, all_days), (True, working)):
        due = LoopRule("nps", 6, days, working_days=only).due_at(moment)
        assert due == datetime(2026, 5, day, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("scale", ""),
        ("scale", None),
        ("at_most", "6"),
        ("at_most", float("nan")),
        ("at_most", True),
        ("due_days", -1),
        ("due_days", 1.5),
        ("due_days", 366),
        ("working_days", 1),
        ("owner_id", "4"),
        ("owner_id", 0),
        ("follow_up_survey_id", [1]),
        ("score", 3),
    ],
)
def test_nonsense_is_refused_by_its_field(field: str, value: object):
    with pytest.raises(Invalid) as refused:
        read_loop({**RULE, field: value})
    assert refused.value.field == field


def test_a_change_is_stored_and_audited_once(store):
    with store.writing() as session:
        loop = make_loop(session)
        survey = session.get_one(SurveyRow, loop.survey)
        change_loop(session, survey, dict(survey.closed_loop), user_id=loop.owner, library=BUILT_IN)
        change_loop(session, survey, {}, user_id=loop.owner, library=BUILT_IN)
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
            change_loop(
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
            change_loop(
                session, survey, {**RULE, "owner_id": loop.other}, user_id=None, library=BUILT_IN
            )


def test_an_anonymous_survey_has_no_rule(store):
    """Nobody could be found behind the score, so a case would be a promise that cannot be kept."""
    with store.writing() as session:
        survey = make_survey(session, asks=("nps",), anonymity="anonymous")
        with pytest.raises(Invalid, match="anonymous"):
            change_loop(session, survey, RULE, user_id=None, library=BUILT_IN)


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
            change_loop(
                session,
                survey,
                {**RULE, "follow_up_survey_id": other.id},
                user_id=None,
                library=BUILT_IN,
            )
