"""Small pictures on pages: where things lie, as plain numbers that a template draws."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask

from surveyapp.results import phrases
from surveyapp.results.view_models import Definition, Figure, Trend
from surveyapp.web.number_formats import share_of_axis

PLOT_WIDTH, PLOT_EDGE = 160, 5
TREND_WIDTH, TREND_HEIGHT = 640, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 14, 26
_MOST_LABELS = 8


@dataclass(frozen=True)
class TrendPoint:
    """One shown month: its place, its interval's ends, and what is said of it."""

    x: float
    y: float
    low: float | None
    high: float | None
    words: str


@dataclass(frozen=True)
class TrendPlot:
    """A trend on a canvas of 640 x 190 units; a hidden or empty month breaks the line."""

    points: tuple[TrendPoint, ...]
    lines: tuple[str, ...]  # "x,y x,y ..." of each unbroken run
    ticks: tuple[tuple[float, str], ...]  # y and label
    months: tuple[tuple[float, str], ...]  # x and label
    left: int = _LEFT
    right: int = TREND_WIDTH - _RIGHT


def teach_plots(app: Flask) -> None:
    app.jinja_env.filters["place"] = place
    app.jinja_env.filters["trend_plot"] = trend_plot


def place(value: float, definition: Definition) -> float:
    """Where a value lies in a plot of 160 units."""
    return round(PLOT_EDGE + share_of_axis(value, definition) * (PLOT_WIDTH - 2 * PLOT_EDGE), 1)


def trend_plot(trend: Trend) -> TrendPlot:
    """The geometry of a trend, on the whole axis of its scale so that trends can be compared."""
    definition, months = trend.definition, trend.months
    step = (TREND_WIDTH - _LEFT - _RIGHT) / max(1, len(months))
    places = [round(_LEFT + step * (index + 0.5), 1) for index in range(len(months))]
    points: list[TrendPoint] = []
    lines: list[list[str]] = [[]]
    for x, month in zip(places, months, strict=True):
        if month.figure.estimate is None:
            lines.append([])
            continue
        point = _point(x, phrases.month(month.first), month.figure)
        points.append(point)
        lines[-1].append(f"{point.x},{point.y}")
    low, high = definition.axis
    every = -(-len(months) // _MOST_LABELS) or 1
    return TrendPlot(
        points=tuple(points),
        lines=tuple(" ".join(line) for line in lines if len(line) > 1),
        ticks=tuple(
            (_height(tick, definition), phrases.estimate(definition, tick))
            for tick in (low, (low + high) / 2, high)
        ),
        months=tuple(
            (x, phrases.month(month.first))
            for index, (x, month) in enumerate(zip(places, months, strict=True))
            if index % every == 0
        ),
    )


def _point(x: float, month: str, figure: Figure) -> TrendPoint:
    definition = figure.definition
    ends = [None if end is None else _height(end, definition) for end in (figure.low, figure.high)]
    interval = phrases.interval(figure)
    words = f"{month}: {phrases.value(figure)}"
    if interval:
        words += f" ({interval})"
    return TrendPoint(
        x=x,
        y=_height(figure.estimate or 0.0, definition),
        low=ends[0],
        high=ends[1],
        words=f"{words}, n {figure.n}",
    )


def _height(value: float, definition: Definition) -> float:
    usable = TREND_HEIGHT - _TOP - _BOTTOM
    return round(_TOP + (1 - share_of_axis(value, definition)) * usable, 1)
