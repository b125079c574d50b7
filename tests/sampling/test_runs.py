"""Runs go on, end by silence and begin again, whoever joins them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from surveyapp.responses import runs
from surveyapp.responses.runs import Visit
from surveyapp.store.db import Store
from surveyapp.store.models import JourneyRun
from tests.sampling.makers import NOW, bring, make_bank, report


def day(number: float) -> datetime:
    return NOW + timedelta(days=number)


def spans(store: Store) -> list[tuple[float, float, bool]]:
    """First and last day of every run, and whether it is open."""
    with store.reading() as session:
        found = session.scalars(select(JourneyRun).order_by(JourneyRun.started_at))
        return [
            ((run.started_at - NOW).days, ((run.last_at or NOW) - NOW).days, run.ended_at is None)
            for run in found
        ]


def visit(
    store: Store, journey: int, days: list[float], *, ends: bool = False, at_once: bool = False
):
    with store.writing() as session:
        connection = session.connection()
        visits = [Visit("anna", day(number)) for number in days]
        if at_once:
            return runs.join_many(connection, journey, visits, ends=ends)
        return [runs.join(connection, journey, each, ends=ends) for each in visits]


@pytest.fixture
def journey(store: Store) -> int:
    with store.writing() as session:
        return make_bank(session, gap=30).id


@pytest.mark.parametrize("at_once", [False, True])
def test_silence_longer_than_the_gap_ends_a_run_with_its_last_thing(
    store: Store, journey: int, at_once: bool
):
    visit(store, journey, [0, 20, 50, 81], at_once=at_once)
    assert spans(store) == [(0, 50, False), (81, 81, True)]
    with store.reading() as session:
        first = session.scalars(select(JourneyRun).order_by(JourneyRun.id)).first()
        assert first is not None
        assert first.ended_at == first.last_at == day(50)


@pytest.mark.parametrize("at_once", [False, True])
def test_without_a_gap_only_the_end_closes_a_run(store: Store, at_once: bool):
    with store.writing() as session:
        journey = make_bank(session).id
    visit(store, journey, [0, 700], at_once=at_once)
    visit(store, journey, [800], ends=True, at_once=at_once)
    visit(store, journey, [801], at_once=at_once)
    assert spans(store) == [(0, 800, False), (801, 801, True)]


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.integers(0, 200), min_size=1, max_size=8).map(sorted))
def test_one_by_one_and_at_once_agree(store: Store, days: list[int]):
    found = []
    for at_once in (False, True):
        with store.writing() as session:
            session.execute(delete(JourneyRun))
            known = session.scalar(select(runs._JOURNEYS.c.id))
            number = known or make_bank(session, gap=30).id
        visit(store, number, [float(each) for each in days], at_once=at_once)
        found.append(spans(store))
    assert found[0] == found[1]


def test_what_comes_late_goes_where_it_belongs(store: Store, journey: int):
    visit(store, journey, [0, 10], at_once=True)
    visit(store, journey, [100], at_once=True)
    visit(store, journey, [5, 90, 45], at_once=True)
    assert spans(store) == [(0, 10, False), (45, 45, False), (90, 100, True)]


def test_a_reference_names_its_run(store: Store, journey: int):
    def told(number: int, days_ago: float, run: str | None) -> dict[str, object]:
        return report(number, days=days_ago, run=run)

    bring(store, told(1, 9, "a"), told(2, 8, "b"), told(3, 7, "a"), told(4, 6, None))
    with store.reading() as session:
        found = {
            run.external_ref: ((NOW - run.started_at).days, (NOW - run.last_at).days, run.ended_at)
            for run in session.scalars(select(JourneyRun))
            if run.last_at is not None
        }
    assert found["a"][:2] == (9, 7)
    assert found["b"] == (8, 6, None)
    assert found["a"][2] is not None


def test_an_answer_rejoins_the_run_that_it_was_asked_about(store: Store, journey: int):
    (first,) = visit(store, journey, [0])
    (second,) = visit(store, journey, [50])
    with store.writing() as session:
        assert runs.rejoin(session.connection(), first, day(60), ends=True) == first
        assert runs.rejoin(session.connection(), second, day(40), ends=True) == second
    with store.reading() as session:
        old, new = session.get_one(JourneyRun, first), session.get_one(JourneyRun, second)
        assert (old.last_at, old.ended_at) == (day(60), day(0))  # it had ended by silence
        assert (new.last_at, new.ended_at) == (day(50), day(50))
