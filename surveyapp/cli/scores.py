"""Scores of every factor or construct for the rows of a file, as a file."""

from __future__ import annotations

from pathlib import Path

import click
import pandas as pd

from analysis.composite.pls import fit_pls
from analysis.covariance.sem import fit_sem
from analysis.errors import DataError
from surveyapp.cli.model_answers import model_answers
from surveyapp.cli.model_options import FILE, MODEL
from surveyapp.cli.models import model_text
from surveyapp.cli.outputs import finish, number
from surveyapp.cli.table_options import table_and_treatment, values_ok
from surveyapp.errors import Invalid
from surveyapp.results.projects.model_scores import composite_scores
from surveyapp.tables.options import ReadOptions

_KINDS = ("regression", "bartlett", "pls")


@click.command()
@FILE
@MODEL
@click.option(
    "--out",
    "out",
    required=True,
    type=click.Path(path_type=Path),
    help="Write the scores to this CSV file, a row for each row of FILE in its order.",
)
@click.option(
    "--kind",
    type=click.Choice(_KINDS),
    default="regression",
    show_default=True,
    help="Factor scores by regression or Bartlett's method, or scores of a composite model (pls).",
)
@click.option("--estimator", default="", help="Of factor scores: ML, MLR, WLSMV, ... [ML]")
@values_ok
@table_and_treatment(("listwise", "fiml", "mean"))
def scores(
    file: Path,
    model: str,
    out: Path,
    kind: str,
    estimator: str,
    missing: str,
    values_ok: bool,
    reading: ReadOptions,
) -> None:
    """Write the scores of every factor or construct of a model for the rows of FILE.

    A row without a score, for want of answers, has empty cells: rows are never left out.
    """
    if out.suffix.lower() != ".csv":
        raise Invalid(f"--out {out}: scores are CSV; use a file name that ends in .csv")
    text = model_text(model)
    answers = model_answers(file, text, reading, values_ok=values_ok)
    if kind == "pls":
        found = _composites(answers.frame, text, estimator, missing)
    else:
        found = _factors(answers.frame, text, estimator, missing, kind)
    table = found.reset_index(drop=True)
    table.insert(0, "row", range(1, len(table) + 1))
    lacking = int(found.isna().any(axis=1).sum())
    finish(
        [
            (
                f"Scores of {len(found):,} rows; {lacking:,} without a score, for want of answers",
                ("", "mean", "sd", "lowest", "highest"),
                [
                    [str(name), *map(number, (c.mean(), c.std(), c.min(), c.max()))]
                    for name, c in found.items()
                ],
            )
        ],
        [f"Note: {note}" for note in answers.notes],
        [(out, table.to_csv(index=False).encode())],
    )


def _factors(
    frame: pd.DataFrame, text: str, estimator: str, missing: str, kind: str
) -> pd.DataFrame:
    if missing == "mean":
        raise Invalid("--missing mean belongs to --kind pls; use listwise or fiml")
    fit = fit_sem(frame, text, estimator=(estimator or "ML").upper(), missing=missing)
    if not fit.converged:
        raise DataError("the estimation did not converge, so that there are no scores")
    return fit.factor_scores(frame, method=kind)


def _composites(frame: pd.DataFrame, text: str, estimator: str, missing: str) -> pd.DataFrame:
    if estimator:
        raise Invalid("--estimator belongs to factor scores; leave it out with --kind pls")
    if missing == "fiml":
        raise Invalid("--missing fiml belongs to factor scores; use listwise or mean")
    fit = fit_pls(frame, text, missing="mean" if missing == "mean" else "listwise")
    return composite_scores(fit, frame)
