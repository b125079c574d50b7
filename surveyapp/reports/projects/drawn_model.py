"""A model that is being written as a path diagram, by the layout that draws fitted ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveyapp.reports.charts.diagram import Arrow, Diagram, Kind, Node, Shape
from surveyapp.reports.charts.diagram_places import name_lines, places
from surveyapp.reports.charts.path_diagram import WIDTH, path_diagram
from surveyapp.results.projects.model_drawings import DrawnPath, ModelDrawing, in_words

_KINDS = {"=~": Kind.LOADING, "<~": Kind.WEIGHT, "~": Kind.PATH, "~~": Kind.CORRELATION}
_ROLES = {Shape.FACTOR: "Factor", Shape.COMPOSITE: "Composite", Shape.ITEM: "Item"}


def preview(drawing: ModelDrawing) -> str:
    """The drawing as SVG text; empty where the text has nothing to draw."""
    return path_diagram(_diagram(drawing)) if drawing.paths else ""


def placed(drawing: ModelDrawing) -> dict[str, Any]:
    """The drawing as JSON for the page that edits it: nodes with their places, paths with the points
    that they go through, both with a sentence for those who do not see them; lines that are not drawn.
    """
    diagram = _diagram(drawing)
    found = places(diagram, width=WIDTH) if drawing.paths else None
    nodes, paths = [], []
    for node in diagram.nodes if found else ():
        box = found.boxes[node.name] if found else None
        nodes.append(vars(box) | {
            "name": node.name, "shape": node.shape, "lines": name_lines(node),
            "said": _role(node, drawing),
        })  # fmt: skip
    for path, arrow in zip(drawing.paths, diagram.arrows, strict=True) if found else ():
        points = found.lines[arrow.source, arrow.target] if found else ()
        paths.append({
            "lhs": path.lhs, "operator": path.operator, "rhs": path.rhs,
            "source": arrow.source, "target": arrow.target, "kind": arrow.kind,
            "modifiers": path.modifiers, "simple": path.simple, "said": in_words(path),
            "points": [[round(x, 1), round(y, 1)] for x, y in points], "lines": path.lines,
        })  # fmt: skip
    return {
        "width": found.width if found else WIDTH,
        "height": found.height if found else 0.0,
        "nodes": nodes,
        "paths": paths,
        "undrawn": [vars(each) for each in drawing.undrawn],
        "fault": vars(drawing.fault) if drawing.fault else None,
    }


def _diagram(drawing: ModelDrawing) -> Diagram:
    shapes: Mapping[str, Shape] = (
        dict.fromkeys(drawing.factors, Shape.FACTOR)
        | dict.fromkeys(drawing.composites, Shape.COMPOSITE)
        | dict.fromkeys(drawing.items, Shape.ITEM)
    )
    arrows: list[Arrow] = []
    taken: set[tuple[str, str]] = set()
    for path in drawing.paths:
        ends = _ends(path)
        if ends in taken and path.operator == "~~":
            ends = ends[::-1]  # a line of its own beside the regression of the two
        taken.add(ends)
        arrows.append(Arrow(*ends, _KINDS[path.operator]))
    return Diagram([Node(name, name, shape) for name, shape in shapes.items()], arrows)


def _ends(path: DrawnPath) -> tuple[str, str]:
    """Where the arrow begins and where it points."""
    return (path.lhs, path.rhs) if path.operator in ("=~", "~~") else (path.rhs, path.lhs)


def _role(node: Node, drawing: ModelDrawing) -> str:
    role = "Product" if ":" in node.name else _ROLES[node.shape]
    count = sum(node.name in (path.lhs, path.rhs) for path in drawing.paths)
    return f"{role} {node.name}, {count} path{'' if count == 1 else 's'}"
