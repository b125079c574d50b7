"""Path diagrams: everything in its place, every number the result's own."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import combinations
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from semopy.examples import political_democracy

from analysis.covariance.sem import fit_sem
from analysis.scale.sections.cfa import CfaSection
from surveyapp.errors import Invalid
from surveyapp.reports import apa
from surveyapp.reports.charts.diagram import Arrow, Diagram, Kind, Node, Shape
from surveyapp.reports.charts.diagram_places import Box, places
from surveyapp.reports.charts.drawing import drawing
from surveyapp.reports.charts.path_diagram import WIDTH, number_boxes, path_diagram
from surveyapp.reports.projects.measured_models import composite_diagram, sem_diagram
from surveyapp.reports.studies.study_charts import formed
from surveyapp.reports.validation.cfa import model
from surveyapp.reports.validation.cfa_diagram import cfa_diagram
from tests.analysis.scale_sections import cfa, correlation, loading
from tests.reports.study_document import document

DEMOCRACY = """
    ind60 =~ x1 + x2 + x3
    dem60 =~ y1 + y2 + y3 + y4
    dem65 =~ y5 + y6 + y7 + y8
    dem60 ~ ind60
    dem65 ~ ind60 + dem60
    y1 ~~ y5
    y2 ~~ y4 + y6
    y3 ~~ y7
    y4 ~~ y8
    y6 ~~ y8
"""


@lru_cache(maxsize=2)
def democracy() -> dict[str, Any]:
    return fit_sem(political_democracy.get_data(), DEMOCRACY).to_dict()


def validated(items: Sequence[str] | None = None) -> CfaSection:
    """The section of a scale validation, with a loading that is not significant."""
    factors = {"personalization": 4, "coherence": 6, "seamlessness": 6}
    found = cfa(
        [
            loading(factor, f"{factor[:3]}{k}", 0.71 + k / 50, 0.4 if k == 2 else 0.001)
            for factor, n in factors.items()
            for k in range(1, n + 1)
        ],
        [correlation(a, b, r=0.6, lower=0.5, upper=0.7) for a, b in combinations(factors, 2)],
    )
    return replace(found, items=tuple(items or found.items))


def drawn(name: str) -> Diagram:
    if name == "correlated factors":
        return cfa_diagram(validated())
    if name == "structural equations":
        return sem_diagram(democracy())
    found, study = formed(document()), document()["study"]
    if name == "composites":
        return composite_diagram(study["full"], found)
    return composite_diagram(study["baseline"], {"sjq": found["sjq"]}, items=True)


KINDS = ("correlated factors", "structural equations", "composites", "composites with items")


def chance(seed: int) -> Diagram:
    """A model of two to seven constructs, some with items, arrows forwards, numbers anywhere."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 8))
    nodes = [
        Node(f"c{i}", f"Construct number {i}"[: int(rng.integers(2, 20))], Shape.FACTOR, 0.5)
        for i in range(n)
    ]
    arrows = [
        Arrow(f"c{i}", f"c{j}", Kind.PATH, 0.25, bool(rng.random() < 0.8))
        for i, j in combinations(range(n), 2)
        if rng.random() < 0.5
    ]
    for i in range(n):
        for k in range(int(rng.integers(0, 5)) if seed % 2 else 0):
            nodes.append(Node(f"i{i}{k}", f"i{i}{k}", Shape.ITEM))
            arrows.append(Arrow(f"c{i}", f"i{i}{k}", Kind.LOADING, 0.8, True))
    return Diagram(nodes, arrows)


ALL = [*KINDS, *range(12)]


def diagram(which: str | int) -> Diagram:
    return chance(which) if isinstance(which, int) else drawn(which)


