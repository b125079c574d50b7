"""A path diagram as SVG text: ellipses, hexagons and boxes, arrows with their numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from surveyapp.design_tokens import COLOURS
from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports.apa import Apa
from surveyapp.reports.charts import svg
from surveyapp.reports.charts.diagram import Arrow, Diagram, Kind, Node, Shape
from surveyapp.reports.charts.diagram_places import (
    LINE,
    NAME,
    SMALL,
    Box,
    Places,
    Point,
    cut,
    name_lines,
    places,
)
from surveyapp.reports.typesetting import fonts

WIDTH = 470.0
_HEAD, _HALF_HEAD = 6.5, 2.6  # an arrow's head
_TITLE = 26.0  # height of the line above one of several diagrams
# Where on its line an arrow's number may stand, in the order of preference.
_TRIES = (0.5, 0.58, 0.42, 0.66, 0.34, 0.74, 0.26, 0.82, 0.18)


def path_diagram(diagram: Diagram, *, width: float = WIDTH, words: Words = ENGLISH) -> str:
    """The drawing, at least ``width`` points wide. Raises Invalid as ``Diagram``."""
    return path_diagrams({"": diagram}, width=width, words=words)


def path_diagrams(
    titled: Mapping[str, Diagram], *, width: float = WIDTH, words: Words = ENGLISH
) -> str:
    """Diagrams below each other in one drawing, each under its title, such as a group's name."""
    parts, said, top, widest = [], [], 0.0, width
    for title, diagram in titled.items():
        if title:
            parts.append(svg.text(title, 0, top + _TITLE / 2, size=NAME, anchor="start", bold=True))
            top += _TITLE
        found = places(diagram, width=width).moved(top)
        parts += _drawn(diagram, found, words)
        told = in_words(diagram, words)
        said.append(f"{title}: {told}" if title else told)
        top, widest = top + found.height, max(widest, found.width)
    return svg.document(parts, width=widest, height=top, label=" ".join(said))


def _drawn(diagram: Diagram, found: Places, words: Words) -> list[str]:
    numbers = number_boxes(diagram, found, words)
    return [
        *(_line(arrow, found.lines[arrow.source, arrow.target]) for arrow in diagram.arrows),
        *(
            _number(arrow, numbers[at], words)
            for at, arrow in enumerate(diagram.arrows)
            if at in numbers
        ),
        *(_node(node, found.boxes[node.name], words) for node in diagram.nodes),
    ]


def in_words(diagram: Diagram, words: Words = ENGLISH) -> str:
    """The diagram in sentences, for those who do not see it."""
    labels = {node.name: node.label for node in diagram.nodes}
    written, said = Apa(words), []
    for arrow in diagram.arrows:
        ends = {"source": labels[arrow.source], "target": labels[arrow.target]}
        text = (
            words.say("{source} with {target}", **ends)
            if arrow.kind is Kind.CORRELATION
            else words.say("{source} to {target}", **ends)
        )
        if arrow.value is not None:
            text = words.say("{score}: {said}", score=text, said=written.bounded(arrow.value))
        if arrow.significant is False:
            text = words.joined([text, words.say("not significant")])
        said.append(text)
    said += [
        words.say(
            "{name} explained: {share}", name=node.label, share=written.bounded(node.r_squared)
        )
        for node in diagram.nodes
        if node.r_squared is not None
    ]
    return words.say("Path diagram. {parts}.", parts="; ".join(said))


def number_boxes(diagram: Diagram, found: Places, words: Words = ENGLISH) -> dict[int, Box]:
    """Where each arrow's number stands, by the arrow's place in the diagram.

    Off every part and every other number; of what is left, where the fewest other lines pass.
    """
    lines = [found.lines[arrow.source, arrow.target] for arrow in diagram.arrows]
    hull = [_hull(line) for line in lines]
    taken: list[Box] = list(found.boxes.values())
    numbers: dict[int, Box] = {}
    short_first = sorted(range(len(lines)), key=lambda at: _length(lines[at]))
    for at in short_first:
        arrow = diagram.arrows[at]
        if arrow.value is None:
            continue
        size = (
            fonts.width(Apa(words).bounded(arrow.value), SMALL, fonts.SEMIBOLD) * 1.06 + 4,
            SMALL + 1.5,
        )
        candidates = [Box(*_along(lines[at], share), *size) for share in _preferred(diagram, arrow)]
        free = [box for box in candidates if not any(box.overlaps(other, 0.5) for other in taken)]
        near = [
            line for i, line in enumerate(lines)
            if i != at and any(hull[i].overlaps(box) for box in candidates)
        ]  # fmt: skip
        best = min(free or candidates, key=lambda box: sum(_passes(line, box) for line in near))
        numbers[at] = best
        taken.append(best)
    return numbers


def _preferred(diagram: Diagram, arrow: Arrow) -> list[float]:
    """Numbers of a fan stand towards its spread side, where its arrows are farthest apart."""
    if arrow.kind is Kind.CORRELATION:
        return list(_TRIES)
    out = sum(a.source == arrow.source and a.kind is arrow.kind for a in diagram.arrows)
    into = sum(a.target == arrow.target and a.kind is arrow.kind for a in diagram.arrows)
    aim = 0.62 if out > into else 0.38 if into > out else 0.5
    return sorted(_TRIES, key=lambda share: abs(share - aim))


def _length(points: Sequence[Point]) -> float:
    return sum(math.dist(a, b) for a, b in pairwise(points))


