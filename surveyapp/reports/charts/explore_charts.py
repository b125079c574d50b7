"""Trends as a Vega-Lite specification with their numbers in it: a browser draws it, and so does any other
program that reads Vega-Lite.

Written as plain values rather than by Altair, which takes a second to import; a test has Altair read
it. Only what trends show is in it: a hidden month is a gap, with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from surveyapp.design_tokens import CATEGORIES, COLOURS
from surveyapp.reports.charts.config import config
from surveyapp.reports.charts.svg import FAMILY
from surveyapp.reports.charts.trend_charts import trend_axis
from surveyapp.results import control_limits, phrases
from surveyapp.results.targets import phrases as target_phrases
from surveyapp.results.view_models import Figure, Trend, Unit

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
HEIGHT = 380
LETTERS = 13  # pixels
WHOLE = "The journey as a whole"
REST = "All other customers"
_BANDS = 2  # lines that show their bands together
_MIDDLE = 15  # the day of a month on which it is drawn; changes are drawn on theirs
_X = {"field": "at", "type": "temporal", "scale": {"type": "utc"}}

Spec = dict[str, Any]


def trends_specification(trends: Sequence[Trend], *, few: int) -> Spec:
    """Trends of one scale as lines on one axis; none are an empty drawing.

    Limits, target and changes are drawn for a trend that is alone: those of several would not be told
    apart.
    """
    rows = list(_rows(trends, few))
    colours = _colours([row["line"] for row in rows])
    rows = [{**row, "colour": colours[row["line"]]} for row in rows]
    alone = trends[0] if len(trends) == 1 else None
    axes = {"x": _months(trends), "y": _scores(trends)}
    bars = [_bars(trends)] if any(row["apart"] and row["low"] is not None for row in rows) else []
    layers = [_bands(trends, colours), *bars, _lines(colours), _points(), *_words(rows)]
    layers = [{**each, "encoding": axes | each["encoding"]} for each in layers]
    if alone is not None:
        layers = [*_limits(alone), *_target(alone), *layers, *_changes(alone)]
    return {
        "$schema": SCHEMA,
        "description": f"{_title(trends)} by month",
        "width": "container",
        "height": HEIGHT,
        "autosize": {"type": "fit", "contains": "padding"},
        "data": {"values": rows},
        # Which row the arrow keys read; the page sets it.
        "params": [{"name": "read", "value": -1}],
        "layer": layers,
        "config": drawing_config(),
    }


def name(trend: Trend) -> str:
    """What a line is called: its touchpoint's name."""
    return trend.touchpoint or WHOLE


def _title(trends: Sequence[Trend]) -> str:
    return trends[0].definition.label if trends else "No scores"


def _rows(trends: Sequence[Trend], few: int) -> Iterator[Spec]:
    """A row a month and line; of months that are hidden the reason and no number."""
    key = 0
    for line, months in _series(trends):
        for at, (first, figure, side, said) in enumerate(months):
            near = [months[each][1] for each in (at - 1, at + 1) if 0 <= each < len(months)]
            yield {
                "key": key,
                "line": line,
                "month": phrases.month(first),
                "at": first.replace(day=_MIDDLE).isoformat(),
                **_numbers(figure, few),
                # Its interval is no part of a band, which needs two months.
                "apart": not any(each is not None and each.shown for each in near),
                "limits": f"{side} limits" if side else "",
                "said": f"{line}, {said}",
            }
            key += 1


# Its first day, its figure (None where nothing may be said), its side of the limits, its sentence.
_Said = tuple[date, Figure | None, str, str]


def _series(trends: Sequence[Trend]) -> Iterator[tuple[str, list[_Said]]]:
    """The lines with their months; beside one that is alone all other customers, where it has them."""
    for trend in trends:
        yield (
            name(trend),
            [
                (m.first, m.figure, trend.outside(m), control_limits.month_said(trend, m))
                for m in trend.months
            ],
        )
    rest = [(each.first, each.rest) for trend in trends for each in trend.months]
    if len(trends) == 1 and any(figure is not None for _, figure in rest):
        yield (
            REST,
            [
                (first, each, "", phrases.said(phrases.month(first), each) if each else "")
                for first, each in rest
            ],
        )


def _numbers(figure: Figure | None, few: int) -> Spec:
    if figure is None:
        empty = dict.fromkeys(("value", "low", "high", "n"))
        return {**empty, "shown": "", "interval": ""}
    return {
        "value": figure.estimate,
        "low": figure.low if figure.shown else None,
        "high": figure.high if figure.shown else None,
        "shown": phrases.value(figure, few=few),
        "interval": phrases.interval(figure),
        "n": figure.n,
    }


