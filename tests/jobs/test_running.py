"""A job asked for is run once to its end, whatever happens to the worker."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from surveyapp.errors import Invalid
from surveyapp.installation import Installation
from surveyapp.jobs.kinds import KINDS
from surveyapp.jobs.places import worker_place
from surveyapp.jobs.running import run, run_waiting
from surveyapp.store import queue
from surveyapp.store.models import Job
from surveyapp.worker import WORK
from tests.jobs.conftest import Outage

ROOT = Path(__file__).parent.parent.parent


def ask(installation: Installation, kind: str = "add", **parameters: int) -> int:
    with installation.store.writing() as session:
        return queue.ask(session, kind, parameters).id


def job(installation: Installation, number: int) -> Job:
    with installation.store.reading() as session:
        return session.get_one(Job, number)


def add(_installation, asked, progress):
    progress(50, "Adding")
    return {"sum": asked["a"] + asked["b"]}


def test_a_job_leaves_its_result_and_is_not_run_again(installation: Installation):
    number = ask(installation, a=2, b=3)
    assert run(installation, number, worker="w", work={"add": add})
    assert not run(installation, number, worker="w", work={"add": add})
    done = job(installation, number)
    assert (done.state, done.result, done.attempts) == ("done", {"sum": 5}, 1)


def test_an_error_for_people_becomes_the_jobs_error(installation: Installation):
    def refuse(*_):
        raise Invalid("the file has no column per3")

    number = ask(installation)
    run(installation, number, worker="w", work={"add": refuse})
    assert (job(installation, number).state, job(installation, number).error) == (
        "failed",
        "the file has no column per3",
    )


def test_a_defect_fails_the_job_without_telling_its_inside(
    installation: Installation, caplog: pytest.LogCaptureFixture
):
    def break_down(*_):
        raise KeyError("secret")

    number = ask(installation)
    run(installation, number, worker="w", work={"add": break_down})
    assert "secret" not in job(installation, number).error
    assert "secret" in caplog.text


def test_the_oldest_waiting_job_is_run_first_and_each_once(installation: Installation):
    first, second = ask(installation, a=1, b=1), ask(installation, a=2, b=2)
    assert run_waiting(installation, worker="w", work={"add": add})
    assert (job(installation, first).state, job(installation, second).state) == ("done", "waiting")
    assert run_waiting(installation, worker="w", work={"add": add})
    assert not run_waiting(installation, worker="w", work={"add": add})


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


def test_a_worker_leaves_alone_what_a_worker_of_another_home_runs(
    installation: Installation, tmp_path: Path
):
    """Two homes on one machine once were both called vm/0, and ran each other's jobs twice."""
    number = ask(installation, a=1, b=1)
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    with worker_place(here) as one, worker_place(there) as two:
        with installation.store.writing() as session:
            assert queue.claim(session, number, worker=one.name)
        with installation.store.writing() as session:
            assert queue.sweep(session, left_by=two.left_by or two.name) == 0
    assert job(installation, number).state == "running"


def test_a_job_whose_worker_is_killed_runs_again_and_is_done(
    installation: Installation, database_url: str, tmp_path: Path
):
    """Fact: kill -9 in the middle of a job loses nothing but the time spent on it."""
    number = ask(installation, a=1, b=1)
    dies = f"""
import os, signal, sys
from pathlib import Path
from surveyapp.settings import read
from surveyapp.installation import open_installation
from surveyapp.jobs.places import worker_place
from surveyapp.jobs.running import run
installation = open_installation(read({{}}, home=Path({str(tmp_path)!r}), database_url={database_url!r}))
def die(installation, asked, progress):
    progress(40, "Half-way")
    os.kill(os.getpid(), signal.SIGKILL)
with worker_place(Path({str(tmp_path)!r})) as place:
    place.take()
    run(installation, {number}, worker=place.name, work={{"add": die}})
"""
    assert subprocess.run([sys.executable, "-c", dies], check=False).returncode == -9
    assert job(installation, number).state == "running"
    with worker_place(tmp_path) as place:
        with installation.store.writing() as session:
            assert queue.sweep(session, left_by=place.left_by) == 1
        assert run(installation, number, worker=place.name, work={"add": add})
    done = job(installation, number)
    assert (done.state, done.attempts, done.result) == ("done", 2, {"sum": 2})


def test_a_worker_that_was_taken_for_dead_ends_at_its_next_step_and_writes_nothing(
    installation: Installation,
):
    """Fact: of two runs of one job only the second leaves a result."""
    number = ask(installation, a=1, b=1)
    ended: list[str] = []

    def slow(_installation, _asked, progress):
        with installation.store.writing() as session:
            taken = session.get_one(Job, number).worker
            assert queue.sweep(session, left_by=taken) == 1
        assert run(installation, number, worker="second", work={"add": add})
        try:
            progress(100, "Ending")
        finally:
            ended.append("asked")
        ended.append("went on")

    assert run(installation, number, worker="first", work={"add": slow})
    done = job(installation, number)
    assert (done.state, done.worker, done.result) == ("done", "second", {"sum": 2})
    assert ended == ["asked"]


def test_a_result_survives_a_database_that_is_away_when_it_is_to_be_written(
    installation: Installation, outage: Outage
):
    number = ask(installation, a=1, b=1)
    waited: list[float] = []

    def last_step(_installation, asked, progress):
        outage.begin()
        return {"sum": 2}

    def pause(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            outage.end()

    assert run(installation, number, worker="w", work={"add": last_step}, pause=pause)
    assert waited == [1.0, 2.0, 4.0]
    assert (job(installation, number).state, job(installation, number).result) == (
        "done",
        {"sum": 2},
    )


def test_a_job_whose_database_goes_away_waits_again_and_is_done(
    installation: Installation, outage: Outage
):
    number = ask(installation, a=1, b=1)

    def reads(_installation, asked, progress):
        outage.begin()
        with installation.store.reading() as session:
            session.get_one(Job, number)

    run(installation, number, worker="w", work={"add": reads}, pause=lambda _: outage.end())
    assert job(installation, number).state == "waiting"
    assert run_waiting(installation, worker="w", work={"add": add})
    assert (job(installation, number).state, job(installation, number).attempts) == ("done", 2)


def test_every_kind_of_job_is_bound_to_a_function_of_the_worker():
    assert set(WORK) == set(KINDS)


def test_jobs_are_asked_for_by_their_kind_only():
    """A name written where a job is asked for would be known to nobody but the database."""
    for path in (ROOT / "surveyapp").rglob("*.py"):
        if path.parent.name not in {"jobs", "store"}:
            assert not re.search(r"queue\.ask\(|queue import .*\bask\b", path.read_text()), path


def test_a_payload_that_another_version_wrote_is_told_and_not_guessed(installation):
    number = ask(installation, "rebuild_rollups", segment=3)
    run(installation, number, worker="w", work=WORK)
    told = job(installation, number)
    assert (told.state, "another version wrote it" in told.error) == ("failed", True)
    assert "needs segment_id" in told.error
