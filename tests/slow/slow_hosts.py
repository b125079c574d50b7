"""Two hosts with homes of their own on one PostgreSQL, behind nginx: each of their processes is killed
under load.
"""

from __future__ import annotations

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

from surveyapp.auth import api_keys
from surveyapp.auth.api_keys import KeyScope
from surveyapp.installation import Installation, open_installation
from surveyapp.jobs.kinds import SORT_SEGMENT, SegmentPayload
from surveyapp.responses import rollups
from surveyapp.settings import read
from surveyapp.store.models import Case, Event, Job, Journey, Response, Worker
from tests.responses.makers import SECRET, make_segment, make_survey
from tests.security.anonymous import NAMES, bank
from tests.slow.nginx import NAME, Nginx, nginx_before
from tests.web.respondents import fields, form_key, submission_key
from tests.web.test_respond_kill import HEADERS, free_port, wait_for

CLIENTS = 6
EACH = 100
ASKS = ("nps", "ces")
JOBS = 24
PATIENCE = 120.0
_COMMAND = "from surveyapp.cli import main; main()"


class Host:
    """The web server and the worker of one home, each started as an administrator would."""

    def __init__(self, home: Path, url: str) -> None:
        self.port = free_port()
        self.environment = {
            **os.environ,
            "SURVEYAPP_HOME": str(home),
            "SURVEYAPP_DATABASE_URL": url,
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

    def stop(self) -> None:
        for process in self.running.values():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Customer(threading.Thread):
    """Answers one form after another through nginx; a request is sent again until it is answered, as
    somebody does who sees an error.
    """

    def __init__(self, nginx: Nginx, link: str, seed: int) -> None:
        super().__init__(daemon=True)
        self.nginx, self.path, self.seed = nginx, f"/s/{link}", seed
        self.thanked: list[str] = []
        self.errors: list[object] = []  # what was answered instead

    def run(self) -> None:
        for number in range(EACH):
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
                self.errors.append(found)
            except (OSError, HTTPException) as error:
                self.errors.append(error)
            time.sleep(0.02)


def asked_through(nginx: Nginx, method: str, path: str, body: str | None = None) -> tuple[int, str]:
    """What a browser gets that goes to the public name."""
    connection = HTTPSConnection(NAME, timeout=30, context=nginx.trust)
    connection.sock = nginx.trust.wrap_socket(
        socket.create_connection(("127.0.0.1", nginx.port), timeout=30), server_hostname=NAME
    )
    try:
        connection.request(method, path, body, HEADERS)
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
    url, _ = migrated_postgresql
    settings = read({}, home=tmp_path / "looking", database_url=url, secret_key=SECRET)
    installation = open_installation(settings)
    installation.check_key()
    with installation.store.writing() as session:
        survey = make_survey(session, asks=ASKS)
        survey.closed_loop = {"scale": "nps", "at_most": 3, "due_days": 3}
        link = survey.link
        journey = session.get_one(Journey, survey.journey_id).code
        segment = make_segment(session, "north", "region = North").id
        _, key = api_keys.make(session, name="K", scopes=[KeyScope.MAKE_REPORTS], user_id=None)
    personal = bank(installation, NAMES[:2]).paths
    hosts = [Host(tmp_path / name, url) for name in ("one", "two")]
    ports = [host.port for host in hosts]
    kills = [(host, name) for name in ("worker", "web") for host in hosts]
    try:
        for port in ports:
            wait_for(port)
        with nginx_before(ports, tmp_path / "nginx") as nginx:
            customers = [Customer(nginx, link, 10_000 * k) for k in range(CLIENTS)]
            _kill_under_load(installation, customers, kills, segment, nginx, personal[NAMES[1]])
        thanked = sorted(key for customer in customers for key in customer.thanked)
        assert len(thanked) == CLIENTS * EACH
        assert [error for each in customers for error in each.errors] == []
        _check_links(ports, personal)
        _check_work(installation, hosts, thanked)
        _check_report(ports, journey, key)
    finally:
        for host in hosts:
            host.stop()
    homes = {path.name for name in ("one", "two") for path in (tmp_path / name).iterdir()}
    assert homes <= {"master.key", "worker-0.lock", "epochs"}  # no file, no database
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
        enough = CLIENTS * EACH * number // (len(kills) + 1)
        until(lambda: sum(len(each.thanked) for each in customers) >= enough)  # noqa: B023
        host.kill(name)
        assert asked_through(nginx, "GET", unused)[0] == 200
        wait_for(host.port)  # before the other one goes
    for customer in customers:
        customer.join(timeout=PATIENCE)


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
        # Each once, but what a killed worker had begun.
        assert len(jobs) <= sum(job.attempts for job in jobs) <= len(jobs) + 2
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
