"""Tables of differences: two scores, their difference with interval and p, and what it comes to."""

from __future__ import annotations

from collections.abc import Sequence

from surveyapp.reports.document import Cell, Column, Interval, Quantity, Table
from surveyapp.reports.scores import score
from surveyapp.results import phrases
from surveyapp.results.view_models import Contrast, Definition, Figure


def tested(definition: Definition, contrast: Contrast | None, said: str) -> list[Cell]:
    """The cells of a difference: its size, interval and p, and what it comes to in words."""
    if contrast is None:
        return ["", "", "", said]
    size, low, high = phrases.contrast_ends(definition, contrast)
    return [
        Quantity(contrast.difference, size),
        Quantity(Interval(contrast.low, contrast.high), f"{low} to {high}"),
        Quantity(contrast.pvalue, phrases.pvalue(contrast.pvalue)),
        said,
    ]


def tested_columns(first: str, second: str, verdict: str, *, what: str = "Score") -> list[Column]:
    """The columns of a table of differences: two scores, their difference and what it comes to."""
    return [
        Column("", 0.28, name=what),
        Column(first, 0.10, align="r"),
        Column(second, 0.10, align="r"),
        Column("Difference", 0.11, align="r"),
        Column("95% CI", 0.13, align="r"),
        Column("p", 0.07, align="r"),
        Column(verdict, 0.21),
    ]


def others_table(
    figures: Sequence[Figure], *, title: str, what: str, few: int, of: str, tests: int | None = None
) -> Table | None:
    """Figures of a segment beside those of all other customers; None where nothing stands beside them.

    ``tests`` differences (those of the table, unless given) of what is told by ``of`` were tested together.
    """
    rows: list[list[Cell]] = []
    for each in figures:
        if each.beside is not None:
            said = phrases.beside(each, few=few) if each.shown else ""
            cells = tested(each.definition, each.beside.contrast, said)
            label = each.definition.label
            rows.append([label, score(each, few=few), score(each.beside.rest, few=few), *cells])
    if not rows:
        return None
    if tests is None:
        tests = sum(one.beside is not None and one.beside.contrast is not None for one in figures)
    return Table(
        title=title,
        columns=tested_columns("Segment", "All others", "Result", what=what),
        cells=rows,
        note="All others: every customer outside the segment. A difference is significant where its"
        f" 95% interval excludes zero and p < .05 after Holm correction for {tests} {of}.",
    )
