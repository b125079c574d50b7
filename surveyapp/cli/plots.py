"""Interval plots that commands draw to a file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import click

from surveyapp.cli.outputs import File
from surveyapp.errors import Invalid
from surveyapp.reports.charts.research_charts import Interval, intervals
from surveyapp.reports.files.figure_files import svg_file

PLOT = click.option(
    "--plot",
    "plot_path",
    type=click.Path(path_type=Path),
    help="Draw the means with their intervals to this SVG file.",
)


def svg_only(path: Path | None) -> None:
    """Refuse another kind of drawing before anything is computed."""
    if path is not None and path.suffix.lower() != ".svg":
        raise Invalid(f"--plot {path}: the plot is SVG; use a file name that ends in .svg")


def interval_plot(path: Path | None, rows: Sequence[Interval]) -> list[File]:
    """The file with the plot of all that have an interval, where one is asked for."""
    if path is None:
        return []
    known = [row for row in rows if math.isfinite(row.low) and math.isfinite(row.high)]
    if not known:
        raise Invalid(f"--plot {path}: no mean has an interval, so there is nothing to draw")
    return [(path, svg_file(intervals(known)).encode())]
