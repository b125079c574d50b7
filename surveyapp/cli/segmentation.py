"""Unobserved groups of rows with paths of their own: FIMIX-PLS."""

from __future__ import annotations

from pathlib import Path

import click
import pandas as pd

from analysis.composite.cases import Missing
from analysis.composite.fimix import MAX_SEGMENTS, Segmentation, compare_segments
from analysis.composite.layout import CompositeOptions
from analysis.composite.pls import fit_pls
from analysis.rules import RULES
from surveyapp.cli.composite_options import composite_options, seed_option
from surveyapp.cli.model_answers import model_answers
from surveyapp.cli.model_options import FILE, JSON, MODEL
from surveyapp.cli.models import model_text
from surveyapp.cli.opened import progress_bar
from surveyapp.cli.outputs import Table, finish, json_file, number, warnings
from surveyapp.cli.table_options import table_and_treatment, values_ok
from surveyapp.errors import Invalid
from surveyapp.tables.options import ReadOptions

_CRITERIA = ("aic", "aic3", "bic", "caic", "entropy", "smallest")


@click.command()
@FILE
@MODEL
@click.option(
    "--up-to",
    type=click.IntRange(1, MAX_SEGMENTS),
    default=5,
    show_default=True,
    help="Largest number of segments.",
)
@click.option(
    "--segments", type=int, default=0, help="Show the paths of this number; else of AIC3's."
)
@click.option("--starts", type=click.IntRange(1, 1_000), default=10, show_default=True)
@seed_option("starts")
@composite_options
@JSON
@values_ok
@table_and_treatment(("mean", "listwise"))
def fimix(
    file: Path,
    model: str,
    up_to: int,
    segments: int,
    starts: int,
    seed: int,
    settings: CompositeOptions,
    missing: Missing,
    json_path: Path | None,
    values_ok: bool,
    reading: ReadOptions,
) -> None:
    """Look for unobserved segments of the rows in FILE whose paths differ (FIMIX-PLS)."""
    if segments and not 1 <= segments <= up_to:
        raise Invalid(f"--segments {segments}: choose 1 to {up_to}, or a larger --up-to")
    text = model_text(model)
    answers = model_answers(file, text, reading, values_ok=values_ok)
    with progress_bar("Segmenting") as progress:
        progress(5, "Estimating")
        fit = fit_pls(
            answers.frame,
            text,
            scheme=settings.scheme,
            consistent=settings.consistent,
            higher_order=settings.higher_order,
            missing=missing,
        )
        progress(20, "Segmenting")
        criteria, found = compare_segments(fit, up_to=up_to, starts=starts, seed=seed)
        progress(100, "Done")
    shown = found[segments or int(str(criteria["aic3"].idxmin()))]
    document = {
        "rules_version": RULES,
        "method": "FIMIX-PLS",
        "n": fit.n,
        "n_rows": len(answers.frame),
        "missing": missing,
        "starts": starts,
        "seed": seed,
        "criteria": criteria.reset_index().to_dict("records"),
        "solutions": [
            {
                "segments": each.segments,
                "shares": each.shares,
                "paths": each.paths.to_dict("records"),
                "r_squared": each.r_squared.reset_index(names="construct").to_dict("records"),
                "log_likelihood": each.log_likelihood,
                "parameters": each.parameters,
                "converged": each.converged,
            }
            for each in found.values()
        ],
        "warnings": [
            *fit.warnings,
            *(
                f"{each.segments} segments: the estimation did not converge"
                for each in found.values()
                if not each.converged
            ),
        ],
    }
    finish(
        [_criteria(criteria, fit.n, len(answers.frame)), _paths(shown)],
        [
            "AIC3 and CAIC together point to the number; entropy from .5 on tells segments apart"
            " (Hair et al. 2016). A segment is a proposal until it can be described.",
            *warnings(document, answers.notes),
        ],
        json_file(json_path, document),
    )


def _criteria(table: pd.DataFrame, n: int, rows: int) -> Table:
    names = [name for name in _CRITERIA if name in table]
    return (
        f"Number of segments, n = {n:,}; {rows - n:,} of {rows:,} rows left out",
        ("segments", *names),
        [
            [str(row["segments"]), *(number(row[name], 3) for name in names)]
            for row in table.reset_index().to_dict("records")
        ],
    )


def _paths(found: Segmentation) -> Table:
    columns = [name for name in found.paths if name not in ("source", "target")]
    shares = ", ".join(f"{share:.1%}" for share in found.shares)
    return (
        f"Paths of {found.segments} segment{'' if found.segments == 1 else 's'} ({shares} of the rows)",
        ("path", *(str(name) for name in columns)),
        [
            [f"{row['source']} -> {row['target']}", *(number(row[name]) for name in columns)]
            for row in found.paths.to_dict("records")
        ],
    )
