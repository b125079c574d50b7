"""1,000,000 stored responses on SQLite, or as many as BENCH_RESPONSES says: what pages and reports cost then, beside a named peer.

The peer is SQLite itself in the same run: one pass that counts the scores table, which is what a
dashboard without rollups would have to do at least.
"""

from __future__ import annotations

import itertools
import os
import resource
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select

from instruments.loader import BUILT_IN
from surveyapp.app import create_app
from surveyapp.demo import bank, population
from surveyapp.demo.surveys import draw_map
from surveyapp.demo.weighted import tell_shares
from surveyapp.installation import Installation, open_installation
from surveyapp.journeys.segment_actions import create_segment
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.imports import import_file
from surveyapp.responses.prepared import Prepared
from surveyapp.responses.sorting import sort_batch
from surveyapp.results import dashboards, trends
from surveyapp.results.funnels import rates
from surveyapp.results.scope import Scope
from surveyapp.settings import read
from surveyapp.store.columns import utc_now
from surveyapp.store.models import EVERYBODY, Score, SurveyRow
from surveyapp.store.schema import upgrade
from surveyapp.web.installation import EXTENSION
from tests.benchmarks.multiplied import multiply
from tests.responses.makers import as_survey
from tests.web.world import PASSWORD, add_user

RESPONSES = int(os.environ.get("BENCH_RESPONSES", "1000000"))
# Of more than a million, so many are stored as customers do, and the others are copies of them.
STORED = RESPONSES if RESPONSES <= 1_000_000 else 500_000
COPIES = RESPONSES // STORED
IMPORTED = RESPONSES // 10
POOL = 20_000  # drawn once and repeated: the draw is not what is measured
SEED = 5


def seconds(work: Callable[[], object], *, times: int = 3) -> float:
    """The fastest of a few runs."""
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    opened = open_installation(
        read({}, home=tmp_path_factory.mktemp("million"), log_level="WARNING")
    )
    upgrade(opened.store.engine)
    fill(opened)
    yield opened
    opened.close()


