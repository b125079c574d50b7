"""Content validity of items from judges' ratings, before any answer is collected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import pandas as pd

from analysis.rules import RULES
from analysis.scale.content_validity import Proportion, essential, relevance
from surveyapp.cli.model_options import FILE, JSON
from surveyapp.cli.models import listed
from surveyapp.cli.outputs import Table, finish, json_file, number, probability
from surveyapp.cli.table_options import table_options
from surveyapp.errors import Invalid
from surveyapp.results.analyses.tables import read_table
from surveyapp.tables.options import ReadOptions


@click.command()
@FILE
@click.option("--items", required=True, help="The items, separated by commas.")
@click.option(
    "--rated",
    type=click.Choice(["relevance", "essential"]),
    default="relevance",
    show_default=True,
    help="relevance: 1 to 4; essential: 1 for essential, 0 for anything else.",
)
@JSON
@table_options
def contentvalidity(
    file: Path, items: str, rated: str, json_path: Path | None, reading: ReadOptions
) -> None:
    """Give content validity indices of items that judges rated.

    FILE has a row a judge and a column an item. Relevance: I-CVI, modified kappa and Aiken's V of each
    item, S-CVI/Ave and S-CVI/UA. Essential: Lawshe's CVR with the exact critical number.
    """
    table = read_table(file, reading)
    named = listed(items)
    frame = table.named(named).frame
    ratings = {item: _ratings(frame, item) for item in named}
    document: dict[str, Any] = {
        "rules_version": RULES,
        "method": f"content validity, {rated}",
        "judges": len(frame),
    }
    said = [f"Note: {note}" for note in table.notes]
    if rated == "essential":
        found = essential(ratings)
        document["items"] = [asdict(each) for each in found]
        shown: Table = (
            f"Content validity ratios by {len(frame)} judges",
            ("item", "judges", "essential", "needed", "CVR", "95 % CI", "p"),
            [
                [
                    each.item,
                    str(each.judges),
                    str(each.essential),
                    str(each.critical),
                    number(each.cvr.estimate, 2),
                    _ends(each.cvr),
                    probability(each.pvalue),
                ]
                for each in found
            ],
        )
    else:
        whole = relevance(ratings)
        document |= asdict(whole)
        shown = (
            f"Content validity by {len(frame)} judges",
            ("item", "judges", "relevant", "I-CVI", "95 % CI", "kappa*", "V", "95 % CI"),
            [
                [
                    each.item,
                    str(each.judges),
                    str(each.relevant),
                    number(each.icvi.estimate, 2),
                    _ends(each.icvi),
                    number(each.kappa, 2),
                    number(each.aiken.estimate, 2),
                    _ends(each.aiken),
                ]
                for each in whole.items
            ],
        )
        said = [
            f"S-CVI/Ave {number(whole.average.estimate, 2)} ({_ends(whole.average)}, n ="
            f" {whole.average.n} judges), S-CVI/UA {number(whole.universal.estimate, 2)}"
            f" ({_ends(whole.universal)}, n = {whole.universal.n} items).",
            *said,
        ]
    finish([shown], said, json_file(json_path, document))


def _ratings(frame: pd.DataFrame, item: str) -> Sequence[int | None]:
    """A column's whole numbers. Raises Invalid for a missing column, and for anything else in it."""
    if item not in frame.columns:
        raise Invalid(f"the file has no column {item}")
    column = pd.to_numeric(frame[item], errors="coerce")
    wrong = frame[item][frame[item].notna() & (column.isna() | (column % 1 != 0))]
    if len(wrong):
        raise Invalid(f"{item}: {str(wrong.iloc[0])[:40]!r} is no rating")
    return [None if pd.isna(each) else int(each) for each in column]


def _ends(found: Proportion) -> str:
    return "-" if found.low is None else f"{number(found.low, 2)} to {number(found.high, 2)}"
