"""A job asked for is run once to its end, whatever happens to the worker."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from surveyapp.errors import Invalid
from surveyapp.jobs.kinds import KINDS
from surveyapp.jobs.places import worker_place
from surveyapp.jobs.running import run, run_waiting
from surveyapp.store import queue
from surveyapp.store.models import Job
from surveyapp.store.storage import Storage
from surveyapp.worker import WORK
from tests.jobs.conftest import Outage

ROOT = Path(__file__).parent.parent.parent


def ask(storage: Storage, kind: str = "add", **parameters: int) -> int:
    with storage.store.writing() as session:
        return queue.ask(session, kind, parameters).id


def job(storage: Storage, number: int) -> Job:
    with storage.store.reading() as session:
        return session.get_one(Job, number)


def add(_storage, asked, progress):
    progress(50, "Adding")
    return {"sum": asked["a"] + asked["b"]}


def test_a_job_leaves_its_result_and_is_not_run_again(storage: Storage):
    number = ask(storage, a=2, b=3)
    assert run(storage, number, worker="w", work={"add": add})
    assert not run(storage, number, worker="w", work={"add": add})
    done = job(storage, number)
    assert (done.state, done.result, done.attempts) == ("done", {"sum": 5}, 1)


def test_an_error_for_people_becomes_the_jobs_error(storage: Storage):
    def refuse(*_):
        raise Invalid("the file has no column per3")

    number = ask(storage)
    run(storage, number, worker="w", work={"add": refuse})
    assert (job(storage, number).state, job(storage, number).error) == (
        "failed",
        "the file has no column per3",
    )


def test_a_defect_fails_the_job_without_telling_its_inside(
    storage: Storage, caplog: pytest.LogCaptureFixture
):
    def break_down(*_):
        raise KeyError("secret")

    number = ask(storage)
    run(storage, number, worker="w", work={"add": break_down})
    assert "secret" not in job(storage, number).error
    assert "secret" in caplog.text


def test_the_oldest_waiting_job_is_run_first_and_each_once(storage: Storage):
    first, second = ask(storage, a=1, b=1), ask(storage, a=2, b=2)
    assert run_waiting(storage, worker="w", work={"add": add})
    assert (job(storage, first).state, job(storage, second).state) == ("done", "waiting")
    assert run_waiting(storage, worker="w", work={"add": add})
    assert not run_waiting(storage, worker="w", work={"add": add})


def test_no_two_workers_ever_have_one_name(tmp_path: Path):
    """Neither two at once, nor one after the other, nor those of two homes on one machine."""
    home, other = tmp_path / "a", tmp_path / "b"
    home.mkdir()
    other.mkdir()
    with worker_place(home) as one, worker_place(home) as two, worker_place(other) as three:
        one.take()
        names = {one.name, two.name, three.name}
        assert (one.left_by, two.left_by, three.left_by) == ("", "", "")
    with worker_place(home) as again:
        assert again.left_by == one.name
        assert len({*names, again.name}) == 4


def test_a_worker_leaves_alone_what_a_worker_of_another_home_runs(storage: Storage, tmp_path: Path):
    """Two homes on one machine once were both called vm/0, and ran each other's jobs twice."""
    number = ask(storage, a=1, b=1)
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    with worker_place(here) as one, worker_place(there) as two:
        with storage.store.writing() as session:
            assert queue.claim(session, number, worker=one.name)
        with storage.store.writing() as session:
            assert queue.sweep(session, left_by=two.left_by or two.name) == 0
    assert job(storage, number).state == "running"


def test_a_job_whose_worker_is_killed_runs_again_and_is_done(
    storage: Storage, database_url: str, tmp_path: Path
):
    """Fact: kill -9 in the middle of a job loses nothing but the time spent on it."""
    number = ask(storage, a=1, b=1)
    dies = f"""
import os, signal, sys
from pathlib import Path
from surveyapp.settings import read
from surveyapp.store.storage import open_storage
from surveyapp.jobs.places import worker_place
from surveyapp.jobs.running import run
storage = open_storage(read({{}}, home=Path({str(tmp_path)!r}), database_url={database_url!r}))
def die(storage, asked, progress):
    progress(40, "Half-way")
    os.kill(os.getpid(), signal.SIGKILL)
with worker_place(Path({str(tmp_path)!r})) as place:
    place.take()
    run(storage, {number}, worker=place.name, work={{"add": die}})
"""
    assert subprocess.run([sys.executable, "-c", dies], check=False).returncode == -9
    assert job(storage, number).state == "running"
    with worker_place(tmp_path) as place:
        with storage.store.writing() as session:
            assert queue.sweep(session, left_by=place.left_by) == 1
        assert run(storage, number, worker=place.name, work={"add": add})
    done = job(storage, number)
    assert (done.state, done.attempts, done.result) == ("done", 2, {"sum": 2})


def test_a_worker_that_was_taken_for_dead_ends_at_its_next_step_and_writes_nothing(
    storage: Storage,
):
    """Fact: of two runs of one job only the second leaves a result."""
    number = ask(storage, a=1, b=1)
    ended: list[str] = []

    def slow(_storage, _asked, progress):
        with storage.store.writing() as session:
            taken = session.get_one(Job, number).worker
            assert queue.sweep(session, left_by=taken) == 1
        assert run(storage, number, worker="second", work={"add": add})
        try:
            progress(100, "Ending")
        finally:
            ended.append("asked")
        ended.append("went on")

    assert run(storage, number, worker="first", work={"add": slow})
    done = job(storage, number)
    assert (done.state, done.worker, done.result) == ("done", "second", {"sum": 2})
    assert ended == ["asked"]


def test_a_result_survives_a_database_that_is_away_when_it_is_to_be_written(
    storage: Storage, outage: Outage
):
    number = ask(storage, a=1, b=1)
    waited: list[float] = []

    def last_step(_storage, asked, progress):
        outage.begin()
        return {"sum": 2}

    def pause(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            outage.end()

    assert run(storage, number, worker="w", work={"add": last_step}, pause=pause)
    assert waited == [1.0, 2.0, 4.0]
    assert (job(storage, number).state, job(storage, number).result) == ("done", {"sum": 2})


def test_a_job_whose_database_goes_away_waits_again_and_is_done(storage: Storage, outage: Outage):
    number = ask(storage, a=1, b=1)

    def reads(_storage, asked, progress):
        outage.begin()
        with storage.store.reading() as session:
            session.get_one(Job, number)

    run(storage, number, worker="w", work={"add": reads}, pause=lambda _: outage.end())
    assert job(storage, number).state == "waiting"
    assert run_waiting(storage, worker="w", work={"add": add})
    assert (job(storage, number).state, job(storage, number).attempts) == ("done", 2)


def test_every_kind_of_job_is_bound_to_a_function_of_the_worker():
    assert set(WORK) == set(KINDS)


def test_jobs_are_asked_for_by_their_kind_only():
    """A name written where a job is asked for would be known to nobody but the database."""
    for path in (ROOT / "surveyapp").rglob("*.py"):
        if path.parent.name not in {"jobs", "store"}:
            assert not re.search(r"queue\.ask\(|queue import .*\bask\b", path.read_text()), path


def test_a_payload_that_another_version_wrote_is_told_and_not_guessed(storage):
    number = ask(storage, "rebuild_rollups", segment=3)
    run(storage, number, worker="w", work=WORK)
    told = job(storage, number)
    assert (told.state, "another version wrote it" in told.error) == ("failed", True)
    assert "needs segment_id" in told.error
