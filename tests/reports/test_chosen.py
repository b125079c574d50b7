"""The benchmark report's chapter on what customers chose."""

from __future__ import annotations

import pytest

from instruments.loader import BUILT_IN
from surveyapp.reports.document import Chart, Heading, Paragraph, Quantity, Table
from surveyapp.reports.journeys.chosen import chosen
from surveyapp.results.answers.choices import distributions
from surveyapp.results.scope import Scope
from tests.responses.makers import make_journey, make_segment, make_survey
from tests.results.test_choices import give


@pytest.fixture
def place(store) -> tuple[int, int]:
    with store.writing() as session:
        journey = make_journey(session)
        made = make_survey(session, asks=("emotion", "effort-causes"), journey=journey)
        return journey.id, made.id


def blocks(store, journey: int, **cut):
    with store.reading() as session:
        return list(chosen(distributions(session, Scope(journey, **cut), library=BUILT_IN), few=5))


def test_a_journey_without_list_questions_has_no_such_chapter(store, place):
    assert blocks(store, place[0]) == []


def test_each_question_is_a_chart_with_title_n_and_interval(store, place):
    give(store, place[1], ["delighted"] * 3 + ["frustrated"] * 25, causes=["waiting"])
    heading, feeling, causes = blocks(store, place[0])
    assert isinstance(heading, Heading) and heading.text == "What customers chose"
    assert (
        isinstance(feeling, Chart)
        and feeling.title == "\u201cFrustrated\u201d is chosen most often"
    )
    assert "Apply, the application form" in feeling.note and "n = 28 customers." in feeling.note
    assert "95% intervals (Wilson)" in feeling.note
    assert isinstance(causes, Chart) and "several allowed" in causes.note
    for label in ("Frustrated", "Delighted"):
        assert label in feeling.svg


def test_a_handful_is_named_and_not_shown(store, place):
    give(store, place[1], ["delighted"] * 4)
    _, hidden = blocks(store, place[0])
    assert isinstance(hidden, Paragraph)
    assert "Hidden (fewer than 5)." in str(hidden.text)


def test_a_segments_report_tells_each_share_of_all_other_customers(store, place):
    with store.writing() as session:
        north = make_segment(session, "north", "region = North")
    give(store, place[1], ["frustrated"] * 30 + ["delighted"] * 10, attributes={"region": "North"})
    give(store, place[1], ["frustrated"] * 10 + ["delighted"] * 40, attributes={"region": "South"})
    _, chart, table = blocks(store, place[0], segment_id=north.id)
    assert isinstance(chart, Chart) and isinstance(table, Table)
    assert [cell.shown if isinstance(cell, Quantity) else cell for cell in table.cells[0]] == [
        *("Frustrated", "75%", "20%", "+55", "+35 to +69", "< .001", "significantly higher"),
    ]
    assert "Holm correction for 5 shares of customers" in table.note
    assert len(blocks(store, place[0])) == 2
