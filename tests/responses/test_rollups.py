"""Rollups: kept up by each response, rebuilt from the answers, equal to a recount."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select, update

from surveyapp.responses import rollups
from surveyapp.responses.many import store_many
from surveyapp.responses.tally import bin_of
from surveyapp.store.db import Store
from surveyapp.store.models import Rollup
from tests.responses.makers import (
    make_deployment,
    make_journey,
    make_segment,
    some_prepared,
)


@pytest.fixture
def filled(store: Store) -> tuple[Store, int, int]:
    """Two deployments, three segments (one empty), 120 responses over 35 days."""
    with store.writing() as session:
        make_segment(session, "north", "region = North")
        make_segment(session, "young", "tenure <= 2")
        make_segment(session, "nobody", "region = Nowhere")
        journey = make_journey(session)
        first = make_deployment(session, journey=journey, asks=("sjq", "csat", "nps", "ces"))
        second = make_deployment(session, journey=journey, anonymity="anonymous")
        for deployment in (first, second):
            store_many(session, deployment, some_prepared(60))
    return store, first.id, second.id


def cells(store: Store) -> list[tuple[object, ...]]:
    with store.reading() as session:
        rows = session.scalars(select(Rollup))
        return sorted(
            (r.deployment_id, r.segment_id, r.scale, r.day, r.n, round(r.total, 9), r.b1, r.b10)
            for r in rows
        )


def test_a_recount_agrees(filled):
    store, *_ = filled
    with store.reading() as session:
        assert rollups.recount(session) == []


@pytest.mark.parametrize("damage", ["gone", "wrong"])
def test_damage_is_told_by_the_recount_and_mended_by_a_rebuild(filled, damage: str):
    store, *_ = filled
    before = cells(store)
    assert len({cell[1] for cell in before}) == 3
    with store.writing() as session:
        session.execute(
            delete(Rollup).where(Rollup.scale == "nps")
            if damage == "gone"
            else update(Rollup).values(n=Rollup.n + 1)
        )
        assert rollups.recount(session)
        assert rollups.rebuild(session) == len(before)
    assert cells(store) == before


def test_one_deployment_or_one_segment_is_rebuilt_and_no_other(filled):
    store, first, _ = filled
    before = cells(store)
    with store.writing() as session:
        session.execute(update(Rollup).values(total=0.0))
        rollups.rebuild(session, deployment_id=first)
        rollups.rebuild(session, segment_id=1)
        rollups.rebuild(session, segment_id=0, deployment_id=first)
    after = cells(store)
    for old, new in zip(before, after, strict=True):
        rebuilt = old[0] == first or old[1] == 1
        assert (old == new) is (rebuilt or old[5] == 0.0)


def test_a_new_segment_is_counted_by_its_rebuild(filled):
    store, *_ = filled
    with store.writing() as session:
        late = make_segment(session, "late", "region = South and tenure > 7")
        seen: list[int] = []
        rollups.rebuild(session, segment_id=late.id, progress=lambda at, step: seen.append(at))
        assert rollups.recount(session) == []
    assert seen == sorted(seen)
    assert seen[-1] == 100


@pytest.mark.parametrize("size", [7, 100_000])
def test_the_size_of_a_page_changes_nothing(filled, size: int, monkeypatch):
    store, *_ = filled
    monkeypatch.setattr(rollups, "_PAGE", size)
    before = cells(store)
    with store.writing() as session:
        rollups.rebuild(session)
        assert rollups.recount(session) == []
    assert cells(store) == before


@pytest.mark.parametrize(
    ("value", "expected"), [(0, 0), (0.99, 0), (1, 1), (6.999, 6), (10, 10), (11, 10), (-1, 0)]
)
def test_a_bin_holds_the_integer_part(value: float, expected: int):
    assert bin_of(value) == expected
