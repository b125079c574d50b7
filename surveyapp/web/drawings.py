"""Drawings on the pages of studies: the reports' own, drawn once a result."""

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
    """The drawings of a study by name; none before it has a result."""
    if analysis.result is None:
        return {}
    key = analysis.id, analysis.fingerprint
    with _lock:
        known = _drawn.get(key)
    if known is None:
        known = {name: drawing(chart) for name, chart in _study_charts(analysis.result)}
        with _lock:
            while len(_drawn) >= _KEPT:
                _drawn.pop(next(iter(_drawn)))
            _drawn[key] = known
    return known


def drawing(chart: Chart) -> Drawing:
    """A report's chart for a page."""
    # The drawing's texts are escaped where it is made.
    return Drawing(chart.title, Markup(chart.svg), chart.note)  # noqa: S704


def _study_charts(result: Mapping[str, Any]) -> Iterable[tuple[str, Chart]]:
    from surveyapp.reports import study_charts as made

    yield "model", made.model(result)
    yield "baseline", made.baseline(result)
    yield "weights", made.weights(result)
    yield "importance", made.importance(result)
