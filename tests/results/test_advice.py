"""What to do first rests on the latest months, and only on significant differences."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from instruments.loader import BUILT_IN
from surveyapp.reports.document import Chart, Document, Paragraph, Table
from surveyapp.reports.journeys import benchmark
from surveyapp.results import dashboards
from surveyapp.results.findings import findings
from surveyapp.results.scope import Scope
from surveyapp.results.view_models import Advice, JourneyOverview
from surveyapp.store.db import Store
from tests.results import bank

MADE = date(2026, 11, 22)


def give(store: Store, made: bank.Bank, code: str, month: int, yes: int, no: int) -> None:
    """CSAT answers at a touchpoint in a month of 2026: so many satisfied, so many not."""
    at = datetime(2026, month, 10, 12, tzinfo=UTC)
    rows = [(at, {}, {"csat": {"csat": 5 if i < yes else 2}}) for i in range(yes + no)]
    with store.writing() as session:
        bank.store_answers(session, made.surveys[code], rows, {})


@pytest.fixture
def mended(store: Store) -> bank.Bank:
    """The app was bad from January to June and is good since; paying was good and is bad since."""
    with store.writing() as session:
        made = bank.make_journey(session)
    for month in range(1, 13):
        late = month > 9
        give(store, made, "app", month, *((38, 2) if late else (4, 36)))
        give(store, made, "pay", month, *((16, 24) if late else (36, 4)))
        give(store, made, "meet", month, 34, 6)
    return made


def read(store: Store, made: bank.Bank, **cut: Any) -> JourneyOverview:
    with store.reading() as session:
        return dashboards.journey_overview(session, Scope(made.journey, **cut), library=BUILT_IN)


def advice(store: Store, made: bank.Bank, **options: object) -> Advice:
    found = read(store, made, **options).advice
    assert found is not None
    return found


def report(store: Store, made: bank.Bank) -> Document:
    with store.reading() as session:
        trends = dashboards.trend(session, Scope(made.journey), library=BUILT_IN)
    numbers = benchmark.Numbers(read(store, made), None, trends, ())
    return benchmark.content(numbers, made=MADE)


def test_a_touchpoint_that_has_risen_since_is_not_what_to_do_first(store: Store, mended: bank.Bank):
    """Over the year the app is lowest by far; in the last three months it is the highest."""
    overview = read(store, mended)
    year = {t.name: t.figures[0].estimate for t in overview.touchpoints if t.figures[0].shown}
    assert min(year, key=lambda name: year[name] or 0.0) == "Opening an account in the app"
    found = advice(store, mended)
    assert (found.since, found.until) == (date(2026, 10, 1), date(2026, 12, 31))
    assert [step.touchpoint for step in found.steps] == ["Paying and transferring"]
    assert found.steps[0].figure.n == 120
    with store.reading() as session:
        said = findings(
            overview, None, dashboards.trend(session, Scope(mended.journey), library=BUILT_IN)
        )
    assert "CSAT at Opening an account in the app has risen." in [one.headline for one in said]


def test_the_report_names_the_months_of_its_advice(store: Store, mended: bank.Bank):
    blocks = report(store, mended).blocks
    table = next(
        b for b in blocks if isinstance(b, Table) and b.head[-1] == "Difference from all others"
    )
    assert len(table.rows) == 1
    assert "Answers from Oct to Dec 2026" in str(table.note)
    changes = [
        str(b.text) for b in blocks if isinstance(b, Paragraph) and "has risen" in str(b.text)
    ]
    assert "in Oct to Dec 2026 than in Jan to Mar 2026" in changes[0]


def test_the_advice_of_a_period_rests_on_its_own_last_months(store: Store, mended: bank.Bank):
    found = advice(store, mended, until=date(2026, 6, 30))
    assert (found.since, found.until) == (date(2026, 4, 1), date(2026, 6, 30))
    assert [step.touchpoint for step in found.steps] == ["Opening an account in the app"]
    short = advice(store, mended, since=date(2026, 5, 1), until=date(2026, 6, 30))
    assert (short.since, short.until) == (date(2026, 5, 1), date(2026, 6, 30))


def test_a_difference_within_chance_is_no_advice_and_the_report_says_so(store: Store):
    with store.writing() as session:
        made = bank.make_journey(session)
    for code, yes in (("app", 20), ("pay", 22), ("meet", 23)):
        give(store, made, code, 5, yes, 30 - yes)
    found = advice(store, made)
    assert (found.compared, found.steps) == (3, ())
    assert found.rows  # the lowest lie below the others, but not significantly
    said = [str(b.text) for b in report(store, made).blocks if isinstance(b, Paragraph)]
    assert (
        "In Mar to May 2026, none of the 3 touchpoints compared scored significantly below the others. "
        "Not compared, with too few answers then or to protect a small group: Identity check, Chat support and Receiving the offer."
    ) in said


def test_a_touchpoint_with_too_few_late_answers_is_named_and_not_ranked(
    store: Store, mended: bank.Bank
):
    give(store, mended, "chat", 11, 0, 4)
    found = advice(store, mended)
    assert "Chat support" in found.left_out
    assert found.compared == 3


def test_the_chart_of_touchpoints_claims_no_order(store: Store, mended: bank.Bank):
    titles = [b.title for b in report(store, mended).blocks if isinstance(b, Chart)]
    assert "Scores by touchpoint" in titles
    assert not any("attention" in title or "lies lowest" in title for title in titles)
