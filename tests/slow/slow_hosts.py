"""Two hosts with homes of their own on one PostgreSQL with a hot standby, behind nginx: each of their
processes is killed under load, then the standby, then the primary.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import func, select

from surveyapp.app import create_app
from surveyapp.auth import api_keys
from surveyapp.auth.api_keys import KeyScope
from surveyapp.installation import Installation
from surveyapp.jobs.kinds import SORT_SEGMENT, SegmentPayload
from surveyapp.responses import rollups
from surveyapp.settings import read
from surveyapp.store.models import Case, Event, Job, Journey, Response, Worker
from surveyapp.web.installation import EXTENSION
from tests.responses.makers import SECRET, make_segment, make_survey
from tests.security.anonymous import NAMES, bank
from tests.slow.nginx import NAME, Nginx, nginx_before
from tests.standby import Standby, hot_standby
from tests.web.respondents import fields, form_key, submission_key
from tests.web.test_respond_kill import HEADERS, free_port, wait_for
from tests.web.world import add_user, session_key

CLIENTS = 6
EACH = 20  # forms between two kills, by all of them together
ASKS = ("nps", "ces")
JOBS = 24
NGINX_AVOIDS = 10.5  # seconds a server that failed: its fail_timeout
PATIENCE = 120.0
TOKEN = "a-token-of-the-kill-test-alone"
_COMMAND = "from surveyapp.cli import main; main()"


class Host:
    """The web server and the worker of one home, each started as an administrator would."""

    def __init__(self, home: Path, url: str, standby: str) -> None:
        self.port = free_port()
        self.environment = {
            **os.environ,
            "SURVEYAPP_HOME": str(home),
            "SURVEYAPP_DATABASE_URL": url,
            "SURVEYAPP_READ_DATABASE_URL": standby,
            "SURVEYAPP_METRICS_TOKEN": TOKEN,
            "SURVEYAPP_SECRET_KEY": SECRET,
            "SURVEYAPP_PORT": str(self.port),
            "SURVEYAPP_LOG_LEVEL": "ERROR",
            "SURVEYAPP_BASE_URL": f"https://{NAME}",
            "SURVEYAPP_TRUSTED_PROXIES": "1",
        }
        self.running = {name: self._started(name) for name in ("web", "worker")}

    def _started(self, name: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-c", _COMMAND, name]
        return subprocess.Popen(command, env=self.environment, start_new_session=True)

    def kill(self, name: str) -> None:
        os.killpg(self.running[name].pid, signal.SIGKILL)
        self.running[name].wait()
        self.running[name] = self._started(name)

    def reads_from_standby(self) -> bool:
        """Whether pages of staff do, as it tells itself."""
        status, told = asked(self.port, "GET", "/metrics", Authorization=f"Bearer {TOKEN}")
        assert status == 200
        return "surveyapp_replica_used 1.0" in told

    def stop(self) -> None:
        for process in self.running.values():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Customer(threading.Thread):
    """Answers one form after another through nginx until ``over``; a request is sent again until it is
    answered, as somebody does who sees an error.
    """

    def __init__(self, nginx: Nginx, link: str, seed: int) -> None:
        super().__init__(daemon=True)
        self.nginx, self.path, self.seed = nginx, f"/s/{link}", seed
        self.over = threading.Event()
        self.thanked: list[str] = []
        self.errors: list[tuple[float, object]] = []  # when, and what was answered instead

    def run(self) -> None:
        for number in itertools.count():
            if self.over.is_set():
                return
            key = form_key(self._until(200, "GET"))
            body = urlencode({**fields(self.seed + number, asks=ASKS), "form-key": key})
            self._until(303, "POST", body)
            self.thanked.append(submission_key(key))

    def _until(self, status: int, method: str, body: str | None = None) -> str:
        while True:
            try:
                found, text = asked_through(self.nginx, method, self.path, body)
                if found == status:
                    return text
                self.errors.append((time.monotonic(), found))
            except (OSError, HTTPException) as error:
                self.errors.append((time.monotonic(), error))
            time.sleep(0.02)


class Reader(threading.Thread):
    """A member of staff who opens the journey's page again and again through nginx."""

    def __init__(self, nginx: Nginx, path: str, cookie: str) -> None:
        super().__init__(daemon=True)
        self.nginx, self.path, self.cookie = nginx, path, cookie
        self.over = threading.Event()
        self.shown = 0
        self.errors: list[tuple[float, object]] = []

    def run(self) -> None:
        while not self.over.wait(0.2):
            try:
                found, _ = asked_through(self.nginx, "GET", self.path, Cookie=self.cookie)
            except (OSError, HTTPException) as error:
                self.errors.append((time.monotonic(), error))
                continue
            if found == 200:
                self.shown += 1
            else:
                self.errors.append((time.monotonic(), found))


