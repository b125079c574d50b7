"""A short form of a scale in a file, and what it loses."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from analysis.moments import moments
from analysis.rules import RULES
from analysis.scale.cfa import fit_cfa
from analysis.scale.keying import opposed_items
from analysis.scale.short_form import choose_short_form, omega_total, overlap
from surveyapp.cli.composite_options import seed_option
from surveyapp.cli.model_answers import model_answers
from surveyapp.cli.model_options import FILE, JSON, MODEL
from surveyapp.cli.models import factors, model_text
from surveyapp.cli.outputs import finish, json_file, number
from surveyapp.cli.table_options import table_options, values_ok
from surveyapp.errors import Invalid
from surveyapp.scale_development.pilot_analysis import halves
from surveyapp.tables.options import ReadOptions

_OPPOSED = (
    "Warning: {} runs against the other items of its factor; if it is worded the other way round, turn it in"
    " the file first."
)


@click.command()
@FILE
@MODEL
@click.option("--size", type=click.IntRange(2, 100), required=True, help="Items to keep.")
@click.option(
    "--least",
    type=click.IntRange(1, 20),
    default=2,
    show_default=True,
    help="Items of each factor to keep at least.",
)
@seed_option("split into halves")
@JSON
@values_ok
@table_options
def shortform(
    file: Path,
    model: str,
    size: int,
    least: int,
    seed: int,
    json_path: Path | None,
    values_ok: bool,
    reading: ReadOptions,
) -> None:
    """Choose a short form of a scale for the highest omega, and say what it loses.

    It is chosen in one random half of FILE and checked in the other: omega, and the correlation with
    the full scale corrected for overlap (Levy 1967). Reversed items must be turned before.
    """
    text = model_text(model)
    assigned, turned = factors(text)
    if turned:
        raise Invalid(f"{turned[0]} is reversed; turn it in the file and write it without a minus")
    plan = {name: tuple(items) for name, items in assigned.items()}
    answers = model_answers(file, text, reading, values_ok=values_ok)
    first, second = halves(answers.frame, seed)
    chosen = choose_short_form(fit_cfa(first, plan), size=size, least=least)
    whole = fit_cfa(second, plan)
    full = [item for items in plan.values() for item in items]
    reliability = omega_total(whole, chosen.items)
    shared = overlap(second, chosen.items, full, reliability=reliability)
    document = {
        "rules_version": RULES,
        "method": "short form",
        "seed": seed,
        "chosen": asdict(chosen),
        "checked": {
            "omega": reliability,
            "omega_full": omega_total(whole, full),
            **asdict(shared),
        },
    }
    rows = [
        [
            name,
            " ".join(item for item in items if item in chosen.items) or "-",
            " ".join(item for item in items if item in chosen.left_out) or "-",
        ]
        for name, items in plan.items()
    ]
    ends = shared.corrected
    opposed = [each.item for each in opposed_items(moments(answers.frame, full), plan)]
    said = [
        *(_OPPOSED.format(each) for each in opposed),
        f"Chosen among {chosen.tried:,} ({chosen.method}) in the first half of {len(first):,} rows.",
        f"In the other, n = {shared.n:,}: omega {number(reliability, 2)}, of the full scale"
        f" {number(omega_total(whole, full), 2)}; correlation with it {number(ends.estimate, 2)}"
        f" ({number(ends.lower, 2)} to {number(ends.upper, 2)}) corrected for overlap,"
        f" {number(shared.raw.estimate, 2)} as it is.",
    ]
    finish(
        [(f"Short form of {size} items", ("factor", "kept", "left out"), rows)],
        said,
        json_file(json_path, document),
    )
