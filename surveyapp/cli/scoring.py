"""Score a file of answers with the rules that score a customer's tap."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
import pandas as pd

from analysis.metrics import Mean, Share, summarize
from analysis.moments import numeric
from analysis.scoring import ScoredScale, scales, to_percent
from analysis.scoring import score as score_columns
from instruments.loader import Library
from surveyapp.cli.outputs import finish, number
from surveyapp.cli.table_options import table_options
from surveyapp.errors import Invalid
from surveyapp.results.tables import item_columns, read_table
from surveyapp.settings import read
from surveyapp.tables.options import ReadOptions


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--instrument", "code", required=True, help="The instrument whose items the columns are."
)
@click.option("--key", default=None, help="Scoring key; defaults to the instrument's default key.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write the scores of each row to this CSV file."
)
@table_options
def score(file: Path, code: str, key: str | None, out: Path | None, reading: ReadOptions) -> None:
    """Score the answers in FILE: one row per scale, with its interval."""
    instrument = Library(read().instrument_roots).load(code)
    scored = scales(instrument, key)
    if not scored:
        raise Invalid(f"{code} has no scoring key; none of its items are scored")
    wanted = tuple(dict.fromkeys(item for scale in scored for item in scale.items))
    answers = read_table(file, reading, instruments=[instrument])
    data = item_columns(answers, instrument, wanted)
    values = numeric(data, wanted)
    scores = score_columns(
        instrument, {item: values[:, j] for j, item in enumerate(wanted)}, key=key
    )
    table = (
        f"{code} {instrument.version}: {len(values)} rows",
        ("scale", "n", "estimate", "low", "high", "mean"),
        [_row(scale, scores[scale.id]) for scale in scored],
    )
    files = []
    if out is not None:
        files.append((out, pd.DataFrame(scores).to_csv(index_label="row").encode()))
    said = [f"Note: {note}" for note in answers.notes]
    if instrument.note:
        said.append(f"\n{instrument.note}")
    finish([table], said, files)


def _row(scale: ScoredScale, values: np.ndarray) -> list[str]:
    there = values[~np.isnan(values)]
    if not len(there):
        return [scale.id, "0", "-", "-", "-", "-"]
    points, counts = np.unique(np.floor(there).astype(int), return_counts=True)
    found = summarize(
        scale,
        n=len(there),
        total=float(there.sum()),
        total_squares=float(there @ there),
        histogram=dict(zip(points.tolist(), counts.tolist(), strict=True)),
    )
    shown: tuple[float, ...] = (found.estimate, found.low, found.high)
    mean: float | None = float(there.mean())
    if isinstance(found, Mean):
        shown = tuple(to_percent(v, scale.minimum, scale.maximum) for v in shown)
    elif isinstance(found, Share) and found.mean is None:
        mean = None
    return [scale.id, str(found.n), *(number(v, 1) for v in shown), number(mean, 2)]
