"""Simple slopes and Johnson-Neyman boundaries of an interaction in a composite model."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from analysis.composite.cases import Missing
from analysis.composite.layout import Interaction
from analysis.composite.moderation import Moderation, Slope
from analysis.composite.moderation import moderation as slopes_of
from analysis.composite.pls import fit_pls
from analysis.composite.result import PlsResult
from analysis.errors import ModelError
from analysis.rules import RULES
from surveyapp.cli.composite_options import seed_option
from surveyapp.cli.composite_weights import CLUSTER, WEIGHTS
from surveyapp.cli.model_answers import model_answers
from surveyapp.cli.model_options import FILE, JSON, MODEL
from surveyapp.cli.models import model_text
from surveyapp.cli.opened import progress_bar
from surveyapp.cli.outputs import Table, finish, json_file, number, probability, warnings
from surveyapp.cli.table_options import table_and_treatment, values_ok
from surveyapp.tables.options import ReadOptions


@click.command()
@FILE
@MODEL
@click.option(
    "--interaction",
    type=click.Choice(get_args(Interaction)),
    default="two-stage",
    show_default=True,
    help="How the product term is made.",
)
@click.option(
    "--bootstrap",
    type=click.IntRange(100, 100_000),
    default=5_000,
    show_default=True,
    help="Resamples for the intervals.",
)
@click.option(
    "--consistent",
    is_flag=True,
    help="Correct reflective constructs and their products for attenuation (PLSc, two-stage).",
)
@WEIGHTS
@CLUSTER
@seed_option("bootstrap")
@JSON
@values_ok
@table_and_treatment(("mean", "listwise"))
def moderation(
    file: Path,
    model: str,
    interaction: Interaction,
    bootstrap: int,
    consistent: bool,
    weights: str | None,
    cluster: str | None,
    seed: int,
    missing: Missing,
    json_path: Path | None,
    values_ok: bool,
    reading: ReadOptions,
) -> None:
    """Probe every interaction of the model: a path from a product, written Y ~ X + M + X:M."""
    text = model_text(model)
    answers = model_answers(file, text, reading, values_ok=values_ok, drawn=(weights, cluster))
    with progress_bar("Resampling") as progress:
        progress(5, "Resampling")
        fit = fit_pls(
            answers.frame,
            text,
            interaction=interaction,
            consistent=consistent,
            missing=missing,
            bootstrap=bootstrap,
            seed=seed,
            sampling_weights=weights,
            cluster=cluster,
        )
        progress(100, "Done")
    products = [row for row in fit.paths.to_dict("records") if ":" in str(row["source"])]
    if not products:
        raise ModelError("the model has no interaction; write one as Y ~ X + M + X:M")
    found = [_probed(fit, str(row["source"]), str(row["target"])) for row in products]
    document: dict[str, Any] = {
        "rules_version": RULES,
        "method": f"{fit.method}; {bootstrap} resamples",
        "n": fit.n,
        "n_rows": len(answers.frame),
        "missing": missing,
        "seed": seed,
        "moderations": found,
        "warnings": list(fit.warnings),
    }
    tables = [_table(each, len(answers.frame)) for each in found]
    said = [_stretches(each) for each in found]
    finish(tables, [*said, *warnings(document, answers.notes)], json_file(json_path, document))


def _probed(fit: PlsResult, product: str, target: str) -> Moderation:
    source, _, moderator = product.partition(":")
    return slopes_of(fit, source, moderator, target)


def _table(found: Moderation, rows: int) -> Table:
    name = f"{found.source}:{found.moderator}"
    return (
        f"{found.source} -> {found.target} by {found.moderator}, n = {found.n:,} of {rows:,} rows;"
        f" f2 of the interaction {number(found.f_squared)}",
        ("slope", "estimate", "se", "low", "high", "p"),
        [
            _row(f"{name} (change per SD)", found.interaction),
            *(_row(f"at {each.at:+g} SD of {found.moderator}", each) for each in found.slopes),
        ],
    )


def _row(label: str, slope: Slope) -> list[str]:
    numbers = (slope.estimate, slope.se, slope.lower, slope.upper)
    return [label, *map(number, numbers), probability(slope.p)]


def _stretches(found: Moderation) -> str:
    """Where the slope differs significantly from zero, between -3 and 3 standard deviations."""
    if not found.significant:
        return (
            f"{found.source} -> {found.target}: the slope is nowhere significant between -3 and 3 SD of"
            f" {found.moderator}."
        )
    where = " and ".join(f"{low:+.2f} to {high:+.2f}" for low, high in found.significant)
    return (
        f"{found.source} -> {found.target}: the slope is significant from {where} SD of"
        f" {found.moderator} (Johnson and Neyman, within -3 to 3)."
    )
