"""Arguments and options that the commands on models share."""

from __future__ import annotations

from pathlib import Path

import click

from analysis.covariance.settings import INFORMATION as KINDS_OF_INFORMATION
from analysis.covariance.settings import PARAMETRIZATIONS

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

ORDERED = click.option(
    "--ordered",
    default="",
    help="Ordinal items, separated by commas (WLSMV, WLSM, ULSMV, DWLS); other items are numbers."
    " Without it all outcomes of WLSMV, WLSM and ULSMV are ordinal.",
)

PARAMETRIZATION = click.option(
    "--parametrization",
    type=click.Choice(PARAMETRIZATIONS),
    default=PARAMETRIZATIONS[0],
    show_default=True,
    help="Of ordinal items: delta (unit variances) or theta (unit residual variances).",
)

INFORMATION = click.option(
    "--information",
    type=click.Choice(KINDS_OF_INFORMATION),
    default=None,
    help="Of standard errors: expected (default of complete answers) or observed (of FIML).",
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
