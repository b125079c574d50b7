"""Arguments and options that the commands on models share."""

from __future__ import annotations

from pathlib import Path

import click

from analysis.covariance.missing.imputation import MOST as MOST_IMPUTATIONS
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

AUXILIARY = click.option(
    "--auxiliary",
    default="",
    help="Columns outside of the model that tell of missing answers, separated by commas"
    " (--missing fiml, and imputations).",
)

IMPUTATIONS = click.option(
    "--imputations",
    type=click.IntRange(min=2, max=MOST_IMPUTATIONS),
    default=None,
    help="Also fit the model to this many imputations of the missing answers, pooled by Rubin's rules"
    " (ML, MLR, MLM: imputed as numbers; WLSMV, WLSM, ULSMV: ordinal items as categories).",
)

SEED = click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="Seed of the imputations.",
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
