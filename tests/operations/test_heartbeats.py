"""A worker that dies, a duty that fails or hangs: each is seen by whoever looks, a person or a machine."""

from __future__ import annotations

from datetime import timedelta

import pytest

from surveyapp.operations import heartbeats
from surveyapp.operations.status import status
from surveyapp.operations.tasks import Tasks
from surveyapp.periodic import Round, Rounds, repeat
from surveyapp.store import queue
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import Job, Worker
from tests.installations import installation_on

NOW = utc_now().replace(microsecond=0)
EVERY = {"send": 5.0, "forget drafts": 3600.0}


@pytest.fixture
def installation(store: Store, tmp_path):
    return installation_on(store, home=tmp_path, now=lambda: NOW)


def seconds(ago: float) -> float:
    return NOW.timestamp() - ago


def problems(installation) -> list[str]:
    return [each.text for each in status(installation).problems()]


def test_an_installation_without_a_worker_says_so(installation):
    (said,) = problems(installation)
    assert said.startswith("No worker is running: nothing is sent")
    with installation.store.reading() as session:
        assert heartbeats.is_silent(session, NOW)


def test_a_worker_that_falls_silent_is_missed_after_a_minute(installation):
    heartbeats.beat(installation, "a/1/x", {}, EVERY)
    assert problems(installation) == []
    with installation.store.reading() as session:
        assert not heartbeats.is_silent(session, NOW + timedelta(seconds=59))
        assert heartbeats.is_silent(session, NOW + timedelta(seconds=61))
    later = installation_on(
        installation.store, home=installation.settings.home, now=lambda: NOW + timedelta(minutes=5)
    )
    (said,) = problems(later)
    assert said.startswith(f"No worker has given a sign of life since {NOW:%d %b %Y, %H:%M} UTC")


def test_a_worker_that_stops_leaves_no_row_and_a_dead_one_is_forgotten_after_a_day(installation):
    for name in ("a/1/x", "b/2/y"):
        heartbeats.beat(installation, name, {}, EVERY)
    heartbeats.leave(installation, "a/1/x")
    assert [each.name for each in status(installation).workers] == ["b/2/y"]
    day_after = installation_on(
        installation.store,
        home=installation.settings.home,
        now=lambda: NOW + timedelta(days=1, hours=1),
    )
    heartbeats.beat(day_after, "c/3/z", {}, EVERY)
    assert [each.name for each in status(day_after).workers] == ["c/3/z"]


@pytest.mark.parametrize(
    ("fares", "said"),
    [
        (Round(done_at=seconds(8)), None),
        (Round(begun_at=seconds(800), done_at=seconds(805)), None),
        (Round(begun_at=seconds(1000)), "“send” has been at one round since"),
        (Round(done_at=seconds(200)), "“send” is not done any more"),
        (
            Round(done_at=seconds(90), failing_since=seconds(60), failures=4, error="OSError"),
            "“send” has failed 4 times since",
        ),
    ],
)
def test_a_duty_that_fails_hangs_or_ends_is_a_problem_by_name(installation, fares, said):
    rounds = {"send": fares, "forget drafts": Round(done_at=seconds(3700))}
    heartbeats.beat(installation, "a/1/x", rounds, EVERY)
    found = problems(installation)
    assert len(found) == (0 if said is None else 1)
    assert said is None or said in found[0]


def test_rounds_know_a_task_that_fails_and_works_again():
    rounds, clock = Rounds(lambda: 100.0), iter([False, False, False, True])
    outcomes = iter([OSError("no space for anna@example.org"), ValueError(), None])

    def task() -> None:
        error = next(outcomes)
        seen.append(rounds.now()["send"])
        if error is not None:
            raise error

    seen: list[Round] = []
    repeat(task, lambda _seconds: next(clock), name="send", seconds=1.0, rounds=rounds)
    assert [each.failures for each in seen] == [0, 1, 2]
    assert (seen[1].error, seen[2].error) == ("OSError", "ValueError")  # and no text of theirs
    assert rounds.now()["send"] == Round(done_at=100.0)


def test_a_thread_that_is_gone_is_named(recwarn: pytest.WarningsRecorder):
    tasks = Tasks()

    def ends() -> None:
        raise SystemExit

    tasks.start(lambda _seconds: False, ends, "send", 1.0).join(5)
    assert tasks.ended() == ["send"]


def test_what_waits_too_long_is_told_with_its_age(installation):
    heartbeats.beat(installation, "a/1/x", {}, EVERY)
    with installation.store.writing() as session:
        queue.ask(session, "nothing", {})
        session.add(Job(kind="nothing", created_at=NOW - timedelta(hours=2)))
        session.add(Job(kind="nothing", state="failed"))
    jobs = status(installation).queues[0]
    assert (jobs.name, jobs.waiting, jobs.failed) == ("Jobs", 2, 1)
    (said,) = problems(installation)
    assert said.startswith("Jobs: 2 waiting, the oldest since")


def test_what_a_dead_worker_leaves_is_told_by_its_row(store: Store, installation):
    heartbeats.beat(installation, "a/1/x", {"send": Round(done_at=seconds(3))}, EVERY)
    with store.reading() as session:
        row = session.get_one(Worker, "a/1/x")
    assert row.tasks["send"]["done_at"] == seconds(3)
    assert row.tasks["forget drafts"]["done_at"] is None
