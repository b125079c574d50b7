"""The journey's page and its results say whose numbers they show, of when, and nothing more."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from surveyapp.store.models import Invitation
from tests.responses.makers import make_journey, make_segment, make_survey
from tests.results import bank
from tests.web.world import add_user

AT = datetime(2026, 10, 9, tzinfo=UTC)


@pytest.fixture
def manager(installation, sign_in):
    with installation.store.writing() as session:
        user = add_user(session, "manager")
    return sign_in(user)


@pytest.fixture
def made(installation) -> bank.Bank:
    with installation.store.writing() as session:
        made = bank.make_journey(session)
        made.segments = bank.make_segments(session)
        return made


def give(installation, made: bank.Bank, code: str, n: int, *, yes: int = 0) -> None:
    rules = {made.segments[name]: rule for name, (_, rule) in bank.SEGMENTS.items()}
    rows = [
        (AT, {"region": ("North", "South")[i % 2]}, {"csat": {"csat": 5 if i < yes else 2}})
        for i in range(n)
    ]
    with installation.store.writing() as session:
        bank.store_answers(session, made.surveys[code], rows, rules)


def words(page) -> str:
    text = re.sub(r"<(style|script).*?</\1>", " ", page.text, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_a_segments_page_says_that_the_response_rate_is_of_all_customers(
    installation, manager, made
):
    give(installation, made, "app", 40, yes=20)
    with installation.store.writing() as session:
        session.add_all(
            Invitation(
                survey_id=made.surveys["app"], token_hash=str(number), created_at=AT,
                state="completed" if number < 40 else "created",
            )
            for number in range(100)
        )  # fmt: skip
    address = f"/journeys/{made.journey}"
    everybody = words(manager.get(f"{address}?from=2026-10"))
    north = words(manager.get(f"{address}?segment={made.segments['north']}&from=2026-10"))
    said = "40 of 100 invitations made in this period were answered (40%)."
    assert said in everybody and "not only this segment" not in everybody
    assert f"For all customers, not only this segment: {said}" in north


def test_many_answers_at_small_touchpoints_are_not_called_fewer_than_five(
    installation, manager, made
):
    for code in ("app", "id", "pay", "chat", "meet"):
        give(installation, made, code, 3)
    give(installation, made, "offer", 4)
    page = words(manager.get(f"/journeys/{made.journey}?period=all"))
    assert "Responses 19 " in page


def test_a_stage_of_hidden_touchpoints_is_hidden_and_not_few_nor_unanswered(
    installation, manager, made
):
    """Twelve answers at three touchpoints: together they are not few, and they are not none."""
    for code in ("app", "id", "pay", "chat"):
        give(installation, made, code, 4)
    give(installation, made, "meet", 30, yes=10)
    document = manager.get(f"/journeys/{made.journey}.json?from=2026-08&to=2026-10").json
    first, _, third = document["stages"]
    assert {figure["reason"] for figure in first["figures"] if figure["scale"] == "csat"} == {
        "hidden (protects a small group)"
    }
    assert third["figures"][0]["n"] == 30
    page = words(manager.get(f"/journeys/{made.journey}?from=2026-08&to=2026-10"))
    assert "Responses at least 30 the number at 4 places is hidden to protect small groups" in page


def test_answers_at_places_that_may_be_shown_are_at_least_those(installation, manager, made):
    give(installation, made, "app", 30)
    give(installation, made, "pay", 3)
    page = words(manager.get(f"/journeys/{made.journey}?period=all"))
    assert "Responses at least 30 the number at one place is hidden to protect small groups" in page


def test_what_to_do_first_names_its_months_and_the_touchpoint(installation, manager, made):
    give(installation, made, "app", 60, yes=10)
    give(installation, made, "pay", 60, yes=50)
    give(installation, made, "meet", 60, yes=52)
    page = words(manager.get(f"/journeys/{made.journey}?period=all"))
    assert "Priorities Answers from Aug to Oct 2026." in page
    assert "small group: Identity check, Chat support and Receiving the offer." in page


def test_without_a_significant_difference_the_page_says_so(installation, manager, made):
    give(installation, made, "app", 60, yes=40)
    give(installation, made, "pay", 60, yes=42)
    page = words(manager.get(f"/journeys/{made.journey}?period=all"))
    assert (
        "In Aug to Oct 2026, none of the 2 touchpoints compared scored significantly below" in page
    )


def test_the_results_page_shows_which_customers_and_months_it_is_about(installation, sign_in):
    with installation.store.writing() as session:
        user = add_user(session, "researcher")
        journey = make_journey(session)
        number = make_survey(session, asks=("csat", "sjq"), journey=journey).journey_id
        north = make_segment(session, "north", "region = North").id
    researcher = sign_in(user)
    page = researcher.get(f"/journeys/{number}/results?segment={north}&from=2026-10").text
    assert "Validate scale" in page
    assert f'<option value="{north}" selected>' in page
    assert 'value="2026-10"' in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", ["", "/results"])
def test_a_long_page_lists_its_sections(installation, manager, made, path):
    give(installation, made, "app", 40, yes=20)
    page = manager.get(f"/journeys/{made.journey}{path}?period=all").text
    (listed,) = re.findall(r'<nav id="on-this-page".*?</nav>', page, re.DOTALL)
    links = re.findall(r'<li><a href="#([^"]+)">', listed)
    headings = re.findall(r"<h2\b", page)
    assert len(links) == len(set(links)) == len(headings) >= 3
    assert all(page.count(f' id="{name}"') == 1 for name in links)