def asked_through(
    nginx: Nginx, method: str, path: str, body: str | None = None, **headers: str
) -> tuple[int, str]:
    """What a browser gets that goes to the public name."""
    connection = HTTPSConnection(NAME, timeout=30, context=nginx.trust)
    connection.sock = nginx.trust.wrap_socket(
        socket.create_connection(("127.0.0.1", nginx.port), timeout=30), server_hostname=NAME
    )
    try:
        connection.request(method, path, body, {**HEADERS, **headers})
        answer = connection.getresponse()
        return answer.status, answer.read().decode("latin-1")
    finally:
        connection.close()


def asked(
    port: int, method: str, path: str, body: str | None = None, **headers: str
) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, {**HEADERS, **headers})
        answer = connection.getresponse()
        return answer.status, answer.read().decode("latin-1")
    finally:
        connection.close()


def until(fact: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not fact():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.1)


def test_each_process_is_killed_and_nothing_is_lost_doubled_or_dead(
    migrated_postgresql, tmp_path: Path
):
    with hot_standby(migrated_postgresql[0]) as primary:
        primary.promote()  # from here on one of its own, which other tests do not need
        with hot_standby(primary.url) as standby:
            _check_everything(primary, standby, tmp_path)


def _check_everything(primary: Standby, standby: Standby, tmp_path: Path) -> None:
    about = {"database_url": primary.url, "base_url": f"https://{NAME}"}
    settings = read({}, home=tmp_path / "looking", secret_key=SECRET, **about)
    app = create_app(settings)
    installation = app.extensions[EXTENSION]
    installation.check_key()
    with installation.store.writing() as session:
        survey = make_survey(session, asks=ASKS)
        survey.closed_loop = {"scale": "nps", "at_most": 3, "due_days": 3}
        link = survey.link
        journey, page = (known := session.get_one(Journey, survey.journey_id)).code, known.id
        administrator = add_user(session, "administrator")
        segment = make_segment(session, "north", "region = North").id
        _, key = api_keys.make(session, name="K", scopes=[KeyScope.MAKE_REPORTS], user_id=None)
    personal = bank(installation, NAMES[:2]).paths
    signer = app.session_interface.get_signing_serializer(app)
    signed = signer.dumps({"_user_id": session_key(installation, administrator)})
    cookie = f"{app.config['SESSION_COOKIE_NAME']}={signed}"
    hosts = [Host(tmp_path / name, primary.url, standby.url) for name in ("one", "two")]
    ports = [host.port for host in hosts]
    kills = [(host, name) for name in ("worker", "web") for host in hosts]
    try:
        for port in ports:
            wait_for(port)
        with nginx_before(ports, tmp_path / "nginx") as nginx:
            customers = [Customer(nginx, link, 10_000 * k) for k in range(CLIENTS)]
            reader = Reader(nginx, f"/journeys/{page}", cookie)
            until(lambda: all(host.reads_from_standby() for host in hosts))
            reader.start()
            _kill_under_load(installation, customers, kills, segment, nginx, personal[NAMES[1]])
            _kill_standby(standby, hosts, reader)
            away = _kill_primary(primary, ports, link)
            until(lambda: all(host.reads_from_standby() for host in hosts))
            for thread in (*customers, reader):
                thread.over.set()
                thread.join(timeout=PATIENCE)
        thanked = sorted(key for customer in customers for key in customer.thanked)
        assert len(thanked) > (len(kills) + 2) * EACH
        wrong = [each for by in (*customers, reader) for each in by.errors]
        print(
            f"\n{len(thanked)} answers acknowledged, {reader.shown} pages of staff;"
            f" {len(wrong)} errors shown while the primary was away, {away[1] - away[0]:.1f} s"
        )
        assert [each for each in wrong if not away[0] <= each[0] <= away[1]] == []
        _check_links(ports, personal)
        _check_work(installation, hosts, thanked)
        _check_report(ports, journey, key)
    finally:
        for host in hosts:
            host.stop()
    homes = {path.name for name in ("one", "two") for path in (tmp_path / name).iterdir()}
    assert homes <= {"master.key", "worker-0.lock", "epochs", "traffic"}  # no file, no database
    assert f"/s/{link}" not in nginx.log.read_text()
    installation.close()


