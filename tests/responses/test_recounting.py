"""A journey's responses are counted by another time zone: in short steps, exact whatever happens between."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from instruments.loader import BUILT_IN
from surveyapp.errors import Invalid
from surveyapp.journeys.calendar import calendar_of
from surveyapp.journeys.queries import count_responses
from surveyapp.journeys.segment_actions import create_segment
from surveyapp.journeys.zone_actions import follow_default, is_behind, set_zone
from surveyapp.responses import corrections, erasures, recounting, recounting_pages, rollups
from surveyapp.responses.actions import submit
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.prepared import Prepared
from surveyapp.responses.recounting import recount_batch, recount_journey
from surveyapp.responses.release import release
from surveyapp.responses.sorting import sort_batch
from surveyapp.results import cells
from surveyapp.results.cells import RESPONSES
from surveyapp.store.db import Store
from surveyapp.store.epoch_keys import EpochKeys
from surveyapp.store.models import (
    EVERYBODY,
    Job,
    Journey,
    MonthlyRollup,
    Response,
    Rollup,
    SurveyRow,
)
from tests.responses.makers import SECRET, as_survey, make_journey, make_survey

MIDNIGHT = datetime(2026, 4, 1, tzinfo=UTC)
KEYS = EpochKeys(Path("/nowhere"), SECRET)
ZONES = ("Europe/Helsinki", "Pacific/Kiritimati", "Etc/GMT+12", "UTC")


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recounting, "BATCH", 9)


@pytest.fixture
def survey_ids(store: Store) -> tuple[int, int]:
    """A pseudonymous and an anonymous survey of one journey, whose ids are random."""
    with store.writing() as session:
        journey = make_journey(session)
        own = make_survey(session, asks=("nps",), journey=journey, code="own")
        other = make_survey(
            session, asks=("nps",), journey=journey, code="anonymous", anonymity="anonymous"
        )
        create_segment(session, name="North", rule="region in (North)", user_id=None)
        return own.id, other.id


class Person:
    """Answers, corrects and erases at random, near midnight."""

    def __init__(self, session: Session, seed: int) -> None:
        self.session, self.random = session, random.Random(seed)  # noqa: S311

    def act(self, survey_id: int) -> None:
        survey = as_survey(self.session, self.session.get_one(SurveyRow, survey_id))
        known = select(Response.id).where(Response.survey_id == survey_id)
        ids = self.session.scalars(known.order_by(Response.id)).all()
        what = self.random.choice(["answer", "answer", "answer", "correct", "erase"])
        raw = {"nps": {"nps": str(self.random.randint(0, 10))}}
        if what == "answer" or not ids:
            now = MIDNIGHT + timedelta(minutes=self.random.randint(-1500, 1500))
            submit(
                self.session,
                survey,
                raw,
                submission_key=uuid4().hex,  # an id() is used again
                attributes={"region": self.random.choice(["North", "South"])},
                now=now,
                library=BUILT_IN,
                keys=KEYS,
            )
            if survey.is_anonymous:
                assert release(self.session, survey, KEYS.seal, minimum=1, final=False, now=now)
        elif what == "correct":
            number = self.random.choice(ids)
            corrections.correct(self.session, survey, number, raw, now=MIDNIGHT, library=BUILT_IN)
        else:
            erasures.erase(
                self.session, survey, self.random.choice(ids), now=MIDNIGHT, secret_key=SECRET
            )


def shown(session: Session, survey_ids: tuple[int, int]) -> None:
    """What pages read is what there is, by the days of the zone that they name."""
    session.flush()
    session.expire_all()
    journey = session.scalars(select(Journey)).one()
    calendar = calendar_of(journey)
    rows = session.execute(select(Response.survey_id, Response.submitted_at)).all()
    days = (
        (survey, calendar.day(moment, anonymous=survey == survey_ids[1])) for survey, moment in rows
    )
    wanted = Counter((survey, (day.year, day.month)) for survey, day in days)
    found = cells.monthly(session, survey_ids, [EVERYBODY], scales=[RESPONSES])[EVERYBODY]
    there = {
        (survey, month): sums.n
        for (survey, _), months in found.items()
        for month, sums in months.items()
    }
    assert there == wanted, calendar.zone
    assert sum(count_responses(session).values()) == len(rows)
    assert rollups.recount(session) == []


def test_whatever_happens_meanwhile_pages_are_exact_by_the_zone_that_they_name(
    store: Store, survey_ids: tuple[int, int]
):
    chance = random.Random(20260401)  # noqa: S311
    names: set[str] = set()
    with store.writing() as session:
        person = Person(session, 1)
        for _ in range(30):
            person.act(chance.choice(survey_ids))
    for step in range(32):
        with store.writing() as session:
            journey = session.scalars(select(Journey)).one()
            if step % 7 == 0:  # a change of mind, too: 7 steps are not always enough
                set_zone(session, journey, ZONES[step // 7 % 4], default="UTC", user_id=None)
            if step == 17:
                sort_batch(session, 1)
            Person(session, step + 2).act(chance.choice(survey_ids))
            recount_batch(session, journey.id, now=MIDNIGHT)
            if step % 3 == 0:
                shown(session, survey_ids)
            names.add(journey.zone)
    assert len(names) > 2
    with store.reading() as session:
        number = session.scalars(select(Journey.id)).one()
    recount_journey(store, number, now=lambda: MIDNIGHT, pause=lambda _: None)
    with store.writing() as session:
        shown(session, survey_ids)
        for kept in (Rollup, MonthlyRollup):
            generations = session.scalars(select(kept.generation).distinct()).all()
            assert generations == session.scalars(select(Journey.generation)).all()


def test_a_small_journey_is_counted_in_steps_past_the_answers_to_another(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recounting_pages, "WINDOW", 8)
    given = Prepared({"nps": {"nps": 9}}, submitted_at=MIDNIGHT)
    with store.writing() as session:
        rows = (
            make_survey(session, asks=("nps",), journey=make_journey(session, code), code=code)
            for code in ("large", "small")
        )
        surveys = [as_survey(session, row) for row in rows]
        for survey, n in zip((*surveys, surveys[0]), (20, 1, 20), strict=True):
            store_bulk(session, survey, [given] * n, library=BUILT_IN)
        journey = session.get_one(Journey, surveys[1].journey_id)
        set_zone(session, journey, "Europe/Helsinki", default="UTC", user_id=None)
    counted = []
    while True:
        with store.writing() as session:
            step = recount_batch(session, surveys[1].journey_id, now=MIDNIGHT)
            assert rollups.recount(session) == []
        if step.complete:
            break
        counted.append(step.responses)
    assert counted == [0, 0, 1, 0, 0, 0]  # 41 answers, of which each step looks at 8


def test_a_journey_without_a_zone_of_its_own_follows_the_installation(
    store: Store, survey_ids: tuple[int, int]
):
    with store.writing() as session:
        Person(session, 1).act(survey_ids[0])
        journey = session.scalars(select(Journey)).one()
        number = journey.id
        assert not is_behind(session, "UTC")
        assert set_zone(session, journey, "", default="UTC", user_id=None) is None
        assert follow_default(session, "Asia/Tokyo") == 1
        assert (journey.zone, journey.next_zone) == ("UTC", "Asia/Tokyo")
        assert not is_behind(session, "Asia/Tokyo")
    recount_journey(store, number, now=lambda: MIDNIGHT, pause=lambda _: None)
    with store.writing() as session:
        journey = session.scalars(select(Journey)).one()
        assert (journey.zone, journey.next_zone) == ("Asia/Tokyo", None)
        assert journey.first_day == date(2026, 4, 1)
        set_zone(session, journey, "Europe/Paris", default="Asia/Tokyo", user_id=None)
        assert not is_behind(session, "UTC")  # its own is kept
        set_zone(session, journey, "Asia/Tokyo", default="UTC", user_id=None)  # back at once
        assert journey.next_zone is None
        assert session.scalar(select(func.count(Job.id)).where(Job.kind == "count_days")) == 3
        with pytest.raises(Invalid) as caught:
            set_zone(session, journey, "Europe/Nowhere", default="UTC", user_id=None)
        assert caught.value.field == "own_zone"
