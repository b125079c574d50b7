"""Drawings on the pages of analyses: the reports' own, drawn once a result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from markupsafe import Markup

from surveyapp.reports.document import Chart
from surveyapp.store.models import Analysis

_KEPT = 64  # drawings of so many analyses; a drawing takes a tenth of a second to make


@dataclass(frozen=True)
class Drawing:
    """A drawing under a title that says what it shows."""

    title: str
    svg: Markup
    note: str


_drawn: dict[tuple[int, str], dict[str, Drawing]] = {}
_lock = Lock()


def drawings(analysis: Analysis) -> dict[str, Drawing]:
    """The drawings of an analysis by name; none before it has a result."""
    if analysis.result is None:
        return {}
    key = analysis.id, analysis.fingerprint
    with _lock:
        known = _drawn.get(key)
    if known is None:
        charts = _study_charts if analysis.kind == "sjq_study" else _validation_charts
        known = {name: _drawing(chart) for name, chart in charts(analysis.result)}
        with _lock:
            while len(_drawn) >= _KEPT:
                _drawn.pop(next(iter(_drawn)))
            _drawn[key] = known
    return known


def _drawing(chart: Chart) -> Drawing:
    # The drawing's texts are escaped where it is made.
    return Drawing(chart.title, Markup(chart.svg), chart.note)  # noqa: S704


def _validation_charts(result: Mapping[str, Any]) -> Iterable[tuple[str, Chart]]:
    # Chart library and typefaces are loaded with the first drawing: seconds that the start is spared.
    from surveyapp.reports import validation_figures as made

    for draw in (made.scree, made.model, made.loadings, made.residuals, made.htmt):
        for chart in draw(result):
            yield draw.__name__, chart


def _study_charts(result: Mapping[str, Any]) -> Iterable[tuple[str, Chart]]:
    from surveyapp.reports import study_charts as made

    yield "model", made.model(result)
    yield "baseline", made.baseline(result)
    yield "weights", made.weights(result)
    yield "importance", made.importance(result)
