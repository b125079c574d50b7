"""Are paths biased by what a model leaves out? Gaussian copulas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from analysis.composite.cases import Missing
from analysis.composite.copula import (
    CopulaAnalysis,
    CopulaEquation,
    CopulaModel,
    copula_analysis,
)
from analysis.composite.layout import CompositeOptions
from analysis.rules import RULES
from surveyapp.cli.composite_options import composite_options, seed_option
from surveyapp.cli.model_answers import model_answers
from surveyapp.cli.model_options import FILE, JSON, MODEL
from surveyapp.cli.models import listed, model_text
from surveyapp.cli.opened import progress_bar
from surveyapp.cli.outputs import Table, finish, json_file, number, probability, warnings
from surveyapp.cli.table_options import table_and_treatment, values_ok
from surveyapp.tables.options import ReadOptions


@click.command()
@FILE
@MODEL
@click.option(
    "--targets", default="", help="Constructs whose equations are tested; by default every one."
)
@click.option(
    "--bootstrap", type=click.IntRange(2, 100_000), default=1_000, show_default=True,
    help="Number of bootstrap resamples.",
)  # fmt: skip
@seed_option("bootstrap")
@composite_options
@JSON
@values_ok
@table_and_treatment(("mean", "listwise"))
def copula(
    file: Path,
    model: str,
    targets: str,
    bootstrap: int,
    seed: int,
    settings: CompositeOptions,
    missing: Missing,
    json_path: Path | None,
    values_ok: bool,
    reading: ReadOptions,
) -> None:
    """Test the paths of a composite model in FILE for endogeneity by Gaussian copulas.

    A significant copula term says that its antecedent goes with what the equation leaves out (Park and
    Gupta 2012; Hult et al. 2018). It tells only of antecedents whose scores are not normal, and little
    in small samples.
    """
    text = model_text(model)
    answers = model_answers(file, text, reading, values_ok=values_ok)
    with progress_bar("Resampling") as progress:
        progress(5, "Resampling")
        found = copula_analysis(
            answers.frame,
            text,
            targets=listed(targets),
            resamples=bootstrap,
            seed=seed,
            settings=settings,
            missing=missing,
        )
        progress(100, "Done")
    document: dict[str, Any] = {
        "rules_version": RULES,
        "method": "Gaussian copula",
        "n_rows": len(answers.frame),
        "missing": missing,
        **vars(found),
        "equations": [
            {
                **vars(each),
                "testable": each.testable,
                "models": [{**vars(one), "significant": one.significant} for one in each.models],
            }
            for each in found.equations
        ],
    }
    tables = [_scores(found), *(_equation(each) for each in found.equations)]
    said = [_verdict(each) for each in found.equations]
    finish(tables, [*said, *warnings(document, answers.notes)], json_file(json_path, document))


def _scores(found: CopulaAnalysis) -> Table:
    by_name = {
        each.construct: (each, equation.collinearity[each.construct])
        for equation in found.equations
        for each in equation.normality
    }
    return (
        f"Scores of antecedents, n = {found.n:,}, {found.resamples - found.dropped:,} resamples;"
        f" {found.left_out:,} rows left out",
        ("construct", "skewness", "kurtosis", "A2", "p normal", "r with copula"),
        [
            [
                name,
                *(number(value) for value in (each.skewness, each.kurtosis, each.statistic)),
                probability(each.p),
                number(near),
            ]
            for name, (each, near) in by_name.items()
        ],
    )


def _equation(equation: CopulaEquation) -> Table:
    rows = [
        ["none", each.name, "-", "-", number(each.estimate), probability(each.p)]
        for each in equation.paths
    ]
    rows += [row for one in equation.models for row in _model(one)]
    return (
        f"{equation.target}: its paths without and with copula terms",
        ("copulas of", "antecedent", "copula", "p", "path", "p"),
        rows,
    )


def _model(one: CopulaModel) -> list[list[str]]:
    terms = {each.name: each for each in one.terms}
    rows = []
    for path in one.paths:
        term = terms.get(path.name)
        rows.append(
            [
                ", ".join(one.treated),
                path.name,
                "-" if term is None else number(term.estimate),
                "-" if term is None else probability(term.p),
                number(path.estimate),
                probability(path.p),
            ]
        )
    return rows


def _verdict(equation: CopulaEquation) -> str:
    if not equation.testable:
        return f"{equation.target}: endogeneity cannot be tested, as every antecedent's score may be normal."
    found = sorted(
        {
            each.name
            for one in equation.models
            for each in one.terms
            if each.p < 0.05 and each.name in equation.testable
        }
    )
    if found:
        return (
            f"{equation.target}: the copula of {', '.join(found)} is significant in at least one model;"
            " compare the paths with and without it."
        )
    return (
        f"{equation.target}: no copula of {', '.join(equation.testable)} is significant: no sign of"
        " endogeneity in these."
    )
