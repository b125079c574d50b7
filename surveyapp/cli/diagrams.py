"""The file that --diagram asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from surveyapp.cli.outputs import File
from surveyapp.errors import Invalid
from surveyapp.reports.charts.diagram import Diagram
from surveyapp.reports.charts.path_diagram import path_diagrams


def require_svg(path: Path | None) -> None:
    """Refuse another kind of drawing before anything is computed."""
    if path is not None and path.suffix.lower() != ".svg":
        raise Invalid(f"--diagram {path}: the diagram is SVG; use a file name that ends in .svg")


def diagram_file(path: Path | None, titled: Callable[[], Mapping[str, Diagram]]) -> list[File]:
    """The file with the diagrams, which are made only where one is asked for."""
    return [] if path is None else [(path, path_diagrams(titled()).encode())]
