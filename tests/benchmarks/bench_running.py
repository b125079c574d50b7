"""How soon `surveyapp run` serves, what memory its processes take, and whether it stays so.

Start: from the command to the first page of a survey, on a database that is there. Memory is what a process
has for itself (USS), shared libraries left out. Soak: customers who answer at a steady pace, pages of staff
who are not signed in, and Prometheus, for ``SOAK_SECONDS`` (600); then the memory of the last third is
compared with that of the middle one. Run: ``make bench``, or this file alone with ``SOAK_SECONDS=60``.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from itertools import repeat
from pathlib import Path
from statistics import mean

import psutil
import pytest

from surveyapp.installation import open_installation
from surveyapp.settings import read
from surveyapp.store.models import Response
from surveyapp.store.schema import upgrade
from tests.benchmarks.bench_submit import cpu_of, free_port, serving, session
from tests.responses.makers import SECRET, make_segment, make_survey

SECONDS = float(os.environ.get("SOAK_SECONDS", "600"))
SESSIONS_A_SECOND = 10.0
TOKEN = "a-token-of-the-benchmark"
MOST_CPU = 15.0  # seconds of processor time until web and worker work
MOST_WEB, MOST_WORKER = 180, 180  # MB of one process that has just started
MOST_GROWTH = 0.03  # from the middle third to the last one
LEAST_COUNTED = 6.0  # MB, below which growth is the allocator's
_LOOKS = 60

_RUN = "from surveyapp.cli import main; main()"


class Running:
    """`surveyapp run` with a survey, and what it took to start it."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        settings = read({}, home=folder / "home", secret_key=SECRET, port=self.port)
        self.installation = open_installation(settings)
        upgrade(self.installation.store.engine)
        with self.installation.store.writing() as opened:
            make_segment(opened, "north", "region in (North)")
            self.path = f"/s/{make_survey(opened).link}"
        self.installation.check_key()
        self.environment = {
            "SURVEYAPP_HOME": str(settings.home),
            "SURVEYAPP_SECRET_KEY": SECRET,
            "SURVEYAPP_PORT": str(self.port),
            "SURVEYAPP_LOG_LEVEL": "ERROR",
            "SURVEYAPP_METRICS_TOKEN": TOKEN,
        }

    @contextmanager
    def started(self) -> Iterator[tuple[psutil.Process, float]]:
        """Its processes, and the seconds until it served."""
        begun = time.monotonic()
        command = [sys.executable, "-P", "-c", _RUN, "run"]
        with serving(command, self.port, self.environment) as server:
            yield server, time.monotonic() - begun


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    made = Running(tmp_path_factory.mktemp("running"))
    yield made
    made.installation.close()


def memory(server: psutil.Process) -> dict[str, float]:
    """MB of the web process that serves and of the worker."""
    found: dict[str, float] = {}
    for each in server.children(recursive=True):
        kind = "worker" if "worker" in each.cmdline() else "web"
        used = each.memory_full_info().uss / 1e6
        found[kind] = max(found.get(kind, 0.0), used)  # the web server's first process does nothing
    return found


def worker_lives(running: Running) -> bool:
    connection = HTTPConnection("127.0.0.1", running.port, timeout=30)
    connection.request("GET", "/readyz")
    told = connection.getresponse().read()
    connection.close()
    return b'"worker":"ok"' in told.replace(b" ", b"")


def test_the_start_is_quick_and_small(running: Running):
    with running.started() as (server, seconds):
        while not worker_lives(running):
            time.sleep(0.2)
        found, cpu = memory(server), cpu_of(server)
    print(
        f"\nsurveyapp run: serves after {seconds:.1f} s, {cpu:.1f} s of CPU in all; web {found['web']:.0f} MB,"
        f" worker {found['worker']:.0f} MB"
    )
    assert cpu < MOST_CPU
    assert found["web"] < MOST_WEB and found["worker"] < MOST_WORKER


def test_memory_stays_flat(running: Running):
    over = threading.Event()
    done = [0]
    with running.started() as (server, _):
        while not worker_lives(running):
            time.sleep(0.2)
        one = session(repeat(running.path))

        def customers() -> None:
            connection = HTTPConnection("127.0.0.1", running.port, timeout=30)
            due = time.monotonic()
            while not over.wait(max(0.0, due - time.monotonic())):
                one(connection)
                done[0] += 1
                due += 1 / SESSIONS_A_SECOND
            connection.close()

        def others() -> None:
            while not over.wait(0.5):
                for path in ("/sign-in", "/metrics", "/nowhere"):
                    connection = HTTPConnection("127.0.0.1", running.port, timeout=30)
                    connection.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
                    connection.getresponse().read()
                    connection.close()

        threads = [threading.Thread(target=each) for each in (customers, others)]
        for thread in threads:
            thread.start()
        seen: list[dict[str, float]] = []
        for _ in range(_LOOKS):
            time.sleep(SECONDS / _LOOKS)
            seen.append(memory(server))
        over.set()
        for thread in threads:
            thread.join()
    third = _LOOKS // 3
    print(f"\n{SECONDS:.0f} s, {done[0]:,} sessions")
    grown: dict[str, float] = {}
    for kind in ("web", "worker"):
        middle, last = (
            mean(each[kind] for each in part)
            for part in (seen[third : 2 * third], seen[2 * third :])
        )
        print(
            f"  {kind}: {seen[0][kind]:.1f} MB at first, {middle:.1f} in the middle, {last:.1f} in the end"
        )
        grown[kind] = last - middle if last - middle > LEAST_COUNTED else 0.0
        assert grown[kind] <= MOST_GROWTH * middle, kind
    with running.installation.store.reading() as session_:
        assert session_.query(Response).count() == done[0]
