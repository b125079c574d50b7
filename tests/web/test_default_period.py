"""A journey's pages are about the last complete months until somebody chooses others."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from html import unescape

import pytest

from surveyapp.reports.actions import scope_of
from surveyapp.results import phrases
from surveyapp.results.scope import Comparison, Period, month_text, recent
from surveyapp.store.models import Report
from tests.results import bank
from tests.web.world import add_user


@pytest.fixture
def researcher(installation, sign_in):
    with installation.store.writing() as session:
        user = add_user(session, "researcher")
    return sign_in(user)


@pytest.fixture
def made(installation) -> bank.Bank:
    with installation.store.writing() as session:
        return bank.make_journey(session)


@pytest.fixture
def now(installation) -> Period:
    return recent(installation.now().date(), 3)


def give(installation, made: bank.Bank, code: str, when: Period, yes: int, n: int) -> None:
    at = datetime.combine(when.until, time(12), UTC)
    rows = [(at, {}, {"csat": {"csat": 5 if i < yes else 2}}) for i in range(n)]
    with installation.store.writing() as session:
        bank.store_answers(session, made.surveys[code], rows, {})


def words(page) -> str:
    text = re.sub(r"<(style|script).*?</\1>", " ", page.text, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def links(page) -> list[str]:
    return [unescape(each) for each in re.findall(r'href="([^"]+)"', page.text)]


def test_the_pages_show_the_recent_months_and_what_changed(installation, researcher, made, now):
    give(installation, made, "app", now.earlier(3), 20, 60)
    give(installation, made, "app", now, 50, 60)
    give(installation, made, "app", now.earlier(12), 60, 60)
    base = f"/journeys/{made.journey}"
    said = f"{phrases.period(now)}, compared with {phrases.period(now.earlier(3))}"
    point = f"{base}/touchpoints/{made.touchpoints['app']}"
    for address in (base, f"{base}/results", point):
        page = researcher.get(address)
        assert said in words(page), address
        assert any(each.endswith("?period=all") for each in links(page))
    for address in (base, point):
        assert "significantly higher" in words(researcher.get(address))
    document = researcher.get(f"{base}.json").json
    assert (document["from"], document["to"]) == (month_text(now.since), month_text(now.until))
    assert document["compared_with"]["to"] == month_text(now.earlier(3).until)
    figure = document["stages"][0]["touchpoints"][0]["figures"][0]
    assert (figure["n"], figure["change"]["before"]["n"]) == (60, 60)
    assert figure["change"]["significant"] is True
    everything = words(researcher.get(f"{base}?period=all"))
    assert "All time; only a period" in everything and "Responses 180" in everything
    assert "significantly higher" not in everything


def test_months_with_too_few_answers_say_so_and_lead_to_all_time(
    installation, researcher, made, now
):
    give(installation, made, "app", now.earlier(6), 20, 60)
    base = f"/journeys/{made.journey}"
    for address in (base, f"{base}/results"):
        page = researcher.get(address)
        assert f"{phrases.period(now)} has too few answers to show any score." in words(page)
        assert f"{address}?period=all" in links(page)
        assert "too few answers to show" not in words(researcher.get(f"{address}?period=all"))
    assert "too few answers to show" not in words(
        researcher.get(f"{base}?from={month_text(now.earlier(6).since)}")
    )


def test_period_and_comparison_go_along_to_every_tab_and_the_report(
    installation, researcher, made, now
):
    give(installation, made, "app", now, 20, 60)
    base = f"/journeys/{made.journey}"
    for asked in (
        "period=all&compare=none",
        "from=2026-02&to=2026-04&compare=year",
        "compare=year",
    ):
        for tab in ("", "/results", "/responses"):
            found = links(researcher.get(f"{base}{tab}?{asked}"))
            for other in ("", "/results", "/responses"):
                assert f"{base}{other}?{asked}" in found, (tab, other)
    address = f"{base}/reports/new?compare=year"
    form = researcher.get(address).text
    assert f'value="{month_text(now.since)}"' in form and '<option selected value="year">' in form
    wish = {
        "about": "benchmark",
        "segment": "",
        "from": month_text(now.since),
        "to": month_text(now.until),
        "compare": "year",
        "report_language": "fi",
    }
    refused = researcher.post(address, data={**wish, "report_language": "et"})
    assert refused.status_code == 422 and "Language of the report" in refused.text
    assert researcher.post(address, data=wish).status_code == 303
    with installation.store.reading() as session:
        (report,) = session.query(Report)
        scope = scope_of(report)
    assert (scope.period, scope.comparison) == (now, Comparison.YEAR)
    assert report.parameters["report_language"] == "fi" and not scope.language


def test_the_list_of_responses_says_that_it_is_of_all_time(installation, researcher, made, now):
    give(installation, made, "app", now.earlier(6), 20, 60)
    page = researcher.get(f"/journeys/{made.journey}/responses")
    assert "Of all time." in words(page) and page.text.count("csat") >= 50


def test_a_journeys_own_number_of_months_is_that_of_its_pages_and_reports(
    installation, researcher, made, now
):
    give(installation, made, "app", now.earlier(6), 20, 60)
    base = f"/journeys/{made.journey}"
    form = {"name": "Open", "provider": "Bank", "goal": "", "state": "current"}
    for typed, months in (("12", 12), ("", 3)):
        edited = researcher.post(f"{base}/edit", data={**form, "period_months": typed})
        assert edited.status_code == 303
        wanted = recent(installation.now().date(), months)
        said = f"{phrases.period(wanted)}, compared with {phrases.period(wanted.earlier(months))}"
        assert said in words(researcher.get(base))
        proposed = researcher.get(f"{base}/reports/new").text
        assert f'value="{month_text(wanted.since)}"' in proposed
    for typed in ("0", "121", "-1"):
        refused = researcher.post(f"{base}/edit", data={**form, "period_months": typed})
        assert refused.status_code == 422
        assert f"A period of {typed} months is none; use 1 to 120" in words(refused)
