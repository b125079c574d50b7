"""The explore page draws a score at a place, as many lines as colours tell apart."""

from __future__ import annotations

from datetime import date

import pytest

from surveyapp.errors import Invalid
from surveyapp.results.explored import EVERY, MOST, WHOLE, explored
from surveyapp.results.view_models import Month, Trend
from surveyapp.store.models import Journey, Stage, Touchpoint
from tests.reports.test_charts import CSAT, NPS, satisfied

MONTHS = tuple(Month(date(2026, m, 1), satisfied()) for m in (1, 2))


def journey(points: int = 2) -> Journey:
    stages = [
        Stage(code="apply", name="Apply", touchpoints=[Touchpoint(id=at, code=f"t{at}", name=f"Point {at}") for at in range(1, points + 1)]),
        Stage(code="start", name="Start", touchpoints=[Touchpoint(id=90, code="card", name="Card")]),
    ]  # fmt: skip
    return Journey(code="account", name="Account", stages=stages)


def at(place: int | None, definition=CSAT, months=MONTHS) -> Trend:
    return Trend(definition, None, str(place), place, months)


TRENDS = [at(None, NPS), at(1), at(2), at(90)]


def numbers(found) -> list[int | None]:
    return [each.touchpoint_id for each in found.drawn]


def test_without_a_choice_it_is_the_first_score_at_the_end_or_else_at_every_touchpoint():
    first = explored(journey(), TRENDS)
    assert (first.scale, first.place, numbers(first)) == (NPS, WHOLE, [None])
    second = explored(journey(), TRENDS, scale="csat")
    assert (second.place, numbers(second)) == (EVERY, [1, 2, 90])
    assert [each.scale for each in second.scales] == ["nps", "csat"]


@pytest.mark.parametrize(
    ("place", "wanted"), [("apply", [1, 2]), ("start/card", [90]), ("*", [1, 2, 90]), ("", [])]
)
def test_a_place_is_the_end_a_stage_a_touchpoint_or_every_one(place: str, wanted: list[int]):
    found = explored(journey(), TRENDS, scale="csat", place=place)
    assert numbers(found) == wanted and place in {each.value for each in found.places}
    assert found.asked == bool(wanted)


def test_more_lines_than_colours_are_left_out_by_number():
    found = explored(journey(points=9), [at(number) for number in range(1, 10)])
    assert (len(found.drawn), found.left_out) == (MOST, 2)


def test_one_month_is_no_trend_though_it_is_asked():
    found = explored(journey(), [at(1, months=MONTHS[:1])])
    assert (found.drawn, found.asked) == ((), True)
    assert explored(journey(), []).scale is None


@pytest.mark.parametrize("wrong", [{"scale": "ces"}, {"place": "apply/card"}, {"place": "x" * 500}])
def test_what_is_not_in_the_journey_is_refused_by_name(wrong: dict[str, str]):
    (name,) = wrong
    with pytest.raises(Invalid, match=f"{name}=") as told:
        explored(journey(), TRENDS, **wrong)
    assert told.value.field == name
