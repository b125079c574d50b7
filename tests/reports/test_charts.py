"""Charts are SVG that says what it shows, in our type, and fetches nothing."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date

import pytest
from reportlab.graphics.shapes import Group, String

from instruments.loader import BUILT_IN
from surveyapp import design_tokens
from surveyapp.reports.charts import dots as charts
from surveyapp.reports.charts import drawing, trend_charts
from surveyapp.reports.charts import theme as chart_theme
from surveyapp.reports.typesetting import fonts
from surveyapp.reports.validation import charts as validation_charts
from surveyapp.results.control_limits import limits_in_short, limits_said, trend_limits
from surveyapp.results.definitions import scored
from surveyapp.results.targets.standing import MetricTarget
from surveyapp.results.view_models import Figure, Hidden, Marker, Month, Trend, Worded
from tests.responses.makers import unstored_survey

SCALES = scored([unstored_survey(("csat", "nps"))], library=BUILT_IN)
CSAT, NPS = SCALES["csat"].definition, SCALES["nps"].definition


def satisfied(estimate: float = 62.0, **changes: object) -> Figure:
    figure = Figure(CSAT, 120, estimate, estimate - 8, estimate + 8, 3.7)
    return replace(figure, **changes)


HIDDEN = Figure(CSAT, None, None, None, None, None, Hidden.FEW)


def texts(svg: str) -> list[str]:
    root = ET.fromstring(svg)  # noqa: S314  # made here
    return ["".join(e.itertext()) for e in root.iter("{http://www.w3.org/2000/svg}text")]


def parts(svg: str, name: str) -> list[ET.Element]:
    root = ET.fromstring(svg)  # noqa: S314  # made here
    return list(root.iter(f"{{http://www.w3.org/2000/svg}}{name}"))


def labels(svg: str) -> str:
    root = ET.fromstring(svg)  # noqa: S314  # made here
    return " | ".join(e.get("aria-label", "") for e in root.iter())


def dots(*rows: charts.Row) -> str:
    return charts.dots(rows, [charts.Column(CSAT)])


def test_a_dot_plot_shows_the_number_and_tells_interval_and_n_to_a_screen_reader():
    svg = dots(charts.Row("Identity check", [satisfied()]))
    assert "62%" in texts(svg)
    assert "Identity check" in texts(svg)
    assert "Identity check, CSAT: 62%, 54 to 70, n = 120" in labels(svg)


def test_a_hidden_figure_leaves_words_and_no_mark():
    svg = dots(charts.Row("Chat", [HIDDEN]), charts.Row("App", [satisfied()]))
    assert "hidden (fewer than 5)" in texts(svg)
    assert "Chat," not in labels(svg)


def test_words_have_paper_behind_them_that_hides_the_grid():
    svg = dots(charts.Row("A", [satisfied()]), charts.Row("B", [HIDDEN]))
    assert svg.index(design_tokens.COLOURS["paper"]) < svg.index("hidden (fewer than 5)<")


def test_a_chart_of_nothing_is_still_a_picture():
    assert dots(charts.Row("Chat", [None])).startswith("<svg")
    assert charts.heat_map([], [], {}).startswith("<svg")
    empty = Trend(CSAT, None, None, None, ())
    assert trend_charts.trend(empty).startswith("<svg")


def test_names_that_look_like_markup_or_templates_stay_text():
    name = "<script>alert(1)</script>&amp;\"'{{7*7}}"
    svg = dots(charts.Row(name, [satisfied()]))
    assert f"{name}, CSAT: " in labels(svg)
    (drawn,) = [text for text in texts(svg) if text.startswith("<script>")]  # cut to its column
    assert name.startswith(drawn.removesuffix("…"))
    assert "<script" not in svg
    assert "{{7*7}}" in texts(dots(charts.Row("{{7*7}}", [satisfied()])))


def test_the_heat_map_marks_low_orange_middle_grey_and_high_blue():
    rows = [(f"Stage {i}", [satisfied(value)]) for i, value in enumerate((40.0, 60.0, 80.0))]
    svg = charts.heat_map(rows, [CSAT], {"csat": 60.0})
    for colour in ("low", "middle", "high"):
        assert design_tokens.COLOURS[colour] in svg
    assert "40%" in texts(svg)


def test_a_trend_breaks_at_hidden_months_and_labels_its_ends():
    months = [
        Month(date(2026, m, 1), HIDDEN if m == 3 else satisfied(50.0 + m)) for m in range(1, 7)
    ]
    svg = trend_charts.trend(Trend(CSAT, None, None, None, tuple(months)))
    assert "51%" in texts(svg)
    assert "56%" in texts(svg)
    (line,) = [e for e in parts(svg, "path") if e.get("stroke-width") == "2"]
    assert line.get("d", "").count("M") == 2  # two strokes, one on each side of the gap


@pytest.mark.parametrize(("first", "last"), [(30.0, 0.0), (60.0, 100.0)])
def test_the_last_number_stands_neither_on_the_axis_nor_beyond_the_edge(first: float, last: float):
    months = tuple(
        Month(date(2026, at, 1), satisfied(each)) for at, each in enumerate((first, last), start=1)
    )
    canvas = trend_charts.HALF_PAPER
    drawn = trend_charts.trend(Trend(CSAT, None, None, None, months), canvas, axis=(0.0, 100.0))
    number = next(
        e for e in parts(drawn, "text") if e.text == f"{last:.0f}%" and e.get("class") == "number"
    )
    half = canvas.letters / 2
    assert (
        half / 2 <= float(number.get("y", "0")) <= canvas.height - 1.9 * canvas.letters - half / 2
    )


def test_a_trend_marks_the_month_from_which_another_wording_was_read():
    months = tuple(Month(date(2026, m, 1), satisfied(50.0 + m)) for m in range(1, 7))
    words = (Worded("en-1", date(2026, 1, 1)), Worded("en-2", date(2026, 4, 1)))
    series = Trend(CSAT, None, None, None, months, wordings=words)
    svg = trend_charts.trend(series)
    (mark,) = [e for e in parts(svg, "line") if e.get("stroke-dasharray")]
    before, after = (float(e.get("cx", "")) for e in parts(svg, "circle")[2:4])
    assert before < float(mark.get("x1", "")) < after
    assert "wording en-2" in texts(svg)
    assert trend_charts.note(series).startswith(
        "The wording changed: en-1 at first, en-2 from Apr 2026."
    )
    same = replace(series, wordings=words[:1])
    assert "wording" not in trend_charts.trend(same)
    assert trend_charts.note(same) == ""
    both = replace(series, wordings=(words[0], replace(words[1], first=date(2026, 1, 1))))
    assert "wording" not in trend_charts.trend(both)  # mixed from the first month on
    assert trend_charts.note(both) == "The scores mix the wordings en-1 and en-2."


def test_a_trend_marks_changes_on_their_day_by_letters_that_do_not_meet():
    months = tuple(Month(date(2026, m, 1), satisfied(50.0 + m)) for m in range(1, 7))
    made = (
        Marker("A", "New app", date(2026, 3, 16)),
        Marker("B", "Help by chat", date(2026, 3, 17), date(2026, 4, 30)),
    )
    series = Trend(CSAT, None, None, None, months, markers=made)
    svg = trend_charts.trend(series)
    lines = [e for e in parts(svg, "line") if e.get("class") == "changed"]
    march, april = (float(e.get("cx", "")) for e in parts(svg, "circle")[2:4])
    at = [float(e.get("x1", "")) for e in lines]
    assert march - 1 < at[0] < at[1] < (march + april) / 2
    letters = [e for e in parts(svg, "text") if e.text in ("A", "B")]
    apart = float(letters[1].get("x", "")) - float(letters[0].get("x", ""))
    assert apart > trend_charts.PAPER.letters
    note = trend_charts.note(series)
    assert note.startswith("Changes: A: ") and "New app" in note and "(16 March 2026); B: " in note
    assert "(17 March 2026 to 30 April 2026)." in note
    assert "New app" in (ET.fromstring(svg).get("aria-label") or "")  # noqa: S314
    assert [each.letter for each in series.marked_in(date(2026, 3, 1))] == ["A", "B"]
    height = [ET.fromstring(each).get("height") for each in (svg, trend_charts.trend(  # noqa: S314
        replace(series, markers=()), room=trend_charts.headroom(series)))]  # fmt: skip
    assert height[0] == height[1]


def limited(values: list[float], **changes: object) -> Trend:
    months = tuple(
        Month(date(2025 + at // 12, at % 12 + 1, 1), satisfied(each))
        for at, each in enumerate(values)
    )
    series = replace(Trend(CSAT, None, None, None, months), **changes)
    return replace(series, limits=trend_limits(series))


USUAL = [60.0, 62.0, 60.0, 62.0, 60.0, 62.0, 60.0, 62.0]  # limits 61 -+ 3 * 2 / 1.128


@pytest.mark.parametrize("canvas", [trend_charts.PAGE, trend_charts.HALF_PAPER])
def test_the_label_of_a_target_meets_no_number(canvas: trend_charts.Canvas):
    """Whatever the target, and whichever way the line goes at its ends."""
    for values in ([60.0, 62.0, 58.0], [62.0, 60.0, 66.0], [55.0, 70.0], [*USUAL, 50.0]):
        for aim in range(40, 81, 2):
            target = MetricTarget(1, "", 0, "csat", float(aim), None, None, "")
            svg = trend_charts.trend(limited(values, target=target), canvas)
            boxes = [(*box(each, canvas), "".join(each.itertext())) for each in parts(svg, "text")]
            (label,) = [each for each in boxes if each[3].startswith("target")]
            for each in boxes:
                if each is not label and each[3][0].isdigit() and each[1] > 4 * canvas.letters:
                    apart = label[0] >= each[1] or each[0] >= label[1]
                    assert apart or abs(label[2] - each[2]) >= canvas.letters, (values, aim)


def box(text: ET.Element, canvas: trend_charts.Canvas) -> tuple[float, float, float]:
    """From where to where a text reaches, and its baseline."""
    width = 0.5 * canvas.letters * len("".join(text.itertext()))
    x, share = float(text.get("x", 0)), {"end": 1.0, "middle": 0.5}.get(text.get("text-anchor", ""))
    left = x - width * (share or 0.0)
    return left, left + width, float(text.get("y", 0))


def test_a_month_outside_the_control_limits_is_told_by_shape_and_word():
    series = limited([*USUAL, 50.0])
    assert (round(series.limits.lower, 2), round(series.limits.upper, 2)) == (55.68, 66.32)
    svg = trend_charts.trend(series)
    (mark,) = [e for e in parts(svg, "polygon") if e.get("class") == "outside"]
    assert (
        "".join(mark.itertext())
        == "Sep 2025, CSAT: 50%, 42 to 58, n = 120, below the control limits"
    )
    assert len(parts(svg, "circle")) == len(USUAL)
    assert texts(svg).count("50% below limits") == 1
    assert len([e for e in parts(svg, "line") if e.get("class") == "limit"]) == 2
    assert limits_said(series).startswith(
        "Dash-dotted lines are control limits, 56% to 66%, from 8 months: mean of the earlier months,"
    )
    assert " Below them: Sep 2025. " in limits_said(series)
    assert limits_in_short(series) == (
        "Control limits 56% to 66%, from 8 months. Below them: Sep 2025."
    )
    later = trend_charts.trend(limited([*USUAL[:4], 30.0, *USUAL, 61.0]))
    assert texts(later).count("below limits") == 1  # beside the dot, as its number is not said
    within = trend_charts.trend(limited([*USUAL, 58.0]))
    assert "limits" not in "".join(texts(within)) and "outside" not in within


@pytest.mark.parametrize("canvas", [trend_charts.PAGE, trend_charts.HALF_PAPER])
@pytest.mark.parametrize("newest", [0.0, 100.0])
def test_the_word_of_a_month_outside_stays_on_its_drawing(canvas, newest):
    svg = trend_charts.trend(limited([*USUAL, newest]), canvas, axis=(0.0, 100.0))
    (word,) = [e for e in parts(svg, "text") if (e.text or "").endswith(" limits")]
    assert canvas.letters < float(word.get("y", "0")) < canvas.height - 1.9 * canvas.letters
    assert float(word.get("x", "0")) + 3.8 * canvas.letters < canvas.width
    assert word.text == f"{newest:.0f}% {'above' if newest else 'below'} limits"


def test_control_limits_rest_on_the_present_wording_and_refuse_with_a_number():
    words = (Worded("en-1", date(2025, 1, 1)), Worded("en-2", date(2025, 5, 1)))
    few = limited([*USUAL, 50.0], wordings=words)
    assert few.limits is None
    assert limits_said(few) == (
        "No control limits: they need 8 months with shown scores in the present wording before the"
        " newest one; there are 4."
    )
    assert "outside" not in trend_charts.trend(few)
    # Twenty points lower since another wording: no breach, and none of the months before it.
    later = limited([80.0] * 4 + [*USUAL, 61.0], wordings=words)
    assert round(later.limits.centre, 2) == 61.0
    assert not any(map(later.outside, later.months))


def test_control_limits_end_where_the_scale_does():
    series = limited([95.0, 99.0] * 4 + [97.0])
    assert series.limits.upper == 100.0
    assert (
        len([e for e in parts(trend_charts.trend(series), "line") if e.get("class") == "limit"])
        == 1
    )


def test_a_trend_is_read_aloud_month_by_month():
    months = (Month(date(2026, 1, 1), satisfied(51.0)), Month(date(2026, 2, 1), HIDDEN))
    label = ET.fromstring(trend_charts.trend(Trend(CSAT, None, None, None, months)))  # noqa: S314
    assert label.get("aria-label") == (
        "Jan 2026, CSAT: 51%, 43 to 59, n = 120; Feb 2026, CSAT: hidden (fewer than 5)"
    )


def test_charts_of_one_unit_share_an_axis_that_holds_every_interval():
    months = tuple(Month(date(2026, m, 1), satisfied(40.0 + 5 * m)) for m in range(1, 4))
    assert trend_charts.trend_axis([Trend(CSAT, None, None, None, months)]) == (30.0, 70.0)


def test_the_researchers_charts_draw_missing_numbers_as_absent():
    assert "Random data" in "".join(
        texts(validation_charts.scree([3.1, None, 0.4], [1.3, 1.1, 0.9], suggested=1))
    )
    svg = validation_charts.loadings(
        [("Coherence", "coh1", 0.83, None), ("Coherence", "coh2", -0.2, 0.05)]
    )
    assert ".83" in texts(svg)
    assert "coh2 on Coherence: −0.20" in labels(svg)


def test_a_specification_that_names_an_address_is_refused_instead_of_fetched():
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"url": "http://127.0.0.1:9/data.json"},
        "mark": "point",
        "encoding": {"x": {"field": "a", "type": "quantitative"}},
    }
    with pytest.raises(ValueError, match=r"[Aa]ccess|[Dd]enied|allowed"):
        chart_theme._converted(spec)


def test_an_image_in_an_svg_is_not_fetched_for_the_pdf(tmp_path):
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="10" height="10">'
        '<image xlink:href="http://127.0.0.1:9/x.png" width="5" height="5"/><rect width="5" height="5"/></svg>'
    )
    assert drawing.drawing(svg, 100).height == pytest.approx(100)


def strings(group: Group) -> list[String]:
    found = []
    for part in group.contents:
        found += (
            strings(part) if isinstance(part, Group) else [part] if isinstance(part, String) else []
        )
    return found


def test_a_drawing_is_as_wide_as_asked_and_its_text_is_set_in_our_faces():
    picture = drawing.drawing(dots(charts.Row("Identity check", [satisfied()])), 300)
    assert picture.width == 300
    assert {s.fontName for s in strings(picture)} <= {fonts.REGULAR, fonts.SEMIBOLD, fonts.ITALIC}


def test_arabic_names_are_joined_turned_and_set_in_a_face_that_has_them():
    picture = drawing.drawing(dots(charts.Row("فتح حساب", [satisfied()])), 300)
    arabic = [s for s in strings(picture) if s.fontName == fonts.OTHER]
    assert len(arabic) == 1
    assert arabic[0].text == fonts.visual("فتح حساب")
    assert arabic[0].text != "فتح حساب"


def test_long_labels_are_broken_and_never_wider_than_their_column():
    lines = fonts.wrapped(
        "Verifying the identity by video call with an agent of a partner", 10, 120
    )
    assert len(lines) == 2
    assert all(fonts.width(line, 10) <= 120 for line in lines)
    assert (
        fonts.width(fonts.wrapped("Donaudampfschifffahrtsgesellschaftskapitän", 10, 90)[0], 10)
        <= 90
    )


def test_importing_charts_and_pdf_loads_no_slow_library():
    slow = {"altair", "pandas", "vl_convert", "matplotlib", "sklearn", "semopy"}
    code = (
        "import sys, surveyapp.reports.charts.dots, surveyapp.design_tokens, surveyapp.reports.actions, "
        "surveyapp.results.dashboards, surveyapp.results.findings, surveyapp.results.analyses.actions;"
        f"print(sorted({slow!r} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "colours", [design_tokens.COLOURS, design_tokens.DARK], ids=["light", "dark"]
)
def test_text_has_the_contrast_that_reading_needs_and_marks_what_seeing_needs(colours):
    assert set(colours) == set(design_tokens.COLOURS)
    texts = ("ink", "muted", "accent", "accent-strong", "fault", "good")
    for behind in ("paper", "wash", "accent-pale"):
        for name in texts:
            assert design_tokens.contrast(colours[name], colours[behind]) >= 4.5, (name, behind)
        for name in ("focus", "control"):
            assert design_tokens.contrast(colours[name], colours[behind]) >= 3, (name, behind)
    for name in ("low", "high"):
        assert design_tokens.contrast(colours[name], colours["paper"]) >= 3, name
    for front, behind in (
        ("on-accent", "accent"),
        ("on-accent", "accent-strong"),
        ("fault", "fault-pale"),
    ):
        assert design_tokens.contrast(colours[front], colours[behind]) >= 4.5, (front, behind)


@pytest.mark.parametrize("position", [-2.0, -1.0, -0.5, 0.0, 0.3, 1.0])
def test_numbers_on_the_score_scale_can_be_read(position: float):
    background = design_tokens.score_colour(position)
    assert design_tokens.contrast(background, design_tokens.ink_on(background)) >= 4.5


@pytest.mark.parametrize("position", [-0.62, -0.31, 0.0, 0.31, 0.62])  # as far as pages go
def test_numbers_on_the_score_scale_can_be_read_on_dark_pages(position: float):
    background = design_tokens.score_colour(position, design_tokens.DARK)
    assert design_tokens.contrast(background, design_tokens.ink_on(background)) >= 4.5


def test_the_stylesheet_holds_every_colour_and_size_of_the_table():
    css = design_tokens.stylesheet()
    assert all(f"--{name}: {value};" in css for name, value in design_tokens.COLOURS.items())
    assert all(f"--{name}: {value};" in css for name, value in design_tokens.DARK.items())
    assert all(f"--size-{name}:" in css for name in design_tokens.SIZES)
