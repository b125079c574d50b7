"""The confirmatory model of a scale validation to its path diagram."""

from __future__ import annotations

from analysis.scale.sections.cfa import CfaSection
from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports.charts.diagram import Arrow, Diagram, Kind, Node, Shape
from surveyapp.reports.projects.measured_models import clear, item_node, label


def cfa_diagram(cfa: CfaSection, words: Words = ENGLISH) -> Diagram:
    """The confirmatory model as a diagram: correlated factors, their items, standardised."""
    factors = [Node(name, label(name, words), Shape.FACTOR) for name in cfa.factors]
    rows = [row for row in cfa.loadings if row.std_all is not None]
    items = [item_node(row.item, cfa.factors) for row in rows]
    arrows = [
        Arrow(row.factor, item.name, Kind.LOADING, row.std_all, clear(row.pvalue))
        for row, item in zip(rows, items, strict=True)
    ]
    arrows += [
        Arrow(row.first, row.second, Kind.CORRELATION, row.r, _apart(row.lower, row.upper))
        for row in cfa.factor_correlation_intervals
    ]
    # Items that two factors show once, and those that nothing shows never.
    return Diagram([*factors, *{node.name: node for node in items}.values()], arrows)


def _apart(lower: float | None, upper: float | None) -> bool | None:
    return None if lower is None or upper is None else bool(lower > 0 or upper < 0)
