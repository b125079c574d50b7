"""Who answered, when and at what rate stand with an analysis, and give no small group away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from instruments.loader import BUILT_IN
from surveyapp.reports.document import plain
from surveyapp.reports.respondents import characteristics_table, dates, response_rate
from surveyapp.results.analyses.characteristics import Category, characteristics
from surveyapp.results.analyses.fieldwork import Fieldwork, Invited, fieldwork, respondents
from surveyapp.store.db import Store
from surveyapp.store.models import Analysis, Invitation
from tests.results import bank

MARCH = datetime(2026, 3, 9, 12, tzinfo=UTC)


def people(analysed: bool, **groups: list[tuple[Any, int]]) -> list[tuple[bool, dict[str, Any]]]:
    """One attribute: so many respondents with each value."""
    [(name, counts)] = groups.items()
    return [
        (analysed, {} if value is None else {name: value}) for value, n in counts for _ in range(n)
    ]


def test_values_of_too_few_are_taken_together_with_another_so_that_none_is_the_rest():
    [found] = characteristics(
        people(True, region=[("North", 40), ("South", 30), ("West", 9), ("East", 3), (None, 8)]),
        minimum=5,
    )
    # East alone would be 90 minus the others: the smallest listed group goes with it.
    assert found.categories == (
        Category("North", 40, 40 / 90), Category("South", 30, 30 / 90), Category("West", 9, 0.1),
    )  # fmt: skip
    assert (found.others, found.others_n) == (2, 11)


def test_a_value_is_not_told_of_a_segment_whose_rest_is_small():
    inside = people(True, region=[("North", 40), ("South", 30), ("West", 20)])
    rest = people(False, region=[("North", 50), ("South", 2), ("West", 20)])
    [found] = characteristics(inside + rest, minimum=5)
    assert [each.value for each in found.categories] == ["North"]
    assert (found.others, found.others_n) == (2, 50)
    [whole] = characteristics(inside, minimum=5)
    assert [each.value for each in whole.categories] == ["North", "South", "West"]


def test_a_number_has_mean_and_spread_and_a_range_of_no_single_person():
    ages: list[tuple[Any, int]] = [(age, 1) for age in range(20, 60)] + [(99, 1)]
    [found] = characteristics(people(True, age=ages), minimum=5)
    assert found.numeric and found.n == 41
    assert found.mean is not None and round(found.mean, 3) == round((39.5 * 40 + 99) / 41, 3)
    assert (found.low, found.high) == (24.0, 56.0)
    [few] = characteristics(people(True, age=[*ages[:4], (None, 30)]), minimum=5)
    assert few.mean is None and not few.numeric


def test_codes_and_truth_values_are_counted_and_not_averaged():
    [found] = characteristics(people(True, vip=[(True, 9), (1, 6)]), minimum=5)
    assert [(each.value, each.n) for each in found.categories] == [("true", 9), ("1", 6)]


def test_dates_and_response_rate_are_those_of_the_surveys_that_asked_the_scale(store: Store):
    with store.writing() as session:
        made = bank.make_journey(session)
        end, app = made.surveys["end"], made.surveys["app"]
        rows = [
            (
                MARCH + timedelta(days=i),
                {"region": "North" if i % 3 else "South"},
                {"sjq": {"coh1": 5}, "nps": {"nps": 8}},
            )
            for i in range(18)
        ]
        bank.store_answers(session, end, rows, {})
        bank.store_answers(session, app, [(MARCH, {"region": "West"}, {"csat": {"csat": 4}})], {})
        states = ["completed"] * 18 + ["opened"] * 5 + ["created"] * 7 + ["suppressed"] * 2
        session.add_all(
            Invitation(
                survey_id=survey, token_hash=f"{survey} {i}", state=state, sent_at=MARCH,
                started_at=MARCH if i in {18, 19} else None,
            )
            for survey in (end, app) for i, state in enumerate(states)
        )  # fmt: skip
        analysis = Analysis(
            kind="validate_scale", journey_id=made.journey, instrument="sjq", parameters={}
        )
        session.add(analysis)
    with store.reading() as session:
        found = fieldwork(
            session, analysis, respondents(session, analysis, "sjq"), ("sjq",),
            minimum_cell=5, library=BUILT_IN,
        )  # fmt: skip
        assert found is not None
        hidden = fieldwork(
            session, analysis, list(respondents(session, analysis, "sjq"))[:4], ("sjq",),
            minimum_cell=5, library=BUILT_IN,
        )  # fmt: skip
    assert hidden is None
    assert (found.n, found.first_day, found.last_day) == (18, "2026-03-09", "2026-03-26")
    assert found.invited == Invited(30, 0, 18, 3, 2, 2, opening_known=True)
    [region] = found.characteristics
    assert [(each.value, each.n) for each in region.categories] == [("North", 12), ("South", 6)]
    assert dates(found) == "The answers were given from 9 March 2026 to 26 March 2026 (UTC)."
    assert "a response rate of 60.0%" in response_rate(found)
    assert "2 were begun and broken off, 3 were only opened and 7 were not opened" in (
        response_rate(found)
    )
    shown = [[plain(cell) for cell in row][:3] for row in characteristics_table(found, 1).rows]
    assert [[cell.strip() for cell in row] for row in shown] == [
        ["Region", "", ""], ["North", "12", "66.7"], ["South", "6", "33.3"],
    ]  # fmt: skip


def test_a_rate_leaves_out_what_came_back_and_says_what_it_is_with_it():
    invited = Invited(100, 20, 40, 0, 0, 0, opening_known=False)
    found = Fieldwork("2026-03-09", "2026-03-09", "UTC", 40, 5, (), invited)
    said = response_rate(found)
    assert "20 came back and 80 were delivered" in said
    assert "a response rate of 50.0%" in said and "(2015) counts them, 40.0%" in said
    assert "an anonymous survey keeps no trace of it" in said
    none = Fieldwork("2026-03-09", "2026-03-09", "UTC", 40, 5, (), None)
    assert "not known to the analysis" in response_rate(none)
