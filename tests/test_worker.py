"""A job asked for is run once to its end, whatever happens to the worker."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from surveyapp.errors import Invalid
from surveyapp.reports.actions import KINDS
from surveyapp.settings import read
from surveyapp.store import queue
from surveyapp.store.models import Job
from surveyapp.store.storage import Storage, open_storage
from surveyapp.worker import WORK, run_job, sweep, worker_name

ROOT = Path(__file__).parent.parent


@pytest.fixture
def storage(database_url: str, tmp_path: Path) -> Iterator[Storage]:
    opened = open_storage(read({}, home=tmp_path, database_url=database_url))
    yield opened
    opened.close()


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
    assert run_job(storage, number, worker="w", work={"add": add})
    assert not run_job(storage, number, worker="w", work={"add": add})
    done = job(storage, number)
    assert (done.state, done.result, done.attempts) == ("done", {"sum": 5}, 1)


def test_an_error_for_people_becomes_the_jobs_error(storage: Storage):
    def refuse(*_):
        raise Invalid("the file has no column per3")

    number = ask(storage)
    run_job(storage, number, worker="w", work={"add": refuse})
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
    run_job(storage, number, worker="w", work={"add": break_down})
    assert "secret" not in job(storage, number).error
    assert "secret" in caplog.text


def test_a_commit_wakes_the_worker_by_a_message_with_the_jobs_number(storage: Storage):
    number = ask(storage)
    message = storage.messages.huey.dequeue()
    assert list(message.args) == [number]


def test_messages_are_json_not_pickle(storage: Storage):
    ask(storage)
    (raw,) = storage.messages.huey.storage.enqueued_items()
    assert raw.startswith(b"[")


def test_two_workers_on_a_machine_have_two_names(tmp_path: Path):
    with worker_name(tmp_path) as one, worker_name(tmp_path) as two:
        assert one != two
    with worker_name(tmp_path) as again:
        assert again == one


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
from surveyapp.worker import run_job, worker_name
storage = open_storage(read({{}}, home=Path({str(tmp_path)!r}), database_url={database_url!r}))
def die(storage, asked, progress):
    progress(40, "Half-way")
    os.kill(os.getpid(), signal.SIGKILL)
with worker_name(Path({str(tmp_path)!r})) as name:
    run_job(storage, {number}, worker=name, work={{"add": die}})
"""
    assert subprocess.run([sys.executable, "-c", dies], check=False).returncode == -9
    assert job(storage, number).state == "running"
    with worker_name(tmp_path) as name:
        sweep(storage, worker=name)
        assert run_job(storage, number, worker=name, work={"add": add})
    done = job(storage, number)
    assert (done.state, done.attempts, done.result) == ("done", 2, {"sum": 2})


def test_every_kind_of_work_that_the_project_asks_for_is_known_to_the_worker():
    """A kind named where a job is asked for, anywhere in the project, is a key of WORK."""
    text = "\n".join(path.read_text() for path in (ROOT / "surveyapp").rglob("*.py"))
    asked = set(re.findall(r'\bask\(\s*session,\s*f?"([^"]+)"', text))
    reports = {f"{kind}_report" for kind in KINDS}
    assert "{kind}_report" in asked
    assert (asked - {"{kind}_report"}) | reports == set(WORK)
