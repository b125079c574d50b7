"""Drawings of necessary conditions: scatters with their ceilings, and the combined map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.composite.cipma import CombinedMap
from analysis.composite.nca import Condition, Necessity
from surveyapp.design_tokens import CATEGORIES, COLOURS, SIZES
from surveyapp.reports.charts import svg
from surveyapp.reports.charts.research_charts import WIDTH, Mark, importance_map

_TINY, _SMALL, _BODY = SIZES["tiny"] + 0.5, SIZES["small"] + 0.5, SIZES["body"]
_HEIGHT, _LEFT, _TOP, _FOOT = 236.0, 52.0, 30.0, 44.0
_KEY = 22.0
_STEP, _LINE = CATEGORIES[0], CATEGORIES[1]
# Points that fall together are drawn once, so that a drawing of any number of rows stays small.
_GRID = 250


@dataclass(frozen=True)
class _Plane:
    x: tuple[float, float]
    y: tuple[float, float]
    top: float

    def at(self, x: float, y: float) -> tuple[float, float]:
        (x_low, x_high), (y_low, y_high) = self.x, self.y
        return (
            _LEFT + (x - x_low) / (x_high - x_low) * (WIDTH - 8 - _LEFT),
            self.top + _HEIGHT - _FOOT - (y - y_low) / (y_high - y_low) * (_HEIGHT - _FOOT - _TOP),
        )


def ceiling_scatters(found: Necessity, columns: Sequence[np.ndarray], outcome: np.ndarray) -> str:
    """Each condition (n,) against the outcome (n,) with both ceilings, one drawing below another."""
    parts = _legend()
    for k, (condition, values) in enumerate(zip(found.conditions, columns, strict=True)):
        plane = _Plane(condition.scope, found.scope, _KEY + k * _HEIGHT)
        parts += _scatter(plane, condition, found.outcome, values, outcome)
    said = "; ".join(
        f"{one.name}: d {one.ceilings[0].effect:.2f} by CE-FDH, {one.ceilings[1].effect:.2f} by CR-FDH"
        for one in found.conditions
    )
    height = _KEY + _HEIGHT * len(found.conditions)
    return svg.document(
        parts, width=WIDTH, height=height, label=f"Ceilings of {found.outcome}: {said}"
    )


def _legend() -> list[str]:
    parts = []
    for x, name, colour, dash in (
        (_LEFT, "CE-FDH", _STEP, None),
        (_LEFT + 96, "CR-FDH", _LINE, "5,3"),
    ):
        parts.append(svg.line((x, 9), (x + 22, 9), colour=colour, width=1.8, dash=dash))
        parts.append(svg.text(name, x + 28, 9, size=_SMALL, anchor="start"))
    return parts


def _scatter(
    plane: _Plane, condition: Condition, outcome: str, x: np.ndarray, y: np.ndarray
) -> list[str]:
    top, bottom = plane.top + _TOP, plane.top + _HEIGHT - _FOOT
    parts = [svg.text(condition.name, _LEFT, plane.top + 8, size=_BODY, anchor="start", bold=True)]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        across = plane.x[0] + share * (plane.x[1] - plane.x[0])
        up = plane.y[0] + share * (plane.y[1] - plane.y[0])
        left, height = plane.at(across, up)
        parts += [
            svg.line((left, top), (left, bottom), colour=COLOURS["faint"], width=0.8),
            svg.line((_LEFT, height), (WIDTH - 8, height), colour=COLOURS["faint"], width=0.8),
            svg.text(f"{across:.3g}", left, bottom + 10, size=_TINY, colour=COLOURS["muted"]),
            svg.text(
                f"{up:.3g}", _LEFT - 6, height, size=_TINY, anchor="end", colour=COLOURS["muted"]
            ),
        ]
    parts.append(
        svg.text(outcome, _LEFT, top - 7, size=_TINY, anchor="start", colour=COLOURS["muted"])
    )
    parts.append(
        svg.text(
            condition.name, (_LEFT + WIDTH) / 2, bottom + 23, size=_SMALL, colour=COLOURS["muted"]
        )
    )
    for a, b, rows in _distinct(plane, x, y):
        size = 1.9 * min(2.2, rows**0.25)
        parts.append(svg.element("circle", cx=a, cy=b, r=size, fill=COLOURS["control"]))
    parts.append(svg.polyline(_steps(plane, condition), colour=_STEP, width=1.8, dash=None))
    line = condition.ceiling("CR-FDH")
    if line.slope is not None and line.intercept is not None:
        ends = _inside(plane, line.slope, line.intercept)
        parts.append(svg.line(*ends, colour=_LINE, width=1.8, dash="5,3"))
    parts += [
        svg.element("circle", cx=a, cy=b, r=3.2, fill=_STEP)
        for a, b in (plane.at(*peer) for peer in condition.peers)
    ]
    return parts


def _distinct(plane: _Plane, x: np.ndarray, y: np.ndarray) -> list[tuple[float, float, int]]:
    """Places of points and how many rows stand there; the more, the larger is the point."""
    unit = [
        np.round((values - low) / (high - low) * _GRID) / _GRID * (high - low) + low
        for values, (low, high) in ((x, plane.x), (y, plane.y))
    ]
    places, rows = np.unique(np.column_stack(unit), axis=0, return_counts=True)
    return [
        (*plane.at(float(a), float(b)), int(count))
        for (a, b), count in zip(places, rows, strict=True)
    ]


def _steps(plane: _Plane, condition: Condition) -> list[tuple[float, float]]:
    """The step function within the scope: up at each corner, flat to the next."""
    height, points = plane.y[0], []
    for x, y in condition.peers:
        points += [plane.at(x, height), plane.at(x, y)]
        height = y
    return [*points, plane.at(plane.x[1], height)]


def _inside(
    plane: _Plane, slope: float, intercept: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The part of a rising line within the scope."""
    low = max(plane.x[0], (plane.y[0] - intercept) / slope)
    high = min(plane.x[1], (plane.y[1] - intercept) / slope)
    return plane.at(low, intercept + slope * low), plane.at(high, intercept + slope * high)


def combined_drawing(found: CombinedMap) -> str:
    """The importance-performance map whose marks say necessity in words, shape and colour, and of
    necessary constructs the share of rows below what the desired outcome needs.
    """
    necessary = sorted(found.constructs, key=lambda one: not one.necessary)
    marks = [
        Mark(
            _said(one.construct, one.below if one.necessary else None),
            "necessary" if one.necessary else "not necessary",
            one.importance,
            one.performance,
            _pair(one.importance_lower, one.importance_upper),
            _pair(one.performance_lower, one.performance_upper),
        )
        for one in necessary
    ]
    return importance_map(marks, target=found.target)


def _said(name: str, below: float | None) -> str:
    return name if below is None else f"{name}, necessary ({100 * below:.0f}% below)"


def _pair(low: float | None, high: float | None) -> tuple[float, float] | None:
    return None if low is None or high is None else (low, high)
