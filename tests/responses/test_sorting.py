"""Sorting responses into a segment: small transactions, exact whatever happens between them."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from instruments.loader import BUILT_IN
from surveyapp.installation import open_installation
from surveyapp.journeys.segment_actions import create_segment, edit_segment
from surveyapp.responses import corrections, erasures, rollups, sorting
from surveyapp.responses.actions import Stored, submit
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.release import release
from surveyapp.responses.sorting import sort_batch, sort_segment
from surveyapp.responses.tally import RESPONSES
from surveyapp.settings import read
from surveyapp.store import pace
from surveyapp.store.db import Store
from surveyapp.store.epoch_keys import EpochKeys
from surveyapp.store.models import (
    NOTHING_SORTED,
    AuditEntry,
    AuditSeal,
    Base,
    EncryptionKey,
    Job,
    Response,
    Rollup,
    Segment,
    SurveyRow,
)
from surveyapp.worker import run_job
from tests.responses.makers import (
    NOW,
    SECRET,
    as_survey,
    make_journey,
    make_survey,
    some_answers,
    some_prepared,
)
from tests.store.writes import counted_writes

SMALL = 50  # responses in a batch of these tests


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "BATCH", SMALL)
    monkeypatch.setattr(pace, "HOLDING_SECONDS", 60.0)  # however slow the machine is


@pytest.fixture
def filled(store: Store) -> tuple[SurveyRow, SurveyRow]:
    """A pseudonymous and an anonymous survey, whose ids are random, with 310 responses each."""
    with store.writing() as session:
        journey = make_journey(session)
        first = make_survey(session, journey=journey, asks=("csat", "nps"))
        second = make_survey(
            session, journey=journey, asks=("nps",), anonymity="anonymous", at_end=True
        )
        for survey in (first, second):
            store_bulk(session, as_survey(session, survey), some_prepared(310), library=BUILT_IN)
    return first, second


def new_segment(store: Store, rule: str = "region = North", name: str = "North") -> int:
    with store.writing() as session:
        return create_segment(session, name=name, rule=rule, user_id=None)[0].id


def members(store: Store, segment_id: int) -> int:
    """How many responses the segment's rollups count."""
    with store.reading() as session:
        own = (Rollup.segment_id == segment_id, Rollup.scale == RESPONSES)
        return session.scalar(select(func.coalesce(func.sum(Rollup.n), 0)).where(*own)) or 0


def faults(store: Store) -> list[str]:
    with store.reading() as session:
        return rollups.recount(session)


def is_complete(store: Store, segment_id: int) -> bool:
    with store.reading() as session:
        return session.get_one(Segment, segment_id).sorted_to is None


def test_a_transaction_sorts_no_more_responses_than_a_batch(store: Store, filled):
    segment = new_segment(store)
    grown: list[int] = []
    last = 0

    def pause(_store: Store) -> None:
        nonlocal last
        now = members(store, segment)
        grown.append(now - last)
        last = now

    assert sort_segment(store, segment, pause=pause) == 620
    assert is_complete(store, segment)
    assert len(grown) == 12
    assert max(grown) <= SMALL
    assert members(store, segment) == 310
    assert faults(store) == []


def test_a_transaction_deletes_no_more_rollups_of_the_earlier_rule_than_a_batch(
    store: Store, filled
):
    segment = new_segment(store)
    sort_segment(store, segment, pause=no_pause)
    with store.reading() as session:
        own = select(func.count()).select_from(Rollup).where(Rollup.segment_id == segment)
        assert (session.scalar(own) or 0) > 3 * SMALL
    with store.writing() as session:
        edit_segment(
            session,
            session.get_one(Segment, segment),
            name="North",
            rule="region = Nowhere",
            user_id=None,
        )
    with counted_writes(store) as written:
        sort_segment(store, segment, pause=no_pause)
    assert len(written) > 3
    assert max(written) <= SMALL + 1  # and the segment's own row
    with store.reading() as session:
        assert session.scalar(own) == 0
    assert faults(store) == []


