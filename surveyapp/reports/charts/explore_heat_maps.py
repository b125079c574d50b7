"""Scores by place and metric as a Vega-Lite specification with their numbers in it, like
:mod:`surveyapp.reports.charts.explore_charts` for trends: what pages show, coloured by where a score lies on its own
scale, with the shape that says the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surveyapp.design_tokens import COLOURS, ON_CELL, heat_colour
from surveyapp.reports.charts.explore_charts import LETTERS, SCHEMA, Spec, drawing_config
from surveyapp.results import phrases
from surveyapp.results.maps.heat_classes import heat_class, heat_shape
from surveyapp.results.maps.heat_map import PlacedRow
from surveyapp.results.view_models import Definition, Figure, State

_FEW_ROWS, _MANY_ROWS = 4, 10
_HEIGHTS = {"low": 240, "usual": 380, "tall": 760, "taller": 1520}  # as the stylesheet has them
_WIDE = 118  # pixels that a cell needs for its shape, interval and n


def height_named(rows: int) -> str:
    """Which of the heights a table of so many rows is drawn in; the page keeps room for it."""
    if rows <= _FEW_ROWS:
        return "low"
    return "usual" if rows <= _MANY_ROWS else "tall" if rows <= 2 * _MANY_ROWS else "taller"


def heat_specification(
    rows: Sequence[PlacedRow], metrics: Sequence[Definition], *, few: int
) -> Spec:
    """A cell a place and metric, with its interval and n where there is room; hidden ones with their
    reason and no number.
    """
    cells = list(_cells(rows, metrics, few))
    height = _HEIGHTS[height_named(len(rows))]
    axes: Spec = {
        "x": {
            "field": "metric",
            "type": "nominal",
            "sort": [metric.short for metric in metrics],
            "title": None,
            "axis": {"orient": "top", "labelAngle": 0, "labelLimit": 110, "labelPadding": 6},
        },
        "y": {
            "field": "line",
            "type": "nominal",
            "sort": [row.name for row in rows],
            "title": None,
            "axis": {"labelLimit": {"expr": "width < 420 ? 110 : 230"}, "labelPadding": 8},
        },
    }
    roomy = height / max(1, len(rows)) >= 3 * LETTERS
    layers = [
        _boxes(),
        _numbers(len(metrics), roomy),
        *([_intervals(len(metrics))] if roomy else []),
    ]
    return {
        "$schema": SCHEMA,
        "description": "Scores by place",
        "width": "container",
        "height": height,
        "autosize": {"type": "fit", "contains": "padding"},
        "data": {"values": cells},
        "params": [{"name": "read", "value": -1}],
        "encoding": axes,
        "layer": [*layers, _read()],
        "config": {**drawing_config(), "scale": {"bandPaddingInner": 0.04, "bandPaddingOuter": 0}},
    }


def _cells(rows: Sequence[PlacedRow], metrics: Sequence[Definition], few: int) -> Iterator[Spec]:
    key = 0
    for row in rows:
        for column, (metric, figure) in enumerate(zip(metrics, row.figures, strict=True)):
            lowest = metric.scale in row.lowest
            yield {
                "key": key,
                "line": row.name,
                "metric": metric.short,
                "column": column,
                **_numbers_of(figure, few, lowest=lowest),
                "lowest": "significantly lower than every other stage" if lowest else "",
                "said": _said(row.name, metric, figure, few) + (", lowest" if lowest else ""),
            }
            key += 1


def _numbers_of(figure: Figure | None, few: int, *, lowest: bool) -> Spec:
    shown = State.UNASKED.value if figure is None else phrases.value(figure, few=few)
    if figure is None or figure.estimate is None or not figure.shown:
        n = figure.n if figure is not None else None
        ends = dict.fromkeys(("value", "low", "high", "colour"))
        return {**ends, "n": n, "shown": shown, "interval": "", "text": "", "below": ""}
    return {
        "value": figure.estimate,
        "low": figure.low,
        "high": figure.high,
        "n": figure.n,
        "shown": shown,
        "interval": phrases.interval(figure),
        "text": f"{heat_shape(figure)} {shown}" + (" lowest" if lowest else ""),
        "below": ", ".join(filter(None, [phrases.interval(figure), f"n {figure.n:,}"])),
        "colour": heat_colour(heat_class(figure)),
    }


def _said(name: str, metric: Definition, figure: Figure | None, few: int) -> str:
    if figure is None:
        return f"{name}, {metric.short}: {State.UNASKED.value}"
    if not figure.shown:
        return f"{name}, {metric.short}: {phrases.value(figure, few=few)}"
    return phrases.said(name, figure)


def _boxes() -> Spec:
    """A box a cell; of a hidden score an empty one with its outline."""
    titles = (
        ("line", "Place"),
        ("metric", "Score"),
        ("shown", "Value"),
        ("interval", "95% CI"),
        ("n", "n"),
        ("lowest", "Lowest"),
    )
    return {
        "mark": {"type": "rect", "stroke": COLOURS["rule"], "strokeWidth": 1},
        "encoding": {
            "fill": {
                "condition": {
                    "test": "isValid(datum.colour)",
                    "field": "colour",
                    "type": "nominal",
                    "scale": None,
                },
                "value": "transparent",
            },
            "tooltip": [
                {"field": field, "type": "nominal", "title": title} for field, title in titles
            ],
            "description": {"field": "said", "type": "nominal"},
        },
    }


def _numbers(columns: int, roomy: bool) -> Spec:
    """The score, with its shape where the cells are wide enough; the reason for none in cells of one line."""
    empty = "''" if roomy else "datum.shown"
    narrow = f"width < {_WIDE * columns}"
    text = (
        f"isValid(datum.value) ? ({narrow} ? datum.shown : datum.text) : {narrow} ? '-' : {empty}"
    )
    return {
        "mark": {
            "type": "text",
            "dy": {"expr": f"{narrow} ? 0 : {-LETTERS // 2 if roomy else 0}"},
            "fontWeight": {"expr": "isValid(datum.value) ? 600 : 400"},
            "limit": {"expr": f"width / {columns} - 8"},
            "aria": False,
            "text": {"expr": text},
        },
        "encoding": {
            "color": {
                "condition": {"test": "isValid(datum.colour)", "value": ON_CELL},
                "value": COLOURS["muted"],
            },
        },
    }


def _intervals(columns: int) -> Spec:
    """Interval and n below the score, or the reason why there is none; nothing where cells are narrow."""
    text = f"width < {_WIDE * columns} ? '' : isValid(datum.value) ? datum.below : datum.shown"
    return {
        "mark": {
            "type": "text",
            "dy": {"expr": f"isValid(datum.value) ? {LETTERS - 2} : 0"},
            "fontSize": LETTERS - 2,
            "limit": {"expr": f"width / {columns} - 8"},
            "aria": False,
            "text": {"expr": text},
        },
        "encoding": {
            "color": {
                "condition": {"test": "isValid(datum.colour)", "value": ON_CELL},
                "value": COLOURS["muted"],
            },
        },
    }


def _read() -> Spec:
    """A frame around the cell that the arrow keys read."""
    return {
        "transform": [{"filter": "datum.key === read"}],
        "mark": {
            "type": "rect",
            "fill": "transparent",
            "stroke": COLOURS["ink"],
            "strokeWidth": 3,
            "aria": False,
            "tooltip": None,
        },
        "encoding": {},
    }
