"""Convergent validity of formative items: redundancy analysis."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from analysis.composite.redundancy import CONVERGENT, redundancy_analysis
from analysis.rules import RULES
from surveyapp.cli.composite_options import seed_option
from surveyapp.cli.model_answers import model_answers
from surveyapp.cli.model_options import FILE, JSON
from surveyapp.cli.models import listed
from surveyapp.cli.outputs import finish, json_file, number
from surveyapp.cli.table_options import table_options, values_ok
from surveyapp.tables.options import ReadOptions


@click.command()
@FILE
@click.option("--items", required=True, help="The formative items, separated by commas.")
@click.option("--global", "global_items", required=True, help="The global item or items.")
@click.option("--bootstrap", type=click.IntRange(0, 100_000), default=5_000, show_default=True)
@seed_option("bootstrap")
@JSON
@values_ok
@table_options
def redundancy(
    file: Path,
    items: str,
    global_items: str,
    bootstrap: int,
    seed: int,
    json_path: Path | None,
    values_ok: bool,
    reading: ReadOptions,
) -> None:
    """Say whether formative items cover their concept: their path to a global item (.70 or more)."""
    formed, overall = listed(items), listed(global_items)
    answers = model_answers(file, " + ".join((*formed, *overall)), reading, values_ok=values_ok)
    found = redundancy_analysis(
        answers.frame, formed, overall, bootstrap=bootstrap, seed=seed if bootstrap else None
    )
    document = {
        "rules_version": RULES,
        "method": "redundancy analysis",
        "n_rows": len(answers.frame),
        "bootstrap": bootstrap,
        "seed": seed if bootstrap else None,
        "convergent": found.convergent,
        **asdict(found),
    }
    said = f"The path is {'at least' if found.convergent else 'below'} {CONVERGENT:.2f} (Cheah et al. 2018)."
    finish(
        [
            (
                f"Redundancy analysis, n = {found.n:,} of {len(answers.frame):,} rows",
                ("path", "estimate", "low", "high"),
                [["items -> global", *map(number, (found.path, found.lower, found.upper))]],
            )
        ],
        [said, *(f"Note: {note}" for note in answers.notes)],
        json_file(json_path, document),
    )
