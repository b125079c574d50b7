"""A journey's scores weighted by population shares: the numbers, and whose they may not tell."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.metrics import Mean, summarize
from analysis.scoring import scales
from analysis.weighted_difference import weighted_difference
from analysis.weighting import raked, weighted_mean
from instruments.loader import BUILT_IN
from instruments.schema import Metric
from surveyapp.errors import Conflict, Invalid
from surveyapp.journeys.population_shares import read_shares, set_shares, shares_as_lines
from surveyapp.reports.charts import trend_charts
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.counted import replace, scores_of
from surveyapp.responses.prepared import Prepared
from surveyapp.results import dashboards
from surveyapp.results.cells import Sums
from surveyapp.results.figure_json import figure_to_json
from surveyapp.results.journey_json import trends_to_json
from surveyapp.results.scope import Comparison, Scope
from surveyapp.results.view_models import State
from surveyapp.results.weights import weighting as module
from surveyapp.results.weights.weighted_scores import (
    WeightedRow,
    WeightedScores,
    weighted_scores,
)
from surveyapp.results.weights.weighted_scores_json import weighted_scores_to_json
from surveyapp.results.weights.weighting import score_points
from surveyapp.store.db import Store
from surveyapp.store.models import BINS, Journey, Response, SurveyRow
from tests.responses.makers import NOW, as_survey, make_journey, make_survey
from tests.results import bank

MARCH, MAY = (datetime(2026, month, 10, 12, tzinfo=UTC) for month in (3, 5))
REGIONS = "North 60\nSouth 40"


def answers(values, *, at=MARCH, **who):
    """One answer to the NPS for each value, of customers with these attributes."""
    return [(at, who, {"nps": {"nps": value}}) for value in values]


def made(store: Store, given, *lines: tuple[str, str], segments=None) -> int:
    """A journey with these answers at its end and these shares; its number."""
    with store.writing() as session:
        place = bank.make_journey(session)
        rules = {
            code: (code, rule) for code, rule in (segments or {"north": "region = North"}).items()
        }
        numbers = bank.make_segments(session, rules)
        stored = {number: rules[code][1] for code, number in numbers.items()}
        bank.store_answers(session, place.surveys["end"], given, stored)
        share(session, place.journey, *lines)
    bank.count_cells(store)
    return place.journey


def share(session: Session, journey: int, *lines: tuple[str, str]) -> None:
    for attribute, text in lines:
        set_shares(
            session,
            session.get_one(Journey, journey),
            attribute=attribute,
            lines=text,
            source="register",
            counted_on=date(2025, 12, 31),
            user_id=None,
        )


def read(store: Store, journey: int, **scope) -> WeightedScores:
    with store.reading() as session:
        return weighted_scores(session, Scope(journey, weighted=True, **scope), library=BUILT_IN)


def nps(store: Store, journey: int, **scope) -> WeightedRow:
    found = read(store, journey, **scope)
    return next(row for row in found.rows if row.figure.definition.scale == "nps")


NORTH, SOUTH = [10, 9, 9, 8, 3, 10, 2, 9], [1, 5, 7, 9, 3, 6, 10, 0, 8, 4, 6, 2]


def test_a_score_is_weighted_as_analysis_weights_the_same_answers(store: Store):
    given = answers(NORTH, region="North") + answers(SOUTH, region="South")
    journey = made(store, given, ("region", REGIONS))
    row = nps(store, journey)
    given_points = [100.0 * ((v >= 9) - (v <= 6)) for v in NORTH + SOUTH]
    regions = ["North"] * len(NORTH) + ["South"] * len(SOUTH)
    expected = weighted_mean(
        given_points, raked({"region": regions}, {"region": read_shares(REGIONS)})
    )
    assert row.weighted is not None
    assert (row.weighted.n, row.left_out, row.refused) == (20, 0, "")
    assert row.weighted.estimate == pytest.approx(expected.estimate)
    assert (row.weighted.low, row.weighted.high) == pytest.approx((expected.low, expected.high))
    assert row.design_effect == pytest.approx(expected.design_effect)
    assert row.figure.estimate == pytest.approx(np.mean(given_points)) == expected.unweighted
    unanswered = next(each for each in read(store, journey).rows if each.place)
    assert unanswered.weighted is None and unanswered.figure.state is State.UNANSWERED
    told = weighted_scores_to_json(read(store, journey), few=5)
    (told_row,) = (each for each in told["scores"] if each["unweighted"]["scale"] == "nps")
    assert told_row["weighted"]["estimate"] == row.weighted.estimate
    assert told_row["weighted"]["interval"] == "Linearised, Student's t, 95%"
    assert told["population_shares"][0]["shares"] == {"North": 0.6, "South": 0.4}


def test_what_answers_contribute_is_on_average_the_score():
    rng = np.random.default_rng(3)
    seen = set()
    for code in ("csat", "ces", "nps", "sjq"):
        for scale in scales(BUILT_IN.load(code), None):
            values = rng.integers(scale.minimum, scale.maximum + 1, 40).astype(float)
            bins = np.bincount(values.astype(int), minlength=BINS).tolist()
            sums = Sums(40, float(values.sum()), float(values @ values), tuple(bins))
            found = summarize(
                scale,
                n=40,
                total=sums.total,
                total_squares=sums.total_squares,
                histogram=bins[scale.minimum : scale.maximum + 1],
            )
            expected = found.percent[0] if isinstance(found, Mean) else found.estimate
            total, squares = score_points(scale, sums)
            assert total / 40 == pytest.approx(expected), scale.id
            if isinstance(found, Mean):
                unit = 100 / (scale.maximum - scale.minimum)
                assert squares / 40 - (total / 40) ** 2 == pytest.approx(unit**2 * values.var())
            else:
                assert 0 < squares <= 40 * 100**2
            seen.add(scale.metric)
    assert seen == {Metric.CSAT, Metric.CES, Metric.NPS, Metric.INDEX}


def test_two_attributes_are_raked_and_answers_without_a_share_left_out(store: Store):
    given = [
        *answers(NORTH, region="North", age="young"),
        *answers(SOUTH, region="South", age="young"),
        *answers(NORTH[::-1], region="North", age="old"),
        *answers(SOUTH[::-1], region="South", age="old"),
        *answers([0] * 6, region="West", age="old"),
    ]
    row = nps(store, made(store, given, ("region", REGIONS), ("age", "old 75\nyoung 25")))
    assert row.weighted is not None
    assert (row.figure.n, row.weighted.n, row.left_out) == (46, 40, 6)
    mean = {"North": 100 * (5 - 2) / 8, "South": 100 * (2 - 8) / 12}
    assert row.weighted.estimate == pytest.approx(0.6 * mean["North"] + 0.4 * mean["South"])


def test_a_group_of_too_few_hides_the_weighted_score_and_not_the_other(store: Store):
    given = answers(NORTH[:4], region="North") + answers(SOUTH, region="South")
    row = nps(store, made(store, given, ("region", REGIONS), segments={"old": "age = old"}))
    assert row.weighted is None and row.figure.n == 16
    assert "small group" in row.refused


def test_a_group_that_differs_from_a_segment_by_few_is_not_told(store: Store):
    """North without the regulars are two people: their NPS would follow from both."""
    given = [
        *answers(NORTH + NORTH, region="North", regular=True),
        *answers([0, 10], region="North", regular=False),
        *answers(SOUTH, region="South", regular=False),
    ]
    regulars = {"regulars": "regular = true"}
    row = nps(store, made(store, given, ("region", REGIONS), segments=regulars))
    assert row.weighted is None and row.figure.shown
    assert "small group" in row.refused


@pytest.mark.parametrize(("finnish_south", "told"), [(2, False), (6, True)])
def test_a_group_that_differs_from_a_language_by_few_is_not_told(
    store: Store, finnish_south: int, told: bool
):
    """All of the north answer in Finnish: the Finnish answers without theirs are those of a few others."""
    south = SOUTH + SOUTH
    languages = ["fi"] * (len(NORTH) + finnish_south) + ["en"] * (len(south) - finnish_south)
    with store.writing() as session:
        row = make_survey(session, journey=make_journey(session), asks=("nps",), at_end=True)
        prepared = [
            Prepared({"nps": {"nps": value}}, NOW, {"region": region}, language=language)
            for value, region, language in zip(
                NORTH + south,
                ["North"] * len(NORTH) + ["South"] * len(south),
                languages,
                strict=True,
            )
        ]
        store_bulk(session, as_survey(session, row), prepared, source="link", library=BUILT_IN)
        share(session, row.journey_id, ("region", REGIONS))
        journey = row.journey_id
    bank.count_cells(store)
    with store.reading() as session:
        overview = dashboards.journey_overview(
            session, Scope(journey, language="fi"), minimum_cell=5, library=BUILT_IN
        )
    (finnish,) = overview.end
    assert finnish.n == len(NORTH) + finnish_south  # is told, whatever is weighted
    assert (nps(store, journey).weighted is not None) is told


def test_months_that_cut_a_group_name_those_that_do_not(store: Store):
    given = [
        *answers(NORTH, region="North"),
        *answers(SOUTH, region="South"),
        *answers(NORTH[:3], at=MAY, region="North"),
        *answers(SOUTH, at=MAY, region="South"),
    ]
    journey = made(store, given, ("region", REGIONS), segments={"old": "age = old"})
    assert nps(store, journey).weighted is not None
    row = nps(store, journey, since=date(2026, 5, 1), until=date(2026, 5, 1))
    assert row.weighted is None
    assert row.refused.endswith("Mar to May 2026 can be shown.")


def test_a_value_that_nobody_has_is_named(store: Store):
    given = answers(NORTH, region="North") + answers(SOUTH, region="South")
    journey = made(store, given, ("region", "North 50\nSouth 30\nWest 20"))
    assert "whose region is West" in nps(store, journey).refused


def test_what_cannot_be_weighted_is_refused_by_name(store: Store, monkeypatch: pytest.MonkeyPatch):
    given = answers(NORTH, region="North") + answers(SOUTH, region="South")
    journey = made(store, given)
    assert "set them first" in read(store, journey).refused
    with store.writing() as session:
        share(session, journey, ("region", REGIONS))
        with pytest.raises(Conflict, match="known already"):
            share(session, journey, (" region", REGIONS))
    assert "still being counted" in read(store, journey).refused
    bank.count_cells(store)
    assert "not of a segment" in read(store, journey, segment_id=1).refused
    for one in ({"channel": "link"}, {"language": "fi"}, {"flagged": True}):
        assert "take these filters off" in read(store, journey, **one).refused
    monkeypatch.setattr(module, "MOST_GROUPS", 1)
    assert "2 combinations" in read(store, journey).refused


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("North", "not a value with its percentage"),
        ("North 50\nNorth 50", "stands there twice"),
        ("North 100", "These are 1 values"),
        ("North 60\nSouth 50", "add up to 110%"),
        ("North 100\nSouth 0", "share of South is 0"),
        ("x" * 130 + " 50\nSouth 50", "has 130 characters"),
        ("\n".join(f"v{n} 5" for n in range(20)), "These are 20 values"),
    ],
)
def test_shares_that_are_none_are_refused_by_name(lines: str, said: str):
    with pytest.raises(Invalid, match=said):
        read_shares(lines)


def test_shares_are_read_as_they_are_written():
    read_once = read_shares("New York: 33.3 %\n\nage 30 to 40, 66,7")
    assert read_once == pytest.approx({"New York": 0.333, "age 30 to 40": 0.667})
    assert read_shares(shares_as_lines(read_once)) == pytest.approx(read_once)


def csat(satisfied: int, of: int, at: datetime, region: str):
    """Answers to CSAT of which so many are satisfied."""
    return [
        (at, {"region": region}, {"csat": {"csat": 5 if k < satisfied else 2}}) for k in range(of)
    ]


@pytest.fixture
def falling(store: Store) -> int:
    """Ten months with two touchpoints: in the last, the south, few answers and half of all customers, falls at
    the app; at the identity check it is always low."""
    months = [datetime(2025, 6 + k, 10, 12, tzinfo=UTC) for k in range(7)]
    months += [datetime(2026, 1 + k, 10, 12, tzinfo=UTC) for k in range(3)]
    with store.writing() as session:
        place = bank.make_journey(session)
        for at in months:
            south = 2 if at == MARCH else 9
            rows = csat(18, 20, at, "North") + csat(south, 10, at, "South")
            bank.store_answers(session, place.surveys["app"], rows, {})
            rows = csat(16, 20, at, "North") + csat(1, 10, at, "South")
            bank.store_answers(session, place.surveys["id"], rows, {})
        share(session, place.journey, ("region", "North 50\nSouth 50"))
    bank.count_cells(store)
    return place.journey


def test_changes_limits_and_who_is_lowest_stand_with_weights(store: Store, falling: int):
    march = Scope(falling, since=MARCH.date(), until=MARCH.date(), weighted=True)
    long = Scope(falling, weighted=True, comparison=Comparison.NONE)
    with store.reading() as session:
        overview = dashboards.journey_overview(session, march, library=BUILT_IN)
        trends = dashboards.trend(session, long, library=BUILT_IN)
        plain = dashboards.journey_overview(
            session, dataclasses.replace(march, weighted=False), library=BUILT_IN
        )
    app = next(p for p in overview.touchpoints if p.code == "app").figures[0]
    change = app.weighted.figure.change
    assert change.before.estimate == pytest.approx(90)
    now, before = (
        app.weighted.mean,
        weighted_mean(
            [100.0] * 18 + [0.0] * 2 + [100.0] * 9 + [0.0],
            raked({"region": ["N"] * 20 + ["S"] * 10}, {"region": {"N": 0.5, "S": 0.5}}),
        ),
    )
    expected = weighted_difference(now, before)
    assert change.contrast.difference == pytest.approx(0.5 * (90 + 20) - 90)
    assert (change.contrast.low, change.contrast.high) == pytest.approx(
        (expected.low, expected.high)
    )
    assert change.contrast.pvalue == pytest.approx(2 * expected.p)  # Holm, of two scores
    assert change.contrast.certain and not app.change.contrast.certain
    told = figure_to_json(app, few=5)["weighted"]["change"]
    assert told["difference"] == change.contrast.difference and told["before"]["n"] == 30
    assert plain.weighted_ends is None and plain.touchpoints[0].figures[0].weighted is None
    assert overview.weighted_ends is not None
    assert set(overview.weighted_ends.lowest) <= {"csat", "ces"}
    (step, *_) = overview.advice.rows
    assert step.touchpoint == "Identity check"
    assert step.weighted.difference == pytest.approx(0.5 * (80 + 10) - 55)

    trend = next(t for t in trends if t.touchpoint_id and t.definition.scale == "csat")
    own = trend.weighted
    assert own.limits.n == 9 and own.limits.centre == pytest.approx(90)
    assert trend.weighted_outside(trend.months[-1]) == "below" == own.outside(own.months[-1])
    assert own.change.difference == pytest.approx((90 + 90 + 55) / 3 - 90)
    assert "score with weights" in trend_charts.note(trend)
    (written,) = trends_to_json([trend], few=5)
    assert written["weighted"]["outside_limits"] == ["2026-03"]
    assert written["months"][-1]["weighted"]["estimate"] == pytest.approx(55)


def test_a_customer_who_moves_to_another_cell_changes_what_may_be_told(store: Store):
    """No segment sees the move: four are left in the north, who were five."""
    given = answers(NORTH[:5], region="North") + answers(SOUTH, region="South")
    journey = made(store, given, ("region", REGIONS), segments={"old": "age = old"})
    assert nps(store, journey).weighted is not None
    with store.writing() as session:
        row = session.scalars(select(Response).order_by(Response.id)).first()
        assert row is not None
        survey = as_survey(session, session.get_one(SurveyRow, row.survey_id))
        connection = session.connection()
        before = connection.execute(select(Response.__table__).where(Response.id == row.id)).one()
        row.attributes = {"region": "South"}
        session.flush()
        after = connection.execute(select(Response.__table__).where(Response.id == row.id)).one()
        scores = scores_of(connection, [row.id])[row.id]
        replace(connection, survey, [(before, scores)], [(after, scores)])
    row_now = nps(store, journey)
    assert row_now.weighted is None and row_now.figure.shown