def _along(points: Sequence[Point], share: float) -> Point:
    left = _length(points) * share
    for a, b in pairwise(points):
        step = math.dist(a, b)
        if left <= step and step:
            return a[0] + (b[0] - a[0]) * left / step, a[1] + (b[1] - a[1]) * left / step
        left -= step
    return points[-1]


def _hull(points: Sequence[Point]) -> Box:
    """The smallest box around a line."""
    xs, ys = zip(*points, strict=True)
    middle = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    return Box(*middle, max(xs) - min(xs), max(ys) - min(ys))


def _passes(points: Sequence[Point], box: Box) -> bool:
    """Whether a line goes through a box."""
    return any(_cuts(a, b, box) for a, b in pairwise(points))


def _cuts(a: Point, b: Point, box: Box) -> bool:
    """Whether the straight way from a to b meets a box (Liang and Barsky 1984)."""
    begin, end = 0.0, 1.0
    for at, step, middle, half in (
        (a[0], b[0] - a[0], box.x, box.width / 2),
        (a[1], b[1] - a[1], box.y, box.height / 2),
    ):
        if not step:
            if abs(at - middle) > half:
                return False
            continue
        first, last = sorted(((middle - half - at) / step, (middle + half - at) / step))
        begin, end = max(begin, first), min(end, last)
        if begin > end:
            return False
    return True


def _line(arrow: Arrow, points: Sequence[Point]) -> str:
    quiet = arrow.significant is False
    colour = COLOURS["accent"] if arrow.kind is Kind.PATH else COLOURS["muted"]
    width = 1.5 if arrow.kind is Kind.PATH else 0.9
    parts = []
    trimmed = list(points)
    ends = (True, False) if arrow.kind is Kind.CORRELATION else (True,)
    for _ in ends:
        head, trimmed = _headed(trimmed)
        parts.append(svg.polygon(head, fill=COLOURS["muted"] if quiet else colour))
        trimmed.reverse()
    if len(ends) == 1:
        trimmed.reverse()
    stroke = COLOURS["muted"] if quiet else colour
    parts.insert(0, svg.polyline(trimmed, colour=stroke, width=width, dash="3,2.5" if quiet else None))  # fmt: skip
    return "".join(parts)


def _headed(points: list[Point]) -> tuple[list[Point], list[Point]]:
    """The triangle at a line's end, and the line without it."""
    tip = points[-1]
    kept = list(points)
    while len(kept) > 2 and math.dist(kept[-2], tip) < _HEAD:
        kept.pop(-2)
    a = kept[-2]
    length = math.dist(a, tip) or 1.0
    ux, uy = (tip[0] - a[0]) / length, (tip[1] - a[1]) / length
    foot = tip[0] - ux * _HEAD, tip[1] - uy * _HEAD
    head = [
        tip,
        (foot[0] - uy * _HALF_HEAD, foot[1] + ux * _HALF_HEAD),
        (foot[0] + uy * _HALF_HEAD, foot[1] - ux * _HALF_HEAD),
    ]
    return head, [*kept[:-1], (tip[0] - ux * (_HEAD - 1), tip[1] - uy * (_HEAD - 1))]


def _number(arrow: Arrow, box: Box, words: Words) -> str:
    back = svg.element(
        "rect",
        x=box.x - box.width / 2,
        y=box.y - box.height / 2,
        width=box.width,
        height=box.height,
        fill=COLOURS["paper"],
    )
    quiet = arrow.significant is False
    return back + svg.text(
        Apa(words).bounded(arrow.value),
        box.x,
        box.y,
        size=SMALL,
        colour=COLOURS["muted"] if quiet else COLOURS["ink"],
        bold=arrow.kind is Kind.PATH and not quiet,
    )


def _node(node: Node, box: Box, words: Words) -> str:
    parts = [_outline(node.shape, box)]
    if node.shape is Shape.ITEM:
        return parts[0] + svg.text(node.label, box.x, box.y, size=SMALL)
    lines = name_lines(node)
    height = LINE * (len(lines) + (node.r_squared is not None))
    y = box.y - height / 2 + LINE / 2
    for line in lines:
        parts.append(svg.text(line, box.x, y, size=NAME, bold=True))
        y += LINE
    if node.r_squared is not None:
        said = f"R² {Apa(words).bounded(node.r_squared)}"
        parts.append(svg.text(said, box.x, y, size=SMALL, colour=COLOURS["muted"]))
    return "".join(parts)


def _outline(shape: Shape, box: Box) -> str:
    left, top = box.x - box.width / 2, box.y - box.height / 2
    right, bottom = left + box.width, top + box.height
    if shape is Shape.FACTOR:
        return svg.element(
            "ellipse",
            cx=box.x,
            cy=box.y,
            rx=box.width / 2,
            ry=box.height / 2,
            fill=COLOURS["accent-soft"],
            stroke=COLOURS["accent"],
            stroke_width=1.1,
        )
    if shape is Shape.COMPOSITE:
        slant = cut(box)
        corners = [
            (left, box.y),
            (left + slant, top),
            (right - slant, top),
            (right, box.y),
            (right - slant, bottom),
            (left + slant, bottom),
        ]
        return svg.polygon(corners, fill=COLOURS["wash"], stroke=COLOURS["accent"])
    return svg.element(
        "rect",
        x=left,
        y=top,
        width=box.width,
        height=box.height,
        fill=COLOURS["paper"],
        stroke=COLOURS["muted"],
        stroke_width=0.8,
    )
