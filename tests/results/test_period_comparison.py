"""Pages are about the last complete months, each score compared with that of the months before."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from analysis.compare import difference
from analysis.metrics import csat
from instruments.loader import BUILT_IN
from surveyapp.errors import Invalid
from surveyapp.reports.document import Paragraph, Table
from surveyapp.reports.journeys import benchmark
from surveyapp.results import dashboards, phrases
from surveyapp.results.findings import findings
from surveyapp.results.journey_json import overview_to_json
from surveyapp.results.scope import ALL_TIME, Comparison, Period, Scope, period, read_scope, recent
from surveyapp.results.view_models import Figure, Hidden, JourneyOverview
from surveyapp.store.db import Store
from tests.results import bank

NOW = period(date(2026, 8, 1), date(2026, 10, 1))
BEFORE = period(date(2026, 5, 1), date(2026, 7, 1))
CSAT = {
    "app": ((50, 100), (80, 100)),
    "pay": ((70, 100), (72, 100)),
    "meet": ((82, 100), (85, 100)),
}
RECENT: dict[str, date] = {"since": date(2026, 8, 1), "until": date(2026, 10, 31)}


def give(store: Store, made: bank.Bank, code: str, month: int, yes: int, n: int) -> None:
    at = datetime(2026, month, 10, 12, tzinfo=UTC)
    rows = [(at, {}, {"csat": {"csat": 5 if i < yes else 2}}) for i in range(n)]
    with store.writing() as session:
        bank.store_answers(session, made.surveys[code], rows, {})


@pytest.fixture
def journey(store: Store) -> bank.Bank:
    """App rose from 50 to 80 of 100, paying from 70 to 72, and chat was asked of three people before."""
    with store.writing() as session:
        made = bank.make_journey(session)
    for code, ((before, n), (now, m)) in CSAT.items():
        give(store, made, code, 6, before, n)
        give(store, made, code, 9, now, m)
    give(store, made, "chat", 6, 0, 3)
    give(store, made, "chat", 9, 20, 30)
    give(store, made, "id", 9, 20, 30)
    return made


def overview(store: Store, made: bank.Bank, **asked: object) -> JourneyOverview:
    with store.reading() as session:
        scope = Scope(made.journey, **{**RECENT, **asked})  # type: ignore[arg-type]
        return dashboards.journey_overview(session, scope, library=BUILT_IN)


def scores(found: JourneyOverview) -> dict[str, Figure]:
    return {point.code: point.figures[0] for point in found.touchpoints if point.figures}


def test_each_score_is_tested_against_the_months_before(store: Store, journey: bank.Bank):
    found = overview(store, journey)
    seen = scores(found)
    assert found.compared is not None
    assert (found.compared.since, found.compared.until) == (BEFORE.since, BEFORE.until)
    assert found.compared.tested == 3  # chat and identity check have nothing to be compared with
    app = seen["app"].change
    assert app is not None and app.contrast is not None
    wanted = difference(csat({5: 80, 2: 20}), csat({5: 50, 2: 50}))
    assert app.contrast.difference == pytest.approx(30.0)
    assert (app.contrast.low, app.contrast.high) == pytest.approx((wanted.low, wanted.high))
    assert app.contrast.pvalue == pytest.approx(3 * wanted.p)  # Holm: the smallest of three
    assert phrases.change(seen["app"]) == "significantly higher"
    assert phrases.change(seen["pay"]) == "no significant change"
    assert phrases.change_numbers(seen["app"]).startswith("+30, 95% CI +17 to +42, p < .001")


def test_why_a_score_has_no_change_is_said(store: Store, journey: bank.Bank):
    seen = scores(overview(store, journey))
    # Three answers of before would follow from these months and all time, so that neither is shown.
    chat = seen["chat"].change
    assert chat is not None and (chat.before.hidden, chat.contrast) == (Hidden.FEW, None)
    assert phrases.change(seen["chat"]) == phrases.value(seen["chat"]) != ""
    assert phrases.change(seen["id"]).startswith("before: no answers yet")


def test_the_year_before_and_nothing_are_choices(store: Store, journey: bank.Bank):
    year = overview(store, journey, comparison=Comparison.YEAR)
    assert year.compared is not None and year.compared.since == date(2025, 8, 1)
    assert year.compared.tested == 0
    none = overview(store, journey, comparison=Comparison.NONE)
    assert none.compared is None and all(figure.change is None for figure in none.figures)
    document = overview_to_json(none)
    assert document["compared_with"] is None
    points = [point for stage in document["stages"] for point in stage["touchpoints"]]
    assert all(figure["change"] is None for point in points for figure in point["figures"])


def test_what_to_do_first_is_of_the_period_and_says_what_changed(store: Store, journey: bank.Bank):
    give(store, journey, "pay", 10, 10, 100)
    found = overview(store, journey)
    advice = found.advice
    assert advice is not None
    assert (advice.since, advice.until) == (NOW.since, NOW.until)
    (step,) = advice.steps
    assert step.touchpoint == "Paying and transferring"
    assert step.against_rest.certain and step.figure.n == 200
    assert step.figure.change is not None and step.figure.change.contrast is not None
    assert phrases.change(step.figure) == "significantly lower"
    with store.reading() as session:
        trends = dashboards.trend(session, Scope(journey.journey, **RECENT), library=BUILT_IN)  # type: ignore[arg-type]
    blocks = benchmark.content(
        benchmark.Numbers(found, None, trends, ()), made=date(2026, 11, 22)
    ).blocks
    table = next(b for b in blocks if isinstance(b, Table) and "below all others" in b.title)
    assert table.head[-1] == "Change" and "significantly lower" in str(table.rows[0][-1])
    assert "Answers from Aug to Oct 2026" in str(table.note)
    changes = next(b for b in blocks if isinstance(b, Table) and "Scores now and in" in b.title)
    assert "May to Jul 2026" in changes.title
    told = " ".join(str(b.text) for b in blocks if isinstance(b, Paragraph))
    assert "service journey study" not in told
    studied = benchmark.Numbers(found, None, trends, (), studied=date(2026, 11, 2))
    beside = benchmark.content(studied, made=date(2026, 11, 22)).blocks
    assert any(
        "study was run on 2 November 2026. It may put other dimensions first" in str(b.text)
        for b in beside
        if isinstance(b, Paragraph)
    )
    assert "CSAT at Paying and transferring has fallen." in told
    assert "in Aug to Oct 2026 than in May to Jul 2026" in told


def test_a_trend_and_a_page_claim_the_same_change(store: Store, journey: bank.Bank):
    found = overview(store, journey)
    scope = Scope(journey.journey, **RECENT, default=NOW)  # type: ignore[arg-type]
    with store.reading() as session:
        trends = dashboards.trend(session, scope, library=BUILT_IN)
    by_place = {one.touchpoint: one for one in trends if one.definition.scale == "csat"}
    for point in found.touchpoints:
        for figure in point.figures:
            if figure.definition.scale == "csat" and figure.change is not None:
                assert by_place[point.name].change == figure.change.contrast
    # Nobody chose the months: the chart still shows those before.
    months = [month.first.month for month in by_place["Opening an account in the app"].months]
    assert months == [6, 7, 8, 9]


def test_scores_that_stay_have_no_significant_change(store: Store):
    with store.writing() as session:
        made = bank.make_journey(session)
    for code, yes in (("app", 40), ("pay", 44)):
        give(store, made, code, 6, yes, 60)
        give(store, made, code, 9, yes + 3, 60)
    with store.reading() as session:
        scope = Scope(made.journey, **RECENT)  # type: ignore[arg-type]
        trends = dashboards.trend(session, scope, library=BUILT_IN)
    said = findings(overview(store, made), None, trends)
    assert "No significant change from May to Jul 2026." in [one.headline for one in said]


def test_the_default_is_the_last_complete_months():
    assert recent(date(2026, 11, 29), 3) == NOW
    assert recent(date(2026, 1, 1), 1) == period(date(2025, 12, 1), date(2025, 12, 1))
    asked = read_scope(7, {"segment": "3"}, default=NOW)
    assert (asked.period, asked.baseline, asked.is_default) == (NOW, BEFORE, True)
    assert asked.arguments == {"segment": "3"}  # read tomorrow, it is of tomorrow's months


def test_all_time_and_other_months_are_carried_in_the_address():
    for arguments in ({"period": "all"}, {"from": "2026-01"}, {"compare": "none"}):
        scope = read_scope(7, arguments, default=NOW)
        assert scope.arguments == arguments
        assert read_scope(7, scope.arguments, default=NOW) == scope
    emptied = read_scope(7, {"from": "", "to": ""}, default=NOW)  # a form without months
    assert (emptied.period, emptied.arguments) == (ALL_TIME, {"period": "all"})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"period": "all"}, "All time; only a period with a first and a last month is compared"),
        ({"from": "2026-05"}, "from May 2026; only a period"),
        ({"compare": "none"}, "Aug to Oct 2026, not compared"),
        ({"compare": "year"}, "Aug to Oct 2026, compared with Aug to Oct 2025"),
        (
            {"from": "2025-01", "to": "2026-06", "compare": "year"},
            "Jan 2025 to Jun 2026; more than a year is not compared with the year before",
        ),
    ],
)
def test_what_is_not_compared_says_why(arguments: dict[str, str], said: str):
    assert phrases.scope(read_scope(7, arguments, default=NOW)).startswith(said)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"period": "quarter"}, "period"),
        ({"period": "all", "from": "2026-01"}, "period"),
        ({"compare": "last"}, "compare"),
    ],
)
def test_a_period_or_comparison_that_is_none_is_refused(arguments: dict[str, str], field: str):
    with pytest.raises(Invalid) as refused:
        read_scope(7, arguments)
    assert refused.value.field == field


def test_a_leap_february_has_its_last_day_a_year_before():
    assert Period(date(2024, 2, 1), date(2024, 2, 29)).earlier(12) == Period(
        date(2023, 2, 1), date(2023, 2, 28)
    )
