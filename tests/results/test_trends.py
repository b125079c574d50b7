"""A trend knows from which month on its answers were given to other words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from instruments.loader import BUILT_IN
from surveyapp.journeys import queries
from surveyapp.journeys.change_register import ChangeText, register_change, remove_change
from surveyapp.results import dashboards, phrases
from surveyapp.results.findings import findings
from surveyapp.results.scope import Scope
from surveyapp.results.view_models import Trend, Worded
from surveyapp.store.db import Store
from surveyapp.store.models import SurveyRow
from tests.results import bank

JANUARY, JULY = date(2026, 1, 1), date(2026, 7, 1)


@pytest.fixture
def journey(store: Store) -> int:
    """A survey from January to June, then one with newer words, which fewer call satisfying."""
    with store.writing() as session:
        made = bank.make_journey(session)
        first = session.get_one(SurveyRow, made.surveys["app"])
        newer = SurveyRow(
            journey_id=made.journey,
            touchpoint_id=first.touchpoint_id,
            code="newer",
            name="newer",
            asks=[{"instrument": "csat", "version": "1", "pinned": {"en": "en-2"}}],
            link="newer",
        )
        session.add(newer)
        session.flush()
        for survey, months, good in ((first, range(1, 7), 24), (newer, range(7, 13), 12)):
            rows = [
                (
                    datetime(2026, month, 5, tzinfo=UTC),
                    {},
                    {"csat": {"csat": 5 if at < good else 2}},
                )
                for month in months
                for at in range(30)
            ]
            bank.store_answers(session, survey.id, rows, {})
        return made.journey


def csat(store: Store, journey: int, **period: date) -> Trend:
    with store.reading() as session:
        found = dashboards.trend(session, Scope(journey, **period), library=BUILT_IN)
    return next(one for one in found if one.definition.scale == "csat" and one.months)


def test_the_wording_changes_where_one_survey_follows_another(store: Store, journey: int):
    series = csat(store, journey)
    assert series.wordings == (Worded("en-1", JANUARY), Worded("en-2", JULY))
    assert series.rewordings == (Worded("en-2", JULY),)


def test_a_period_with_one_wording_has_no_change(store: Store, journey: int):
    assert csat(store, journey, since=JULY).wordings == (Worded("en-2", JULY),)
    assert csat(store, journey, until=date(2026, 6, 30)).rewordings == ()


def test_scores_are_not_compared_over_a_change_of_words(store: Store, journey: int):
    when = Scope(journey, since=JULY, until=date(2026, 12, 31))
    with store.reading() as session:
        overview = dashboards.journey_overview(session, Scope(journey), library=BUILT_IN)
        trends = dashboards.trend(session, Scope(journey), library=BUILT_IN)
        half = dashboards.journey_overview(session, when, library=BUILT_IN)
        quarter = dashboards.trend(
            session, replace(when, since=date(2026, 10, 1)), library=BUILT_IN
        )
    told = findings(overview, None, trends)
    assert not [each for each in told if "has fallen" in each.headline]
    (barred,) = [each for each in told if "not compared" in each.headline]
    assert "The wording changed: en-1 at first, en-2 from Jul 2026." in barred.text
    assert not barred.certain
    series = next(one for one in trends if one.definition.scale == "csat" and one.months)
    assert (series.change, series.reworded) == (None, True)
    (fallen,) = [f for f in half.figures if f.definition.scale == "csat" and f.n]
    assert fallen.change.contrast is None
    assert phrases.change(fallen) == "not compared: the wording changed"
    # October to December is compared with July to September, which read the same words.
    own = next(one for one in quarter if one.definition.scale == "csat" and one.months)
    assert (own.reworded, own.change is not None) == (False, True)


def test_a_trend_has_the_changes_made_at_its_place_in_its_months(store: Store, journey: int):
    with store.writing() as session:
        known = queries.journey(session, journey)
        app, identity = known.stages[0].touchpoints
        for title, month, where in (
            ("Elsewhere", 3, {"touchpoint_ids": [identity.id]}),
            ("Stage", 4, {"stage_ids": [known.stages[0].id]}),
            ("Here", 2, {"touchpoint_ids": [app.id]}),
            ("Whole", 12, {}),
        ):
            text = ChangeText(title, date(2026, month, 17), **where)
            register_change(session, known, text, user_id=None)
        text = ChangeText("Before the answers", date(2025, 3, 1))
        register_change(session, known, text, user_id=None)
        gone = register_change(session, known, ChangeText("Gone", JULY), user_id=None)
        remove_change(session, known, gone, user_id=None)
    said = [(each.letter, each.title) for each in csat(store, journey).markers]
    assert said == [("B", "Here"), ("D", "Stage"), ("E", "Whole")]
    half = csat(store, journey, since=JANUARY, until=date(2026, 3, 1))
    assert [each.title for each in half.markers] == ["Here"]


def test_months_of_some_places_are_those_that_they_have_among_all(store: Store, journey: int):
    """And changes are corrected for those of all places, whichever are looked at."""
    for months in ({}, {"since": JULY, "until": date(2026, 12, 31)}):
        with store.reading() as session:
            every = dashboards.trend(session, Scope(journey, **months), library=BUILT_IN)
            own = next(one.touchpoint_id for one in every if one.months)
            of = {"at": [own], "library": BUILT_IN}
            some = dashboards.trend(session, Scope(journey, **months), **of)
        assert [one.change for one in some] == [one.change for one in every]
        assert [one.wordings for one in some] == [one.wordings for one in every]
        seen = [one for one in every if one.touchpoint_id == own]
        assert [one for one in some if one.touchpoint_id == own] == seen
        assert {one.touchpoint_id for one in some if one.months} == {own}