def _kill_under_load(
    installation: Installation,
    customers: list[Customer],
    kills: list[tuple[Host, str]],
    segment: int,
    nginx: Nginx,
    unused: str,
) -> None:
    """Kill each process after as many answers more; a link opens all the while."""
    for customer in customers:
        customer.start()
    for number, (host, name) in enumerate(kills, start=1):
        with installation.store.writing() as session:
            for _ in range(JOBS // len(kills)):
                SORT_SEGMENT.ask(session, SegmentPayload(segment), journey_id=None, user_id=None)
        enough = EACH * number
        until(lambda: sum(len(each.thanked) for each in customers) >= enough)  # noqa: B023
        host.kill(name)
        assert asked_through(nginx, "GET", unused)[0] == 200
        wait_for(host.port)  # before the other one goes, and until nginx tries this one again
        time.sleep(NGINX_AVOIDS if name == "web" else 0.0)


def _kill_standby(standby: Standby, hosts: list[Host], reader: Reader) -> None:
    """Pages of staff come from the primary while it is gone, and from it again when it is back."""
    until(lambda: all(host.reads_from_standby() for host in hosts))
    standby.stop()
    until(lambda: not any(host.reads_from_standby() for host in hosts))
    before = reader.shown
    until(lambda: reader.shown > before + 5)
    standby.start()
    until(lambda: all(host.reads_from_standby() for host in hosts))


def _kill_primary(primary: Standby, ports: list[int], link: str) -> tuple[float, float]:
    """From when to when customers could not be answered."""
    begun = time.monotonic()
    primary.stop()
    time.sleep(1.0)
    primary.start()
    until(lambda: [asked(port, "GET", f"/s/{link}")[0] for port in ports] == [200, 200])
    return begun, time.monotonic() + 1.0


def _check_links(ports: list[int], personal: dict[str, str]) -> None:
    """A personal link of an anonymous survey opens on both hosts, and is used up on both by one answer."""
    path, unused = personal[NAMES[0]], personal[NAMES[1]]
    assert [asked(port, "GET", unused)[0] for port in ports] == [200, 200]
    status, page = asked(ports[0], "GET", path)
    body = urlencode({"form-key": form_key(page), "nps-nps": "3", "nps-nps_reason": ""})
    assert (status, asked(ports[0], "POST", path, body)[0]) == (200, 303)
    assert [asked(port, "GET", path)[0] for port in ports] == [404, 404]


def _check_work(installation, hosts: list[Host], thanked: list[str]) -> None:
    def done() -> bool:
        with installation.store.reading() as session:
            unfinished = select(func.count()).where(Job.state.in_(("waiting", "running")))
            left = session.scalar(unfinished), session.scalar(select(func.count(Event.id)))
        return left == (0, 0)

    until(done)  # also what a killed worker left: its home's next one takes it over
    with installation.store.reading() as session:
        jobs = session.scalars(select(Job)).all()
        assert {job.state for job in jobs} == {"done"}
        # Each once, but what a killed worker had begun, or lost with the primary.
        assert len(jobs) <= sum(job.attempts for job in jobs) <= len(jobs) + 4
        assert sorted(session.scalars(select(Response.submission_key))) == thanked
        assert rollups.recount(session) == []
        low = sum(1 for a in session.scalars(select(Response.answers)) if a["nps"]["nps"] <= 3)
        assert session.scalar(select(func.count()).select_from(Case)) == low > 0
        assert len(set(session.scalars(select(Worker.name)))) >= 2


def _check_report(ports: list[int], journey: str, key: str) -> None:
    """A report that is asked for on one host, and made by any worker, is downloaded from the other."""
    reports = f"/api/v1/journeys/{journey}/reports"
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    status, told = asked(ports[0], "POST", reports, json.dumps({"kind": "benchmark"}), **headers)
    assert status == 201, told
    number = json.loads(told)["report"]
    file = f"{reports}/file?report={number}&format=pdf"

    def finished() -> bool:
        found = asked(ports[1], "GET", file, **headers)
        assert found[0] in {200, 409}, found
        return found[0] == 200

    until(finished)
    made = [asked(port, "GET", file, **headers) for port in ports]
    assert made[0] == made[1] and made[0][1].startswith("%PDF-")
