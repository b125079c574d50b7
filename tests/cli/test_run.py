"""`surveyapp run` as real processes: what dies is started again, and nothing is left behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest

from surveyapp.cli import supervisor
from surveyapp.cli.supervisor import Supervised
from surveyapp.installation import open_installation
from surveyapp.settings import read
from surveyapp.store import queue
from surveyapp.store.models import Job
from tests.responses.makers import SECRET, make_segment, make_survey
from tests.web.test_respond_kill import free_port

_RUN = "from surveyapp.cli import main; main()"
PATIENCE = 40.0

# It keeps both processors busy: in one row with the tests that wait for a browser's answers.
pytestmark = pytest.mark.xdist_group("browser")


def until(fact: Callable[[], object], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


class Site:
    """`surveyapp run` in a home folder of its own."""

    def __init__(self, folder: Path, migrated: Path, **environment: str) -> None:
        home = folder / "home"
        home.mkdir()
        shutil.copy(migrated, home / "surveyapp.db")
        self.port = free_port()
        self.installation = open_installation(
            read({}, home=home, secret_key=SECRET, port=self.port)
        )
        with self.installation.store.writing() as session:
            self.link = make_survey(session).link
            self.segment = make_segment(session, "north", "region = North").id
        for name in ("instruments", "analysis", "surveyapp"):  # of the administrator, not ours
            (folder / name).mkdir()
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", _RUN, "run"],
                cwd=folder,
                env={
                    **os.environ,
                    "SURVEYAPP_HOME": str(home),
                    "SURVEYAPP_SECRET_KEY": SECRET,
                    "SURVEYAPP_PORT": str(self.port),
                    "SURVEYAPP_LOG_LEVEL": "ERROR",
                    **environment,
                },
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def children(self, kind: str = "") -> list[psutil.Process]:
        """Those of this kind, web or worker, that run."""
        try:
            found = psutil.Process(self.process.pid).children(recursive=True)
            return [each for each in found if not kind or kind in each.cmdline()]
        except psutil.NoSuchProcess:
            return []

    def page(self) -> int:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", f"/s/{self.link}")
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def wait_until_served(self) -> None:
        def serves() -> bool:
            try:
                return self.page() == 200
            except OSError:
                return False

        until(serves)
        until(lambda: self.children("worker"))

    def run_a_job(self) -> None:
        """Ask for a job and see it done by whatever worker there is."""
        with self.installation.store.writing() as session:
            job_id = queue.ask(session, "rebuild_rollups", {"segment_id": self.segment}).id

        def done() -> bool:
            with self.installation.store.reading() as session:
                return session.get_one(Job, job_id).state == "done"

        until(done)

    def end(self) -> None:
        for each in self.children():
            each.kill()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.installation.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory, migrated_sqlite: Path) -> Iterator[Site]:
    started = Site(tmp_path_factory.mktemp("run"), migrated_sqlite)
    try:
        started.wait_until_served()
        yield started
    finally:
        started.end()


def test_a_killed_worker_is_started_again_while_pages_are_served(site: Site):
    site.run_a_job()
    (killed,) = site.children("worker")
    killed.kill()
    assert site.page() == 200
    site.run_a_job()
    (new,) = site.children("worker")
    assert new.pid != killed.pid
    assert site.process.poll() is None
    told = [line for line in site.log.read_text().splitlines() if str(killed.pid) in line]
    assert told == [
        f"worker (process {killed.pid}) was killed by SIGKILL, as the system does when memory runs"
        " out; starting it again in 1 s"
    ]


def test_killed_web_processes_are_started_again(site: Site):
    """Of the two, the first watches the other, and the supervisor watches the first."""
    first, second = sorted(site.children("web"), key=lambda each: each.pid)
    second.kill()
    site.wait_until_served()
    assert first.is_running()
    first.kill()
    until(lambda: not first.is_running() and "web" in site.log.read_text())
    site.wait_until_served()
    assert f"web (process {first.pid}) was killed by SIGKILL" in site.log.read_text()
    until(lambda: len(site.children("web")) == 2)  # nothing is left of the ones before


def test_a_port_that_is_taken_is_one_line(site: Site, tmp_path: Path):
    site.wait_until_served()
    environment = {"SURVEYAPP_HOME": str(tmp_path), "SURVEYAPP_PORT": str(site.port)}
    again = subprocess.run(
        [sys.executable, "-c", _RUN, "run"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert again.returncode == 2
    assert again.stderr.count("\n") == 1
    assert f"Error: Cannot listen on 127.0.0.1:{site.port}: Address already" in again.stderr


def test_a_killed_supervisor_leaves_no_orphan(site: Site):
    """The last test of this site."""
    children = site.children()
    assert len(children) == 3  # two of the web, the worker
    site.process.kill()
    site.process.wait()
    until(lambda: not any(each.is_running() for each in children), 2 * supervisor.STOP_SECONDS)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_being_told_to_stop_ends_everything_within_seconds(
    tmp_path: Path, migrated_sqlite: Path, number: signal.Signals
):
    site = Site(tmp_path, migrated_sqlite, SURVEYAPP_PROCESSES="2")
    try:
        site.wait_until_served()
        until(lambda: len(site.children("web")) == 3)
        children = site.children()
        begun = time.monotonic()
        site.process.send_signal(number)
        assert site.process.wait(PATIENCE) == 0
        assert time.monotonic() - begun < 2 * supervisor.STOP_SECONDS
        assert not any(each.is_running() for each in children)
        assert "starting it again" not in site.log.read_text()
        assert "Traceback" not in site.log.read_text()
    finally:
        site.end()


def test_a_process_that_keeps_dying_is_started_ever_more_seldom(monkeypatch, tmp_path: Path):
    """At import, say; after it has lived for a while the next pause is the first one again."""
    now = 1000.0
    monkeypatch.setattr(supervisor.time, "monotonic", lambda: now)
    (tmp_path / "dies.py").write_text("raise SystemExit(3)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    kept = Supervised("worker", [sys.executable, "-m", "dies"])
    pauses = []
    for _ in range(8):
        kept.start(0)
        assert kept.process is not None
        kept.process.wait()
        said = kept.poll()
        assert said is not None
        assert "ended with exit status 3; starting it again in" in said
        pauses.append(kept.due - now)
        assert kept.poll() is None
        now = kept.due
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    kept.start(0)
    assert kept.process is not None
    kept.process.wait()
    now += supervisor.STABLE_SECONDS
    kept.poll()
    assert kept.due - now == 1
