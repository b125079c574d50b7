"""Rollups: kept up by each response, equal to a recount."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, update

from instruments.loader import BUILT_IN
from surveyapp.responses import rollups
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.tally import bin_of
from surveyapp.store.db import Store
from surveyapp.store.models import MonthlyRollup, Rollup
from tests.responses.makers import (
    as_survey,
    make_journey,
    make_segment,
    make_survey,
    some_prepared,
)


@pytest.fixture
def filled(store: Store) -> tuple[Store, int, int]:
    """Two surveys, three segments (one empty), 120 responses over 35 days."""
    with store.writing() as session:
        make_segment(session, "north", "region = North")
        make_segment(session, "young", "tenure <= 2")
        make_segment(session, "nobody", "region = Nowhere")
        journey = make_journey(session)
        first = make_survey(session, journey=journey, asks=("sjq", "csat", "nps", "ces"))
        second = make_survey(session, journey=journey, anonymity="anonymous")
        for survey in (first, second):
            store_bulk(session, as_survey(session, survey), some_prepared(60), library=BUILT_IN)
    return store, first.id, second.id


def test_a_recount_agrees(filled):
    store, *_ = filled
    with store.reading() as session:
        assert rollups.recount(session) == []


@pytest.mark.parametrize("damage", ["gone", "wrong"])
def test_damage_to_a_month_is_told_by_the_recount(filled, damage: str):
    store, *_ = filled
    with store.writing() as session:
        session.execute(
            delete(MonthlyRollup).where(MonthlyRollup.scale == "nps")
            if damage == "gone"
            else update(MonthlyRollup).values(n=MonthlyRollup.n + 1)
        )
        faults = rollups.recount(session)
        assert faults and all("of the month is" in fault for fault in faults)


@pytest.mark.parametrize("damage", ["gone", "wrong"])
def test_damage_is_told_by_the_recount(filled, damage: str):
    store, *_ = filled
    with store.writing() as session:
        session.execute(
            delete(Rollup).where(Rollup.scale == "nps")
            if damage == "gone"
            else update(Rollup).values(n=Rollup.n + 1)
        )
        assert rollups.recount(session)


@pytest.mark.parametrize("size", [7, 100_000])
def test_the_size_of_a_page_changes_nothing_about_the_recount(filled, size: int, monkeypatch):
    store, first, _ = filled
    monkeypatch.setattr(rollups, "_PAGE", size)
    with store.writing() as session:
        assert rollups.recount(session) == []
        session.execute(update(Rollup).where(Rollup.survey_id == first).values(b1=99))
        assert len(rollups.recount(session)) == len(rollups.recount(session, survey_id=first))


@pytest.mark.parametrize(
    ("value", "expected"), [(0, 0), (0.99, 0), (1, 1), (6.999, 6), (10, 10), (11, 10), (-1, 0)]
)
def test_a_bin_holds_the_integer_part(value: float, expected: int):
    assert bin_of(value) == expected
