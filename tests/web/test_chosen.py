"""What customers chose, on the journey's results page."""

from __future__ import annotations

import re

import pytest

from surveyapp.store.models import Journey
from tests.responses.makers import make_journey, make_segment, make_survey
from tests.results.test_choices import give
from tests.web.world import add_user


@pytest.fixture
def manager(installation, sign_in):
    with installation.store.writing() as session:
        user = add_user(session, "manager")
    return sign_in(user)


@pytest.fixture
def place(installation) -> tuple[int, int]:
    with installation.store.writing() as session:
        journey = make_journey(session)
        made = make_survey(session, asks=("emotion", "effort-causes"), journey=journey)
        return journey.id, made.id


def words(page) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def test_the_results_page_shows_each_choice_with_its_interval(installation, manager, place):
    assert (
        "What customers chose" not in manager.get(f"/journeys/{place[0]}/results?period=all").text
    )
    give(installation.store, place[1], ["delighted"] * 3 + ["frustrated"] * 25, causes=["waiting"])
    page = words(manager.get(f"/journeys/{place[0]}/results?period=all"))
    assert "How did you feel about this: the application form?" in page
    assert "Apply: the application form. 28 customers. Most common: Frustrated." in page
    assert re.search(r"Frustrated 89%", page)
    assert "73 to 96" in page
    assert "who chose at least one option; several allowed" in page


def test_a_handful_and_a_segment_that_would_give_one_away_are_hidden(installation, manager, place):
    with installation.store.writing() as session:
        north = make_segment(session, "north", "region = North")
        assert session.get_one(Journey, place[0])
    give(installation.store, place[1], ["delighted"] * 4, attributes={"region": "South"})
    assert "fewer than 5" in words(manager.get(f"/journeys/{place[0]}/results?period=all"))
    give(installation.store, place[1], ["frustrated"] * 6, attributes={"region": "North"})
    page = words(manager.get(f"/journeys/{place[0]}/results?period=all&segment={north.id}"))
    assert "protects a small group" in page and "6 customers" not in page


def test_a_large_journey_is_counted_when_somebody_asks_for_it(
    installation, manager, place, monkeypatch
):
    monkeypatch.setattr("surveyapp.web.results.COUNTED_AT_ONCE", 5)
    give(installation.store, place[1], ["delighted"] * 6)
    page = manager.get(f"/journeys/{place[0]}/results?from=2026-01")
    assert "6 customers" not in words(page)
    link = re.search(r'href="([^"#]+choices=1[^"#]*)#choices"', page.text)[1]
    assert "from=2026-01" in link
    assert "6 customers" in words(manager.get(link.replace("&amp;", "&")))


def test_a_segments_choices_stand_beside_those_of_all_others(installation, manager, place):
    with installation.store.writing() as session:
        north = make_segment(session, "north", "region = North")
    for region, angry, happy in (("North", 30, 10), ("South", 10, 40)):
        felt = ["frustrated"] * angry + ["delighted"] * happy
        give(installation.store, place[1], felt, attributes={"region": region})
    base = f"/journeys/{place[0]}/results"
    page = words(manager.get(f"{base}?period=all&segment={north.id}"))
    assert "All other customers" in page
    assert "significantly higher others 20%; +55, 95% CI +35 to +69, p &lt; .001" in page
    assert "All other customers" not in words(manager.get(f"{base}?period=all"))
    (feeling,) = manager.get(f"{base}.json?period=all&segment={north.id}").json["choices"]
    assert feeling["choices"][0]["other_customers"]["estimate"] == 20
