"""How long customers wait while 1,000,000 stored responses are sorted into a segment, on SQLite.

Web server and worker run in processes of their own, as in production. A member of staff saves a
segment; meanwhile a customer comes every 50 ms, opens the form and sends every answer. Each wait is
measured from the moment when the customer was due, so that a slow answer hides nobody behind it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from http.client import HTTPConnection
from itertools import repeat
from pathlib import Path
from threading import Event, Thread, Timer

from surveyapp.cli.serving import web_command
from surveyapp.installation import Installation, open_installation
from surveyapp.journeys.segment_actions import create_segment
from surveyapp.responses import rollups
from surveyapp.settings import read
from surveyapp.store.models import Job, Segment
from surveyapp.store.schema import upgrade
from tests.benchmarks.bench_scale import RESPONSES, fill
from tests.benchmarks.bench_submit import free_port, serving, session_pages
from tests.responses.makers import SECRET, make_journey, make_survey

EVERY = 0.05  # seconds between two customers
LONGEST_WAIT = 1.0  # seconds for any page, the form or the thanks for its answers
CREW = 16
SECONDS = 20.0  # for which customers come before the segment is saved


def waits(port: int, path: str, over: Event) -> list[float]:
    """Seconds that each page took, until ``over`` is set."""
    one = session_pages(repeat(path))
    begun = time.monotonic() + 0.2
    found: list[list[float]] = [[] for _ in range(CREW)]

    def serve(place: int) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        due = begun + place * EVERY
        while not over.is_set():
            time.sleep(max(0.0, due - time.monotonic()))
            since = due
            for _ in one(connection):
                now = time.monotonic()
                found[place].append(now - since)
                since = now
            due += CREW * EVERY
        connection.close()

    threads = [Thread(target=serve, args=(place,)) for place in range(CREW)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(each for waited in found for each in waited)


def waits_without_sorting(port: int, path: str) -> list[float]:
    """What customers wait on this machine anyway."""
    over = Event()
    Timer(SECONDS, over.set).start()
    return waits(port, path, over)


def sorted_while_customers_answer(
    installation: Installation, port: int, path: str
) -> tuple[float, list]:
    """Seconds until the segment was complete, and the waits of those who came meanwhile."""
    over = Event()
    waited: list[float] = []
    customers = Thread(target=lambda: waited.extend(waits(port, path, over)))
    customers.start()
    begun = time.monotonic()
    try:
        with installation.store.writing() as session:
            rule = "region in (North, South) and tenure_years >= 2"
            segment, job = create_segment(session, name="Loyal", rule=rule, user_id=None)
        state = "waiting"
        while state not in {"done", "failed"}:
            time.sleep(0.2)
            with installation.store.reading() as session:
                state = session.get_one(Job, job.id).state
    finally:
        took = time.monotonic() - begun
        over.set()
        customers.join()
    with installation.store.reading() as session:
        assert session.get_one(Segment, segment.id).sorted_to is None
        assert rollups.recount(session) == []
    return took, waited


def test_no_customer_waits_a_second_while_a_segment_is_saved(tmp_path: Path):
    settings = read({}, home=tmp_path / "home", secret_key=SECRET, port=free_port())
    installation = open_installation(settings)
    upgrade(installation.store.engine)
    fill(installation)
    with installation.store.writing() as session:
        survey = make_survey(session, journey=make_journey(session, code="asked"))
        path = f"/s/{survey.link}"
    environment = {
        "SURVEYAPP_HOME": str(settings.home),
        "SURVEYAPP_SECRET_KEY": SECRET,
        "SURVEYAPP_LOG_LEVEL": "ERROR",
    }
    worker = [sys.executable, "-m", "surveyapp.cli.serving", "worker"]
    with serving(web_command(settings), settings.port, environment):
        working = subprocess.Popen(worker, env={**os.environ, **environment})
        try:
            alone = waits_without_sorting(settings.port, path)
            took, waited = sorted_while_customers_answer(installation, settings.port, path)
        finally:
            working.terminate()
            working.wait()
    installation.close()
    print(f"\nsorted {RESPONSES:,} responses into a segment in {took:.0f} s")
    for when, found in (("before", alone), ("meanwhile", waited)):
        half, most = found[len(found) // 2], found[int(0.99 * len(found))]
        print(
            f"{len(found):,} pages {when}: half within {1000 * half:.0f} ms, 99 % within "
            f"{1000 * most:.0f} ms, the longest {1000 * found[-1]:.0f} ms"
        )
    assert waited[-1] < LONGEST_WAIT