def no_pause(_store: Store) -> None:
    pass


def test_between_two_batches_nobody_waits_for_the_database(store: Store, filled):
    """Somebody who writes gets their turn at once in every pause."""
    segment, turns = new_segment(store), 0

    def write(_store: Store) -> None:
        nonlocal turns
        with other.writing() as session:
            if other.is_sqlite:
                session.execute(text("PRAGMA busy_timeout = 0"))
            else:
                session.execute(text("SET LOCAL lock_timeout = '1ms'"))
            rollups.begin(session.connection())
        turns += 1

    other = Store(store.engine.url.render_as_string(hide_password=False))
    sort_segment(store, segment, pause=write)
    other.close()
    assert turns == 12


def test_a_pause_on_sqlite_is_longer_than_a_waiting_writer_sleeps(store: Store, monkeypatch):
    """SQLite's busy handler sleeps for 100 ms at most, then tries again."""
    slept: list[float] = []
    monkeypatch.setattr("surveyapp.store.db.time.sleep", slept.append)
    store.give_way()
    assert [seconds > 0.1 for seconds in slept] == ([True] if store.is_sqlite else [])


# What happens between two batches, each as the product does it.


def answer(store: Store, survey: SurveyRow, chance: random.Random) -> None:
    """An anonymous one is released at once: until then nothing counts it."""
    seed, keys = chance.randrange(10**9), EpochKeys(Path("/nowhere"), SECRET)
    with store.writing() as session:
        known = as_survey(session, survey)
        stored = submit(
            session,
            known,
            some_answers(seed, tuple(ask["instrument"] for ask in survey.asks)),
            submission_key=f"key {seed}",
            attributes={"region": chance.choice(["North", "South"]), "tenure": seed % 11},
            now=(now := NOW - timedelta(hours=chance.randrange(900))),
            library=BUILT_IN,
            keys=keys,
        )
        if known.is_anonymous and isinstance(stored, Stored) and stored.new:
            assert release(session, known, keys.seal, minimum=1, final=False, now=now) == 1


def some_response(session: Session, survey: SurveyRow, chance: random.Random) -> int | None:
    own = select(Response.id).where(Response.survey_id == survey.id)
    return chance.choice(session.scalars(own.order_by(Response.id)).all() or [None])


def correct(store: Store, survey: SurveyRow, chance: random.Random) -> None:
    with store.writing() as session:
        number = some_response(session, survey, chance)
        if number is not None:
            fresh = some_answers(
                chance.randrange(10**9), tuple(ask["instrument"] for ask in survey.asks)
            )
            corrections.correct(
                session, as_survey(session, survey), number, fresh, now=NOW, library=BUILT_IN
            )


def erase(store: Store, survey: SurveyRow, chance: random.Random) -> None:
    with store.writing() as session:
        number = some_response(session, survey, chance)
        if number is not None:
            erasures.erase(session, as_survey(session, survey), number, now=NOW, secret_key=SECRET)


def bring_in(store: Store, survey: SurveyRow, chance: random.Random) -> None:
    with store.writing() as session:
        store_bulk(
            session,
            as_survey(session, survey),
            some_prepared(20, first=chance.randrange(10**6)),
            library=BUILT_IN,
        )


EVENTS: dict[str, Callable[[Store, SurveyRow, random.Random], None]] = {
    "answer": answer,
    "correct": correct,
    "erase": erase,
    "bring in": bring_in,
}
RULES = ("region = North", "region = South and tenure > 4", "tenure <= 2", "region = Nowhere")


