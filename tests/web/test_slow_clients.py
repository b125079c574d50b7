"""Fifty forms that are never finished keep no survey, health or staff page waiting."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest

from surveyapp.app import create_app
from surveyapp.cli.serving import web_command
from surveyapp.installation import Installation
from surveyapp.settings import read
from surveyapp.web.installation import EXTENSION
from tests.responses.makers import SECRET, make_survey
from tests.web.respondents import fields, form_key
from tests.web.test_respond_kill import HEADERS, free_port, wait_for
from tests.web.world import add_user, make_place, session_key

PROMPT = 5.0  # seconds; the pages take milliseconds
MEGABYTE = 1024 * 1024
UNFINISHED = "Host: x\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 100"

pytestmark = pytest.mark.xdist_group("browser")


@dataclass(frozen=True)
class Site:
    port: int
    link: str
    installation: Installation
    cookie: str  # of somebody who is signed in
    imports: str  # path of a page that takes files

    def ask(
        self, method: str, path: str, body: str | bytes | None = None, **headers: str
    ) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PROMPT)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def send(self, head: str) -> socket.socket:
        opened = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        opened.sendall((head.replace("\n", "\r\n") + "\r\n\r\n").encode())
        return opened


@pytest.fixture(scope="module")
def site(migrated_sqlite: Path, tmp_path_factory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("slow")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    port = free_port()
    settings = read({}, home=home, secret_key=SECRET, port=port, log_level="ERROR")
    app = create_app(settings)
    installation: Installation = app.extensions[EXTENSION]
    with installation.store.writing() as session:
        link = make_survey(session).link
        user = add_user(session, "administrator")
    place = make_place(installation, "Open", user)
    imports = f"/journeys/{place.journey_id}/surveys/{place.survey_id}/imports"
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = session_key(installation, user)
    cookie = client.get_cookie("surveyapp")
    assert cookie is not None
    environment = {
        **os.environ,
        "SURVEYAPP_HOME": str(home),
        "SURVEYAPP_SECRET_KEY": SECRET,
        "SURVEYAPP_LOG_LEVEL": "ERROR",
    }
    server = subprocess.Popen(web_command(settings), env=environment, start_new_session=True)
    try:
        wait_for(port)
        yield Site(port, link, installation, f"surveyapp={cookie.value}", imports)
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        installation.close()


def test_fifty_unfinished_forms_keep_no_page_waiting(site: Site):
    with ExitStack() as unfinished:
        for _ in range(50):
            unfinished.enter_context(site.send(f"POST /s/{site.link} HTTP/1.1\n{UNFINISHED}"))
        begun = time.monotonic()
        status, page = site.ask("GET", f"/s/{site.link}")
        assert status == 200
        body = urlencode({**fields(1), "form-key": form_key(page)})
        assert site.ask("POST", f"/s/{site.link}", body, **HEADERS)[0] == 303
        assert site.ask("GET", "/healthz")[0] == 200
        assert site.ask("GET", "/readyz")[0] == 200
        assert site.ask("GET", "/sign-in")[0] == 200
        assert site.ask("GET", "/journeys", Cookie=site.cookie)[0] == 200
        assert time.monotonic() - begun < PROMPT


def test_an_unfinished_form_is_told_so_and_stores_nothing(site: Site):
    with site.send(f"POST /s/{site.link} HTTP/1.1\n{UNFINISHED}") as opened:
        assert opened.recv(4096).startswith(b"HTTP/1.1 408 Request Timeout\r\n")


def test_a_large_file_is_read_only_of_somebody_who_is_signed_in(site: Site):
    """A stranger is told to sign in before a byte of it has been read."""
    head = (
        f"POST {site.imports} HTTP/1.1\nHost: x\nExpect: 100-continue\nConnection: close\n"
        f"Content-Type: multipart/form-data; boundary=b\nContent-Length: {5 * MEGABYTE}"
    )
    with site.send(head) as opened:
        answer = opened.recv(4096)
    assert not answer.startswith(b"HTTP/1.1 100")
    with site.send(f"{head}\nCookie: {site.cookie}") as opened:
        assert opened.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
    with site.send(
        head.replace(str(5 * MEGABYTE), str(500 * MEGABYTE)) + f"\nCookie: {site.cookie}"
    ) as opened:
        assert not opened.recv(4096).startswith(b"HTTP/1.1 100")


def test_a_form_that_is_too_large_gets_the_page_that_says_so(site: Site):
    status, page = site.ask("POST", "/sign-in", b"a" * (2 * MEGABYTE), **HEADERS)
    assert status == 413
    assert "larger than this page accepts" in page
