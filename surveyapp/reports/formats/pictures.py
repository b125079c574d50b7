"""Drawings as pictures with the words that stand for them; each is drawn once for all formats."""

from __future__ import annotations

import base64
import re
from html import unescape

from surveyapp.reports.document import Chart
from surveyapp.reports.files import figure_files

DPI = 200  # sharp on paper and screen at a quarter of the bytes of print
_LABEL = re.compile(r"\baria-label=\"([^\"]*)\"")  # the first one is that of the whole drawing
_LONGEST = 2_000  # characters of an alt text; screen readers read it in one breath


class Pictures:
    """PNG files by their drawing."""

    def __init__(self) -> None:
        self._drawn: dict[str, bytes] = {}

    def png(self, svg: str) -> bytes:
        """The drawing as PNG."""
        if svg not in self._drawn:
            self._drawn[svg] = figure_files.png(svg, DPI)
        return self._drawn[svg]

    def size(self, svg: str) -> tuple[float, float]:
        """Width and height of the drawing in points."""
        width, height = figure_files.pixels(self.png(svg))
        return width * 72 / DPI, height * 72 / DPI


def spoken(chart: Chart) -> str:
    """The alt text of a chart: its sentence, and what its drawing says of its values."""
    found = _LABEL.search(chart.svg)
    label = unescape(found[1]) if found else ""
    said = chart.title if not label or label in chart.title else f"{chart.title}. {label}"
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1]}…"


def data_address(svg: str) -> str:
    """The drawing as a ``data:`` address: it stands alone, so that names in several never meet, and
    nothing in it can run.
    """
    coded = base64.b64encode(figure_files.svg_file(svg).encode()).decode()
    return f"data:image/svg+xml;base64,{coded}"
