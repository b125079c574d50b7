"""Are a construct's items reflections of it? Confirmatory tetrad analysis (CTA-PLS)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from analysis.composite.cases import Missing
from analysis.composite.cta import TetradAnalysis, tetrad_analysis
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
    "--bootstrap", type=click.IntRange(2, 100_000), default=5_000, show_default=True,
    help="Number of bootstrap resamples.",
)  # fmt: skip
@click.option(
    "--borrow",
    is_flag=True,
    help="Let reflective constructs of two or three items borrow from a reflective neighbour.",
)
@WEIGHTS
@CLUSTER
@seed_option("bootstrap")
@JSON
@values_ok
@table_and_treatment(("mean", "listwise"))
def cta(
    file: Path,
    model: str,
    bootstrap: int,
    borrow: bool,
    weights: str | None,
    cluster: str | None,
    seed: int,
    missing: Missing,
    json_path: Path | None,
    values_ok: bool,
    reading: ReadOptions,
) -> None:
    """Test by tetrads whether the items of each construct in FILE reflect it (CTA-PLS).

    Where one of a construct's tetrads differs from zero, a common factor is rejected, and a formative
    construct is to be considered (Gudergan et al. 2008).
    """
    text = model_text(model)
    answers = model_answers(file, text, reading, values_ok=values_ok, drawn=(weights, cluster))
    with progress_bar("Resampling") as progress:
        progress(5, "Resampling")
        found = tetrad_analysis(
            answers.frame,
            text,
            resamples=bootstrap,
            seed=seed,
            borrow=borrow,
            missing=missing,
            sampling_weights=weights,
            cluster=cluster,
        )
        progress(100, "Done")
    document: dict[str, Any] = {
        "rules_version": RULES,
        "method": "CTA-PLS",
        "n_rows": len(answers.frame),
        "missing": missing,
        **vars(found),
        "constructs": [
            {
                **vars(each),
                "reflective": each.reflective,
                "tetrads": [{**vars(one), "vanishes": one.vanishes} for one in each.tetrads],
            }
            for each in found.constructs
        ],
    }
    untested = [f"Not tested: {name}, {why}." for name, why in found.untested.items()]
    finish(
        [_constructs(found), _tetrads(found)],
        [*untested, *warnings(document, answers.notes)],
        json_file(json_path, document),
    )


def _constructs(found: TetradAnalysis) -> Table:
    return (
        f"Tetrads, n = {found.n:,}, {found.resamples - found.dropped:,} resamples;"
        f" {found.left_out:,} rows left out",
        ("construct", "mode", "tetrads", "significant", "smallest p", "a common factor is"),
        [
            [
                each.construct,
                each.mode,
                str(len(each.tetrads)),
                str(sum(not one.vanishes for one in each.tetrads)),
                probability(min(one.adjusted_p for one in each.tetrads)),
                "not rejected" if each.reflective else "rejected",
            ]
            for each in found.constructs
        ],
    )


def _tetrads(found: TetradAnalysis) -> Table:
    rows = []
    for each in found.constructs:
        for one in each.tetrads:
            rows.append(
                [
                    f"{each.construct}: {', '.join(one.items)}",
                    *(number(value) for value in (one.estimate, one.bias, one.se)),
                    probability(one.p),
                    number(one.adjusted_lower),
                    number(one.adjusted_upper),
                    probability(one.adjusted_p),
                ]
            )
    return (
        "Each tetrad r12 r34 - r13 r24, with bias-corrected interval and p adjusted for all of its"
        " construct (Bonferroni)",
        ("items 1, 2, 3, 4", "tetrad", "bias", "se", "p", "low", "high", "p adjusted"),
        rows,
    )
