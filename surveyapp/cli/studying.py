"""The service journey study on a file of answers: no database needed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import pandas as pd

from instruments.loader import Library
from surveyapp.cli.document_files import DocumentFiles, document_files
from surveyapp.cli.opened import progress_bar
from surveyapp.cli.outputs import Table, finish, json_file, number, probability
from surveyapp.cli.report_language import report_language, words_of
from surveyapp.cli.table_options import table_options
from surveyapp.errors import Invalid
from surveyapp.reports.studies.stored_study import Study
from surveyapp.reports.studies.study import KIND, content
from surveyapp.results.analyses.losses import imputed
from surveyapp.results.analyses.studies import MARKED, journey_scales, study_document, study_items
from surveyapp.results.analyses.tables import item_columns, read_table
from surveyapp.settings import read
from surveyapp.store.columns import utc_now
from surveyapp.tables.options import ReadOptions


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--key", default=None, help="Scoring key of the journey scale; defaults to sjq-16.")
@click.option(
    "--bootstrap",
    type=click.IntRange(min=2),
    default=5_000,
    show_default=True,
    help="Number of bootstrap resamples.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="Seed of the bootstrap.",
)
@click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path),
    help="Write the full result to this file.",
)
@report_language
@document_files
@table_options
def study(
    file: Path,
    key: str | None,
    bootstrap: int,
    seed: int,
    json_path: Path | None,
    report_language: str,
    beside: DocumentFiles,
    reading: ReadOptions,
) -> None:
    """Study journey quality, service quality and loyalty: hypotheses H1 to H3 on FILE.

    FILE has the items of sjq, servqual-p, loyalty and optionally marker as columns.
    """
    words = words_of("sjq_study", report_language, named=KIND)
    library = Library(read().instrument_roots)
    scales = journey_scales(key, library=library)
    wanted = study_items(scales)
    answers = read_table(file, reading, instruments=[library.load(code) for code in wanted])
    found = {
        code: item_columns(answers, library.load(code), items) for code, items in wanted.items()
    }
    missing = [
        item for code, items in wanted.items() if code != MARKED
        for item in items if item not in found[code]
    ]  # fmt: skip
    if missing:
        raise Invalid(
            f"{file}: {len(missing)} items are missing from the columns:"
            f" {', '.join(missing[:8])}{(', ...' if len(missing) > 8 else '')}; the"
            " study requires all items of sjq, servqual-p and loyalty"
        )
    data = pd.concat(found.values(), axis=1)
    with progress_bar("Studying") as progress:
        document = study_document(
            data, journey=scales, bootstrap=bootstrap, seed=seed, progress=progress
        )
        progress(100, "Done")
    found = document["study"]
    said = [f"{row['code']}: {row['claim']} {row['verdict']}" for row in found["hypotheses"]]
    said += [f"Warning: {warning}" for warning in found["warnings"]]
    said += [f"Note: {note}" for note in answers.notes]
    files = json_file(json_path, document)
    if beside:
        made = utc_now().date()
        asked: Study[Mapping[str, Any]] = Study(
            document, "", "", None, None, made, library, file=file.name
        )
        files += beside.of(content(asked, made=made, words=words))
    sample = document["sample"]
    finish(_tables(found, imputed(sample["missing_cells"], sample["cells"])), said, files)


def _tables(found: dict[str, Any], missing: str) -> list[Table]:
    hypotheses = [
        [
            row["code"],
            *(number(row[key]) for key in ("estimate", "lower", "upper")),
            probability(row["p"]),
        ]
        for row in found["hypotheses"]
    ]
    weights = [
        [
            f"{row['dimension']}, {row['model']}",
            *(number(row[key]) for key in ("weight", "lower", "upper")),
        ]
        for row in found["weights"]
    ]
    ways = ("to_mediator", "from_mediator", "direct", "indirect", "total")
    others = [[row["method"], *(number(row[way]) for way in ways)] for row in found["robustness"]]
    printed = [
        [row["label"], number(row["ours"]), number(row["published"], 2)]
        for row in found["published"]
    ]
    return [
        (
            f"Hypotheses, n = {found['n']}; {missing}",
            ("", "effect", "low", "high", "p"),
            hypotheses,
        ),
        (
            "Weights of the dimensions in journey quality",
            ("dimension", "weight", "low", "high"),
            weights,
        ),
        ("The same effects estimated by other methods", ("method", *ways), others),
        (
            "Published in the original study (a different population)",
            ("quantity", "here", "printed"),
            printed,
        ),
    ]
