"""Options and files that the commands on necessary conditions share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import click

from analysis.composite.nca import MAX_PERMUTATIONS, Technique
from surveyapp.cli.models import listed
from surveyapp.cli.outputs import File
from surveyapp.errors import Invalid

PERMUTATIONS = click.option(
    "--permutations",
    type=click.IntRange(0, MAX_PERMUTATIONS),
    default=10_000,
    show_default=True,
    help="Random pairings of condition and outcome; 0 for no test.",
)
CEILING = click.option(
    "--ceiling",
    type=click.Choice(get_args(Technique), case_sensitive=False),
    default="CE-FDH",
    show_default=True,
    help="The ceiling that decides: CE-FDH for few levels or an irregular ceiling, CR-FDH for many.",
)
DIAGRAM = click.option(
    "--diagram",
    "diagram_path",
    type=click.Path(path_type=Path),
    help="Draw it to this SVG file.",
)


def answer_range(given: str) -> tuple[float, float]:
    """The lowest and highest answer that ``--scale`` names. Raises Invalid."""
    parts = listed(given)
    try:
        low, high = (float(part) for part in parts)
    except ValueError:
        raise Invalid(
            f"--scale {given}: give the lowest and the highest answer, such as --scale 1,7"
        ) from None
    return low, high


def drawing(path: Path | None, made: Callable[[], str]) -> list[File]:
    """The file with the drawing, which is made only where one is asked for."""
    return [] if path is None else [(path, made().encode())]


def svg_only(path: Path | None) -> None:
    """Refuse another kind of drawing before anything is computed."""
    if path is not None and path.suffix.lower() != ".svg":
        raise Invalid(f"--diagram {path}: the drawing is SVG; use a file name that ends in .svg")
