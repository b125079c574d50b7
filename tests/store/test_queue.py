"""A job is its row: asked for in a transaction, taken once, never lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from surveyapp.store import queue
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import Job


def ask(store: Store) -> int:
    with store.writing() as session:
        return queue.ask(session, "add", {"a": 1}).id


def job(store: Store, number: int) -> Job:
    with store.reading() as session:
        return session.get_one(Job, number)


def test_the_worker_is_woken_after_the_commit_only(store: Store):
    woken: list[int] = []
    store.wake = woken.append
    with store.writing() as session:
        number = queue.ask(session, "add", {}).id
        assert woken == []
    assert woken == [number]


def test_a_rolled_back_wish_wakes_nobody_and_leaves_no_row(store: Store):
    woken: list[int] = []
    store.wake = woken.append
    with pytest.raises(RuntimeError), store.writing() as session:
        queue.ask(session, "add", {})
        raise RuntimeError
    with store.reading() as session:
        assert (woken, session.query(Job).count()) == ([], 0)


def test_a_job_is_claimed_once(store: Store):
    number = ask(store)
    with store.writing() as session:
        assert queue.claim(session, number, worker="one") is not None
    with store.writing() as session:
        assert queue.claim(session, number, worker="two") is None
    assert job(store, number).worker == "one"


def test_a_killed_workers_job_waits_again_after_the_sweep_at_start(store: Store):
    number = ask(store)
    with store.writing() as session:
        queue.claim(session, number, worker="one")
    with store.writing() as session:
        assert queue.sweep(session, worker="other") == []
        assert queue.sweep(session, worker="one") == [number]
    assert job(store, number).state == "waiting"


def test_a_silent_workers_job_waits_again(store: Store):
    number = ask(store)
    with store.writing() as session:
        queue.claim(session, number, worker="one")
    with store.writing() as session:
        assert queue.sweep(session, now=utc_now() + queue.SILENCE + timedelta(seconds=1)) == [
            number
        ]


def test_a_job_that_kills_its_worker_three_times_fails(store: Store):
    number = ask(store)
    for _ in range(3):
        with store.writing() as session:
            queue.claim(session, number, worker="one")
        with store.writing() as session:
            left = queue.sweep(session, worker="one")
    assert left == []
    assert "3 times" in job(store, number).error


def test_progress_and_result_are_kept(store: Store):
    number = ask(store)
    with store.writing() as session:
        queue.claim(session, number, worker="one")
        queue.progress(session, number, 140, "Drawing")
        queue.finish(session, number, result={"pages": 9})
    done = job(store, number)
    assert (done.state, done.percent, done.result) == ("done", 100, {"pages": 9})