def spread(answers: Iterable[population.Ask], size: int) -> Iterator[Prepared]:
    """Answers of three channels in three languages over two years, after ``size`` of which they repeat."""
    for number, ask in enumerate(answers):
        language, way = divmod((number // size + number) % 9, 3)
        yield Prepared(
            ask.answers or {},
            submitted_at=ask.at - timedelta(days=365 * (number // size % 2)),
            attributes=ask.attributes,
            language=("en", "fi", "sv")[language],
            paradata=({}, {"way": "embed"}, {"way": "kiosk"})[way],
        )


def fill(
    installation: Installation, *, spreading: bool = False, with_invitations: bool = False
) -> None:
    """``with_invitations``: with the events, decisions and invitations before the responses, too."""
    rng = np.random.default_rng(SEED)
    today = utc_now()
    plan = bank.JOURNEYS[0]
    people = round(POOL / population.RESPONSES_A_CUSTOMER)
    drawn = population.draw(plan, n=people, rng=rng, today=today - timedelta(days=1))
    pool = [ask for ask in drawn if ask.answers]
    with installation.store.writing() as session:
        for code, name, rule in bank.SEGMENTS:
            segment, _ = create_segment(session, name=name, rule=rule, code=code, user_id=None)
            sort_batch(session, segment.id)  # at once: there is nothing to sort yet
        surveys = draw_map(session, plan)
        tell_shares(session, surveys[""].journey, today=today.date(), worker="bench")
    start, before = time.perf_counter(), peak_megabytes()
    for where, survey in surveys.items():
        here = [ask for ask in pool if ask.place == where]
        wanted = round(STORED * len(here) / len(pool))
        repeated = itertools.islice(itertools.cycle(here), wanted)
        prepared = (
            spread(repeated, len(here))
            if spreading
            else (
                Prepared(ask.answers or {}, submitted_at=ask.at, attributes=ask.attributes)
                for ask in repeated
            )
        )
        with installation.store.writing() as session:
            store_bulk(
                session, as_survey(session, survey), prepared, source="simulation", library=BUILT_IN
            )
    took = time.perf_counter() - start
    print(
        f"\nstored {STORED:,} responses with scores and rollups in {took:.0f} s "
        f"({STORED / took:,.0f} a second), {peak_megabytes() - before:.0f} MB more memory"
    )
    if with_invitations or COPIES > 1:
        start = time.perf_counter()
        multiply(installation, COPIES)
        print(f"{RESPONSES:,} with invitations in {time.perf_counter() - start:.0f} s")


def test_the_journey_page_itself_answers_at_once(installation: Installation):
    """The page as a signed-in manager gets it, rendered; its first request draws what is cached."""
    with installation.store.writing() as session:
        add_user(session, "manager")
    app = create_app(installation.settings)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    client.post("/sign-in", data={"email": "manager@example.org", "password": PASSWORD})
    first = seconds(lambda: client.get("/journeys/1"), times=1)
    answer = client.get("/journeys/1")
    page = seconds(lambda: client.get("/journeys/1"))
    app.extensions[EXTENSION].close()
    print(
        f"\njourney page: first {first * 1000:.0f} ms, then {page * 1000:.0f} ms, {len(answer.data):,} bytes"
    )
    assert answer.status_code == 200
    assert page < 0.3


def test_pages_and_report_data_cost_days_not_responses(installation: Installation):
    size = Path(installation.settings.home / "surveyapp.db").stat().st_size / 1e6
    before = peak_megabytes()
    with installation.store.reading() as session:
        recount = seconds(
            lambda: session.execute(
                select(Score.scale, func.count(), func.sum(Score.value)).group_by(Score.scale)
            ).all(),
            times=1,
        )
        page = seconds(lambda: dashboards.journey_overview(session, Scope(1), library=BUILT_IN))
        segment = seconds(
            lambda: dashboards.journey_overview(session, Scope(1, segment_id=1), library=BUILT_IN)
        )
        compared = seconds(
            lambda: dashboards.segment_comparison(session, Scope(1), library=BUILT_IN)
        )
        trend = seconds(lambda: trends.trend(session, Scope(1), library=BUILT_IN))
        rate = seconds(lambda: rates.response_rates(session, Scope(1), library=BUILT_IN))
        overview = dashboards.journey_overview(
            session, Scope(1, segment_id=EVERYBODY), library=BUILT_IN
        )
    print(
        f"\ndatabase {size:,.0f} MB; journey page data {page * 1000:.0f} ms, of a segment "
        f"{segment * 1000:.0f} ms; report data: segments {compared:.2f} s, trend {trend:.2f} s, "
        f"rates {rate:.2f} s; one pass over the scores {recount:.2f} s "
        f"({recount / page:.0f} times the page); {peak_megabytes() - before:.0f} MB more memory"
    )
    assert overview.responses is not None
    assert abs(overview.responses - RESPONSES) <= COPIES * (len(overview.touchpoints) + 1)
    assert page < 0.3
    assert page + compared + trend + rate < 5
    assert peak_megabytes() - before < 200


def test_rows_come_in_by_file_without_memory_growing(installation: Installation, tmp_path: Path):
    with installation.store.reading() as session:
        survey = session.scalars(select(SurveyRow).where(SurveyRow.code == "account-compare")).one()
    path = tmp_path / "rows.csv"
    rng = np.random.default_rng(SEED)
    csat, ces = rng.integers(1, 6, IMPORTED), rng.integers(1, 8, IMPORTED)
    with path.open("w") as out:
        out.write("id,csat,ces,region\n")
        out.writelines(
            f"{k},{a},{b},North\n" for k, (a, b) in enumerate(zip(csat, ces, strict=True))
        )
    before = peak_megabytes()
    with path.open("rb") as file:
        start = time.perf_counter()
        report = import_file(installation, as_survey(installation, survey), file)
        took = time.perf_counter() - start
    more = peak_megabytes() - before
    print(
        f"\nimported {IMPORTED:,} rows in {took:.0f} s ({IMPORTED / took:,.0f} a second), {more:.0f} MB more memory"
    )
    assert report.count_in == report.stored == IMPORTED
    assert more < 200
