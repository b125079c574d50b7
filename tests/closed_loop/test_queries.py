"""The list of cases, what a case shows of an answer, and how many were recovered."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from analysis.metrics import share
from instruments.loader import BUILT_IN
from surveyapp.closed_loop import cases, queries
from surveyapp.closed_loop.queries import Wanted
from surveyapp.closed_loop.recovery import recovery, recovery_to_json
from surveyapp.errors import NotFound
from surveyapp.results.view_models import Hidden
from surveyapp.store.columns import utc_now
from surveyapp.store.models import Case, Response, SurveyRow
from tests.closed_loop.makers import BASE, make_loop, open_case
from tests.installations import installation_on


@pytest.fixture
def loop(store):
    with store.writing() as session:
        return make_loop(session)


def listed(store, limit: int = 50, **wanted) -> list[int]:
    with store.reading() as session:
        found = queries.lines(
            session, Wanted(**wanted), now=utc_now(), limit=limit, library=BUILT_IN
        )
    return [line.id for line in found]


def move_due(store, case: int, days: int) -> None:
    with store.writing() as session:
        session.get_one(Case, case).due_at = utc_now() + timedelta(days=days)


def test_the_soonest_due_comes_first_and_pages_go_on(store, loop):
    numbers = [open_case(store, loop) for _ in range(4)]
    for number, days in zip(numbers, (3, 1, 2, 2), strict=True):
        move_due(store, number, days)
    first, second, third, fourth = numbers
    assert listed(store) == [second, third, fourth, first]
    assert listed(store, limit=2) == [second, third]
    assert listed(store, limit=2, after=third) == [fourth, first]


def test_a_page_after_a_case_that_is_gone_is_not_found(store, loop):
    with pytest.raises(NotFound, match="start from the first page"):
        listed(store, after=77)


def test_filters_choose_by_state_owner_journey_and_lateness(store, loop):
    late, given, done = (open_case(store, loop) for _ in range(3))
    move_due(store, late, -1)
    move_due(store, done, -2)
    with store.writing() as session:
        cases.assign(
            session,
            session.get_one(Case, given),
            None,
            user_id=1,
            installation=installation_on(store, base_url=BASE),
        )
        cases.close(session, session.get_one(Case, done), "no_action", user_id=loop.owner)
        journey = session.get_one(SurveyRow, loop.survey).journey_id
    assert listed(store) == [late, given]
    assert listed(store, state="closed") == [done]
    assert listed(store, state="all") == [done, late, given]
    assert listed(store, owner_id=loop.owner) == [late]
    assert listed(store, owner_id=0) == [given]
    assert listed(store, overdue=True) == [late]
    assert listed(store, state="all", overdue=True) == [late]
    assert listed(store, journey_id=journey) == [late, given]
    assert listed(store, journey_id=journey + 1) == []
    with store.reading() as session:
        assert queries.counts(session, Wanted(), now=utc_now()) == (2, 1)
        assert queries.counts(session, Wanted(owner_id=0), now=utc_now()) == (1, 0)


def test_a_case_shows_the_question_and_the_comment_only(store, loop):
    number = open_case(store, loop, reason="It lost my data.")
    with store.reading() as session:
        said = queries.said(session, queries.one(session, number), library=BUILT_IN)
    assert "recommend" in said.question
    assert [comment.answer for comment in said.comments] == ["It lost my data."]
    assert not said.corrected


def test_an_erased_response_says_nothing(store, loop):
    number = open_case(store, loop)
    with store.writing() as session:
        session.execute(delete(Response))
    with store.reading() as session:
        case = queries.one(session, number)
        assert queries.said(session, case, library=BUILT_IN) is None
        assert queries.score(case, library=BUILT_IN) == "NPS 3"


def test_an_answer_changed_by_the_customer_is_said_to_be(store, loop):
    number = open_case(store, loop)
    with store.writing() as session:
        case = session.get_one(Case, number)
        session.get_one(Response, case.response_id).corrected_at = utc_now() + timedelta(hours=1)
    with store.reading() as session:
        assert queries.said(session, queries.one(session, number), library=BUILT_IN).corrected


def close_many(store, loop, outcomes: list[str], *, days: float, contacted: float | None) -> None:
    now = utc_now()
    for outcome in outcomes:
        number = open_case(store, loop)
        with store.writing() as session:
            case = session.get_one(Case, number)
            case.opened_at = now - timedelta(days=days)
            if contacted is not None:
                at = case.opened_at + timedelta(days=contacted)
                cases.mark_contacted(session, case, user_id=loop.owner, now=at)
            cases.close(session, case, outcome, user_id=loop.owner, now=now)


def test_the_recovered_share_has_its_interval_and_medians(store, loop):
    close_many(store, loop, ["recovered"] * 4, days=3, contacted=1)
    close_many(store, loop, ["not_recovered", "unreachable"], days=9, contacted=None)
    with store.reading() as session:
        found = recovery(session, now=utc_now())
    expected = share(4, 6)
    whole = found.whole
    assert (whole.closed, whole.share.n, whole.share.estimate) == (6, 6, expected.estimate)
    assert (whole.share.low, whole.share.high) == (expected.low, expected.high)
    assert (whole.days_to_contact, whole.days_to_close) == (1, 3)
    assert whole.contact.low is None  # of four contacts there is no interval of 95%
    assert (whole.close.low, whole.close.high, whole.close.n) == (3, 9, 6)
    assert recovery_to_json(found, few=5)["all"]["days_to_close_interval"] == [3, 9]
    assert [(place.name, place.closed) for place in found.surveys] == [("After the form", 6)]
    assert [month.closed for month in found.months] == [6]


def test_surveys_of_one_name_are_not_counted_together(store, loop):
    close_many(store, loop, ["recovered"] * 3, days=3, contacted=1)
    with store.writing() as session:
        first = session.get_one(SurveyRow, loop.survey)
        second = SurveyRow(
            journey_id=first.journey_id, touchpoint_id=first.touchpoint_id, code="second",
            name=first.name, asks=first.asks, link="second",
        )  # fmt: skip
        session.add(second)
        session.flush()
        session.scalars(select(Case).limit(1)).one().survey_id = second.id
    with store.reading() as session:
        places = recovery(session, now=utc_now()).surveys
    assert [(place.name, place.closed) for place in places] == [
        ("After the form", 2),
        ("After the form", 1),
    ]


def test_the_share_of_a_handful_is_not_shown(store, loop):
    close_many(store, loop, ["recovered"] * 4, days=3, contacted=1)
    with store.reading() as session:
        few = recovery(session, now=utc_now()).whole
        enough = recovery(session, now=utc_now(), minimum_cell=4).whole
        nothing = recovery(session, now=utc_now(), owner_id=0).whole
    assert (few.share.hidden, few.share.estimate, few.closed) == (Hidden.FEW, None, 4)
    assert enough.share.estimate == 100
    assert (nothing.closed, nothing.share.shown, nothing.days_to_close) == (0, False, None)


def test_a_share_that_would_give_that_of_one_case_away_is_not_shown(store, loop):
    """16 cases at two surveys: all of them minus the 15 at one is the one at the other."""
    close_many(store, loop, ["recovered"] * 16, days=3, contacted=1)
    with store.writing() as session:
        first = session.get_one(SurveyRow, loop.survey)
        second = SurveyRow(
            journey_id=first.journey_id, touchpoint_id=first.touchpoint_id, code="second",
            name="Second", asks=first.asks, link="second",
        )  # fmt: skip
        session.add(second)
        session.flush()
        session.scalars(select(Case).limit(1)).one().survey_id = second.id
    with store.reading() as session:
        found = recovery(session, now=utc_now())
        journey = recovery(session, now=utc_now(), journey_id=first.journey_id)
    for table in (found, journey):
        assert table.whole.share.shown
        assert [place.closed for place in table.surveys] == [15, 1]
        assert [place.share.hidden for place in table.surveys] == [Hidden.COMPLEMENT, Hidden.FEW]
        assert not any(place.days_to_close for place in table.surveys)


def test_cases_closed_long_ago_are_no_longer_counted(store, loop):
    close_many(store, loop, ["recovered"] * 5, days=3, contacted=1)
    with store.reading() as session:
        later = recovery(session, now=utc_now() + timedelta(days=366))
    assert later.whole.closed == 0
