"""Scores by the channels that customers came by, from their events up to the answer at the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from instruments.loader import BUILT_IN
from surveyapp.journeys.population_shares import set_shares
from surveyapp.reports.document import Heading, Table
from surveyapp.reports.journeys.channel_paths import channel_paths as chapter
from surveyapp.results.funnels import channel_paths as module
from surveyapp.results.funnels.channel_path_json import channel_paths_to_json, corrected_said
from surveyapp.results.funnels.channel_paths import (
    ChannelPaths,
    answers_with_paths,
    channel_paths,
)
from surveyapp.results.view_models import Hidden
from surveyapp.store.db import Store
from surveyapp.store.models import Interaction, Journey, JourneyRun, Response
from tests.results import bank

DAY = datetime(2026, 3, 10, 12, tzinfo=UTC)
# Channels in order, answers to NPS; the last event of each is after the answer.
WAYS = {
    ("web",): [9] * 12,
    ("phone",): [3] * 10,
    ("web", "web", "Phone "): [5] * 10,
    ("phone", "web"): [10] * 12,
    (): [7] * 10,
}


@pytest.fixture
def made(store: Store) -> bank.Bank:
    with store.writing() as session:
        place = bank.make_journey(session)
        segment = bank.make_segments(session, {"north": ("North", "region = North")})
        place.segments.update(segment)
        given = [
            (DAY, {"region": "North" if at % 2 else "South"}, {"nps": {"nps": value}})
            for answers in WAYS.values()
            for at, value in enumerate(answers)
        ]
        bank.store_answers(
            session, place.surveys["end"], given, {segment["north"]: "region = North"}
        )
        numbers = iter(session.scalars(select(Response.id).order_by(Response.id)).all())
        for channels, answers in WAYS.items():
            for _ in answers:
                run = JourneyRun(journey_id=place.journey, customer_ref=f"c{next(numbers)}")
                session.add(run)
                session.flush()
                number = int(run.customer_ref[1:])
                session.execute(
                    update(Response).where(Response.id == number).values(journey_run_id=run.id)
                )
                events = [
                    (DAY - timedelta(hours=len(channels) - at), channel)
                    for at, channel in enumerate(channels)
                ]
                events.append((DAY + timedelta(hours=1), "branch"))
                session.execute(
                    insert(Interaction),
                    [
                        {
                            "touchpoint_id": place.touchpoints["pay"],
                            "journey_run_id": run.id,
                            "customer_ref": run.customer_ref,
                            "at": at,
                            "channel": channel,
                        }
                        for at, channel in events
                    ],
                )
    return place


def read(store: Store, journey: int) -> ChannelPaths:
    with store.reading() as session:
        found = channel_paths(session, journey, library=BUILT_IN)
    assert found is not None
    return found


def nps(found: ChannelPaths) -> dict[str, tuple[int | None, float | None]]:
    at = [each.scale for each in found.definitions].index("nps")
    rows = (found.everybody, *found.rows, found.unknown)
    return {row.label: (row.figures[at].n, row.figures[at].estimate) for row in rows}


@pytest.mark.parametrize("batch", [5000, 3])
def test_each_path_has_its_customers_scores_up_to_the_answer(
    store: Store, made: bank.Bank, monkeypatch: pytest.MonkeyPatch, batch: int
):
    monkeypatch.setattr(module, "_AT_ONCE", batch)
    found = read(store, made.journey)
    shown = nps(found)
    assert shown == {
        "All whose path is known": (44, pytest.approx(100 * (24 - 20) / 44)),
        "One channel": (22, pytest.approx(100 * (12 - 10) / 22)),
        "phone": (10, -100),
        "web": (12, 100),
        "Several channels": (22, pytest.approx(100 * (12 - 10) / 22)),
        "phone → web": (12, 100),
        "web → phone": (10, -100),
        "Path not known": (10, 0),
    }
    phone = next(row for row in found.rows if row.label == "phone")
    at = [each.scale for each in found.definitions].index("nps")
    beside = phone.figures[at].beside
    assert beside is not None
    assert beside.contrast is not None
    assert (beside.rest.n, beside.contrast.certain) == (34, True)
    assert phone.within
    document = channel_paths_to_json(found, few=5)
    assert document is not None
    assert document["comparisons"] == found.tested == 6
    assert "for 6 differences" in corrected_said(found)
    [table] = [block for block in chapter(found, 5, too_many=False) if isinstance(block, Table)]
    assert [row[0] for row in table.cells][-6:] == [row.label for row in found.rows]
    heading, *_ = chapter(None, 5, too_many=True)
    assert heading == Heading("Scores by channel path")
    assert not list(chapter(None, 5, too_many=False))


def test_a_rare_path_is_hidden_with_another(store: Store, made: bank.Bank):
    """Three came by phone and then the web: who came the other way is hidden with them."""
    with store.writing() as session:
        runs = session.scalars(
            select(Response.id)
            .where(Response.answers["nps"]["nps"].as_integer() == 10)
            .order_by(Response.id)
            .limit(9)
        )
        session.execute(
            update(Response).where(Response.id.in_(runs.all())).values(journey_run_id=None)
        )
    found = read(store, made.journey)
    shown = nps(found)
    assert shown["phone → web"] == shown["web → phone"] == (None, None)
    assert (shown["web"][0], shown["Several channels"][0]) == (12, 13)
    at = [each.scale for each in found.definitions].index("nps")
    row = next(row for row in found.rows if row.label == "phone → web")
    assert row.figures[at].hidden is Hidden.FEW


def test_more_paths_than_are_told_apart_are_one(
    store: Store, made: bank.Bank, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "MOST", 1)
    shown = nps(read(store, made.journey))
    assert (shown["web"][0], shown["other"][0]) == (12, 10)
    assert (shown["phone → web"][0], shown["other → other"][0]) == (12, 10)


def test_without_events_there_is_nothing_to_tell_apart(store: Store, made: bank.Bank):
    with store.writing() as session:
        assert answers_with_paths(session, made.journey, library=BUILT_IN) == 54
        session.execute(update(Interaction).values(journey_run_id=None))
    with store.reading() as session:
        assert answers_with_paths(session, made.journey, library=BUILT_IN) == 0
        assert channel_paths(session, made.journey, library=BUILT_IN) is None


@pytest.mark.parametrize(
    ("attribute", "lines", "apart"),
    [
        ("region", "North 50\nSouth 50", True),
        ("plan", "basic 50\nplus 50", False),
    ],
)
def test_paths_stay_apart_beside_weighted_groups_in_which_they_meet(
    store: Store, made: bank.Bank, attribute: str, lines: str, apart: bool
):
    """Of the north are half of those who took each path; who came by the web alone has a plan of their own."""
    with store.writing() as session:
        for number, each in enumerate(session.scalars(select(Response).order_by(Response.id))):
            each.attributes = {**each.attributes, "plan": "basic" if number < 12 else "plus"}
        set_shares(
            session,
            session.get_one(Journey, made.journey),
            attribute=attribute,
            lines=lines,
            source="register",
            counted_on=DAY.date(),
            user_id=None,
        )
    shown = nps(read(store, made.journey))
    assert (shown["web"][0] == 12) is apart
    assert shown["All whose path is known"][0] == 44
