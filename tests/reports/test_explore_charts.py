"""The explore page's specification is Vega-Lite that other programs read, and holds what is shown alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import altair
import pytest
import vl_convert

from surveyapp.reports.charts.explore_charts import REST, trends_specification
from surveyapp.results.targets.standing import MetricTarget
from surveyapp.results.view_models import Marker, Month, Trend
from tests.reports.test_charts import HIDDEN, NPS, USUAL, limited, satisfied

NAME = "<script>alert(1)</script> {{7*7}} ' || eval('1')"
ALONE = limited(
    [*USUAL, 50.0],
    markers=(Marker("A", "New app", date(2025, 3, 16)),),
    target=MetricTarget(1, "", 0, "csat", 64.0, None, None, ""),
)


def drawn(*trends: Trend) -> tuple[dict[str, Any], str]:
    """A specification that Altair takes, and its picture."""
    made = trends_specification(trends, few=5)
    altair.Chart.from_dict(made)
    return made, vl_convert.vegalite_to_svg(
        {**made, "width": 600}, vl_version="6.4", allowed_base_urls=[]
    )


def beside(name: str = NAME) -> Trend:
    """A touchpoint's trend with a hidden month, of which a number is known here and nowhere else."""
    months = [Month(date(2025, m, 1), satisfied(41.5 + m)) for m in range(1, 7)]
    months[2] = replace(months[2], figure=HIDDEN)
    return Trend(replace(ALONE.definition), "Apply", name, 7, tuple(months))


def test_every_shown_month_is_drawn_with_its_sentence():
    _, svg = drawn(ALONE)
    assert svg.count('aria-label="The journey as a whole, ') == len(ALONE.months)
    assert "Sep 2025, CSAT: 50%, 42 to 58, n = 120, below the control limits" in svg
    for said in ("lower limit 56%", "upper limit 66%", "target 64%", "below limits", ">A<"):
        assert said in svg, said


def test_a_hidden_month_is_a_gap_that_holds_no_number():
    made, svg = drawn(beside())
    (row,) = [each for each in made["data"]["values"] if each["value"] is None]
    assert row["shown"] == "hidden (fewer than 5)"
    assert [row[name] for name in ("low", "high", "n", "interval")] == [None, None, None, ""]
    assert "44.5" not in json.dumps(row) and "Mar 2025" not in svg.replace(">Mar 2025<", "")
    assert svg.count(" 2025, CSAT: ") == 5


def test_limits_target_and_changes_belong_to_one_trend_alone():
    _, svg = drawn(ALONE, beside("Chat"))
    for said in ("limit 5", "target", ">A<"):
        assert said not in svg, said
    assert ">The journey as a whole<" in svg and ">Chat<" in svg  # the legend
    assert "below limits" in svg  # by word beside the diamond all the same


def test_names_are_values_and_never_a_part_of_an_expression():
    made, svg = drawn(beside())
    values = made.pop("data")
    assert NAME in json.dumps(values) and NAME not in json.dumps(made["layer"][1]["mark"])
    assert "<script" not in svg
    scale = made["layer"][1]["encoding"]["color"]["scale"]
    assert scale["domain"] == [NAME]
    made["layer"][1]["encoding"]["color"]["scale"] = None
    assert NAME not in json.dumps(made)


def test_all_other_customers_are_a_line_beside_a_segment():
    months = [replace(each, rest=satisfied(70.0)) for each in ALONE.months]
    segment = replace(ALONE, months=tuple(months))
    made, svg = drawn(segment)
    lines = {row["line"] for row in made["data"]["values"]}
    assert lines == {"The journey as a whole", REST}
    assert "All other customers, Jan 2025, CSAT: 70%" in svg
    # A gap where nothing may be said of them, and a bar where they stand between two gaps.
    only = [replace(each, rest=None) if at != 4 else each for at, each in enumerate(months)]
    made, svg = drawn(replace(ALONE, months=tuple(only)))
    others = [row for row in made["data"]["values"] if row["line"] == REST]
    assert [row["value"] for row in others] == [None] * 4 + [70.0] + [None] * 4
    assert [row["key"] for row in made["data"]["values"] if row["apart"] and row["value"]] == [13]
    assert 'stroke-width="5"' in svg and 'stroke-width="5"' not in drawn(ALONE)[1]
    made, _ = drawn(segment, replace(segment, touchpoint="Chat", touchpoint_id=7))
    assert REST not in {row["line"] for row in made["data"]["values"]}


@pytest.mark.parametrize("trends", [(), (Trend(NPS, None, None, None, ()),)])
def test_nothing_to_draw_is_still_a_picture(trends: tuple[Trend, ...]):
    made, svg = drawn(*trends)
    assert svg.startswith("<svg") and made["data"] == {"values": []}
