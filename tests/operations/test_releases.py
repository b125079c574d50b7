"""Which version runs, which is the newest, and what no worker can do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from typing import ClassVar

import pytest

from surveyapp.jobs.kinds import SORT_SEGMENT, VALIDATION_REPORT, ReportPayload, SegmentPayload
from surveyapp.operations import heartbeats
from surveyapp.operations.doctor import _release
from surveyapp.operations.findings import Level
from surveyapp.operations.releases import NewestRelease, ReleasesUnknown, newest_release
from surveyapp.operations.status import status
from surveyapp.settings import read
from surveyapp.store.db import Store
from surveyapp.store.models import Worker
from tests.installations import installation_on


class _Index(BaseHTTPRequestHandler):
    """What an index of packages says of one, by the path that is asked for."""

    said: ClassVar[dict[str, object]] = {
        "/index": {"info": {"version": "99.1"}},
        "/host": {"tag_name": "v99.2.1"},
        "/own": {"info": {"version": version("surveyapp")}},
        "/soon": {"info": {"version": "99.0rc1"}},
        "/nothing": {"info": None},
        "/list": ["99.0"],
        "/long": {"tag_name": "9" * 500},
    }

    def do_GET(self) -> None:
        self.send_response(302 if self.path == "/elsewhere" else 200)
        self.send_header("Location", "/index")
        self.end_headers()
        self.wfile.write(json.dumps(self.said.get(self.path, "?")).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def index() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Index)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_newest_release_is_read_from_an_index_or_a_code_host(index: str):
    assert newest_release(f"{index}/index") == "99.1"
    assert newest_release(f"{index}/host") == "99.2.1"
    for path in ("soon", "nothing", "list", "long", "elsewhere"):
        with pytest.raises(ReleasesUnknown, match="tells no release"):
            newest_release(f"{index}/{path}")
    with pytest.raises(ReleasesUnknown, match="refused"):
        newest_release("http://127.0.0.1:1/")


@pytest.mark.parametrize(
    ("path", "level", "said"),
    [
        ("index", Level.ADVICE, "99.1 is out"),
        ("own", Level.GOOD, "the newest"),
        ("soon", Level.ADVICE, "tells no release"),
        ("", Level.GOOD, "SURVEYAPP_RELEASES_URL lets it look"),
    ],
)
def test_the_doctor_says_which_version_runs_and_asks_only_whom_it_may(
    index: str, path: str, level: Level, said: str
):
    found = _release(read({}, releases_url=f"{index}/{path}" if path else ""))
    assert (found.level, found.subject) == (level, "Version")
    assert said in found.found
    assert version("surveyapp") in found.found


def test_a_worker_that_may_asks_once_a_day_and_tells_the_page(store: Store, index: str, tmp_path):
    quiet, asking = (
        installation_on(store, home=tmp_path, releases_url=url) for url in ("", f"{index}/index")
    )
    newest = NewestRelease()
    assert (newest(quiet, quiet.now()), newest.version) == (0, None)
    heartbeats.beat(quiet, "host/7/ab", {}, {}, newest_release=newest.version)
    assert (status(quiet).newest_release, status(quiet).update) == (None, None)
    assert (newest(asking, asking.now()), newest.version) == (0, "99.1")
    heartbeats.beat(asking, "host/7/ab", {}, {}, newest_release=newest.version)
    assert (status(asking).newest_release, status(asking).update) == ("99.1", "99.1")


def test_a_job_that_no_worker_has_the_libraries_for_is_told(store: Store, tmp_path):
    installation = installation_on(store, home=tmp_path)
    heartbeats.beat(installation, "host/7/ab", {}, {})
    assert status(installation).stranded == ()  # all extras are installed here
    with store.writing() as session:
        row = session.get_one(Worker, "host/7/ab")
        row.extras = ["files", "statistics"]
        SORT_SEGMENT.ask(session, SegmentPayload(1), journey_id=None, user_id=None)
    found = status(installation)
    assert {each.needs for each in found.stranded} >= {("reports",), ("text",)}
    assert [each for each in found.problems() if each.code.partition(" ")[0] == "extras"] == []
    with store.writing() as session:
        VALIDATION_REPORT.ask(session, ReportPayload(1), journey_id=None, user_id=None)
    (problem,) = [
        p for p in status(installation).problems() if p.code == "extras Validation report"
    ]
    assert "1 waiting, and no worker has the extra “reports”" in problem.text
    heartbeats.beat(installation, "host/8/cd", {}, {})
    assert status(installation).stranded == ()
    with store.writing() as session:
        session.get_one(Worker, "host/8/cd").extras = None  # of an earlier version
    assert status(installation).stranded == ()
