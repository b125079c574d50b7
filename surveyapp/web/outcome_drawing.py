"""Survival curves and channel flows as places in a drawing, which a template draws."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.channel_flow import END

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 12, 36
FLOW_WIDTH, FLOW_HEIGHT = 760, 340
_NODE, _GAP, _LABELS = 10.0, 14.0, 90.0


@dataclass(frozen=True)
class Line:
    """A curve as a path, with its band as a filled one; ``number`` chooses its dashes and its name."""

    number: int
    name: str
    path: str
    area: str
    end_x: float
    end_y: float


@dataclass(frozen=True)
class CurveDrawing:
    lines: tuple[Line, ...]
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, str], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


@dataclass(frozen=True)
class Node:
    x: float
    y: float
    height: float
    name: str
    count: int
    label_x: float
    label_y: float


@dataclass(frozen=True)
class Ribbon:
    path: str
    thickness: float
    said: str
    is_end: bool


@dataclass(frozen=True)
class FlowDrawing:
    nodes: tuple[Node, ...]
    ribbons: tuple[Ribbon, ...]
    width: int = FLOW_WIDTH
    height: int = FLOW_HEIGHT
    node: float = _NODE


def curve_drawing(curves: Sequence[Mapping[str, Any]]) -> CurveDrawing | None:
    """The curves of a stored survival analysis; None where no curve has two months."""
    drawn = [each for each in curves if len(each["months"]) > 1]
    if not drawn:
        return None
    last: int = max(each["months"][-1]["month"] for each in drawn)
    values = [
        month[name]
        for each in drawn
        for month in each["months"]
        for name in ("survival", "low")
        if month[name] is not None
    ]
    floor: float = min(0.9, int(min(values) * 10) / 10)

    def x(month: float) -> float:
        return float(round(LEFT + month / last * (WIDTH - LEFT - RIGHT), 1))

    def y(share: float) -> float:
        return float(round(TOP + (1 - share) / (1 - floor) * (HEIGHT - TOP - BOTTOM), 1))

    lines = []
    for number, each in enumerate(drawn, 1):
        months = each["months"]
        limits = [m for m in months if m["low"] is not None]
        area = [(x(m["month"]), y(m["high"])) for m in limits]
        area += [(x(m["month"]), y(m["low"])) for m in reversed(limits)]
        points = [(x(m["month"]), y(m["survival"])) for m in months]
        lines.append(
            Line(number, each["band"], _joined(points), _joined(area), points[-1][0], points[-1][1])
        )
    step = max(1, -(-last // 8))
    ticks = [floor + (1 - floor) * at / 4 for at in range(5)]
    return CurveDrawing(
        tuple(lines),
        tuple((x(month), str(month)) for month in range(0, last + 1, step)),
        tuple((y(share), f"{100 * share:.0f}%") for share in ticks),
    )


def flow_drawing(flow: Mapping[str, Any]) -> FlowDrawing | None:
    """A Sankey diagram of a stored flow: a column a step, nodes by size, ribbons between; None without."""
    flows = flow["flows"]
    if not flows:
        return None
    sizes: dict[tuple[int, str], int] = defaultdict(int)
    for name, count in flow["starts"].items():
        sizes[1, name] += count
    for each in flows:
        sizes[each["step"] + 1, each["target"]] += each["count"]
    columns: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for (step, name), count in sizes.items():
        columns[step].append((name, count))
    most = max(len(each) for each in columns.values())
    room = FLOW_HEIGHT - 2 * TOP - (most - 1) * _GAP
    unit = room / max(sum(count for _, count in each) for each in columns.values())
    steps = max(columns)
    stride = (FLOW_WIDTH - _LABELS - _NODE) / max(1, steps - 1)
    places: dict[tuple[int, str], float] = {}
    nodes = []
    for step, named in sorted(columns.items()):
        top = float(TOP)
        for name, count in sorted(named, key=lambda each: (each[0] == END, -each[1], each[0])):
            places[step, name] = top
            x = (step - 1) * stride
            nodes.append(
                Node(
                    *(round(x, 1), round(top, 1), round(count * unit, 1), name, count),
                    *(round(x + _NODE + 4, 1), round(top + count * unit / 2 + 4, 1)),
                )
            )
            top += count * unit + _GAP
    return FlowDrawing(tuple(nodes), tuple(_ribbons(flows, places, unit, stride)))


def _ribbons(
    flows: Sequence[Mapping[str, Any]],
    places: Mapping[tuple[int, str], float],
    unit: float,
    stride: float,
) -> list[Ribbon]:
    out, into = dict(places), dict(places)
    made = []
    for each in sorted(
        flows,
        key=lambda one: (
            one["step"],
            places[one["step"], one["source"]],
            places[one["step"] + 1, one["target"]],
        ),
    ):
        here, there = (each["step"], each["source"]), (each["step"] + 1, each["target"])
        thick = each["count"] * unit
        x, end = (each["step"] - 1) * stride + _NODE, each["step"] * stride
        y, to = out[here] + thick / 2, into[there] + thick / 2
        out[here] += thick
        into[there] += thick
        middle = (x + end) / 2
        made.append(
            Ribbon(
                f"M{x:.1f} {y:.1f}C{middle:.1f} {y:.1f} {middle:.1f} {to:.1f} {end:.1f} {to:.1f}",
                round(max(1.0, thick), 1),
                f"{each['source']} to {each['target']}: {each['count']} customers",
                each["target"] == END,
            )
        )
    return made


def _joined(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in points) if points else ""