@pytest.mark.parametrize("which", ALL)
def test_no_part_covers_another_and_all_are_inside(which):
    made = diagram(which)
    found = places(made, width=WIDTH)
    for (a, first), (b, second) in combinations(found.boxes.items(), 2):
        assert not first.overlaps(second), (a, b)
    for name, box in found.boxes.items():
        assert box.x - box.width / 2 >= 0 and box.x + box.width / 2 <= found.width, name
        assert box.y - box.height / 2 >= 0 and box.y + box.height / 2 <= found.height, name


@pytest.mark.parametrize("which", KINDS)
def test_every_number_is_legible(which):
    made = diagram(which)
    found = places(made, width=WIDTH)
    numbers = number_boxes(made, found)
    assert len(numbers) == len(made.arrows)
    for first, second in combinations(numbers.values(), 2):
        assert not first.overlaps(second)
    for box in numbers.values():
        assert not any(box.overlaps(part) for part in found.boxes.values())
        assert box.x - box.width / 2 >= 0 and box.x + box.width / 2 <= found.width


@pytest.mark.parametrize("which", ALL)
def test_arrows_begin_and_end_at_the_edge_of_their_parts(which):
    made = diagram(which)
    found = places(made, width=WIDTH)
    for (source, target), points in found.lines.items():
        for name, end in ((source, points[0]), (target, points[-1])):
            box = found.boxes[name]
            wider = Box(box.x, box.y, box.width + 1, box.height + 1)
            narrower = Box(box.x, box.y, box.width * 0.55, box.height * 0.55)
            assert wider.holds(end) and not narrower.holds(end), (source, target)


@pytest.mark.parametrize("which", ALL)
def test_causes_stand_before_effects(which):
    made = diagram(which)
    boxes = places(made, width=WIDTH).boxes
    for arrow in made.arrows:
        if arrow.kind is Kind.PATH:
            source, target = boxes[arrow.source], boxes[arrow.target]
            along = (source.x, target.x) if made.sideways else (source.y, target.y)
            assert along[0] < along[1], (arrow.source, arrow.target)


def test_the_way_past_other_constructs_goes_round_them():
    made = drawn("composites")
    found = places(made, width=WIDTH)
    direct = found.lines["sjq", "loyalty"]
    for name, box in found.boxes.items():
        if name not in ("sjq", "loyalty"):
            assert not any(box.holds(point) for point in direct), name


def test_the_numbers_are_those_of_the_result():
    text = path_diagram(drawn("structural equations"))
    words = set(re.findall(r">([^<]+)</text>", text))
    for row in democracy()["estimates"]:
        if row["op"] in ("=~", "~") or (row["op"] == "~~" and row["lhs"] != row["rhs"]):
            assert apa.bounded(row["std_all"]) in words
    # lavaan 0.6-14: inspect(fit, "rsquare") of dem60 and dem65.
    assert {"R² .20", "R² .96"} <= words


def test_composites_show_weights_and_paths_of_the_full_model():
    made = drawn("composites")
    found = {(a.source, a.target): a for a in made.arrows}
    full = document()["study"]["full"]
    for row in full["paths"]:
        assert found[row["source"], row["target"]].value == row["estimate"]
    kinds = {ends: arrow.kind for ends, arrow in found.items()}
    assert kinds["seamlessness", "sjq"] is Kind.WEIGHT
    assert kinds["sjq", "reliability"] is Kind.PATH
    shapes = {node.name: node.shape for node in made.nodes}
    assert shapes["sjq"] is shapes["service_quality"] is Shape.COMPOSITE
    assert shapes["loyalty"] is Shape.FACTOR


def test_what_is_not_significant_is_dashed():
    made = drawn("correlated factors")
    doubtful = sum(arrow.significant is False for arrow in made.arrows)
    assert doubtful == 3
    assert path_diagram(made).count("stroke-dasharray") == doubtful
    assert "Personalization to per2: .75, not significant" in path_diagram(made)


