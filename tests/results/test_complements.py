"""A segment is compared with all customers outside it, never with everybody."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from analysis.compare import difference
from analysis.metrics import csat
from instruments.loader import BUILT_IN
from surveyapp.reports.charts import trend_charts
from surveyapp.reports.document import Heading, Table
from surveyapp.reports.journeys import benchmark
from surveyapp.results import dashboards, phrases
from surveyapp.results.findings import findings
from surveyapp.results.scope import Scope
from surveyapp.store.db import Store
from tests.results import bank

RULES = {"north": ("The north", "region = North")}


@pytest.fixture
def made(store: Store) -> bank.Bank:
    """North is satisfied by 30 of 60 in the app, others by 54 of 60; at paying all but three are of
    the north.
    """
    with store.writing() as session:
        found = bank.make_journey(session)
        found.segments = bank.make_segments(session, RULES)
        rules = {found.segments["north"]: RULES["north"][1]}
        for code, month, region, yes, n in (
            ("app", 4, "North", 15, 30),
            ("app", 5, "North", 15, 30),
            ("app", 4, "South", 27, 30),
            ("app", 5, "South", 27, 30),
            ("pay", 4, "North", 20, 30),
            ("pay", 4, "South", 1, 3),
        ):
            at = datetime(2026, month, 9 if region == "North" else 10, tzinfo=UTC)
            rows = [
                (at, {"region": region}, {"csat": {"csat": 5 if i < yes else 2}}) for i in range(n)
            ]
            bank.store_answers(session, found.surveys[code], rows, rules)
    return found


def test_the_figures_beside_a_segments_are_of_the_customers_outside_it(
    store: Store, made: bank.Bank
):
    scope = Scope(made.journey, made.segments["north"])
    with store.reading() as session:
        overview = dashboards.journey_overview(session, scope, library=BUILT_IN)
        trends = dashboards.trend(session, scope, library=BUILT_IN)
        everybody = dashboards.journey_overview(session, Scope(made.journey), library=BUILT_IN)
    seen = {point.code: point.figures[0] for point in overview.touchpoints}
    app = seen["app"].beside
    assert app is not None and app.contrast is not None
    assert (app.rest.n, app.rest.estimate) == (60, pytest.approx(90.0))  # not the 70 % of everybody
    wanted = difference(csat({5: 30, 2: 30}), csat({5: 54, 2: 6}))
    assert app.contrast.difference == pytest.approx(-40.0)
    assert (app.contrast.low, app.contrast.high) == pytest.approx((wanted.low, wanted.high))
    assert phrases.beside(seen["app"]) == "significantly lower"
    # Three others at paying: they are hidden, and so is what they would follow from.
    pay = seen["pay"]
    assert pay.beside is not None and pay.beside.contrast is None
    assert pay.beside.rest.n is None and "hidden (" in phrases.beside(pay)
    assert overview.beside_tested == 1
    assert all(figure.beside is None for figure in everybody.figures)

    months = next(t for t in trends if t.touchpoint_id == made.touchpoints["app"]).months
    assert [month.rest.n for month in months if month.rest] == [30, 30]
    assert all(month.rest is None or month.rest.n != 3 for t in trends for month in t.months)
    drawn = next(t for t in trends if t.touchpoint_id == made.touchpoints["app"])
    assert 'class="others"' in trend_charts.trend(drawn)
    assert "dotted grey line is all other customers" in trend_charts.note(drawn)

    said = findings(overview)
    assert any(
        one.headline.startswith("The north scores lower on")
        and "than all other customers" in one.text
        for one in said
    )
    numbers = benchmark.Numbers(overview, None, trends, ())
    blocks = benchmark.content(numbers, made=date(2026, 6, 1)).blocks
    assert "Compared with all other customers" in [b.text for b in blocks if isinstance(b, Heading)]
    table = next(b for b in blocks if isinstance(b, Table) and "all other customers" in b.title)
    row = next(row for row in table.rows if "significantly lower" in str(row[-1]))
    assert (str(row[1]), str(row[2])) == ("50%", "90%")
