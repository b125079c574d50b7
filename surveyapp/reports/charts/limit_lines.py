"""The control limits in a trend's drawing: two lines across, and what marks a month outside them."""

from __future__ import annotations

from collections.abc import Iterator

from surveyapp.design_tokens import COLOURS
from surveyapp.i18n.words import Words, msg
from surveyapp.reports.charts import svg
from surveyapp.reports.charts.trend_plane import Plane
from surveyapp.results import control_limits
from surveyapp.results.view_models import Month, Trend

_DASH = "8 2 2 2"
_LETTER = 0.52  # the width of a letter in parts of the type's size


def lines(plane: Plane, series: Trend) -> Iterator[str]:
    """Each limit across the months in the present wording, unless it is the end of the scale."""
    if series.limits is None:
        return
    first = next(at for at, each in enumerate(series.months) if series.is_in_present_wording(each))
    for value, end in zip(
        (series.limits.lower, series.limits.upper), series.definition.axis, strict=True
    ):
        if value != end:
            yield svg.element(
                "line",
                class_="limit",
                x1=plane.before(first),
                x2=plane.canvas.width,
                y1=plane.y(value),
                y2=plane.y(value),
                stroke=COLOURS["muted"],
                stroke_width=1.0,
                stroke_dasharray=_DASH,
            )


def diamond(plane: Plane, series: Trend, month: Month, x: float, words: Words) -> str:
    """A month outside, by its shape."""
    y, half = plane.y(month.figure.estimate or 0.0), plane.canvas.letters * 0.55
    corners = [(x, y - half), (x + half, y), (x, y + half), (x - half, y)]
    return svg.element(
        "polygon",
        svg.element("title", svg.escaped(control_limits.month_said(series, month, words))),
        class_="outside",
        points=" ".join(f"{a:.1f},{b:.1f}" for a, b in corners),
        fill=COLOURS["ink"],
    )


def words(plane: Plane, series: Trend, spoken: Words) -> Iterator[str]:
    """ "above limits" or "below limits" beyond each month outside, where the word before it leaves room.

    The first and the last shown month have theirs beside their number.
    """
    letters, free = plane.canvas.letters, 0.0
    shown = [at for at, month in enumerate(series.months) if month.figure.shown]
    for at in shown[1:-1]:
        month, x = series.months[at], plane.x(at)
        side = series.outside(month)
        if not side or x < free:
            continue
        said = word(side, spoken)
        free = x + _width(said) * letters
        y = plane.y(month.figure.estimate or 0.0)
        beyond = y - 1.3 * letters if side == "above" else y + 1.4 * letters
        if not letters < beyond < plane.bottom - 0.5 * letters:
            beyond = 2 * y - beyond
        yield svg.text(said, inside(plane, x, said), beyond, size=letters, class_="number")


def word(side: str, words: Words, value: str = "") -> str:
    """What stands beside a month outside, with its value where it has one there."""
    said = words.say(msg("above limits") if side == "above" else msg("below limits"))
    return f"{value} {said}".strip()


def inside(plane: Plane, x: float, said: str) -> float:
    """Where the middle of a text stands so that it meets neither the axis nor the drawing's edge."""
    half = _width(said) * plane.canvas.letters / 2
    return max(min(x, plane.canvas.width - half), plane.left + half)


def _width(said: str) -> float:
    """About the width of a text in parts of the type's size."""
    return _LETTER * len(said)
