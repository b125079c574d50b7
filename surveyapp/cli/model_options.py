"""Arguments and options that the commands on models share."""

from __future__ import annotations

from pathlib import Path

import click

FILE = click.argument("file", type=click.Path(path_type=Path))
MODEL = click.option("--model", required=True, help="A file with the model, or the model itself.")
JSON = click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path),
    help="Write the full result to this file.",
)

DIAGRAM = click.option(
    "--diagram",
    "diagram_path",
    type=click.Path(path_type=Path),
    help="Draw the model with its estimates to this SVG file.",
)

WEIGHTS = click.option(
    "--weights",
    default=None,
    help="Column with the sampling weight of each row (ML, MLR, WLSMV).",
)

CLUSTER = click.option(
    "--cluster",
    default=None,
    help="Column with the cluster of each row, such as its branch, for cluster-robust errors"
    " (MLR, WLSMV).",
)
