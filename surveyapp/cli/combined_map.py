"""The importance-performance map of a construct combined with necessity (cIPMA)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from analysis.composite.cases import Missing
from analysis.composite.cipma import CombinedMap
from analysis.composite.cipma import combined_map as combine
from analysis.composite.layout import CompositeOptions
from analysis.composite.nca import Technique
from analysis.rules import RULES
from surveyapp.cli.composite_options import composite_options, seed_option
from surveyapp.cli.model_answers import model_answers
from surveyapp.cli.model_options import FILE, JSON, MODEL
from surveyapp.cli.models import model_text
from surveyapp.cli.necessity_options import (
    CEILING,
    DIAGRAM,
    PERMUTATIONS,
    answer_range,
    drawing,
    svg_only,
)
from surveyapp.cli.opened import progress_bar
from surveyapp.cli.outputs import Table, finish, json_file, number, probability
from surveyapp.cli.table_options import table_and_treatment, values_ok
from surveyapp.reports.charts.necessity_charts import combined_drawing
from surveyapp.tables.options import ReadOptions


@click.command()
@FILE
@MODEL
@click.option("--target", required=True, help="The construct to be improved.")
@click.option("--scale", required=True, help="Lowest and highest answer of all items, such as 1,7.")
@click.option(
    "--outcome",
    type=click.FloatRange(0, 100),
    default=85.0,
    show_default=True,
    help="The level of the target, from 0 to 100, that is wanted.",
)
@click.option(
    "--bootstrap",
    type=click.IntRange(0, 100_000),
    default=0,
    show_default=True,
    help="Resamples for intervals of importance and performance.",
)
@PERMUTATIONS
@CEILING
@seed_option("permutations and resamples")
@composite_options
@JSON
@DIAGRAM
@values_ok
@table_and_treatment(("mean", "listwise"))
def cipma(
    file: Path,
    model: str,
    target: str,
    scale: str,
    outcome: float,
    bootstrap: int,
    permutations: int,
    ceiling: Technique,
    seed: int,
    settings: CompositeOptions,
    missing: Missing,
    json_path: Path | None,
    diagram_path: Path | None,
    values_ok: bool,
    reading: ReadOptions,
) -> None:
    """Combine the importance-performance map of a construct in FILE with necessity (cIPMA).

    Begin with what is important and necessary and done badly (Hauff et al. 2024).
    """
    svg_only(diagram_path)
    ends = answer_range(scale)
    text = model_text(model)
    answers = model_answers(file, text, reading, values_ok=values_ok)
    with progress_bar("Permuting") as progress:
        progress(5, "Estimating")
        found = combine(
            answers.frame,
            text,
            target,
            scale=ends,
            outcome=outcome,
            technique=ceiling,
            permutations=permutations,
            bootstrap=bootstrap,
            seed=seed,
            settings=settings,
            missing=missing,
        )
        progress(100, "Done")
    document: dict[str, Any] = {
        "rules_version": RULES,
        "method": "cIPMA",
        "n_rows": len(answers.frame),
        "missing": missing,
        **vars(found),
        "constructs": [{**vars(each), "priority": each.priority} for each in found.constructs],
    }
    said = [
        f"{target} itself: {found.target_performance:.1f} of 100.",
        *(f"Warning: {note}" for note in found.warnings),
        *(f"Note: {note}" for note in answers.notes),
    ]
    left = len(answers.frame) - found.n
    finish(
        [_combined(found, left)],
        said,
        [
            *json_file(json_path, document),
            *drawing(diagram_path, lambda: combined_drawing(found)),
        ],
    )


def _combined(found: CombinedMap, left: int) -> Table:
    rows = []
    for each in found.constructs:
        interval = [
            f"{number(value)}{_ends(low, high)}"
            for value, low, high in (
                (each.importance, each.importance_lower, each.importance_upper),
                (each.performance, each.performance_lower, each.performance_upper),
            )
        ]
        need = "NN" if each.state == "not necessary" else "NA"
        if each.required is not None and each.below is not None:
            need = f"{each.required:.1f} ({each.below:.1%} below)"
        rows.append(
            [
                each.construct,
                *interval,
                number(each.effect),
                probability(each.p),
                need,
                each.priority,
            ]
        )
    return (
        f"{found.target}, n = {found.n:,}; {left:,} rows left out; {found.technique},"
        f" {found.permutations:,} permutations, {found.bootstrap:,} resamples",
        (
            *("construct", "importance", "performance", "d", "p"),
            f"needed for {found.outcome:g}",
            "priority",
        ),
        rows,
    )


def _ends(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" [{low:.2f}; {high:.2f}]"
