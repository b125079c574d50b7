"""Where a path diagram's parts stand, and the ways of its arrows: points from the top left."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from surveyapp.design_tokens import SIZES
from surveyapp.reports.charts.diagram import Diagram, Kind, Node, Shape
from surveyapp.reports.charts.diagram_layers import Layers, layers
from surveyapp.reports.typesetting import fonts

Point = tuple[float, float]

NAME, SMALL = SIZES["small"] + 1.0, SIZES["tiny"] + 0.5
LINE = 11.5
_ROOM = 92.0  # for a construct's name
_LANE = 12.0  # of a long arrow in the layers that it crosses
_SIBLING, _STRANGER = 4.0, 13.0  # between boxes of one construct, of two
_BETWEEN = 14.0  # constructs of a layer
_SWEEPS = 40
_ARC = 20.0  # how far the shortest correlation's arc stands out


@dataclass(frozen=True)
class Box:
    """A part's place: its middle, width and height."""

    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: Box, gap: float = 0.0) -> bool:
        return (
            abs(self.x - other.x) * 2 < self.width + other.width + 2 * gap
            and abs(self.y - other.y) * 2 < self.height + other.height + 2 * gap
        )

    def holds(self, point: Point) -> bool:
        return (
            abs(point[0] - self.x) * 2 <= self.width and abs(point[1] - self.y) * 2 <= self.height
        )


@dataclass(frozen=True)
class Places:
    """Boxes by name and, by arrow (source, target), the points that its line goes through."""

    width: float
    height: float
    boxes: Mapping[str, Box]
    lines: Mapping[tuple[str, str], tuple[Point, ...]]

    def moved(self, down: float) -> Places:
        """The same farther down a page; the height stays the drawing's own."""
        boxes = {name: replace(box, y=box.y + down) for name, box in self.boxes.items()}
        lines = {
            ends: tuple((x, y + down) for x, y in points) for ends, points in self.lines.items()
        }
        return Places(self.width, self.height, boxes, lines)


def name_lines(node: Node) -> list[str]:
    """A part's name as it is set."""
    if node.shape is Shape.ITEM:
        return [node.label]
    return fonts.wrapped(node.label, NAME, _ROOM, font=fonts.SEMIBOLD)


def size(node: Node) -> tuple[float, float]:
    """Width and height of a part; type is measured with a little room for other typefaces."""
    lines = name_lines(node)
    if node.shape is Shape.ITEM:
        return max(34.0, fonts.width(node.label, SMALL) * 1.08 + 12), 14.0
    widest = max(fonts.width(line, NAME, fonts.SEMIBOLD) for line in lines) * 1.06
    height = 17.0 + LINE * len(lines) + (LINE if node.r_squared is not None else 0.0)
    return max(66.0, widest + 26), height


def places(diagram: Diagram, *, width: float) -> Places:
    """Everything's place in a drawing at least ``width`` wide, as high as it needs to be."""
    found = layers(diagram)
    sideways = diagram.sideways
    sizes = {node.name: size(node) for node in diagram.nodes}
    # Extents across and along the direction of reading.
    across = {name: s[1] if sideways else s[0] for name, s in sizes.items()}
    along = {name: s[0] if sideways else s[1] for name, s in sizes.items()}
    thick = [max((along.get(name, 0.0) for name in row), default=0.0) for row in found.order]
    before, after = _margins(diagram, found)
    gap = 46.0 if sideways else 40.0
    used = before + after + sum(thick) + gap * (len(thick) - 1)
    if sideways and used < width and len(thick) > 1:
        gap += min(70.0, (width - used) / (len(thick) - 1))
        used = before + after + sum(thick) + gap * (len(thick) - 1)
    middle = _across(diagram, found, across)
    lowest = min(middle[n] - across.get(n, _LANE) / 2 for row in found.order for n in row)
    highest = max(middle[n] + across.get(n, _LANE) / 2 for row in found.order for n in row)
    span = highest - lowest
    whole = (max(used, width), span + 8) if sideways else (max(span + 8, width), used)
    start = before + (max(0.0, width - used) / 2 if sideways else 0.0)
    shift = (whole[1] if sideways else whole[0]) / 2 - (lowest + highest) / 2
    boxes: dict[str, Box] = {}
    lanes: dict[str, tuple[Point, Point]] = {}
    for row, depth in zip(found.order, thick, strict=True):
        for name in row:
            u, v = start + depth / 2, middle[name] + shift
            if name in sizes:
                boxes[name] = Box(*((u, v) if sideways else (v, u)), *sizes[name])
            else:
                ends = (start, v), (start + depth, v)
                lanes[name] = ends if sideways else ((v, start), (v, start + depth))
        start += depth + gap
    return Places(*whole, boxes, _lines(diagram, found, boxes, lanes))


