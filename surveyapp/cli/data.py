"""Commands that move answers in and out of the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from surveyapp.cli.opened import opened, progress_bar
from surveyapp.cli.survey_option import survey_option
from surveyapp.cli.written import replacing
from surveyapp.errors import NotFound
from surveyapp.exports.responses import responses_csv
from surveyapp.journeys.queries import journey_by_code
from surveyapp.responses.imports import ImportReport, import_csv, import_device, import_sav
from surveyapp.results.scope import Scope
from surveyapp.sampling.interaction_sheets import receive_csv
from surveyapp.surveys.queries import survey_by_code
from surveyapp.tables.dialect import SEPARATORS

_MOST_PRINTED = 50
_SEPARATORS = frozenset(SEPARATORS.values())  # of text; other files have none


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@survey_option("The survey that the answers belong to.")
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
def import_(file: Path, code: str, id_column: str | None, pairs: tuple[str, ...]) -> None:
    """Store the answers in FILE (.csv, .sav, or the .json that a kiosk downloads); every rejected row
    is listed with its reason.
    """
    if not file.is_file():
        raise NotFound(f"{file}: no such file")
    columns = dict(_pair(pair) for pair in pairs)
    with opened() as installation, progress_bar("Importing") as progress:
        with installation.store.reading() as session:
            survey = survey_by_code(session, code)
        options: dict[str, Any] = {
            "columns": columns or None,
            "id_column": id_column,
            "progress": progress,
        }
        if file.suffix.lower() == ".json":
            with file.open("rb") as source:
                report = import_device(installation, survey, source, progress=progress)
        elif file.suffix.lower() == ".sav":
            report = import_sav(installation, survey, file, **options)
        else:
            with file.open("rb") as source:
                report = import_csv(installation, survey, source, **options)
    _tell(report)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--journey", default=None, help="The journey's code, if the file has no such column.")
def interactions(file: Path, journey: str | None) -> None:
    """Import the events in FILE (.csv); every rejected row is listed with its reason.

    Columns: journey, touchpoint, customer_ref, at and, if known, external_id, run, channel, language,
    outcome, email, phone, zone; any other column is an attribute of the customer.
    """
    if not file.is_file():
        raise NotFound(f"{file}: no such file")
    with opened() as installation, progress_bar("Reading") as progress, file.open("rb") as source:
        if journey is not None:
            with installation.store.reading() as session:
                journey_by_code(session, journey)
        report = receive_csv(
            installation,
            source,
            journey=journey,
            progress=progress,
            now=installation.now(),
        )
    _tell(report)


def _pair(text: str) -> tuple[str, str]:
    heading, equals, item = text.rpartition("=")
    if not equals or not heading or not item:
        raise click.BadParameter(
            f"{text!r}: write HEADING=ITEM, such as Q1=per3", param_hint="--column"
        )
    return heading, item


def _tell(report: ImportReport) -> None:
    for refusal in report.refused[:_MOST_PRINTED]:
        column = f", column {refusal.column}" if refusal.column else ""
        click.echo(f"line {refusal.line}{column}: {refusal.reason} {refusal.cure}".rstrip())
    if len(report.refused) > _MOST_PRINTED:
        click.echo(f"... and {len(report.refused) - _MOST_PRINTED} more")
    separated = f", separated by {report.separator}" if report.separator in _SEPARATORS else ""
    click.echo(f"Note: Read as {report.encoding}{separated}.")
    for note in report.notes:
        click.echo(f"Note: {note}")
    click.echo(
        f"{report.count_in} {'row' if report.count_in == 1 else 'rows'}: {report.stored} stored, {report.already} already"
        f" stored, {report.refused_rows} rejected."
    )
    if report.refused_rows:
        raise click.ClickException(
            f"{report.refused_rows} of {report.count_in} rows were rejected."
        )


@click.command()
@survey_option("The survey to export.")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="The CSV file to write."
)
def export(code: str, out: Path) -> None:
    """Export a survey's answers, attributes and scores as CSV that is safe to open in spreadsheets."""
    with opened() as installation, installation.store.reading() as session:
        survey = survey_by_code(session, code)
        table = responses_csv(
            session,
            Scope(survey.journey_id),
            survey_id=survey.id,
            library=installation.library,
        )
        with replacing(out) as target:
            for chunk in table.chunks:
                target.write(chunk.encode())
    click.echo(f"Written: {out} ({table.rows} responses)")