@given(
    happenings=st.lists(
        st.tuples(
            st.sampled_from([*EVENTS, "edit", "batch", "batch"]),
            st.integers(0, 1),
            st.integers(0, 10**6),
        ),
        max_size=14,
    )
)
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_happens_between_batches_the_segment_holds_what_a_recount_finds(
    store: Store, happenings
):
    """After every step, and at the end, also when the rule is changed on the way."""
    empty(store)
    with store.writing() as session:
        journey = make_journey(session)
        surveys = [
            make_survey(session, journey=journey, asks=("csat",), anonymity=anonymity)
            for anonymity in ("pseudonymous", "anonymous")
        ]
        for survey in surveys:
            store_bulk(session, as_survey(session, survey), some_prepared(90), library=BUILT_IN)
    segment = new_segment(store)
    for what, which, seed in happenings:
        if what == "edit":
            with store.writing() as session:
                edit_segment(
                    session,
                    session.get_one(Segment, segment),
                    name="North",
                    rule=RULES[seed % len(RULES)],
                    user_id=None,
                )
        elif what == "batch":
            with store.writing() as session:
                sort_batch(session, segment)
        else:
            EVENTS[what](store, surveys[which], random.Random(seed))  # noqa: S311 - no secret
        assert faults(store) == []
    sort_segment(store, segment, pause=no_pause)
    assert is_complete(store, segment)
    assert faults(store) == []


def empty(store: Store) -> None:
    """Without what an example before has left; the audit log and its seals let nothing go, and the
    tests that follow on this database need its keys.
    """
    kept = {each.__tablename__ for each in (AuditEntry, AuditSeal, EncryptionKey)}
    with store.writing() as session:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name not in kept:
                session.execute(delete(table))


def test_two_workers_on_one_segment_share_the_work_and_count_nobody_twice(store: Store, filled):
    segment = new_segment(store)

    def other_worker(_store: Store) -> None:
        with store.writing() as session:
            sort_batch(session, segment)

    assert 0 < sort_segment(store, segment, pause=other_worker) < 620
    assert members(store, segment) == 310
    assert faults(store) == []


def test_segments_that_are_saved_together_are_sorted_together(store: Store, filled):
    segments = [new_segment(store, rule, name=rule) for rule in RULES]
    assert sort_segment(store, segments[0], pause=no_pause) == 620
    assert [sort_segment(store, each, pause=no_pause) for each in segments[1:]] == [0, 0, 0]
    assert faults(store) == []
    later = new_segment(store, name="later")
    with store.writing() as session:
        sort_batch(session, later)
    with store.writing() as session:
        known = session.get_one(Segment, segments[1])
        edit_segment(session, known, name="again", rule="region = South", user_id=None)
    sort_segment(store, later, pause=no_pause)  # which is further than the other
    assert is_complete(store, later) and not is_complete(store, segments[1])
    assert faults(store) == []


@pytest.mark.parametrize("what", sorted(EVENTS))
def test_what_happens_between_reading_a_batch_and_writing_it_is_counted(
    store: Store, filled, what: str
):
    segment, size = new_segment(store), 700  # all there are, and those that come
    with store.reading() as session:
        prepared = sorting._prepare(session, segment, size)
    for survey in filled:
        EVENTS[what](store, survey, random.Random(5))  # noqa: S311 - no secret
    with store.writing() as session:
        sort_batch(session, segment, prepared, size=size)
    assert is_complete(store, segment)
    assert faults(store) == []


def test_a_rule_changed_between_reading_a_batch_and_writing_it_counts(store: Store, filled):
    segment = new_segment(store)
    with store.reading() as session:
        prepared = sorting._prepare(session, segment, SMALL)
    with store.writing() as session:
        known = session.get_one(Segment, segment)
        edit_segment(session, known, name="Nobody", rule="region = Nowhere", user_id=None)
    with store.writing() as session:
        sort_batch(session, segment, prepared)
    assert members(store, segment) == 0
    assert faults(store) == []


