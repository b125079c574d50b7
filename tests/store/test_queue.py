"""A job is its row: asked for in a transaction, taken once, never lost."""

from __future__ import annotations

import threading
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


def test_a_job_is_told_of_after_the_commit_only_where_the_database_can_tell(store: Store):
    """PostgreSQL; SQLite's rows are looked at twice a second."""
    if store.is_sqlite:
        return
    heard: list[str] = []
    over = threading.Event()
    ready = threading.Event()

    def woken() -> None:
        heard.append("woken")
        ready.set()

    thread = threading.Thread(target=queue.listen, args=(store, over.is_set, woken))
    thread.start()
    assert ready.wait(20)
    ready.clear()
    with store.writing() as session:
        queue.ask(session, "add", {})
        assert not ready.wait(0.3)
    assert ready.wait(20)
    over.set()
    thread.join()
    assert heard == ["woken", "woken"]


def test_a_rolled_back_wish_leaves_no_row(store: Store):
    with pytest.raises(RuntimeError), store.writing() as session:
        queue.ask(session, "add", {})
        raise RuntimeError
    with store.reading() as session:
        assert queue.waiting(session) == []


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
        assert queue.sweep(session, left_by="other") == 0
        assert queue.sweep(session, left_by="one") == 1
    assert job(store, number).state == "waiting"


def test_a_silent_workers_job_waits_again(store: Store):
    number = ask(store)
    with store.writing() as session:
        queue.claim(session, number, worker="one")
    with store.writing() as session:
        assert queue.sweep(session, now=utc_now() + queue.SILENCE + timedelta(seconds=1)) == 1


def test_a_job_that_kills_its_worker_three_times_fails(store: Store):
    number = ask(store)
    for _ in range(3):
        with store.writing() as session:
            queue.claim(session, number, worker="one")
        with store.writing() as session:
            left = queue.sweep(session, left_by="one")
    assert left == 0
    assert "3 times" in job(store, number).error


def test_progress_and_result_are_kept(store: Store):
    number = ask(store)
    with store.writing() as session:
        claimed = queue.claim(session, number, worker="one")
        assert claimed is not None
        queue.progress(session, claimed, 140, "Drawing")
        queue.finish(session, claimed, result={"pages": 9})
    done = job(store, number)
    assert (done.state, done.percent, done.result) == ("done", 100, {"pages": 9})


@pytest.mark.parametrize("change", ["progress", "heartbeat", "finish", "fail"])
def test_a_worker_that_lost_its_job_changes_nothing_more(store: Store, change: str):
    number = ask(store)
    with store.writing() as session:
        first = queue.claim(session, number, worker="one")
        assert first is not None
        session.expunge(first)
    with store.writing() as session:
        queue.sweep(session, left_by="one")
        queue.claim(session, number, worker="one")  # the same name even: another attempt
    more = {"progress": (50, "Half-way"), "fail": ("broken",)}.get(change, ())
    with pytest.raises(queue.Lost), store.writing() as session:
        getattr(queue, change)(session, first, *more)
    assert (job(store, number).state, job(store, number).percent) == ("running", 0)
