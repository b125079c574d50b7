"""Substantive validity of items from judges' sorting, before any answer is collected."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from analysis.rules import RULES
from analysis.scale.item_sort import item_sort
from surveyapp.cli.model_options import FILE, JSON, MODEL
from surveyapp.cli.models import factors, model_text
from surveyapp.cli.outputs import finish, json_file, number, probability
from surveyapp.cli.table_options import table_options
from surveyapp.errors import Invalid
from surveyapp.results.analyses.tables import read_table
from surveyapp.tables.options import ReadOptions


@click.command()
@FILE
@MODEL
@JSON
@table_options
def itemsort(file: Path, model: str, json_path: Path | None, reading: ReadOptions) -> None:
    """Say whether judges sort each item to its construct (Anderson and Gerbing 1991).

    FILE has a row a judge and a column an item; cells hold the construct's name. The model has lines
    'construct =~ item + item', which say for which construct each item was written.
    """
    assigned, _ = factors(model_text(model))
    intended: dict[str, str] = {}
    for construct, items in assigned.items():
        for item in items:
            if item in intended:
                raise Invalid(
                    f"{item} is written for {intended[item]} and for {construct}; an item has one"
                    " construct"
                )
            intended[item] = construct
    table = read_table(file, reading)
    found = item_sort(table.named(list(intended)).frame, intended)
    weak = [each.item for each in found if not each.significant]
    document = {
        "rules_version": RULES,
        "method": "item sort",
        "judges": len(table.frame),
        "items": [asdict(each) for each in found],
    }
    said = [
        f"Not sorted to their construct by significantly more judges than chance: {', '.join(weak)}."
        if weak
        else "Every item was sorted to its construct by significantly more judges than chance.",
        *(f"Note: {note}" for note in table.notes),
    ]
    finish(
        [
            (
                f"Item sort by {len(table.frame)} judges",
                ("item", "construct", "judges", "agreed", "psa", "csv", "needed", "p", "rival"),
                [
                    [
                        each.item,
                        each.intended,
                        str(each.judges),
                        str(each.agreed),
                        number(each.psa, 2),
                        number(each.csv, 2),
                        str(each.critical),
                        probability(each.pvalue),
                        each.rival or "-",
                    ]
                    for each in found
                ],
            )
        ],
        said,
        json_file(json_path, document),
    )
