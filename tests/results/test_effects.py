"""The effect of a registered change: what is found where something is, and what is missing else.

On SQLite alone: the sums that it reads are read on both databases elsewhere.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from instruments.loader import BUILT_IN
from surveyapp.errors import Invalid
from surveyapp.journeys import queries
from surveyapp.journeys.change_register import ChangeText, register_change
from surveyapp.results.registered_changes import effect_phrases
from surveyapp.results.registered_changes.effect_json import effect_to_json
from surveyapp.results.registered_changes.effect_months import counted, effect_months, first_day
from surveyapp.results.registered_changes.effects import ChangeEffect, Effects
from surveyapp.results.view_models import Hidden, Weighted
from surveyapp.store.db import Store
from surveyapp.store.models import RegisteredChange
from tests.results import bank

TODAY = date(2026, 12, 5)


@pytest.fixture(scope="module")
def made(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Store, bank.Bank]]:
    """Forty answers a month of 2026: half are satisfied with the app until June and four fifths from
    July on, half with the identity check all the year; three answers in all about the chat. The satisfied
    north is 16 of the forty, and half of all customers.
    """
    path = tmp_path_factory.mktemp("effects") / "surveyapp.db"
    shutil.copy(migrated_sqlite, path)
    store = Store(f"sqlite:///{path}")
    with store.writing() as session:
        found = bank.make_journey(session)
        for place, late in (("app", 32), ("id", 20)):
            rows = [
                (
                    datetime(2026, month, 5, tzinfo=UTC),
                    {"region": "North" if at < 16 else "South"},
                    {"csat": {"csat": 5 if at < (late if month > 6 else 20) else 2}},
                )
                for month in range(1, 13)
                for at in range(40)
            ]
            bank.store_answers(session, found.surveys[place], rows, {})
        few = [(datetime(2026, 3, 5, tzinfo=UTC), {}, {"csat": {"csat": 5}})] * 3
        bank.store_answers(session, found.surveys["chat"], few, {})
        bank.set_regions(session, found.journey, "North 50\nSouth 50")
    bank.count_cells(store)
    yield store, found
    store.close()


def effect(
    made: tuple[Store, bank.Bank],
    text: ChangeText,
    *asked: str,
    today: date = TODAY,
    weighted: bool = False,
) -> ChangeEffect:
    """That of a change, which is registered and stays so."""
    store, found = made
    with store.writing() as session:
        journey = queries.journey(session, found.journey)
        change = register_change(session, journey, text, user_id=None)
        return Effects(
            *(session, found.journey, change.id),
            today=today,
            minimum_cell=5,
            library=BUILT_IN,
            weighted=weighted,
        ).effect(*asked)


def test_what_differs_is_found_by_all_three_ways_and_without_a_causal_verb(made):
    points = made[1].touchpoints
    app, identity = f"{points['app']}.csat", f"{made[1].journey}:{points['id']}.csat"
    here = ChangeText("New app", date(2026, 7, 1), touchpoint_ids=[points["app"]])
    found = effect(made, here, app, identity)
    row = found.chosen
    assert row is not None and row.contrast is not None
    assert (row.before.n, row.after.n) == (240, 240)
    assert (row.before.estimate, row.after.estimate) == (50, pytest.approx(80))
    assert row.contrast.certain and row.contrast.difference == pytest.approx(30)
    assert found.before == (date(2026, 1, 1), date(2026, 6, 1))
    assert found.after == (date(2026, 7, 1), date(2026, 12, 1))
    series = found.series.found if found.series else None
    assert series is not None and series.months == (6, 6)
    assert series.level.estimate == pytest.approx(30) and effect_phrases.is_significant(
        series.level
    )
    control = found.control.found if found.control else None
    assert control is not None and control.effect.estimate == pytest.approx(30)
    assert control.before is not None and control.before.estimate == pytest.approx(0, abs=1e-9)
    assert [label for _, label in found.controls] == [
        "Identity check: CSAT", "Chat support: CSAT",
    ]  # fmt: skip
    said = effect_phrases.headline(found)
    assert "significantly higher after (+30, 95% CI" in said
    assert "no significant difference of the two trends" in effect_phrases.parallel(found.control)
    assert "At least 12 on each side are advised" in effect_phrases.series_note(found.series)
    document = effect_to_json(found, few=5)
    assert document["series"]["level_change"]["estimate"] == pytest.approx(30)
    assert document["control"]["difference_in_differences"]["p"] < 0.001


def test_with_weights_each_of_the_three_ways_is_that_of_weighted_scores(made):
    points = made[1].touchpoints
    app, identity = f"{points['app']}.csat", f"{made[1].journey}:{points['id']}.csat"
    text = ChangeText("App with weights", date(2026, 7, 1), touchpoint_ids=[points["app"]])
    found = effect(made, text, app, identity, weighted=True)
    row, by = found.chosen, 0.5 * 100 * (16 - 4) / 24  # the south's share of satisfied rises
    assert row is not None and row.weighted is not None and row.before.weighted is not None
    assert row.before.weighted.figure.estimate == pytest.approx(50 + 0.5 * 100 * 4 / 24)
    assert row.weighted.difference == pytest.approx(by) and row.weighted.certain
    assert "weighted: significantly higher after, +25" in effect_phrases.verdict_weighted(row)
    before = replace(row.before, weighted=Weighted(None, hidden=True))
    said = effect_phrases.verdict_weighted(replace(row, before=before, weighted=None))
    assert said == "weighted: not compared, since one side is hidden"
    assert found.series and found.series.weighted and found.series.weighted.found
    level = found.series.weighted.found.level
    assert level.estimate == pytest.approx(by) and effect_phrases.is_significant(level)
    assert found.control and found.control.weighted and found.control.weighted.found
    assert found.control.weighted.found.effect.estimate == pytest.approx(by)
    document = effect_to_json(found, few=5)
    told = next(each for each in document["scores"] if each["key"] == app)
    assert told["weighted"]["difference"]["difference"] == pytest.approx(by)
    assert document["control"]["weighted"]["difference_in_differences"]["p"] < 0.01


def test_where_nothing_differs_nothing_is_claimed_and_the_other_change_is_named(made):
    points = made[1].touchpoints
    text = ChangeText("Shorter queue", date(2026, 7, 17), touchpoint_ids=[points["id"]])
    app = f"{made[1].journey}:{points['app']}.csat"
    effect(made, ChangeText("New rates", date(2026, 4, 2)))
    effect(made, ChangeText("App again", date(2026, 9, 2), touchpoint_ids=[points["app"]]))
    found = effect(made, text, f"{points['id']}.csat", app)
    assert found.after == (date(2026, 8, 1), date(2026, 12, 1))  # July is on neither side
    assert "no significant difference" in effect_phrases.headline(found)
    assert [each.title for each in found.overlapping] == ["New rates"]
    assert "App again" in [each.title for each in found.control_changes]
    assert "cannot be told apart" in effect_phrases.overlapping(found.overlapping, "here")


def test_what_is_missing_is_said_with_the_day_on_which_it_is_enough(made):
    points = made[1].touchpoints
    late = ChangeText("Late", date(2026, 11, 1), touchpoint_ids=[points["app"]])
    found = effect(made, late, today=date(2026, 12, 5))
    assert found.series is not None and found.series.missing is not None
    assert effect_phrases.missing(found.series.missing) == (
        "Needs 3 months with shown scores after it, has 2. There are enough from 1 February 2027 on"
        " with answers in each month."
    )
    early = effect(made, ChangeText("Early", date(2026, 2, 1), touchpoint_ids=[points["app"]]))
    assert early.series is not None and early.series.missing is not None
    assert "before the change, has 1. Later answers do not add" in effect_phrases.missing(
        early.series.missing
    )
    future = effect(made, ChangeText("Soon", date(2027, 3, 1), touchpoint_ids=[points["app"]]))
    assert future.after is None and future.rows[0].contrast is None
    assert "Needs 30 answers after it, has 0." in effect_phrases.headline(future)


def test_a_hidden_score_has_no_numbers_and_gives_none_to_a_difference(made):
    chat = made[1].touchpoints["chat"]
    found = effect(made, ChangeText("Chat", date(2026, 7, 1), touchpoint_ids=[chat]))
    (row,) = found.rows
    assert (row.before.hidden, row.before.n, row.contrast) == (Hidden.FEW, None, None)
    assert "one side is hidden" in effect_phrases.headline(found)
    assert found.series is not None and found.series.missing is not None
    assert found.series.missing.have == 0
    with pytest.raises(Invalid, match="choose from the list"):
        text = ChangeText("App", date(2026, 7, 1), touchpoint_ids=[made[1].touchpoints["app"]])
        effect(made, text, f"{chat}.csat")


@pytest.mark.parametrize(
    ("since", "until", "months"),
    [
        ((2026, 7, 1), None, ("2026-06", "2026-07", None)),
        ((2026, 7, 2), None, ("2026-06", "2026-08", None)),
        ((2026, 7, 2), (2026, 9, 30), ("2026-06", "2026-08", "2026-09")),
        ((2026, 12, 31), (2027, 2, 27), ("2026-11", "2027-01", "2027-01")),
    ],
)
def test_a_month_of_some_days_alone_is_on_neither_side(since, until, months):
    change = RegisteredChange(started_on=date(*since), ended_on=date(*until) if until else None)
    found = effect_months(change)
    ends = (found.before, found.after, found.end)
    assert tuple(each and f"{first_day(each):%Y-%m}" for each in ends) == months
    assert counted((2026, 1)) + 1 == counted((2026, 2))
