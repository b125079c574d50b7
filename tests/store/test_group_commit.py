"""Work that waits goes together in one transaction, and each job gets its own outcome."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event as Signal
from time import monotonic, sleep

import pytest
from sqlalchemy import func, select

from surveyapp.store import events
from surveyapp.store.db import Store
from surveyapp.store.group_commit import MOST, GroupCommit
from surveyapp.store.models import Event
from surveyapp.store.statements import DatabaseConnection


class Teller:
    """Tells an event for each job; the first transaction stays open until it is let go."""

    def __init__(self, store: Store) -> None:
        self.batches: list[list[int]] = []
        self.begun, self.go = Signal(), Signal()
        self.together: GroupCommit[int, str] = GroupCommit(store.writing_rows, self.tell)

    def tell(self, at: DatabaseConnection, jobs: Sequence[int]) -> list[str]:
        self.batches.append(list(jobs))
        events.publish_all(at, "job", [{"number": job} for job in jobs])
        self.begun.set()
        assert self.go.wait(30)
        if any(job < 0 for job in jobs):
            raise ValueError(f"no such job: {jobs}")
        return [f"did {job}" for job in jobs]

    def crowd(self, jobs: Sequence[int]) -> list[Future[str]]:
        """The first job begins a transaction, and the others come while it is on its way."""
        pool = ThreadPoolExecutor(len(jobs))
        done = [pool.submit(self.together.done, jobs[0])]
        assert self.begun.wait(30)
        done += [pool.submit(self.together.done, job) for job in jobs[1:]]
        deadline = monotonic() + 30
        while len(self.together._waiting) < len(jobs) - 1 and monotonic() < deadline:
            sleep(0.001)
        self.go.set()
        pool.shutdown()
        return done


def told(store: Store) -> list[int]:
    with store.reading() as session:
        return sorted(event.subject["number"] for event in session.scalars(select(Event)))


def test_what_waits_while_a_transaction_is_on_its_way_goes_together_in_the_next(store: Store):
    teller = Teller(store)
    done = teller.crowd(range(6))
    assert [each.result() for each in done] == [f"did {job}" for job in range(6)]
    assert teller.batches[0] == [0]
    assert sorted(teller.batches[1]) == [1, 2, 3, 4, 5]
    assert len(teller.batches) == 2
    assert told(store) == [0, 1, 2, 3, 4, 5]


def test_a_job_that_fails_fails_alone(store: Store):
    teller = Teller(store)
    done = teller.crowd([0, 1, -7, 2])
    with pytest.raises(ValueError, match=r"no such job: \[-7\]"):
        done[2].result()
    assert [each.result() for each in (done[0], done[1], done[3])] == ["did 0", "did 1", "did 2"]
    assert told(store) == [0, 1, 2]


def test_a_crowd_takes_several_transactions(store: Store):
    teller = Teller(store)
    done = teller.crowd(range(MOST + 3))
    assert sorted(each.result() for each in done) == sorted(f"did {k}" for k in range(MOST + 3))
    assert [len(batch) for batch in teller.batches] == [1, MOST, 2]


def test_what_is_done_is_committed(store: Store):
    teller = Teller(store)
    teller.go.set()
    for job in range(3):
        assert teller.together.done(job) == f"did {job}"
        with store.reading() as session:
            assert session.scalar(select(func.count()).select_from(Event)) == job + 1


def test_a_commit_that_fails_is_told_to_everybody_and_keeps_nothing(store: Store):
    @contextmanager
    def failing() -> Iterator[DatabaseConnection]:
        with store.writing_rows() as rows:
            yield rows
            raise OSError("no space left on device")

    teller = Teller(store)
    teller.together = GroupCommit(failing, teller.tell)
    for each in teller.crowd(range(4)):
        with pytest.raises(OSError, match="no space left"):
            each.result()
    assert told(store) == []


def test_a_database_that_gives_no_transaction_is_asked_once_for_all_who_wait(store: Store):
    teller = Teller(store)
    asked: list[int] = []

    @contextmanager
    def opening() -> Iterator[DatabaseConnection]:
        if teller.begun.is_set():
            asked.append(1)
            raise TimeoutError("database is locked")
        with store.writing_rows() as rows:
            yield rows

    teller.together = GroupCommit(opening, teller.tell)
    done = teller.crowd(range(5))
    assert done[0].result() == "did 0"
    for each in done[1:]:
        with pytest.raises(TimeoutError, match="locked"):
            each.result()
    assert len(asked) == 1
    assert told(store) == [0]


def test_an_interrupt_leaves_nobody_waiting(store: Store):
    teller = Teller(store)

    def interrupted(_at: DatabaseConnection, jobs: Sequence[int]) -> list[str]:
        if teller.begun.is_set():
            raise KeyboardInterrupt
        return teller.tell(_at, jobs)

    teller.together = GroupCommit(store.writing_rows, interrupted)
    done = teller.crowd(range(4))
    assert done[0].result() == "did 0"
    for each in done[1:]:
        with pytest.raises(KeyboardInterrupt):
            each.result()
