"""A server that is killed under load has lost nothing that it said thanks for."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from surveyapp.app import create_app
from surveyapp.cli.serving import web_command
from surveyapp.responses import rollups
from surveyapp.settings import read
from surveyapp.store.db import Store
from surveyapp.store.models import Response
from surveyapp.web.installation import EXTENSION
from tests.responses.makers import SECRET, make_survey
from tests.web.respondents import fields, form_key, submission_key

CLIENTS = 4
BEFORE_THE_KILL = 40  # acknowledged answers
HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}

# It keeps both processors busy: in one row with the tests that wait for a browser's answers.
pytestmark = pytest.mark.xdist_group("browser")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Customers:
    """Several at once, who answer again and again until the server is gone."""

    def __init__(self, port: int, link: str) -> None:
        self.port, self.link = port, link
        self.sent: list[str] = []  # form keys, as soon as the form goes out
        self.acknowledged: list[str] = []
        self.threads = [threading.Thread(target=self._answer, args=(k,)) for k in range(CLIENTS)]

    def _answer(self, seed: int) -> None:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            while True:
                connection.request("GET", f"/s/{self.link}")
                key = form_key(connection.getresponse().read().decode())
                self.sent.append(key)
                body = urlencode({**fields(seed), "form-key": key})
                connection.request("POST", f"/s/{self.link}", body, HEADERS)
                answer = connection.getresponse()
                answer.read()
                if answer.status == 303:
                    self.acknowledged.append(key)
        except (OSError, HTTPException):
            connection.close()


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                connection.close()
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server did not start")


def test_a_killed_server_keeps_every_acknowledged_answer_and_none_twice(
    database_url: str, tmp_path: Path
):
    store = Store(database_url)
    with store.writing() as session:
        link = make_survey(session).link
    port = free_port()
    settings = read(
        {},
        home=tmp_path / "home",
        database_url=database_url,
        secret_key=SECRET,
        port=port,
        log_level="ERROR",
    )
    environment = {
        **os.environ,
        "SURVEYAPP_HOME": str(settings.home),
        "SURVEYAPP_DATABASE_URL": database_url,
        "SURVEYAPP_SECRET_KEY": SECRET,
        "SURVEYAPP_LOG_LEVEL": "ERROR",
    }
    server = subprocess.Popen(web_command(settings), env=environment, start_new_session=True)
    try:
        wait_for(port)
        customers = Customers(port, link)
        for thread in customers.threads:
            thread.start()
        deadline = time.monotonic() + 30
        while len(customers.acknowledged) < BEFORE_THE_KILL and time.monotonic() < deadline:
            time.sleep(0.005)
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
    for thread in customers.threads:
        thread.join()
    assert len(customers.acknowledged) >= BEFORE_THE_KILL

    def kept() -> list[str]:
        with store.reading() as session:
            assert rollups.recount(session) == []
            return list(session.scalars(select(Response.submission_key)))

    acknowledged = {submission_key(key) for key in customers.acknowledged}
    assert acknowledged <= set(kept())
    # Everybody who is not sure sends again, and so do those who are.
    app = create_app(settings)
    for key in customers.sent:
        answer = app.test_client().post(f"/s/{link}", data={**fields(1), "form-key": key})
        assert answer.status_code == 303
    app.extensions[EXTENSION].close()
    assert sorted(kept()) == sorted(submission_key(key) for key in customers.sent)
    store.close()
