"""Composite models (PLS-SEM) on a file, from a model in a file or as text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pandas as pd

from analysis.composite.higher_order import is_formed
from analysis.composite.missing_paths import MissingPaths, both_treatments, row_losses
from analysis.composite.pls import fit_pls
from analysis.composite.result import PlsResult
from analysis.errors import AnalysisError
from analysis.losses import Losses
from analysis.rules import RULES
from surveyapp.cli import composite_weights
from surveyapp.cli.composite_weights import drawn_tables, with_and_without
from surveyapp.cli.diagrams import diagram_file, require_svg
from surveyapp.cli.model_answers import model_answers
from surveyapp.cli.model_options import (
    DIAGRAM,
    FILE,
    JSON,
    MODEL,
)
from surveyapp.cli.models import model_text
from surveyapp.cli.opened import progress_bar
from surveyapp.cli.outputs import (
    Table,
    finish,
    json_file,
    number,
    sample,
    warnings,
)
from surveyapp.cli.table_options import table_and_treatment, values_ok
from surveyapp.reports.projects.measured_models import composite_diagram
from surveyapp.results.analyses.losses import imputed, of_file
from surveyapp.tables.options import ReadOptions


@click.command()
@FILE
@MODEL
@click.option(
    "--scheme",
    default="path",
    show_default=True,
    help="path, factorial or centroid; maxvar weighs composites by generalised canonical correlation.",
)
@click.option(
    "--consistent", is_flag=True, help="Use consistent PLS (PLSc) for reflective constructs."
)
@click.option(
    "--higher-order",
    default="two-stage",
    show_default=True,
    help="two-stage, repeated or three-stage.",
)
@click.option(
    "--bootstrap",
    default=0,
    show_default=True,
    help="Number of bootstrap resamples; use 5000 for reporting.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="Seed of the bootstrap.",
)
@composite_weights.WEIGHTS
@composite_weights.CLUSTER
@JSON
@DIAGRAM
@values_ok
@table_and_treatment(("mean", "listwise"))
def pls(
    file: Path,
    model: str,
    scheme: Any,
    consistent: bool,
    higher_order: Any,
    missing: Any,
    bootstrap: int,
    seed: int,
    weights: str | None,
    cluster: str | None,
    json_path: Path | None,
    diagram_path: Path | None,
    values_ok: bool,
    reading: ReadOptions,
) -> None:
    """Fit a composite model (PLS-SEM) to the data in FILE: =~ reflective, <~ formative, ~ paths."""
    require_svg(diagram_path)
    text = model_text(model)
    answers = model_answers(file, text, reading, values_ok=values_ok, drawn=(weights, cluster))
    with progress_bar("Estimating") as progress:
        progress(5, "Estimating")
        found = fit_pls(
            answers.frame,
            text,
            scheme=scheme,
            consistent=consistent,
            higher_order=higher_order,
            missing=missing,
            bootstrap=bootstrap,
            seed=seed,
            sampling_weights=weights,
            cluster=cluster,
        )
        progress(100, "Done")
    lost = row_losses(answers.frame, found)
    compared, considered = _compared(found, answers.frame, text, lost)
    document = {
        "rules_version": RULES,
        "sample": sample(lost),
        "missing_comparison": compared,
        "weighting_comparison": (weighed := with_and_without(found, answers.frame, text)),
        **found.to_dict(),
    }
    if not found.drawn.simple:
        document["sample"]["no_weight_or_cluster"] = lost.not_drawn
    left = of_file(lost) if missing == "listwise" else imputed(lost.missing, lost.cells)
    tables: list[Table] = [
        _paths(document, left),
        *([] if compared is None else [_treatments(compared)]),
        *drawn_tables(found, weighed),
        (
            "Constructs",
            ("construct", "R2", "alpha", "rho_A", "CR", "AVE"),
            [
                [
                    name,
                    number(document["r_squared"].get(name, {}).get("r_squared")),
                    *(number(row.get(k)) for k in ("alpha", "rho_a", "cr", "ave")),
                ]
                for name, row in document["reliability"].items()
            ],
        ),
    ]
    formed = {c.name: c.parts for c in found.model.constructs if is_formed(c)}
    shown = {c.name: c.parts for c in found.model.higher if not is_formed(c)}
    drawing = diagram_file(
        diagram_path,
        lambda: {"": composite_diagram(document, formed, shown=shown, items=True)},
    )
    said = [*considered, *warnings(document, answers.notes)]
    finish(tables, said, [*json_file(json_path, document), *drawing])


def _compared(
    found: PlsResult, data: pd.DataFrame, text: str, lost: Losses
) -> tuple[MissingPaths | None, list[str]]:
    """Where many rows have a missing answer: the paths by both treatments, and what to consider."""
    if not lost.many:
        return None, []
    said = [
        f"Warning: {lost.incomplete:,} of {lost.rows:,} rows ({lost.share:.1%}) have a missing answer; "
        "compare the paths by both treatments. PLS has no FIML: of reflective constructs, sem --missing "
        "fiml uses every answer under weaker conditions"
    ]
    try:
        return both_treatments(found, data, text), said
    except AnalysisError as error:
        return None, [*said, f"Warning: the other treatment could not be computed: {error}"]


def _treatments(found: MissingPaths) -> Table:
    most = found.largest
    return (
        f"Paths by the mean of the item (n = {found.n_mean}) and by listwise deletion "
        f"(n = {found.n_listwise}); they differ most for {most.source} -> {most.target}",
        ("path", "mean", "listwise", "difference"),
        [
            [f"{one.source} -> {one.target}",
             *map(number, (one.mean, one.listwise, one.mean - one.listwise))]
            for one in found.paths
        ],
    )  # fmt: skip


def _paths(document: dict[str, Any], lost: str) -> Table:
    resampled = document["bootstrap"] or {"tables": {"paths": []}}
    spread = {tuple(row["label"]): row for row in resampled["tables"]["paths"]}
    head = ("path", "estimate", *(("se", "t", "low", "high") if spread else ()), "f2", "VIF")
    rows = []
    for path in document["paths"]:
        found = spread.get((path["source"], path["target"]))
        between = [number(found[key]) for key in ("se", "t", "lower", "upper")] if found else []
        ends = [number(path[key]) for key in ("f_squared", "vif")]
        label = f"{path['source']} -> {path['target']}"
        rows.append([label, number(path["estimate"]), *between, *ends])
    return f"Paths, n = {document['n']}; {lost}", head, rows
