"""Commands that move answers in and out of the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from surveyapp.cli.opened import opened, progress_bar
from surveyapp.cli.previewed import show_preview
from surveyapp.cli.survey_option import survey_option
from surveyapp.cli.table_options import dated_table_options
from surveyapp.errors import NotFound
from surveyapp.journeys.queries import journey_by_code
from surveyapp.responses.conflicts import CONFLICTS, REFUSE
from surveyapp.responses.import_choices import ImportChoices, column_pair
from surveyapp.responses.imports import (
    OF_DEVICE,
    ImportReport,
    import_device,
    import_file,
    is_device_file,
)
from surveyapp.responses.previews import preview_file
from surveyapp.responses.waves import SKIP, STORE
from surveyapp.sampling.interaction_sheets import receive_file
from surveyapp.surveys.queries import survey_by_code
from surveyapp.tables.options import ReadOptions

_MOST_PRINTED = 50


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@survey_option("The survey that the answers belong to.")
@dated_table_options
@click.option(
    "--attribute",
    "attributes",
    multiple=True,
    metavar="HEADING",
    help="Store this column although it looks like personal data, or like a question; repeatable.",
)
@click.option(
    "--overlap",
    type=click.Choice([STORE, SKIP]),
    default=None,
    help="What rows without an id are that equal rows of an earlier import: other answers, or stored.",
)
@click.option(
    "--id-column",
    default=None,
    help="Column that identifies a row, so that repeated imports do not store it twice.",
)
@click.option(
    "--column",
    "pairs",
    multiple=True,
    metavar="HEADING=ITEM",
    help="Assign a column to an item; can be repeated.",
)
@click.option(
    "--leave-out",
    "left_out",
    multiple=True,
    metavar="HEADING",
    help="Do not use this column; can be repeated.",
)
@click.option(
    "--conflicts",
    type=click.Choice(CONFLICTS),
    default=REFUSE,
    show_default=True,
    help="What to do with rows that have a stored response's id and other answers: refuse the file,"
    " keep the stored answers, or replace them as a correction.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be stored; store nothing.")
@click.option(
    "--json",
    "to",
    type=click.Path(path_type=Path),
    default=None,
    help="With --dry-run: write the preview here, too.",
)
def import_(
    file: Path,
    code: str,
    id_column: str | None,
    pairs: tuple[str, ...],
    attributes: tuple[str, ...],
    left_out: tuple[str, ...],
    overlap: str | None,
    conflicts: str,
    dry_run: bool,
    to: Path | None,
    reading: ReadOptions,
) -> None:
    """Store the answers in FILE; every rejected row is listed with its reason.

    FILE is CSV, Excel, OpenDocument, SPSS, Stata or Parquet, or the .json that a kiosk downloads.
    """
    if not file.is_file():
        raise NotFound(f"{file}: no such file")
    if to is not None and not dry_run:
        raise click.UsageError("--json writes a preview: use it with --dry-run.")
    columns = dict(map(column_pair, pairs))
    choices = ImportChoices(
        reading,
        columns,
        id_column or "",
        attributes=attributes,
        overlap=overlap or "",
        left_out=left_out,
        conflicts=conflicts,
    )
    is_device = is_device_file(file.name)
    label = "Reading" if dry_run else "Importing"
    with opened() as installation, progress_bar(label) as progress:
        with installation.store.reading() as session:
            survey = survey_by_code(session, code)
        options: dict[str, Any] = {"name": file.name, "progress": progress}
        with file.open("rb") as source:
            if dry_run:
                options |= {"choices": OF_DEVICE if is_device else choices, "is_device": is_device}
                found = preview_file(installation, survey, source, **options)
            elif is_device:
                report = import_device(installation, survey, source, **options)
            else:
                report = import_file(installation, survey, source, choices=choices, **options)
    if dry_run:
        show_preview(found, to)
    else:
        tell(report)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--journey", default=None, help="The journey's code, if the file has no such column.")
@dated_table_options
def interactions(file: Path, journey: str | None, reading: ReadOptions) -> None:
    """Import the events in FILE; every rejected row is listed with its reason.

    Columns: journey, touchpoint, customer_ref, at and, if known, external_id, run, channel, language,
    outcome, email, phone, zone; any other column is an attribute of the customer.
    """
    if not file.is_file():
        raise NotFound(f"{file}: no such file")
    with opened() as installation, progress_bar("Reading") as progress, file.open("rb") as source:
        if journey is not None:
            with installation.store.reading() as session:
                journey_by_code(session, journey)
        report = receive_file(
            installation,
            source,
            name=file.name,
            options=reading,
            journey=journey,
            progress=progress,
            now=installation.now(),
        )
    tell(report)


def tell(report: ImportReport) -> None:
    """Print what became of each row. Raises ClickException where some were rejected."""
    for refusal in report.refused[:_MOST_PRINTED]:
        column = f" ({refusal.column})" if refusal.column else ""
        value = (
            f"{refusal.value}: " if refusal.value and refusal.value not in refusal.reason else ""
        )
        told = f"{refusal.place}{column}: {value}{refusal.reason} {refusal.cure}"
        click.echo(told.rstrip())
    if len(report.refused) > _MOST_PRINTED:
        click.echo(f"... and {len(report.refused) - _MOST_PRINTED} more")
    for note in report.notes:
        click.echo(f"Note: {note}")
    corrected = f" {report.corrected} corrected," if report.corrected else ""
    click.echo(
        f"{report.count_in} {'row' if report.count_in == 1 else 'rows'}: {report.stored} stored, {report.already} already"
        f" stored,{corrected} {report.refused_rows} rejected."
    )
    if report.batch_id:
        click.echo(f"This is import {report.batch_id}.")
    if report.refused_rows:
        raise click.ClickException(
            f"{report.refused_rows} of {report.count_in} rows were rejected."
        )
