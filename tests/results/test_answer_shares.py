"""The answers to each question equal a count of the stored answers by pandas, and add up."""

from __future__ import annotations

import pandas as pd
import pytest
from scipy.stats import binomtest
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.results.answers.answer_shares import AnswerShares, answer_shares
from surveyapp.results.scope import ALL_TIME, Scope, period
from surveyapp.results.view_models import Hidden, State
from surveyapp.store.models import Response
from tests.results import bank


@pytest.fixture
def made(store) -> bank.Bank:
    with store.writing() as session:
        made = bank.make_journey(session)
        made.segments = bank.make_segments(session)
        surveys = dict(made.surveys)
        made.surveys = {code: surveys[code] for code in ("app", "end")}
        bank.fill(session, made, a_place=40, months=4)
        few = [(bank.START, {"region": "North"}, {"csat": {"csat": 5}})] * 3
        bank.store_answers(session, surveys["meet"], few, {})
        return made


def read(store, made: bank.Bank, when=ALL_TIME, place="", **cut) -> dict[str, AnswerShares]:
    scope = Scope(made.journey, since=when.since, until=when.until, **cut)
    with store.reading() as session:
        found = answer_shares(session, scope, made.touchpoints.get(place), library=BUILT_IN)
    return {each.item: each for each in found}


def frame(store, survey: int, code: str) -> pd.DataFrame:
    with store.reading() as session:
        rows = session.execute(
            select(Response.answers, Response.attributes, Response.submitted_at).where(
                Response.survey_id == survey
            )
        )
        found = [{**answers[code], **who, "at": at} for answers, who, at in rows]
    return pd.DataFrame(found)


def test_every_question_equals_pandas_in_all_time_a_segment_and_a_period(store, made):
    sjq = frame(store, made.surveys["end"], "sjq")
    first = period(bank.START.date(), sjq["at"].max().date())
    north = {"segment_id": made.segments["north"]}
    for cut, rows in (({}, sjq), (north, sjq[sjq["region"] == "North"]), ({"when": first}, sjq)):
        found = read(store, made, **cut)
        for item in BUILT_IN.load("sjq").asked("sjq-16"):
            one = found[f"sjq.{item.code}"]
            counts = rows[item.code].value_counts()
            assert [part.n for part in one.answers] == [
                counts.get(point, 0) for point in range(1, 8)
            ]
            assert one.n == len(rows) and sum(part.percent for part in one.answers) == 100
    part = one.answers[3]
    exact = binomtest(part.n, one.n).proportion_ci(method="wilson")
    assert (part.share.low, part.share.high) == pytest.approx((100 * exact.low, 100 * exact.high))


def test_detractors_passives_and_promoters_add_up_to_the_answers(store, made):
    nps = frame(store, made.surveys["end"], "nps")["nps"]
    one = next(each for each in read(store, made).values() if each.groups)
    bins = pd.cut(nps, [-1, 6, 8, 10]).value_counts(sort=False)
    assert [part.n for part in one.groups] == list(bins)
    assert sum(part.percent for part in one.groups) == 100
    assert [part.n for part in one.answers] == [int((nps == point).sum()) for point in range(11)]
    assert [part.position for part in one.groups] == [-1.0, 0.0, 1.0]


def test_few_answers_are_hidden_and_none_are_said_to_be_none(store, made):
    few = read(store, made, place="meet")["csat.csat"]
    assert (few.touchpoint, few.hidden, few.state) == (
        "Meeting an adviser",
        Hidden.FEW,
        State.HIDDEN,
    )
    assert (few.n, few.answers, few.why(5)) == (None, (), "hidden (fewer than 5)")
    none = read(store, made, place="id")["csat.csat"]
    assert (none.n, none.hidden, none.state) == (0, Hidden.NO, State.UNANSWERED)
