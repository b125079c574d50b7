"""Weight the scores of a file by the known shares of its population."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd

from analysis.weighting import (
    WeightedMean,
    Weights,
    raked,
    weighted_mean,
    weighted_promoter_score,
    weighted_top_box,
)
from surveyapp.cli.outputs import File, Table, finish, json_file, number
from surveyapp.cli.table_options import table_options
from surveyapp.cli.weighted_drivers import weighted_drivers
from surveyapp.errors import Invalid
from surveyapp.results.analyses.tables import read_table
from surveyapp.tables.options import ReadOptions

_HEADINGS = ("attribute", "value", "share")
_PERCENT = 100.0


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--shares",
    "shares_path",
    type=click.Path(path_type=Path),
    required=True,
    help="A table of known shares with the columns attribute, value and share (or percentage).",
)
@click.option(
    "--score", "names", multiple=True, required=True, help="A column of scores. Can be repeated."
)
@click.option(
    "--driver",
    "drivers",
    multiple=True,
    help="A column of a score that may go with the first --score: its weighted regression coefficient, and"
    " its part of R squared. Two to ten.",
)
@click.option(
    "--as",
    "kind",
    type=click.Choice(["mean", "nps", "top"]),
    default="mean",
    show_default=True,
    help="Mean of the scores, Net Promoter Score of answers 0 to 10, or percentage of --top or more.",
)
@click.option("--top", type=int, help="The smallest answer that counts, with --as top.")
@click.option("--confidence", type=float, default=0.95, show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write each row's weights to this CSV."
)
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path), help="Write the result to this file."
)
@table_options
def weight(
    file: Path,
    shares_path: Path,
    names: tuple[str, ...],
    drivers: tuple[str, ...],
    kind: str,
    top: int | None,
    confidence: float,
    out: Path | None,
    json_path: Path | None,
    reading: ReadOptions,
) -> None:
    """Weight the scores in FILE by known population shares: of one attribute by post-stratification, of
    several by raking. The interval allows for the weights.
    """
    estimate = _estimate(kind, top, confidence)
    shares = _shares(shares_path, reading)
    answers = read_table(file, reading).named([*shares, *names, *drivers])
    data = answers.frame
    for name in (*shares, *names, *drivers):
        if name not in data:
            raise Invalid(f"{file}: there is no column {name}; there are {', '.join(data.columns)}")
    said = [f"Note: {note}" for note in answers.notes]
    rows, document, weights_of = [], [], {}
    for name in dict.fromkeys(names):
        if not pd.api.types.is_numeric_dtype(data[name]):
            raise Invalid(f"{file}: {name} is a column of texts; name one of numbers")
        there = data[name].notna() & data[list(shares)].notna().all(axis=1)
        kept = data[there]
        if len(kept) < len(data):
            said.append(
                f"Warning: {len(data) - len(kept)} of {len(data)} rows without {name} or one of"
                f" {', '.join(shares)} are left out."
            )
        weights = raked({each: _texts(kept[each]) for each in shares}, shares)
        found = estimate(kept[name].to_numpy(dtype=float), weights)
        weights_of[name] = pd.Series(weights.values, index=kept.index).reindex(data.index)
        document.append(
            {"score": name, "as": kind, "left_out": len(data) - len(kept), **asdict(found)}
        )
        rows.append(_row(name, found))
    head = ("score", "n", "unweighted", "weighted", "low", "high", "error", "design", "effective n")
    table = (f"Weighted by {', '.join(shares)}: {len(data)} rows", head, rows)
    tables: list[Table] = [table]
    told: dict[str, Any] = {"shares": shares, "scores": document}
    if drivers:
        kept = data.dropna(subset=[*shares, names[0], *drivers])
        attributes = {each: _texts(kept[each]) for each in shares}
        own, told["drivers"] = weighted_drivers(kept, attributes, shares, names[0], drivers)
        tables.append(own)
        if len(kept) < len(data):
            said.append(
                f"Warning: drivers are of the {len(kept)} of {len(data)} rows with all of these columns."
            )
    files: list[File] = json_file(json_path, told)
    if out is not None:
        files.append((out, pd.DataFrame(weights_of).to_csv(index_label="row").encode()))
    finish(tables, said, files)


def _estimate(
    kind: str, top: int | None, confidence: float
) -> Callable[[np.ndarray, Weights], WeightedMean]:
    if (kind == "top") is (top is None):
        raise Invalid("--top goes with --as top, and that needs it, such as --as top --top 4")
    if kind == "mean":
        return lambda values, weights: weighted_mean(values, weights, confidence=confidence)
    if top is None:
        return lambda values, weights: weighted_promoter_score(
            values.tolist(), weights, confidence=confidence
        )
    return lambda values, weights: weighted_top_box(
        values.tolist(), weights, top=top, confidence=confidence
    )


def _shares(path: Path, reading: ReadOptions) -> dict[str, dict[str, float]]:
    """By attribute and value, 0 to 1; percentages that are together 100 are divided by it."""
    table = read_table(path, reading).frame.rename(columns=str.strip)
    absent = [name for name in _HEADINGS if name not in table]
    if absent:
        raise Invalid(f"{path}: there is no column {absent[0]}; name them {', '.join(_HEADINGS)}")
    if not pd.api.types.is_numeric_dtype(table["share"]) or table["share"].isna().any():
        raise Invalid(f"{path}: share is not a number in every row; write 0.25 or 25")
    found: dict[str, dict[str, float]] = {}
    for attribute, value, share in zip(
        _texts(table["attribute"]), _texts(table["value"]), table["share"], strict=True
    ):
        own = found.setdefault(attribute, {})
        if value in own:
            raise Invalid(f"{path}: {value} of {attribute} stands there twice; give it one share")
        own[value] = float(share)
    for attribute, own in found.items():
        if abs(sum(own.values()) - _PERCENT) < 1e-4:
            found[attribute] = {value: share / _PERCENT for value, share in own.items()}
    return found


def _texts(values: pd.Series) -> Sequence[str]:
    """Values as texts: 3.0 of a column of numbers is 3."""
    return [f"{each:g}" if isinstance(each, float) else str(each) for each in values]


def _row(name: str, found: WeightedMean) -> list[str]:
    numbers = (found.unweighted, found.estimate, found.low, found.high, found.error)
    shown = [number(each, 2) for each in numbers]
    return [
        name,
        str(found.n),
        *shown,
        number(found.design_effect, 3),
        number(found.effective_n, 1),
    ]
