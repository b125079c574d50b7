"""Exploratory factor analysis of items in a file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from analysis.errors import DataError
from analysis.rules import RULES
from analysis.scale.efa import EfaResult, adequacy
from analysis.scale.efa import efa as explore
from analysis.scale.factor_count import minimum_average_partial, parallel_analysis
from surveyapp.cli.composite_options import seed_option
from surveyapp.cli.model_answers import model_answers
from surveyapp.cli.model_options import FILE, JSON
from surveyapp.cli.models import listed
from surveyapp.cli.outputs import Table, finish, json_file, number, probability
from surveyapp.cli.table_options import table_options, values_ok
from surveyapp.results.analyses.losses import left_out
from surveyapp.tables.options import ReadOptions

_RULES = {
    "parallel_components": "parallel analysis of components",
    "parallel_factors": "parallel analysis of common factors",
    "minimum_average_partial": "minimum average partial",
}


@click.command()
@FILE
@click.option("--items", required=True, help="The items, separated by commas.")
@click.option(
    "--factors",
    type=click.IntRange(1, 50),
    default=None,
    help="Number of factors; else that of the parallel analysis of common factors.",
)
@click.option(
    "--method",
    type=click.Choice(["minres", "ml", "principal_axis", "principal"]),
    default="minres",
    show_default=True,
)
@click.option(
    "--rotation",
    type=click.Choice(["oblimin", "promax", "varimax", "none"]),
    default="oblimin",
    show_default=True,
)
@seed_option("parallel analysis")
@JSON
@values_ok
@table_options
def efa(
    file: Path,
    items: str,
    factors: int | None,
    method: str,
    rotation: str,
    seed: int,
    json_path: Path | None,
    values_ok: bool,
    reading: ReadOptions,
) -> None:
    """Explore the factors of items in FILE: KMO, Bartlett, number of factors, rotated loadings."""
    named = listed(items)
    answers = model_answers(file, " + ".join(named), reading, values_ok=values_ok)
    suited = adequacy(answers.frame, named)
    random = parallel_analysis(answers.frame, named, seed=seed)
    partial = minimum_average_partial(answers.frame, named)
    suggested = {
        "parallel_components": random.components.suggested,
        "parallel_factors": random.factors.suggested,
        "minimum_average_partial": partial.suggested,
    }
    wanted = random.factors.suggested if factors is None else factors
    if wanted < 1:
        raise DataError(
            "the parallel analysis finds no common factor; name a number with --factors"
        )
    found = explore(answers.frame, wanted, named, method=method, rotation=rotation)
    document: dict[str, Any] = {
        "rules_version": RULES,
        "n_rows": len(answers.frame),
        "seed": seed,
        "suggested_factors": suggested,
        "adequacy": asdict(suited),
        **asdict(found),
    }
    told = ", ".join(f"{_RULES[name]} {count}" for name, count in suggested.items())
    said = [
        f"Suggested number of factors: {told}.",
        *(f"Warning: {warning}" for warning in found.warnings),
        *(f"Note: {note}" for note in answers.notes),
    ]
    rows = len(answers.frame)
    title = (
        f"{found.method}, {found.rotation}, n = {found.n:,}; {left_out(rows - found.n, rows)};"
        f" KMO {number(suited.kmo)}, Bartlett {number(suited.chisq, 1)} on {suited.df} df,"
        f" p {probability(suited.pvalue)}"
    )
    finish([_loadings(title, found), *_factors(found)], said, json_file(json_path, document))


def _loadings(title: str, found: EfaResult) -> Table:
    names = [f"F{k + 1}" for k in range(found.loadings.shape[1])]
    return (
        title,
        ("item", *names, "communality"),
        [
            [item, *map(number, row), number(shared)]
            for item, row, shared in zip(
                found.items, found.loadings.tolist(), found.communalities.tolist(), strict=True
            )
        ],
    )


def _factors(found: EfaResult) -> list[Table]:
    names = [f"F{k + 1}" for k in range(found.loadings.shape[1])]
    rows = [["variance explained", *map(number, found.variance.tolist())]]
    if len(names) > 1:
        rows += [
            [f"correlation with {name}", *map(number, row)]
            for name, row in zip(names, found.phi.tolist(), strict=True)
        ]
    fit = (
        f"; residuals {number(found.residual_rms)}, chi-square {number(found.chisq, 1)} on"
        f" {found.df} df, p {probability(found.pvalue)}"
        if found.method != "principal"
        else ""
    )
    return [(f"Factors{fit}", ("", *names), rows)]
