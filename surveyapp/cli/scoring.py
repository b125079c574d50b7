"""Score a file of answers with the rules that score a customer's tap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import numpy as np
import pandas as pd

from analysis.errors import AnalysisError
from analysis.metrics import Mean, Share, summarize
from analysis.moments import moments, numeric
from analysis.reversal import scale_reversal_sentences
from analysis.scale.keying import keying_sentences, opposed_items
from analysis.scoring import ScoredScale, scales, to_percent
from analysis.scoring import score as score_columns
from instruments.loader import Library
from instruments.schema import Instrument
from surveyapp.cli.models import reverse_option, reversed_by
from surveyapp.cli.outputs import finish, number
from surveyapp.cli.table_options import table_options
from surveyapp.errors import Invalid
from surveyapp.results.analyses.tables import item_columns, read_table
from surveyapp.settings import read
from surveyapp.tables.options import ReadOptions


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--instrument", "code", required=True, help="The instrument whose items the columns are."
)
@click.option("--key", default=None, help="Scoring key; defaults to the instrument's default key.")
@reverse_option
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write the scores of each row to this CSV file."
)
@table_options
def score(
    file: Path,
    code: str,
    key: str | None,
    reverse: tuple[str, ...],
    out: Path | None,
    reading: ReadOptions,
) -> None:
    """Score the answers in FILE: one row per scale, with its interval."""
    instrument = Library(read().instrument_roots).load(code)
    scored = scales(instrument, key)
    if not scored:
        raise Invalid(f"{code} has no scoring key; none of its items are scored")
    wanted = tuple(dict.fromkeys(item for scale in scored for item in scale.items))
    answers = read_table(file, reading, instruments=[instrument])
    data = item_columns(answers, instrument, wanted)
    values = numeric(data, wanted)
    points = _turned_about(instrument, wanted, reversed_by(reverse))
    for item, point in points.items():
        at = wanted.index(item)
        values[:, at] = point - values[:, at]
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
    said += [f"Note: {note}" for note in scale_reversal_sentences(points)]
    said += [f"Warning: {text}" for text in _opposed(instrument, scored, wanted, values, points)]
    if instrument.note:
        said.append(f"\n{instrument.note}")
    finish([table], said, files)


def _turned_about(
    instrument: Instrument, wanted: Sequence[str], reverse: Sequence[str]
) -> dict[str, float]:
    """What the answers to each item of ``--reverse`` are subtracted from: both ends of its scale."""
    found: dict[str, float] = {}
    for code in reverse:
        item = instrument.item(code)
        if item is None or code not in wanted:
            raise Invalid(
                f"--reverse: {code} is no item that {instrument.code} scores; it scores"
                f" {', '.join(wanted)}"
            )
        if item.reverse:
            raise Invalid(f"--reverse: {code} is turned already, as {instrument.code} says")
        if code in found:
            raise Invalid(f"--reverse: {code} stands twice, which would turn it back; name it once")
        found[code] = float(item.scale.minimum + item.scale.maximum) if item.scale else 1.0
    return found


def _opposed(
    instrument: Instrument,
    scored: Sequence[ScoredScale],
    wanted: Sequence[str],
    values: np.ndarray,
    points: Mapping[str, float],
) -> tuple[str, ...]:
    """Sentences on items that run against the others of their scale, as scoring counts them."""
    own = {code for code in wanted if (item := instrument.item(code)) and item.reverse}
    counted = values * np.array([-1.0 if code in own else 1.0 for code in wanted])
    said: list[str] = []
    for scale in scored:
        at = [wanted.index(item) for item in scale.items]
        if len(at) < 2 or any(other.parent == scale.id for other in scored):
            continue  # a total's items are those of its scales
        answers = pd.DataFrame(counted[:, at], columns=list(scale.items))
        try:
            found = opposed_items(moments(answers, scale.items), {scale.id: scale.items})
        except AnalysisError:
            continue  # too few rows, or an item without variance: there is no direction to tell
        said += keying_sentences(found, (*own, *points))
    return tuple(said)


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
