"""The explore page's heat map is Vega-Lite that other programs read, and holds what is shown alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import altair
import vl_convert

from surveyapp.design_tokens import DARK, HEATS, ON_CELL, contrast, heat_colour
from surveyapp.reports.charts.explore_heat_maps import heat_specification, height_named
from surveyapp.results.maps.heat_map import PlacedRow
from tests.reports.test_charts import HIDDEN, satisfied

STATIC = Path(__file__).parents[2] / "surveyapp" / "web" / "static"
NAME = "<script>alert(1)</script> {{7*7}} ' || eval('1')"
HIGH = satisfied(82.5)
CES = replace(HIGH.definition, scale="ces", short="CES")
ROWS = (
    PlacedRow("Apply", (HIGH, None), frozenset()),
    PlacedRow(NAME, (HIDDEN, replace(satisfied(12.25), definition=CES)), frozenset({"ces"})),
)


def test_each_place_and_metric_is_a_cell_with_its_sentence():
    made = heat_specification(ROWS, (HIGH.definition, CES), few=5)
    altair.Chart.from_dict(made)
    drawing = {**made, "width": 900}
    svg = vl_convert.vegalite_to_svg(drawing, vl_version="6.4", allowed_base_urls=[])
    cells = made["data"]["values"]
    assert [(each["line"], each["metric"]) for each in cells] == [
        *(("Apply", "CSAT"), ("Apply", "CES")),
        *((NAME, "CSAT"), (NAME, "CES")),
    ]
    for each in cells:
        assert each["said"].startswith(f"{each['line']}, {each['metric']}: ")
        assert svg.count(f'aria-label="{each["said"].split("<")[0]}') >= 1
    assert cells[3]["said"].endswith(", lowest") and cells[3]["text"] == "▼▼ 12% lowest"
    assert cells[1]["shown"] == "not asked here"
    assert "▲▲ 82%" in svg or "▲ 82%" in svg
    narrow = vl_convert.vegalite_to_svg(
        {**made, "width": 300}, vl_version="6.4", allowed_base_urls=[]
    )
    assert ">82%<" in narrow and "n 120" not in narrow.replace("n = 120", "")


def test_a_hidden_score_is_an_empty_cell_with_its_reason():
    made = heat_specification(ROWS, (HIGH.definition, CES), few=5)
    cell = made["data"]["values"][2]
    assert cell["shown"] == "hidden (fewer than 5)"
    kept = ("value", "low", "high", "n", "colour")
    assert [cell[name] for name in kept] == [None] * 5
    assert [cell[name] for name in ("interval", "text", "below")] == [""] * 3
    assert json.loads(json.dumps(made)) == made


def test_numbers_are_readable_on_every_colour():
    colours = [heat_colour(step) for step in range(1, HEATS + 1)]
    assert min(contrast(colour, ON_CELL) for colour in colours) > 4.5
    night = [heat_colour(step, DARK) for step in range(1, HEATS + 1)]
    assert min(contrast(colour, DARK["ink"]) for colour in night) > 4.5


def test_the_page_keeps_the_height_that_is_drawn():
    style = (STATIC / "explore.css").read_text(encoding="utf-8")
    for rows in range(1, 41):
        row = PlacedRow("Apply", (), frozenset())
        height = heat_specification([row] * rows, (), few=5)["height"]
        name = height_named(rows)
        selector = ".explored" if name == "usual" else f".explored-{name}"
        assert f"{selector} {{ height: {height}px;" in style, name