def _months(trends: Sequence[Trend]) -> Spec:
    """The axis of months, each in its whole length."""
    firsts = sorted({month.first for trend in trends for month in trend.months})
    scale: Spec = {"type": "utc", "nice": False}
    if firsts:
        following = (firsts[-1] + timedelta(days=32)).replace(day=1)
        scale["domain"] = [_instant(firsts[0]), _instant(following)]
    return {
        **_X,
        "title": None,
        "scale": scale,
        "axis": {
            "format": "%b %Y",
            "grid": False,
            "values": [_instant(first.replace(day=_MIDDLE)) for first in firsts],
            "labelOverlap": True,
            "labelSeparation": 8,
            "labelFlush": False,
        },
    }


def _instant(day: date) -> Spec:
    return {"year": day.year, "month": day.month, "date": day.day, "utc": True}


def _scores(trends: Sequence[Trend]) -> Spec:
    axis: Spec = {"tickCount": 5, "grid": True}
    if trends and trends[0].definition.unit is Unit.PERCENT:
        axis["labelExpr"] = "datum.label + '%'"
    if trends and trends[0].definition.unit is Unit.NPS:
        axis["format"] = "+"
    scale = {"domain": list(trend_axis(trends)), "nice": False} if trends else {}
    return {
        "field": "value",
        "type": "quantitative",
        "title": None,
        "scale": scale,
        "axis": axis,
    }


def _colours(lines: Sequence[str]) -> dict[str, str]:
    """A colour a line, in the order of the rows; the accent for one line alone."""
    names = list(dict.fromkeys(lines))
    if len(names) == 1:
        return {names[0]: COLOURS["accent"]}
    return {
        line: COLOURS["muted"] if line == REST else CATEGORIES[at] for at, line in enumerate(names)
    }


def _line_colour(colours: Mapping[str, str]) -> Spec:
    """The lines' colours with their legend, where there are several."""
    legend: Spec = {
        "title": None,
        "orient": "bottom",
        "columns": {"expr": "width < 560 ? 1 : 3"},
        "columnPadding": 20,
        "labelLimit": 230,
        "symbolType": "circle",
    }
    return {
        "field": "line",
        "type": "nominal",
        "sort": None,
        "scale": {"domain": list(colours), "range": list(colours.values())},
        "legend": legend if len(colours) > 1 else None,
    }


def _chosen(value: float, else_value: float) -> Spec:
    """Full where a line is chosen in the legend or none is, else faint."""
    return {"condition": {"param": "chosen", "value": value}, "value": else_value}


def _bands(trends: Sequence[Trend], colours: Mapping[str, str]) -> Spec:
    """Intervals as bands; of many lines those that are chosen, as the others would hide one another."""
    opacity = _chosen(0.16, 0.03)
    if len(colours) > _BANDS:
        opacity = {"condition": {"param": "chosen", "empty": False, "value": 0.16}, "value": 0}
    return {
        "mark": {"type": "area", "aria": False, "invalid": "break-paths-filter-domains"},
        "encoding": {
            "y": {**_scores(trends), "field": "low"},
            "y2": {"field": "high"},
            # Not the lines' colour, whose legend would be as pale as the bands.
            "fill": {"field": "colour", "type": "nominal", "scale": None},
            "fillOpacity": opacity,
        },
    }


def _bars(trends: Sequence[Trend]) -> Spec:
    """The interval of a month between hidden ones as a bar."""
    return {
        "transform": [{"filter": "datum.apart && isValid(datum.low)"}],
        "mark": {"type": "rule", "strokeWidth": 5, "aria": False},
        "encoding": {
            "y": {**_scores(trends), "field": "low"},
            "y2": {"field": "high"},
            "stroke": {"field": "colour", "type": "nominal", "scale": None},
            "strokeOpacity": _chosen(0.3, 0.05),
        },
    }


def _lines(colours: Mapping[str, str]) -> Spec:
    return {
        "params": [
            {
                "name": "chosen",
                "select": {"type": "point", "fields": ["line"]},
                "bind": "legend",
            }
        ],
        "mark": {
            "type": "line",
            "strokeWidth": 2,
            "aria": False,
            "invalid": "break-paths-filter-domains",
        },
        "encoding": {"color": _line_colour(colours), "opacity": _chosen(1, 0.15)},
    }


