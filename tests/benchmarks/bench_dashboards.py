"""Result pages over 1,000,000 responses of nine channels and languages, as a share of what they may take.

The limit is a page within 300 ms in 95 of 100 requests. Measured is the processor time of a request, so
that what else the machine does counts for nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from surveyapp.app import create_app
from surveyapp.installation import open_installation
from surveyapp.settings import read
from surveyapp.store.schema import upgrade
from surveyapp.web.installation import EXTENSION
from tests.benchmarks.bench_scale import fill
from tests.web.world import PASSWORD, add_user

LIMIT = 0.3  # seconds
TIMES = 20
PAGES = {
    "overview": "/journeys/1",
    "overview compared": "/journeys/1?compare=before",
    "overview of all time": "/journeys/1?since=all",
    "segment": "/journeys/1?segment=1",
    "segment in a channel": "/journeys/1?segment=1&channel=kiosk",
    "touchpoint with trends": "/journeys/1/touchpoints/1",
    "touchpoint of a segment": "/journeys/1/touchpoints/1?segment=1",
    "segment comparison": "/journeys/1/results",
    "portfolio": "/journeys",
    "weighted overview": "/journeys/1?weighted=yes",
    "weighted results": "/journeys/1/results?weighted=yes",
    "weighted touchpoint with trends": "/journeys/1/touchpoints/1?weighted=yes",
    "weighted portfolio": "/journeys?weighted=yes",
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A signed-in manager."""
    home: Path = tmp_path_factory.mktemp("dashboards")
    installation = open_installation(read({}, home=home, log_level="WARNING"))
    upgrade(installation.store.engine)
    fill(installation, spreading=True)
    with installation.store.writing() as session:
        add_user(session, "manager")
    app = create_app(installation.settings)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    client.post("/sign-in", data={"email": "manager@example.org", "password": PASSWORD})
    yield client
    app.extensions[EXTENSION].close()
    installation.close()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_costs_months_not_responses(client: FlaskClient, page: str):
    assert client.get(PAGES[page]).status_code == 200
    took = []
    for _ in range(TIMES):
        start = time.process_time()
        client.get(PAGES[page])
        took.append(time.process_time() - start)
    half, most = sorted(took)[TIMES // 2], sorted(took)[int(0.95 * TIMES) - 1]
    print(
        f"\n{page}: half within {half * 1000:.0f} ms, 95 % within {most * 1000:.0f} ms of processor"
        f" time, {most / LIMIT:.2f} of the limit"
    )
    assert most < LIMIT
