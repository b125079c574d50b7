"""How long eight members of staff wait for pages over 1,000,000 responses, on SQLite and PostgreSQL.

Web server and worker run in processes of their own, as in production. Eight people read at once, twice: with
a pause between pages that makes the load that eight people give at most, and without any, when each
asks for the next page as soon as the last one is there. The limit is for the first; what the second waits
follows from the processor time of a page and the number of cores.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import cycle, islice
from pathlib import Path
from threading import Lock, Thread
from urllib.parse import urlencode

from sqlalchemy import func, select

from surveyapp.cli.serving import web_command
from surveyapp.installation import open_installation
from surveyapp.settings import read
from surveyapp.store.models import Job
from surveyapp.store.schema import upgrade
from tests.benchmarks.bench_dashboards import PAGES
from tests.benchmarks.bench_scale import RESPONSES, fill
from tests.benchmarks.bench_submit import free_port, serving
from tests.responses.makers import SECRET
from tests.web.world import PASSWORD, add_user

CLIENTS = 8
SECONDS = float(os.environ.get("WAITING_SECONDS", "60"))
PAUSE = 2.0  # seconds from a page to the next one: nobody reads faster
LIMIT = 0.3  # seconds, for 95 of 100 pages
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass
class Waits:
    """Seconds that each page was waited for."""

    by_page: dict[str, list[float]] = field(default_factory=lambda: {page: [] for page in PAGES})
    lock: Lock = field(default_factory=Lock)

    def note(self, page: str, seconds: float) -> None:
        with self.lock:
            self.by_page[page].append(seconds)

    @property
    def all(self) -> list[float]:
        return sorted(each for waits in self.by_page.values() for each in waits)


def within(waits: list[float], share: float) -> float:
    """Seconds within which this share of the pages came."""
    return sorted(waits)[min(len(waits) - 1, int(share * len(waits)))]


class Reader:
    """A member of staff with a browser that keeps its connection and its cookies."""

    def __init__(self, port: int, email: str) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}
        token = TOKEN.search(self.ask("GET", "/sign-in")[1])
        assert token
        form = {"email": email, "password": PASSWORD, "csrf_token": token[1]}
        assert self.ask("POST", "/sign-in", form)[0] == 303

    def ask(self, method: str, path: str, form: Mapping[str, str] | None = None) -> tuple[int, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Referer"] = f"http://localhost:{self.connection.port}/sign-in"
        self.connection.request(method, path, urlencode(form) if form else None, headers)
        answer = self.connection.getresponse()
        for set_cookie in answer.headers.get_all("Set-Cookie") or ():
            name, value = set_cookie.partition(";")[0].split("=", 1)
            self.cookies[name] = value
        return answer.status, answer.read().decode()

    def read(self, pages: list[str], waits: Waits, *, pause: float, start: float) -> None:
        """Page after page until the time is over; a page is due whether or not the last one came in time."""
        due = start
        for page in cycle(pages):
            time.sleep(max(0.0, due - time.monotonic()))
            asked = due if pause else time.monotonic()
            if asked > start + SECONDS:
                return
            assert self.ask("GET", PAGES[page])[0] == 200, page
            waits.note(page, time.monotonic() - asked)
            due += pause


def read_together(readers: list[Reader], *, pause: float) -> Waits:
    """What everybody waits, each beginning with another page and at another moment."""
    waits, begun, pages = Waits(), time.monotonic(), list(PAGES)
    threads = []
    for number, reader in enumerate(readers):
        mine = list(islice(cycle(pages), number, number + len(pages)))
        how = {"pause": pause, "start": begun + pause * number / len(readers)}
        threads.append(Thread(target=reader.read, args=(mine, waits), kwargs=how))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return waits


def test_eight_people_hardly_wait(durable_url: str, tmp_path: Path):
    settings = read(
        {},
        home=tmp_path / "home",
        database_url=durable_url,
        secret_key=SECRET,
        port=free_port(),
        processes=2,
    )
    installation = open_installation(settings)
    upgrade(installation.store.engine)
    fill(installation, spreading=True)
    emails = [f"reader{number}@example.org" for number in range(CLIENTS)]
    with installation.store.writing() as session:
        for email in emails:
            add_user(session, "manager", email=email)
    environment = {
        "SURVEYAPP_HOME": str(settings.home),
        "SURVEYAPP_DATABASE_URL": durable_url,
        "SURVEYAPP_SECRET_KEY": SECRET,
        "SURVEYAPP_LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "surveyapp.cli.serving", "worker"]
    with serving(web_command(settings), settings.port, environment):
        worker = subprocess.Popen(command, env={**os.environ, **environment})
        try:
            unfinished = select(func.count()).where(Job.state.in_(("waiting", "running")))
            for _ in range(600):
                with installation.store.reading() as session:
                    if not session.scalar(unfinished):
                        break
                time.sleep(1)
            readers = [Reader(settings.port, email) for email in emails]
            read_together(readers, pause=0.0)  # what each process finds once
            paused, pressed = (read_together(readers, pause=pause) for pause in (PAUSE, 0.0))
            for reader in readers:
                reader.connection.close()
        finally:
            worker.kill()
            worker.wait()
    print(f"\n{installation.store.engine.dialect.name}: {RESPONSES:,} responses, {CLIENTS} people")
    installation.close()
    for name, waits in (
        (f"a page every {PAUSE:g} s each", paused),
        ("one after the other", pressed),
    ):
        print(
            f"{name}: {len(waits.all) / SECONDS:.1f} pages a second, half within"
            f" {1000 * within(waits.all, 0.5):.0f} ms, 95 % within {1000 * within(waits.all, 0.95):.0f} ms"
        )
        for page, each in waits.by_page.items():
            print(
                f"  {page}: {len(each)}, {1000 * within(each, 0.5):.0f}, {1000 * within(each, 0.95):.0f}"
            )
    assert within(paused.all, 0.95) < LIMIT
