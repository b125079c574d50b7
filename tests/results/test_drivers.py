"""What goes with recommending: joined by submission and by journey run, honest about n."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import select, update

from instruments.loader import BUILT_IN
from surveyapp.errors import NotFound
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.prepared import Prepared
from surveyapp.responses.sorting import sort_segment
from surveyapp.results.drivers.drivers import drivers
from surveyapp.results.drivers.joined_scores import joined_scores
from surveyapp.results.scope import Scope
from surveyapp.results.view_models import Hidden
from surveyapp.store.models import (
    NOTHING_SORTED,
    Journey,
    Response,
    Score,
    Segment,
    Stage,
    SurveyRow,
    Touchpoint,
)
from tests.responses.makers import as_survey, make_journey, make_segment, make_survey

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
SJQ = BUILT_IN.load("sjq")


@pytest.fixture
def place(store):
    """A journey with two touchpoints that ask effort, and an end that asks SJQ and NPS."""
    with store.writing() as session:
        journey = make_journey(session)
        stage = Stage(journey_id=journey.id, code="use", name="Use", position=1)
        stage.touchpoints.append(Touchpoint(code="app", name="the app", position=0))
        session.add(stage)
        session.flush()
        form = make_survey(session, asks=("ces",), journey=journey, name="Form")
        app = make_survey(session, asks=("ces",), journey=journey, name="App")
        app.touchpoint_id = stage.touchpoints[0].id
        end = make_survey(session, asks=("sjq", "nps"), journey=journey, name="End", at_end=True)
        return journey.id, form.id, app.id, end.id


def point(value: float, low: int, high: int) -> int:
    return int(np.clip(round(value), low, high))


def travel(store, place, customers: int, *, seed: int = 3, app_share: float = 1.0) -> None:
    """Customers whose recommending goes with the app's ease, hardly with the form's."""
    _, form, app, end = place
    rng = np.random.default_rng(seed)
    visits: dict[int, list[Prepared]] = {form: [], app: [], end: []}
    for k in range(customers):
        who, at = f"{k:032d}", START + timedelta(hours=k)
        about = {"customer_ref": who, "attributes": {"region": "North" if k % 2 else "South"}}
        ease, hard = rng.normal(), rng.normal()
        visits[form].append(Prepared({"ces": {"ces": point(4 + 1.5 * hard, 1, 7)}}, at, **about))
        if k < app_share * customers:
            answer = {"ces": {"ces": point(4 + 1.5 * ease, 1, 7)}}
            visits[app].append(Prepared(answer, at + timedelta(minutes=5), **about))
        felt = {
            item.code: point(4 + ease + rng.normal(), 1, 7)
            for item in SJQ.asked(SJQ.default_key.code if SJQ.default_key else None)
            if item.scale is not None
        }
        nps = point(6 + 2 * ease + 0.3 * hard + rng.normal(), 0, 10)
        last = {"sjq": felt, "nps": {"nps": nps}}
        visits[end].append(Prepared(last, at + timedelta(minutes=9), **about))
    with store.writing() as session:
        for survey, prepared in visits.items():
            store_bulk(
                session,
                as_survey(session, session.get_one(SurveyRow, survey)),
                prepared,
                library=BUILT_IN,
            )


def read(store, place, **cut):
    with store.reading() as session:
        joined = joined_scores(session, Scope(place[0], **cut), library=BUILT_IN)
        return drivers(joined, resamples=40)


def test_the_touchpoint_that_goes_with_recommending_has_the_larger_part(store, place):
    travel(store, place, 120)
    dimensions, touchpoints = read(store, place)
    assert (dimensions.kind, dimensions.n, dimensions.outcome.scale) == ("dimensions", 120, "nps")
    assert set(dimensions.labels.values()) == {"Coherence", "Personalization", "Seamlessness"}
    assert list(touchpoints.labels.values()) == ["the application form (CES)", "the app (CES)"]
    form, app = touchpoints.found.drivers
    assert touchpoints.n == touchpoints.found.n == 120
    assert app.part > 0.5 > 0.1 > form.part
    assert touchpoints.found.largest.first == 1


def test_too_few_joined_journeys_are_counted_and_not_split(store, place):
    travel(store, place, 30)
    for each in read(store, place):
        assert (each.n, each.needed, each.found) == (30, 50, None)


def test_a_touchpoint_that_few_answered_is_left_out(store, place):
    """One touchpoint is left, and one alone shares nothing out."""
    travel(store, place, 60, app_share=0.4)
    dimensions, touchpoints = read(store, place)
    assert dimensions.found is not None
    assert list(touchpoints.labels.values()) == ["the application form (CES)"]
    assert touchpoints.found is None


def test_nobody_is_said_to_have_given_all_scores_where_none_was_given_by_half(store, place):
    """Each of 60 customers met one of three touchpoints, and one customer met all of them."""
    with store.writing() as session:
        journey = session.get_one(Journey, place[0])
        journey.stages[1].touchpoints.append(Touchpoint(code="card", name="the card", position=1))
        session.flush()
        card = make_survey(session, asks=("ces",), journey=journey, name="Card")
        card.touchpoint_id = journey.stages[1].touchpoints[1].id
        points = (place[1], place[2], card.id)
    visits: dict[int, list[Prepared]] = {number: [] for number in (*points, place[3])}
    for k in range(60):
        at, who = START + timedelta(hours=k), f"{k:032d}"
        for which, number in enumerate(points):
            if k == 0 or k % 3 == which:
                answer = Prepared({"ces": {"ces": 1 + k % 7}}, at, customer_ref=who)
                visits[number].append(answer)
        last = {"nps": {"nps": k % 11}}
        visits[place[3]].append(Prepared(last, at + timedelta(minutes=9), customer_ref=who))
    with store.writing() as session:
        for number, prepared in visits.items():
            store_bulk(
                session,
                as_survey(session, session.get_one(SurveyRow, number)),
                prepared,
                library=BUILT_IN,
            )
    (touchpoints,) = read(store, place)
    assert (touchpoints.joined, touchpoints.n, touchpoints.found) == (60, 0, None)
    assert touchpoints.labels == {}
    assert touchpoints.left_out == (
        "the application form (CES)", "the app (CES)", "the card (CES)",
    )  # fmt: skip


def test_a_segments_drivers_are_hidden_where_its_nps_is(store, place):
    """All but two customers are of the segment: what it has minus all would be theirs."""
    with store.writing() as session:
        most = make_segment(session, "most", "region in (North, South)")
    travel(store, place, 60)
    with store.writing() as session:
        two = session.scalars(select(Response).where(Response.survey_id == place[3]).limit(2)).all()
        for response in two:
            response.attributes = {"region": "East"}
        session.get_one(Segment, most.id).sorted_to = NOTHING_SORTED
    sort_segment(store, most.id)
    found = read(store, place, segment_id=most.id)
    assert [(each.hidden, each.n, each.found) for each in found] == [
        (Hidden.COMPLEMENT, 0, None)
    ] * 2


def test_only_complete_journeys_count(store, place):
    travel(store, place, 100, app_share=0.6)
    touchpoints = read(store, place)[1]
    assert (touchpoints.n, touchpoints.found.n) == (60, 60)


def test_segment_and_period_choose_the_answers(store, place):
    with store.writing() as session:
        north = make_segment(session, "north", "region = North")
    travel(store, place, 120)
    assert [each.n for each in read(store, place, segment_id=north.id)] == [60, 60]
    assert read(store, place, since=date(2026, 4, 1)) == ()
    assert [each.n for each in read(store, place, until=date(2026, 3, 2))] == [120, 120]


def test_nobody_answered_or_nothing_is_asked_at_the_end(store, place):
    assert read(store, place) == ()
    with store.writing() as session:
        session.get_one(SurveyRow, place[3]).asks = [{"instrument": "sjq", "version": "1"}]
    assert read(store, place) == ()
    with pytest.raises(NotFound), store.reading() as session:
        joined_scores(session, Scope(99), library=BUILT_IN)


def test_answers_that_do_not_differ_cannot_be_split(store, place):
    travel(store, place, 60)
    with store.writing() as session:
        session.execute(update(Score).where(Score.scale == "nps").values(value=7.0))
    assert [each.found for each in read(store, place)] == [None, None]


def test_a_segments_parts_stand_beside_those_of_all_other_customers(store, place):
    """The same customers are split as if the others were a segment of their own."""
    with store.writing() as session:
        north = make_segment(session, "north", "region = North")
        south = make_segment(session, "south", "region = South")
    travel(store, place, 160)
    assert all(part.beside is None for each in read(store, place) for part in each.parts)
    _, inside = read(store, place, segment_id=north.id)
    _, outside = read(store, place, segment_id=south.id)
    for part, other in zip(inside.parts, outside.parts, strict=True):
        assert (part.n, part.beside.rest.n) == (80, 80)
        assert part.beside.rest.estimate == pytest.approx(other.estimate)
        contrast = part.beside.contrast
        assert contrast.difference == pytest.approx(part.estimate - other.estimate)
        assert contrast.low < 0 < contrast.high and not contrast.certain