@pytest.mark.parametrize("which", KINDS)
def test_the_drawing_is_safe_to_stand_in_a_page(which):
    """The policy of pages allows no inline style, no script and no address."""
    root = ElementTree.fromstring(path_diagram(diagram(which)))  # noqa: S314 - our own
    assert root.get("role") == "img" and len(root.get("aria-label", "")) > 100
    for element in root.iter():
        assert not {"style", "class", "href", "id"} & set(element.attrib)
        assert element.tag.rpartition("}")[2] in {
            "svg", "text", "rect", "ellipse", "polygon", "polyline",
        }  # fmt: skip


def test_names_from_people_are_text():
    evil = '"><script>alert(1)</script>'
    made = Diagram(
        [Node("a", evil, Shape.FACTOR), Node("b", evil, Shape.ITEM)],
        [Arrow("a", "b", Kind.LOADING, 0.8)],
    )
    text = path_diagram(made)
    assert "<script" not in text
    ElementTree.fromstring(text)  # noqa: S314 - our own


@pytest.mark.parametrize("which", KINDS)
def test_the_drawing_becomes_vectors_of_the_pdf(which):
    found = drawing(path_diagram(diagram(which)), 470)
    assert found.width == 470 and 100 < found.height < 800


def test_a_circle_of_effects_is_drawn_all_the_same():
    nodes = [Node(name, name, Shape.FACTOR) for name in "abc"]
    arrows = [Arrow(*ends, Kind.PATH, 0.3) for ends in ("ab", "bc", "ca")]
    found = places(Diagram(nodes, arrows), width=WIDTH)
    assert len(found.lines) == 3
    assert all(math.dist(points[0], points[-1]) > 10 for points in found.lines.values())


def test_a_second_order_model_stands_in_three_columns():
    text = "a =~ x1 + x2 + x3\nb =~ y1 + y2 + y3 + y4\nc =~ y5 + y6 + y7 + y8\ng =~ a + b + c"
    made = sem_diagram(fit_sem(political_democracy.get_data(), text).to_dict())
    boxes = places(made, width=WIDTH).boxes
    assert boxes["g"].x < boxes["a"].x < boxes["x1"].x
    assert boxes["a"].x == boxes["b"].x == boxes["c"].x


def test_an_arrow_that_leads_nowhere_is_refused():
    with pytest.raises(Invalid, match="leads to b, which it lacks"):
        Diagram([Node("a", "A", Shape.FACTOR)], [Arrow("a", "b", Kind.PATH)])


def test_two_parts_of_one_name_are_refused():
    with pytest.raises(Invalid, match="have one name"):
        Diagram([Node("a", "A", Shape.FACTOR), Node("a", "B", Shape.ITEM)], [])


def test_the_least_crowded_place_is_chosen_for_a_number():
    """Two paths that cross: each number stands where the other line does not pass."""
    nodes = [Node(name, name, Shape.FACTOR) for name in ("a", "b", "c", "d")]
    ends = (("a", "c"), ("a", "d"), ("b", "c"), ("b", "d"))
    made = Diagram(nodes, [Arrow(*pair, Kind.PATH, 0.3) for pair in ends])
    found = places(made, width=WIDTH)
    numbers = number_boxes(made, found)
    for at, arrow in enumerate(made.arrows):
        for other in made.arrows:
            if other is not arrow:
                line = found.lines[other.source, other.target]
                steps = [
                    tuple(a + (b - a) * i / 200 for a, b in zip(line[0], line[-1], strict=True))
                    for i in range(201)
                ]
                assert not any(numbers[at].holds(point) for point in steps)


def test_a_scale_of_five_hundred_items_is_drawn_in_seconds():
    section = cfa([loading(f"f{i % 10}", f"x{i}", 0.8) for i in range(500)])
    began = time.process_time()
    text = path_diagram(cfa_diagram(section))
    assert time.process_time() - began < 20
    assert text.count("<rect") == 1000  # an item's box and the paper under its number


def test_a_scale_too_large_to_read_is_not_drawn_in_reports():
    items = [f"x{i}" for i in range(41)]
    assert list(model(validated(items))) == []
    assert len(list(model(validated(items[:40])))) == 1