def _across(diagram: Diagram, found: Layers, across: Mapping[str, float]) -> dict[str, float]:
    """Middles across the layers: as near to the neighbours' as the order and the gaps allow."""
    owner = {
        arrow.target if arrow.kind is Kind.LOADING else arrow.source: (
            arrow.source if arrow.kind is Kind.LOADING else arrow.target
        )
        for arrow in diagram.arrows
        if arrow.kind in (Kind.LOADING, Kind.WEIGHT)
    }
    items = {node.name for node in diagram.nodes if node.shape is Shape.ITEM}

    def apart(first: str, second: str) -> float:
        gap = _BETWEEN
        if first in items and second in items:
            gap = _SIBLING if owner.get(first) == owner.get(second) else _STRANGER
        return (across.get(first, _LANE) + across.get(second, _LANE)) / 2 + gap

    steps: list[list[float]] = []
    middle: dict[str, float] = {}
    for row in found.order:
        offsets = [0.0]
        for first, second in pairwise(row):
            offsets.append(offsets[-1] + apart(first, second))
        steps.append(offsets)
        for name, offset in zip(row, offsets, strict=True):
            middle[name] = offset - offsets[-1] / 2
    beside = _pulls(found, items, across)
    for sweep in range(_SWEEPS):
        numbers = range(len(found.order))
        for at in numbers if sweep % 2 == 0 else reversed(numbers):
            row, offsets = found.order[at], steps[at]
            wanted = [
                sum(middle[o] * w for o, w in beside[n]) / sum(w for _, w in beside[n])
                if beside[n]
                else middle[n]
                for n in row
            ]
            kept = _isotonic([w - o for w, o in zip(wanted, offsets, strict=True)])
            for name, value, offset in zip(row, kept, offsets, strict=True):
                middle[name] = value + offset
    return middle


def _pulls(
    found: Layers, items: set[str], known: Mapping[str, float]
) -> dict[str, list[tuple[str, float]]]:
    """Neighbours and how strongly they pull: items at their construct, long arrows to be straight."""
    beside: dict[str, list[tuple[str, float]]] = {n: [] for row in found.order for n in row}
    for source, target in found.links:
        for name, other in ((source, target), (target, source)):
            pull = 6.0 if name in items or other in items else 1.0
            if name not in known:
                pull = 500.0 if other not in known else 1.0
            elif other not in known:
                pull = 0.02
            beside[name].append((other, pull))
    return beside


