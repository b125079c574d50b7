"""Composite models in two groups: whether they measure the same (MICOM), and whether paths differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pandas as pd

from analysis.composite.cases import Missing
from analysis.composite.groups import GroupComparison, compare_groups
from analysis.composite.layout import CompositeOptions
from analysis.composite.micom import Micom
from analysis.composite.micom import micom as test_composites
from analysis.rules import RULES
from surveyapp.cli.composite_options import composite_options, seed_option
from surveyapp.cli.model_answers import model_answers
from surveyapp.cli.model_options import FILE, JSON, MODEL
from surveyapp.cli.models import listed, model_text, names_in
from surveyapp.cli.opened import progress_bar
from surveyapp.cli.outputs import Table, finish, json_file, number, probability
from surveyapp.cli.table_options import table_and_treatment, values_ok
from surveyapp.errors import Invalid
from surveyapp.results.analyses.losses import imputed
from surveyapp.tables.options import ReadOptions

_GROUP = click.option("--group", required=True, help="Column with the group of each row.")
_GROUPS = click.option(
    "--groups", default="", help="The two groups, separated by a comma, of a column with more."
)
_PERMUTATIONS = click.option(
    "--permutations",
    type=click.IntRange(20, 100_000),
    default=1_000,
    show_default=True,
    help="Random divisions of the rows into groups of the same sizes.",
)


@dataclass(frozen=True)
class _Sample:
    """The rows of a file, and what of it was used."""

    frame: pd.DataFrame
    notes: Sequence[str]
    group: str
    missing: Missing
    items: Sequence[str]

    def said(self, groups: tuple[str, str]) -> str:
        """How many rows were left out, and how many answers were replaced."""
        used = self.frame[self.frame[self.group].isin(groups)][list(self.items)]
        if self.missing == "listwise":
            left = len(self.frame) - len(used.dropna())
            why = "of another group, without one, or with a missing answer"
            return f"{left:,} of {len(self.frame):,} rows were left out: {why}"
        left = len(self.frame) - len(used)
        told = imputed(int(used.isna().to_numpy().sum()), used.size)
        return (
            f"{left:,} of {len(self.frame):,} rows were left out: of another group, or without one;"
            f" {told}"
        )


def _read(
    file: Path, text: str, reading: ReadOptions, *, group: str, missing: Missing, values_ok: bool
) -> _Sample:
    answers = model_answers(file, text, reading, values_ok=values_ok, group=group)
    items = [name for name in names_in(text) if name in answers.frame.columns]
    return _Sample(_labelled(answers.frame, group), answers.notes, group, missing, items)


def _two(groups: str) -> tuple[object, object] | None:
    named = listed(groups)
    if not named:
        return None
    if len(named) != 2:
        raise Invalid(f"--groups {groups}: name two groups, such as --groups North,South")
    return named[0], named[1]


def _labelled(frame: pd.DataFrame, group: str) -> pd.DataFrame:
    """The frame whose groups are text, as ``--groups`` names them."""
    known = frame[group].map(lambda value: value if pd.isna(value) else _label(value))
    return frame.assign(**{group: known})


def _label(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


@click.command()
@FILE
@MODEL
@_GROUP
@_GROUPS
@_PERMUTATIONS
@seed_option("permutations")
@composite_options
@JSON
@values_ok
@table_and_treatment(("mean", "listwise"))
def micom(
    file: Path,
    model: str,
    group: str,
    groups: str,
    permutations: int,
    seed: int,
    settings: CompositeOptions,
    missing: Missing,
    json_path: Path | None,
    values_ok: bool,
    reading: ReadOptions,
) -> None:
    """Test whether composites measure the same in two groups of the rows in FILE (MICOM).

    Step 1 is one model in one call; step 2 compares the composites, step 3 their means and variances,
    each with what random groups of the same sizes give.
    """
    text = model_text(model)
    read = _read(file, text, reading, group=group, missing=missing, values_ok=values_ok)
    with progress_bar("Permuting") as progress:
        progress(5, "Permuting")
        found = test_composites(
            read.frame,
            text,
            group,
            groups=_two(groups),
            permutations=permutations,
            seed=seed,
            settings=settings,
            missing=missing,
        )
        progress(100, "Done")
    document = {
        "rules_version": RULES,
        "method": "MICOM",
        **_described(found, read),
        "configural": found.configural,
        "constructs": found.table.reset_index(names="construct").to_dict("records"),
        "comparable": found.comparable,
    }
    verdict = (
        "Paths may be compared: every composite is at least partially invariant."
        if found.comparable
        else "Paths may not be compared: a composite differs between the groups (step 2)."
    )
    finish(
        _micom_tables(found, read), [verdict, *_said(found, read)], json_file(json_path, document)
    )


def _micom_tables(found: Micom, read: _Sample) -> list[Table]:
    rows = found.table.to_dict("index")
    return [
        (
            f"MICOM, {_sizes(found)}; {read.said(found.groups)}",
            ("construct", "c", "5%", "p", "invariance"),
            [
                [
                    str(name),
                    number(row["correlation"], 4),
                    number(row["correlation_5"], 4),
                    probability(row["p_correlation"]),
                    row["invariance"],
                ]
                for name, row in rows.items()
            ],
        ),
        (
            "Equality of means and variances",
            ("construct", "d mean", "low", "high", "p", "d log variance", "low", "high", "p"),
            [
                [
                    str(name),
                    *(number(row[f"mean_{key}"]) for key in ("difference", "lower", "upper")),
                    probability(row["p_mean"]),
                    *(number(row[f"variance_{key}"]) for key in ("difference", "lower", "upper")),
                    probability(row["p_variance"]),
                ]
                for name, row in rows.items()
            ],
        ),
    ]


@click.command()
@FILE
@MODEL
@_GROUP
@_GROUPS
@_PERMUTATIONS
@click.option(
    "--bootstrap",
    type=click.IntRange(0, 100_000),
    default=0,
    show_default=True,
    help="Resamples of each group, for Henseler's comparison beside the permutation test.",
)
@seed_option("permutations and resamples")
@composite_options
@JSON
@values_ok
@table_and_treatment(("mean", "listwise"))
def mga(
    file: Path,
    model: str,
    group: str,
    groups: str,
    permutations: int,
    bootstrap: int,
    seed: int,
    settings: CompositeOptions,
    missing: Missing,
    json_path: Path | None,
    values_ok: bool,
    reading: ReadOptions,
) -> None:
    """Compare a composite model's paths between two groups of the rows in FILE.

    MICOM comes first, by the same permutations: without it a difference of paths means nothing.
    """
    text = model_text(model)
    read = _read(file, text, reading, group=group, missing=missing, values_ok=values_ok)
    options: dict[str, Any] = {
        "groups": _two(groups),
        "permutations": permutations,
        "seed": seed,
        "settings": settings,
        "missing": missing,
    }
    with progress_bar("Permuting") as progress:
        progress(5, "MICOM")
        same = test_composites(read.frame, text, group, **options)
        progress(50, "Comparing paths")
        found = compare_groups(read.frame, text, group, bootstrap=bootstrap, **options)
        progress(100, "Done")
    document = {
        "rules_version": RULES,
        "method": "permutation test of paths",
        **_described(found, read),
        "resamples": found.resamples,
        "invariance": dict(same.table["invariance"]),
        "comparable": same.comparable,
        "paths": found.paths.to_dict("records"),
    }
    said = [] if same.comparable else [
        "Warning: by MICOM the composites are not the same in both groups ("
        + ", ".join(str(name) for name in same.table.index[same.table["invariance"] == "none"])
        + "); differences of paths cannot be interpreted"
    ]  # fmt: skip
    finish([_mga_table(found, read)], [*said, *_said(found, read)], json_file(json_path, document))


def _mga_table(found: GroupComparison, read: _Sample) -> Table:
    one, two = found.groups
    henseler = "p_mga" in found.paths
    head = ("path", one, two, "difference", "low", "high", "p", "p Holm")
    rows = [
        [
            f"{row['source']} -> {row['target']}",
            *(number(row[key]) for key in ("first", "second", "difference", "lower", "upper")),
            *(probability(row[key]) for key in ("p_permutation", "p_holm")),
            *([probability(row["p_mga"])] if henseler else []),
        ]
        for row in found.paths.to_dict("records")
    ]
    title = f"Paths, {_sizes(found)}; {read.said(found.groups)}"
    return title, (*head, *(("p MGA",) if henseler else ())), rows


def _sizes(found: Micom | GroupComparison) -> str:
    return ", ".join(
        f"{name} n = {size:,}" for name, size in zip(found.groups, found.n, strict=True)
    )


def _described(found: Micom | GroupComparison, read: _Sample) -> dict[str, Any]:
    return {
        "group": read.group,
        "groups": found.groups,
        "n": found.n,
        "n_rows": len(read.frame),
        "missing": read.missing,
        "permutations": found.permutations,
        "inadmissible": found.inadmissible,
        "seed": found.seed,
    }


def _said(found: Micom | GroupComparison, read: _Sample) -> list[str]:
    lost = (
        [f"Warning: {found.inadmissible:,} of {found.permutations:,} permutations had no solution"]
        if found.inadmissible
        else []
    )
    return [*lost, *(f"Note: {note}" for note in read.notes)]