def test_a_rule_changed_while_it_is_sorted_by_is_not_mixed_with_the_one_before(
    store: Store, filled
):
    """Both jobs run to their end; what is left is the second rule's alone."""
    segment, calls = new_segment(store, "tenure >= 0"), 0

    def change(_store: Store) -> None:
        nonlocal calls
        calls += 1
        if calls == 5:
            with store.writing() as session:
                known = session.get_one(Segment, segment)
                edit_segment(session, known, name="South", rule="region = South", user_id=None)

    sort_segment(store, segment, pause=change)
    assert sort_segment(store, segment, pause=no_pause) == 0
    assert members(store, segment) == 310
    assert faults(store) == []


def test_a_worker_that_is_killed_between_two_batches_leaves_the_rest_to_the_next(
    store: Store, filled
):
    segment, calls = new_segment(store), 0

    class Killed(BaseException):
        pass

    def die(_store: Store) -> None:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise Killed

    with pytest.raises(Killed):
        sort_segment(store, segment, pause=die)
    assert not is_complete(store, segment)
    assert faults(store) == []
    assert sort_segment(store, segment, pause=no_pause) == 620 - 4 * SMALL
    assert members(store, segment) == 310
    assert faults(store) == []


def test_a_job_whose_worker_is_killed_by_the_system_is_done_by_the_next(
    database_url: str, store: Store, filled, tmp_path: Path
):
    """kill -9 in the middle of a batch: what it had counted is gone, what was committed stays."""
    segment = new_segment(store)
    dies = f"""
import os, signal
from surveyapp.responses import sorting
from surveyapp.store.db import Store
sorting.BATCH = {SMALL}
store = Store({database_url!r})
for batch in range(3):
    with store.writing() as session:
        sorting.sort_batch(session, {segment})
        if batch == 2:
            os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", dies], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert faults(store) == []
    home = open_installation(read({}, home=tmp_path / "home", database_url=database_url))
    with home.store.reading() as session:
        number = session.scalars(select(Job.id)).one()
    run_job(home, number, worker="next")
    with home.store.reading() as session:
        job = session.get_one(Job, number)
    home.close()
    assert (job.state, job.result) == ("done", {"responses": 620 - 2 * SMALL})
    assert members(store, segment) == 310
    assert faults(store) == []


def test_a_batch_that_is_killed_half_way_leaves_nothing_of_itself(store: Store, filled):
    segment = new_segment(store)
    with pytest.raises(RuntimeError), store.writing() as session:
        sort_batch(session, segment)
        raise RuntimeError
    assert members(store, segment) == 0
    with store.reading() as session:
        assert session.get_one(Segment, segment).sorted_to == NOTHING_SORTED


def test_a_segment_saved_again_as_it_is_asks_for_sorting_only_while_it_is_not_complete(
    store: Store, filled
):
    segment = new_segment(store)

    def save() -> Job | None:
        with store.writing() as session:
            known = session.get_one(Segment, segment)
            return edit_segment(session, known, name="North", rule="region = North", user_id=None)

    with store.writing() as session:
        sort_batch(session, segment)
    job = save()
    assert job is not None
    assert job.parameters == {"segment_id": segment}
    assert members(store, segment) > 0  # it goes on, and does not begin again
    sort_segment(store, segment, pause=no_pause)
    assert save() is None


def test_progress_rises_to_the_end(store: Store, filled):
    segment = new_segment(store)
    seen: list[int] = []
    sort_segment(store, segment, progress=lambda at, _: seen.append(at), pause=no_pause)
    assert seen == sorted(seen)
    assert seen[-1] >= 90


def test_a_segment_without_any_response_is_complete_after_one_batch(store: Store):
    segment = new_segment(store)
    with store.writing() as session:
        assert sort_batch(session, segment) == sorting.SortingStep(0, complete=True)
    assert is_complete(store, segment)


def test_a_segment_that_is_gone_is_left_alone(store: Store):
    assert sort_segment(store, 999, pause=no_pause) == 0