def _points() -> Spec:
    """A dot a month, a diamond outside the limits; larger where it is pointed at or read."""
    said = (
        ("line", "Place"),
        ("month", "Month"),
        ("shown", "Score"),
        ("interval", "95% CI"),
        ("n", "n"),
    )
    tooltip = [{"field": field, "type": "nominal", "title": title} for field, title in said]
    tooltip.append({"field": "limits", "type": "nominal", "title": "Control limits"})
    pointed = {
        "name": "pointed",
        "select": {"type": "point", "on": "pointerover", "clear": "pointerout", "nearest": True},
    }
    size = {
        "condition": [
            {"test": "datum.key === read", "value": 260},
            {"param": "pointed", "empty": False, "value": 260},
        ],
        "value": 70,
    }
    return {
        "transform": [{"filter": "isValid(datum.value)"}],
        "params": [pointed],
        "mark": {"type": "point", "filled": True},
        "encoding": {
            "color": {"field": "line", "type": "nominal"},
            "shape": {
                "condition": {"test": "datum.limits !== ''", "value": "diamond"},
                "value": "circle",
            },
            "size": size,
            "opacity": _chosen(1, 0.15),
            "tooltip": tooltip,
            "description": {"field": "said", "type": "nominal"},
        },
    }


def _words(rows: Sequence[Spec]) -> Iterator[Spec]:
    """The word beside each month outside the limits, beyond it."""
    outside = {row["limits"] for row in rows}
    for side, away in (("above", -12), ("below", 14)):
        if f"{side} limits" not in outside:
            continue
        yield {
            "transform": [{"filter": f"datum.limits === '{side} limits'"}],
            "mark": {
                "type": "text",
                "dy": away,
                "fontWeight": 600,
                "color": COLOURS["ink"],
                "aria": False,
            },
            "encoding": {
                "text": {"field": "limits", "type": "nominal"},
                "opacity": _chosen(1, 0.15),
            },
        }


def _limits(trend: Trend) -> Iterator[Spec]:
    if trend.limits is not None:
        ends = (("lower limit", trend.limits.lower), ("upper limit", trend.limits.upper))
        for (said, value), end in zip(ends, trend.definition.axis, strict=True):
            if value != end:
                shown = f"{said} {phrases.estimate(trend.definition, value)}"
                yield from _across(_scores([trend]), value, shown, COLOURS["muted"], [8, 2, 2, 2])


def _target(trend: Trend) -> Iterator[Spec]:
    if trend.target is not None:
        said = f"target {target_phrases.amount(trend.definition, trend.target)}"
        yield from _across(_scores([trend]), trend.target.value, said, COLOURS["ink"], [7, 3])


def _across(
    scores: Spec, value: float, said: str, colour: str, dash: Sequence[int]
) -> Iterator[Spec]:
    """A line from side to side under its word at the left."""
    level = {"datum": value} | {name: each for name, each in scores.items() if name != "field"}
    yield {
        "data": {"values": [{}]},
        "mark": {"type": "rule", "strokeDash": list(dash), "color": colour, "aria": False},
        "encoding": {"y": level},
    }
    mark = {"type": "text", "align": "left", "dx": 4, "dy": -8, "color": COLOURS["muted"]}
    yield {
        "data": {"values": [{"text": said}]},
        "mark": {**mark, "aria": False},
        "encoding": {
            "x": {"value": 0},
            "y": level,
            "text": {"field": "text", "type": "nominal"},
        },
    }


def _changes(trend: Trend) -> Iterator[Spec]:
    """A dotted line on the day of each change, under its letter."""
    rows = [
        {
            "at": each.first.isoformat(),
            "letter": each.letter,
            "change": each.title,
            "days": phrases.days(each),
        }
        for each in trend.markers
    ]
    if not rows:
        return
    told = [
        {"field": field, "type": "nominal", "title": title}
        for field, title in (("change", "Change"), ("days", "When"))
    ]
    yield {
        "data": {"values": rows},
        "mark": {"type": "rule", "strokeDash": [1, 2], "color": COLOURS["ink"], "aria": False},
        "encoding": {"x": _X, "tooltip": told},
    }
    yield {
        "data": {"values": rows},
        "mark": {"type": "text", "dy": -8, "fontWeight": 600, "color": COLOURS["ink"]},
        "encoding": {
            "x": _X,
            "y": {"value": 0},
            "text": {"field": "letter", "type": "nominal"},
            "tooltip": told,
            "description": {"field": "change", "type": "nominal"},
        },
    }


def drawing_config() -> Spec:
    """The charts' look with letters for a screen."""
    found = config()
    faces = {"labelFont": FAMILY, "titleFont": FAMILY}
    axis = {**found["axis"], **faces, "labelFontSize": LETTERS, "titleFontSize": LETTERS}
    return {
        **found,
        "font": FAMILY,
        "background": "transparent",
        "axis": axis,
        "legend": {**faces, "labelFontSize": LETTERS, "labelColor": COLOURS["ink"]},
        "text": {**found["text"], "font": FAMILY, "fontSize": LETTERS},
        "padding": {"top": 18, "right": 8, "bottom": 4, "left": 4},
    }
