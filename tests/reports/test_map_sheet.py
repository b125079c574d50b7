"""A map on paper: one sheet where it fits, whole stages on each sheet where it does not."""

from __future__ import annotations

import io
from dataclasses import replace

import pdfplumber
import pytest
from lxml import etree

from surveyapp.design_tokens import TEXT_WIDTH
from surveyapp.i18n.report_languages import written_in
from surveyapp.i18n.words import ENGLISH
from surveyapp.journeys.map_lanes import LANES, Grain, Kind
from surveyapp.reports.files.figure_files import pixels
from surveyapp.reports.maps.files import map_pdf, map_png
from surveyapp.reports.maps.sheet import Box, MapTitle, Sheet, Words, parts, sheets
from surveyapp.reports.maps.svg import map_svg
from surveyapp.results.maps.emotion_line import EmotionLine, Feeling
from surveyapp.results.maps.grid import GridCell, GridPoint, GridRow, GridStage, MapGrid
from surveyapp.results.view_models import Hidden
from surveyapp.store.models import Journey

HOSPITAL = (2, 2, 3, 3, 1, 2)


def grid_of(touchpoints: tuple[int, ...], text: str = "Waits and asks who is next.") -> MapGrid:
    """A map with so many touchpoints a stage, and a text in every cell."""
    points = [
        [GridPoint(at * 100 + n, f"Point {at}.{n}", False, ()) for n in range(number)]
        for at, number in enumerate(touchpoints)
    ]
    stages = tuple(
        GridStage(GridCell("stage", at, "name", f"Stage {at}", ""), tuple(own))
        for at, own in enumerate(points)
    )

    def cells(lane_text: str, grain: Grain, own: list[GridPoint]) -> tuple[GridCell, ...]:
        count = len(own) if grain is Grain.TOUCHPOINT else 1
        return tuple(GridCell("stage", 0, "x", lane_text, "") for _ in range(count))

    rows = tuple(
        GridRow(lane, tuple(cells(text, lane.grain, own) for own in points))
        if lane.kind in (Kind.TEXT, Kind.LINE)
        else GridRow(lane, tuple(cells("", lane.grain, own) for own in points))
        for lane in LANES
    )
    feelings = tuple(
        Feeling(point.id, point.name, 0.5, 0.2, 0.8, 40, True, Hidden.NO, 2)
        for own in points
        for point in own
    )
    line = EmotionLine(None, (), feelings, (), (), 0)
    return MapGrid(Journey(code="j", name="Stay", provider="Clinic"), stages, rows, line, "")


def within(sheet: Sheet) -> bool:
    return all(
        each.x >= 0 and each.x + each.width <= sheet.width
        and each.y >= 0 and each.y + each.height <= sheet.height
        for each in sheet.marks
        if isinstance(each, Box)
    )  # fmt: skip


def test_a_hospital_journey_is_one_sheet_of_a3():
    made = sheets(grid_of(HOSPITAL), MapTitle("Stay", "Measured by CSAT."))
    data = map_pdf(made, title="Map: Stay", author="Clinic")
    with pdfplumber.open(io.BytesIO(data)) as pdf:
        (page,) = pdf.pages
        assert (page.width, page.height) == pytest.approx((1190.55, 841.89), abs=0.1)
        text = page.extract_text()
    assert "Stay" in text and "Stage 5" in text and "Line of visibility" in text
    assert "…" not in text and text.count("≠") == sum(HOSPITAL)
    assert within(made[0])
    png = map_png(made)
    assert pixels(png) == pytest.approx((2480, 1754), abs=2)


def test_long_texts_are_cut_and_say_so_and_no_cell_leaves_the_sheet():
    (made,) = sheets(grid_of(HOSPITAL, "Waits and asks who is next. " * 60), MapTitle("Stay", ""))
    assert within(made)
    assert any(each.text.endswith("…") for each in made.marks if isinstance(each, Words))


@pytest.mark.parametrize(("paper", "number"), [("a3", 3), ("a2", 2)])
def test_a_large_map_is_cut_between_stages_only(paper: str, number: int):
    many = tuple(40 // 12 + (at < 4) for at in range(12))
    made = sheets(grid_of(many), MapTitle("Stay", ""), paper=paper)
    assert len(made) == number and all(map(within, made))
    named = [
        [each.text for each in sheet.marks if isinstance(each, Words) and each.bold]
        for sheet in made
    ]
    stages = [[text for text in own if text[:6] == "Stage "] for own in named]
    assert [text for own in stages for text in own] == [f"Stage {at}" for at in range(12)]
    drawing = etree.fromstring(map_svg(made).encode())
    assert len(drawing) == number


def test_a_report_has_whole_stages_and_lanes_in_each_of_its_drawings():
    made = parts(grid_of(HOSPITAL), few=5)
    assert (made[0].first, made[0].last) == ("Stage 0", "Stage 2")
    assert made[-1].last == "Stage 5"
    for each in made:
        assert within(each.sheet)
        assert each.sheet.width == pytest.approx(TEXT_WIDTH) and each.sheet.height <= 440
    names = [mark.text for each in made for mark in each.sheet.marks if isinstance(mark, Words)]
    assert sum(text.startswith("Point") for text in names) == 0
    assert "…" not in "".join(names) and names.count("Line of visibility") == 2
    assert names.count("≠") == sum(HOSPITAL)


def test_columns_run_from_the_right_and_each_text_stands_where_it_begins():
    words = written_in("ar")
    (left,), (right,) = (parts(grid_of((2, 2)), few=5, words=each)[:1] for each in (ENGLISH, words))
    first, last = (boxes[0] for boxes in (stages_of(left.sheet), stages_of(right.sheet)))
    assert first.x == pytest.approx(TEXT_WIDTH - last.x - last.width) and first.x < last.x
    written = [each for each in right.sheet.marks if isinstance(each, Words)]
    assert {each.right for each in written if "Stage" in each.text} == {False}
    assert any(each.right for each in written)
    assert within(right.sheet)


def test_a_map_with_arabic_names_runs_from_the_right_on_paper():
    grid = grid_of((1, 1))
    stages = [
        replace(each, name=replace(each.name, text=text), points=())
        for each, text in zip(
            grid.stages, ("\u0648\u0635\u0648\u0644", "\u0639\u0644\u0627\u062c"), strict=True
        )
    ]
    grid = replace(grid, stages=tuple(stages))
    assert grid.from_right
    (made,) = sheets(grid, MapTitle("Stay", ""))
    first, second = stages_of(made)
    assert first.x > second.x
    assert 'text-anchor="end"' in map_svg([made])


def stages_of(sheet: Sheet) -> list[Box]:
    return [each for each in sheet.marks if isinstance(each, Box) and each.kind == "stage"]
