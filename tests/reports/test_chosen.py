"""The benchmark report's chapter on what customers chose."""

from __future__ import annotations

import pytest

from instruments.loader import BUILT_IN
from surveyapp.reports.chosen import chosen
from surveyapp.reports.document import Chart, Heading, Paragraph
from surveyapp.results.choices import distributions
from surveyapp.results.scope import Scope
from tests.responses.makers import make_journey, make_survey
from tests.results.test_choices import give


@pytest.fixture
def place(store) -> tuple[int, int]:
    with store.writing() as session:
        journey = make_journey(session)
        made = make_survey(session, asks=("emotion", "effort-causes"), journey=journey)
        return journey.id, made.id


def blocks(store, journey: int):
    with store.reading() as session:
        return list(chosen(distributions(session, Scope(journey), library=BUILT_IN), few=5))


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