def _isotonic(values: Sequence[float]) -> list[float]:
    """The nearest values that never fall (pool adjacent violators): wishes that keep their order."""
    pools: list[tuple[float, int]] = []
    for value in values:
        pools.append((value, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, n), (b, m) = pools[-2:]
            pools[-2:] = [((a * n + b * m) / (n + m), n + m)]
    return [mean for mean, n in pools for _ in range(n)]


def _margins(diagram: Diagram, found: Layers) -> tuple[float, float]:
    """Room for the arcs of correlations before the first layer and after the last."""
    room = [6.0, 6.0]
    place = {name: (at, i) for at, row in enumerate(found.order) for i, name in enumerate(row)}
    for arrow in diagram.arrows:
        if arrow.kind is Kind.CORRELATION:
            (first, i), (second, j) = place[arrow.source], place[arrow.target]
            if first == second:
                side = 1 if 0 < first == len(found.order) - 1 else 0
                room[side] = max(room[side], 26.0 + bulge(abs(i - j)) * 0.75)
    return room[0], room[1]


def bulge(span: int) -> float:
    """How far the arc between two parts of a layer stands out, by the places between them."""
    return _ARC * (1 + 1.15 * (span - 1)) + 8


def _lines(
    diagram: Diagram,
    found: Layers,
    boxes: Mapping[str, Box],
    lanes: Mapping[str, tuple[Point, Point]],
) -> dict[tuple[str, str], tuple[Point, ...]]:
    shapes = {node.name: node.shape for node in diagram.nodes}
    place = {name: (at, i) for at, row in enumerate(found.order) for i, name in enumerate(row)}
    lines: dict[tuple[str, str], tuple[Point, ...]] = {}
    for arrow in diagram.arrows:
        source, target = boxes[arrow.source], boxes[arrow.target]
        if arrow.kind is Kind.CORRELATION:
            (first, i), (second, j) = place[arrow.source], place[arrow.target]
            out = 0.0
            if first == second:
                out = bulge(abs(i - j)) * (1 if 0 < first == len(found.order) - 1 else -1)
            lines[arrow.source, arrow.target] = _arc(source, target, out, diagram.sideways)
            continue
        backwards = place[arrow.source][0] > place[arrow.target][0]
        through: list[Point] = []
        for name in found.ways.get((arrow.source, arrow.target), ()):
            through += reversed(lanes[name]) if backwards else lanes[name]
        if not through:
            lines[arrow.source, arrow.target] = (
                border(source, shapes[arrow.source], (target.x, target.y)),
                border(target, shapes[arrow.target], (source.x, source.y)),
            )
            continue
        # Loadings stay in their fan; other arrows may go round a corner.
        round_ = boxes.values() if arrow.kind is not Kind.LOADING else None
        begin = _leg(source, shapes[arrow.source], through[0], round_, diagram.sideways)
        end = _leg(target, shapes[arrow.target], through[-1], round_, diagram.sideways)
        middle = through[:1]
        for at, (a, b) in enumerate(pairwise(through)):
            middle += [b] if at % 2 == 0 else _curve(a, b, diagram.sideways)
        lines[arrow.source, arrow.target] = (*begin, *middle[1:], *reversed(end[:-1]))
    return lines


def _leg(
    box: Box, shape: Shape, lane: Point, others: Iterable[Box] | None, sideways: bool
) -> list[Point]:
    """From a part to the end of a lane: out at its side and round the corner where that is free."""
    corner = (lane[0], box.y) if not sideways else (box.x, lane[1])
    begin = border(box, shape, corner)
    away = math.dist(begin, (box.x, box.y)) + 16 < math.dist(corner, (box.x, box.y))
    between = Box(
        (begin[0] + lane[0]) / 2,
        (begin[1] + lane[1]) / 2,
        abs(begin[0] - lane[0]),
        abs(begin[1] - lane[1]),
    )
    free = others is not None and not any(between.overlaps(o) for o in others if o != box)
    if away and free:
        return [_bezier(begin, corner, corner, lane, step / 16) for step in range(17)]
    begin = border(box, shape, lane)
    return [begin, *_curve(begin, lane, sideways)]


def border(box: Box, shape: Shape, aim: Point) -> Point:
    """Where the line from the middle of a part towards a point leaves it."""
    dx, dy = aim[0] - box.x, aim[1] - box.y
    if not dx and not dy:
        return box.x, box.y
    half_width, half_height = box.width / 2, box.height / 2
    if shape is Shape.FACTOR:
        share = 1 / math.hypot(dx / half_width, dy / half_height)
    else:
        share = 1 / max(abs(dx) / half_width, abs(dy) / half_height)
    if shape is Shape.COMPOSITE:  # its left and right ends are points
        slant = 1 / (abs(dx) / half_width + abs(dy) / half_height * cut(box) / half_width)
        share = min(share, slant)
    return box.x + dx * share, box.y + dy * share


def cut(box: Box) -> float:
    """How much shorter a hexagon's top is at each end."""
    return min(10.0, box.height / 3)


def _curve(a: Point, b: Point, sideways: bool) -> list[Point]:
    """A curve that leaves and arrives in the direction of reading, as points."""
    half = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    c, d = ((half[0], a[1]), (half[0], b[1])) if sideways else ((a[0], half[1]), (b[0], half[1]))
    return [_bezier(a, c, d, b, step / 12) for step in range(1, 13)]


def _arc(a: Box, b: Box, out: float, sideways: bool) -> tuple[Point, ...]:
    """An arc between two parts; ``out`` is how far it stands out, negative to the left or up."""
    if not out:  # of two layers: bent a little, so that it is no arrow's line
        c = ((a.x + b.x) / 2 + (b.y - a.y) * 0.15, (a.y + b.y) / 2 - (b.x - a.x) * 0.15)
        begin, end = border(a, Shape.ITEM, c), border(b, Shape.ITEM, c)
        return tuple(_bezier(begin, c, c, end, step / 24) for step in range(25))
    side = 1 if out > 0 else -1
    if sideways:
        begin = (a.x + side * a.width / 2, a.y)
        end = (b.x + side * b.width / 2, b.y)
        far = (max if side > 0 else min)(begin[0], end[0]) + out
        c, d = (far, a.y), (far, b.y)
    else:
        begin = (a.x, a.y + side * a.height / 2)
        end = (b.x, b.y + side * b.height / 2)
        far = (max if side > 0 else min)(begin[1], end[1]) + out
        c, d = (a.x, far), (b.x, far)
    return tuple(_bezier(begin, c, d, end, step / 24) for step in range(25))


def _bezier(a: Point, b: Point, c: Point, d: Point, t: float) -> Point:
    s = 1 - t
    w = (s**3, 3 * s * s * t, 3 * s * t * t, t**3)
    return (
        sum(k * p[0] for k, p in zip(w, (a, b, c, d), strict=True)),
        sum(k * p[1] for k, p in zip(w, (a, b, c, d), strict=True)),
    )
