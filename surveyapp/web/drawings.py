"""Drawings on the pages of studies: the reports' own, drawn once a result."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from instruments.loader import Library
from surveyapp.reports.document import Chart
from surveyapp.results.projects.model_drawings import ModelDrawing, drawing_of, in_words
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
    from surveyapp.reports.files.numbered import figures

    found = figures(analysed(analysis, journey, library).blocks)
    return {
        name: drawing(figure.chart, figure.number)
        for name, figure in zip(_NAMES, found, strict=True)
    }


@dataclass(frozen=True)
class Sketch:
    """A model that is being written: its SVG, empty without a path, and what the drawing was made of."""

    svg: Markup
    of: ModelDrawing

    @property
    def said(self) -> list[str]:
        """Every path as a sentence."""
        return [in_words(path) for path in self.of.paths]


def sketch(kind: str, text: str) -> Sketch:
    """The drawing of a model's text, whole or half written."""
    from surveyapp.reports.projects.drawn_model import preview

    found = drawing_of(kind, text)
    return Sketch(Markup(preview(found)), found)  # noqa: S704 - texts are escaped where it is drawn


def drawing(chart: Chart, number: int) -> Drawing:
    """A report's chart for a page."""
    # The drawing's texts are escaped where it is made.
    return Drawing(number, chart.title, Markup(chart.svg), chart.note)  # noqa: S704
