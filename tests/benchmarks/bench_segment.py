"""How long customers wait while 1,000,000 stored responses are sorted into ten segments, to their end.

Web server and worker run in processes of their own, as in production. A member of staff saves ten
segments; meanwhile a customer comes every 50 ms, opens the form and sends every answer. Each wait is
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

from sqlalchemy import delete, func, select

from surveyapp.cli.serving import web_command
from surveyapp.installation import Installation, open_installation
from surveyapp.journeys.segment_actions import create_segment
from surveyapp.responses import rollups
from surveyapp.settings import read
from surveyapp.store.models import Job, Segment
from tests.benchmarks.bench_scale import RESPONSES, fill
from tests.benchmarks.bench_submit import free_port, serving, session_pages
from tests.responses.makers import SECRET, make_journey, make_survey

EVERY = 0.05  # seconds between two customers
LONGEST_WAIT = 1.0  # seconds for any page, the form or the thanks for its answers
CREW = 16
SECONDS = 20.0  # for which customers come before the segments are saved
RULES = (
    "region in (North, South) and tenure_years >= 2",
    *(f"region = {region}" for region in ("North", "South", "East", "West")),
    *(f"tenure_years {sign}" for sign in (">= 0", "< 1", ">= 4")),
    "region = South and tenure_years < 3",
    "region = North and tenure_years > 5",
)


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
) -> tuple[float, list[float]]:
    """Seconds until the segments were complete, and the waits of those who came meanwhile."""
    over = Event()
    waited: list[float] = []
    customers = Thread(target=lambda: waited.extend(waits(port, path, over)))
    customers.start()
    begun = time.monotonic()
    try:
        segments = []
        for rule in RULES:
            with installation.store.writing() as session:
                made, _ = create_segment(session, name=rule, rule=rule, user_id=None)
            segments.append(made.id)
        left = len(RULES)
        while left:
            time.sleep(0.2)
            with installation.store.reading() as session:
                unfinished = Job.state.in_(("waiting", "running"))
                left = session.scalar(select(func.count()).where(unfinished)) or 0
    finally:
        took = time.monotonic() - begun
        over.set()
        customers.join()
    with installation.store.reading() as session:
        sorted_to = select(Segment.sorted_to).where(Segment.id.in_(segments))
        assert set(session.scalars(sorted_to)) == {None}
        assert rollups.recount(session) == []
    return took, waited


def test_no_customer_waits_a_second_while_ten_segments_are_saved(durable_url: str, tmp_path: Path):
    settings = read(
        {}, home=tmp_path / "home", database_url=durable_url, secret_key=SECRET, port=free_port()
    )
    installation = open_installation(settings)
    fill(installation)
    with installation.store.writing() as session:
        session.execute(delete(Job))  # of the segments that were there before any response
        survey = make_survey(session, journey=make_journey(session, code="asked"))
        path = f"/s/{survey.link}"
    environment = {
        "SURVEYAPP_HOME": str(settings.home),
        "SURVEYAPP_DATABASE_URL": durable_url,
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
            working.kill()
            working.wait()
    name = installation.store.engine.dialect.name
    installation.close()
    print(f"\n{name}: {RESPONSES:,} responses sorted into {len(RULES)} segments in {took:.0f} s")
    for when, found in (("before", alone), ("meanwhile", waited)):
        half, most = found[len(found) // 2], found[int(0.99 * len(found))]
        print(
            f"{len(found):,} pages {when}: half within {1000 * half:.0f} ms, 99 % within "
            f"{1000 * most:.0f} ms, the longest {1000 * found[-1]:.0f} ms"
        )
    assert waited[-1] < LONGEST_WAIT
