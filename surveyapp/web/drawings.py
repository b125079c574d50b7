"""Drawings on the pages of studies: the reports' own, drawn once a result."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from instruments.loader import Library
from surveyapp.reports.document import Chart
from surveyapp.store.models import Analysis, Journey
from surveyapp.web.document_files import analysed


@dataclass(frozen=True)
class Drawing:
    """A drawing under a title that says what it shows; ``number``: its place in the report."""

    number: int
    title: str
    svg: Markup
    note: str


# As the study's report has them, in its order.
_NAMES = ("model", "baseline", "weights", "importance")


def drawings(analysis: Analysis, journey: Journey, library: Library) -> dict[str, Drawing]:
    """The drawings of a study by name; none before it has a result."""
    if analysis.result is None:
        return {}
    from surveyapp.reports.numbered import figures

    found = figures(analysed(analysis, journey, library).blocks)
    return {
        name: drawing(figure.chart, figure.number)
        for name, figure in zip(_NAMES, found, strict=True)
    }


def drawing(chart: Chart, number: int) -> Drawing:
    """A report's chart for a page."""
    # The drawing's texts are escaped where it is made.
    return Drawing(number, chart.title, Markup(chart.svg), chart.note)  # noqa: S704
