"""Web and worker are killed at random while customers answer; nothing is lost or doubled.

A thousand answers here, five thousand among the slow tests.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from surveyapp.cli.serving import web_command
from surveyapp.installation import open_installation
from surveyapp.responses import rollups
from surveyapp.settings import read
from surveyapp.store import events
from surveyapp.store.models import Case, Event, Response
from surveyapp.worker import subscribers
from tests.responses.makers import SECRET, make_survey
from tests.web.respondents import fields, form_key, submission_key
from tests.web.test_respond_kill import HEADERS, free_port, wait_for

CLIENTS = 8
ASKS = ("nps", "ces")
SEED = 5

# It keeps both processors busy: in one row with the tests that wait for a browser's answers.
pytestmark = pytest.mark.xdist_group("browser")


class Services:
    """Web and worker in processes of their own, of which one is killed now and then.

    When is said in answers, not in seconds: however fast the machine is, kills fall among them.
    """

    def __init__(
        self,
        commands: list[list[str]],
        environment: dict[str, str],
        port: int,
        thanked: Callable[[], int],
        kill_after: list[int],
    ) -> None:
        self.commands, self.environment, self.port = commands, environment, port
        self.thanked, self.kill_after = thanked, kill_after
        self.running = [self._started(command) for command in commands]
        self.kills = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._kill_now_and_then)

    def _started(self, command: list[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, env=self.environment, start_new_session=True)

    def _kill_now_and_then(self) -> None:
        chance = random.Random(SEED)  # noqa: S311 - seeded on purpose
        for after in self.kill_after:
            while self.thanked() < after:
                if self.over.wait(0.005):
                    return
            self.kill(chance.randrange(len(self.running)))

    def kill(self, which: int) -> None:
        os.killpg(self.running[which].pid, signal.SIGKILL)
        self.running[which].wait()
        self.kills += 1
        self.running[which] = self._started(self.commands[which])
        if which == 0:
            wait_for(self.port)

    def stop(self) -> None:
        self.over.set()
        if self.thread.is_alive():
            self.thread.join()
        for process in self.running:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Customer(threading.Thread):
    """One after another: opens the page, sends, and sends the same form again until it is thanked."""

    def __init__(self, port: int, link: str, count: int, seed: int) -> None:
        super().__init__(daemon=True)
        self.port, self.path, self.count, self.seed = port, f"/s/{link}", count, seed
        self.thanked: list[str] = []

    def run(self) -> None:
        for number in range(self.count):
            key = form_key(self._until(200, "GET"))
            body = urlencode({**fields(self.seed + number, asks=ASKS), "form-key": key})
            self._until(303, "POST", body)
            self.thanked.append(submission_key(key))

    def _until(self, status: int, method: str, body: str | None = None) -> str:
        while True:
            connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
            try:
                connection.request(method, self.path, body, HEADERS)
                answer = connection.getresponse()
                text = answer.read().decode()
                if answer.status == status:
                    return text
            except (OSError, HTTPException):
                pass
            finally:
                connection.close()
            time.sleep(0.02)


def test_a_thousand_answers_under_random_kills_are_each_stored_once(
    migrated_sqlite: Path, tmp_path: Path
):
    answer_under_kills(migrated_sqlite, tmp_path / "home", submissions=1000, kills=4)


def answer_under_kills(migrated_sqlite: Path, home: Path, *, submissions: int, kills: int) -> None:
    """Eight customers answer by turns while web or worker is killed so many times."""
    home.mkdir()
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    port = free_port()
    settings = read({}, home=home, secret_key=SECRET, port=port, log_level="ERROR")
    installation = open_installation(settings)
    with installation.store.writing() as session:
        survey = make_survey(session, asks=ASKS)
        survey.closed_loop = {"scale": "nps", "at_most": 3, "due_days": 3}
        link = survey.link
    environment = {
        **os.environ,
        "SURVEYAPP_HOME": str(home),
        "SURVEYAPP_SECRET_KEY": SECRET,
        "SURVEYAPP_LOG_LEVEL": "ERROR",
    }
    worker = [sys.executable, "-m", "surveyapp.cli.serving", "worker"]
    share = submissions // CLIENTS
    chance = random.Random(SEED)  # noqa: S311 - seeded on purpose
    customers = [Customer(port, link, share, 10_000 * k) for k in range(CLIENTS)]
    services = Services(
        [web_command(settings), worker],
        environment,
        port,
        lambda: sum(len(customer.thanked) for customer in customers),
        sorted(chance.sample(range(1, submissions * 9 // 10), kills)),
    )
    try:
        wait_for(port)
        services.thread.start()
        for customer in customers:
            customer.start()
        for customer in customers:
            customer.join(timeout=240)
    finally:
        services.stop()
    assert services.kills == kills
    thanked = sorted(key for customer in customers for key in customer.thanked)
    assert len(thanked) == submissions
    with installation.store.writing() as session:
        # What the killed worker had not spread yet is spread by the next one.
        while events.dispatch(session, subscribers(installation)):
            pass
        assert sorted(session.scalars(select(Response.submission_key))) == thanked
        assert rollups.recount(session) == []
        low = sum(1 for a in session.scalars(select(Response.answers)) if a["nps"]["nps"] <= 3)
        assert session.scalar(select(func.count()).select_from(Case)) == low > 0
        assert session.scalar(select(func.count()).select_from(Event)) == 0
    installation.close()
