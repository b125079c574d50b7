"""Every page that staff open, over 1,000,000 responses with the events, decisions and invitations before them
(BENCH_RESPONSES=10000000: over ten times as many), each as a share of its limits.

The limits are 300 ms of processor time and 150 KB of HTML. Measured is the processor time of a request, so that
what else the machine does counts for nothing. Files that are made while somebody waits for a download are
printed, and have no limit here: bench_files.py has theirs.

On SQLite, or in the empty PostgreSQL database that BENCH_DATABASE_URL names: then what the server's processes
take counts as well, for which the server must run on this machine.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from surveyapp.app import create_app
from surveyapp.installation import Installation, open_installation
from surveyapp.results.answers.kept_answers import keep_due
from surveyapp.results.funnels import decision_kinds, invitation_months
from surveyapp.sampling.decision_rollups import DECISIONS
from surveyapp.sampling.invitation_rollups import INVITATIONS
from surveyapp.settings import read
from surveyapp.store.models import Response, Stage, SurveyRow, Touchpoint
from surveyapp.store.schema import upgrade
from surveyapp.web.installation import EXTENSION
from tests.benchmarks.bench_scale import fill
from tests.web.test_guards import address, guarded_rules
from tests.web.world import PASSWORD, add_user, make_place

LIMIT = 0.3  # seconds of processor time
READER = "reader@example.org"
LARGEST = 150_000  # bytes of HTML, before they are packed
TIMES = 5
DATABASE = os.environ.get("BENCH_DATABASE_URL") or None
SCOPES = ("compare=before", "compare=year", "since=all", "segment=1", "segment=1&channel=kiosk")


@dataclass(frozen=True)
class Opened:
    """What a page cost."""

    path: str
    is_file: bool
    media_type: str
    seconds: float  # of the web server, in which SQLite is
    database: float  # seconds of a database server
    size: int

    @property
    def share(self) -> float:
        """Of the limit that is nearer."""
        large = self.size / LARGEST if self.media_type == "text/html" else 0.0
        return max((self.seconds + self.database) / LIMIT, large)


class Server:
    """The processes of a database server on this machine; of SQLite there are none."""

    def __init__(self, installation: Installation) -> None:
        self._main: psutil.Process | None = None
        if not installation.store.is_sqlite:
            with installation.store.engine.connect() as connection:
                serving = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            self._main = psutil.Process(serving).parent()

    def seconds(self) -> float:
        """Processor time that they have taken, with those that have ended."""
        if self._main is None:
            return 0.0
        ended = self._main.cpu_times()
        running = sum(
            int(Path(f"/proc/{each.pid}/schedstat").read_text().split()[0])
            for each in self._main.children()
        )
        return ended.children_user + ended.children_system + running / 1e9


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    home: Path = tmp_path_factory.mktemp("pages")
    settings = read({}, home=home, database_url=DATABASE, log_level="ERROR")
    installation = open_installation(settings)
    upgrade(installation.store.engine)
    fill(installation, spreading=True, with_invitations=True)
    for count in (
        *(INVITATIONS.add_up, DECISIONS.add_up),  # as the worker does
        *(decision_kinds.count_due, invitation_months.count_due),
    ):
        while count(installation, installation.now()):
            pass
    keep_due(installation, installation.now())
    app = create_app(installation.settings)
    app.config["WTF_CSRF_ENABLED"] = False
    yield app
    app.extensions[EXTENSION].close()
    installation.close()


@pytest.fixture(scope="module")
def ids(app: Flask) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Of the large journey, and of a small one that has one of everything."""
    installation: Installation = app.extensions[EXTENSION]
    with installation.store.writing() as session:
        user = add_user(session, "administrator")
        add_user(session, "administrator", email=READER)  # who has no second factor
    small = vars(make_place(installation, "Small", user))
    with installation.store.reading() as session:
        places = select(func.min(Touchpoint.id)).join(Stage).where(Stage.journey_id == 1)
        large = {
            "journey_id": 1,
            "stage_id": session.scalar(select(func.min(Stage.id)).where(Stage.journey_id == 1)),
            "touchpoint_id": session.scalar(places),
            "survey_id": session.scalar(
                select(func.min(SurveyRow.id)).where(SurveyRow.journey_id == 1)
            ),
            "response_id": session.scalar(
                select(Response.id)
                .join(SurveyRow)
                .where(SurveyRow.journey_id == 1)
                .order_by(Response.id.desc())
                .limit(1)
            ),
            "segment_id": 1,
        }
    return {**small, **large}, small


def opened(client: FlaskClient, server: Server, path: str) -> Opened | None:
    """The page of this address; None where it does not exist for these ids."""
    took, theirs = [], []
    for _ in range(TIMES):
        before, start = server.seconds(), time.process_time()
        with client.get(path) as answer:
            size, status = len(answer.get_data()), answer.status_code
            is_file = "Content-Disposition" in answer.headers
        took.append(time.process_time() - start)
        theirs.append(server.seconds() - before)
        if status != 200:
            return None
    half = TIMES // 2
    return Opened(path, is_file, answer.mimetype, sorted(took)[half], sorted(theirs)[half], size)


def test_every_page_keeps_its_limits(app: Flask, ids: tuple[Mapping[str, int], Mapping[str, int]]):
    client = app.test_client()
    signed_in = client.post("/sign-in", data={"email": READER, "password": PASSWORD})
    assert signed_in.status_code == 303
    server = Server(app.extensions[EXTENSION])
    found = [each for scope in SCOPES if (each := opened(client, server, f"/journeys/1?{scope}"))]
    for rule, _ in guarded_rules(app):
        if "GET" in (rule.methods or ()) and "export" not in rule.endpoint:
            large, small = (address(app, rule, dict(known)) for known in ids)
            each = opened(client, server, large) or opened(client, server, small)
            found += [each] if each else []
    found.sort(key=lambda each: each.share, reverse=True)
    print()
    for each in found[:40]:
        print(
            f"{each.share:5.2f} of its limit: {1000 * each.seconds:5.0f} ms of processor time,"
            f" {1000 * each.database:5.0f} ms of the database's, {each.size / 1000:5.0f} KB  {each.media_type:16}  {each.path}"
        )
    pages = [each for each in found if not each.is_file]
    print(
        f"{len(pages)} pages, half within {1000 * sorted(p.seconds for p in pages)[len(pages) // 2]:.0f} ms"
    )
    assert len(pages) > 150
    assert [each for each in pages if each.share > 1] == []
