"""The command that takes answers out of the store."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import click
from sqlalchemy.orm import Session

from surveyapp.cli.facet_options import facet_options
from surveyapp.cli.opened import opened
from surveyapp.cli.survey_option import survey_option
from surveyapp.cli.written import replacing
from surveyapp.exports.chosen import Chosen
from surveyapp.exports.codebook.forms import form_of
from surveyapp.exports.formats.registry import FORMATS, format_of
from surveyapp.exports.licences import ADDRESSES, DEFAULT
from surveyapp.exports.responses import answers_table, responses_table
from surveyapp.installation import Installation
from surveyapp.journeys.queries import journey as journey_of
from surveyapp.journeys.queries import journey_by_code, segment_by_code
from surveyapp.results.analyses.actions import ESTIMATORS, MISSING
from surveyapp.results.scope import read_scope
from surveyapp.store.audit import record
from surveyapp.surveys.queries import survey_by_code

_PIECE = 1 << 20


@click.command()
@survey_option("The survey to export.", or_journey=True)
@click.option("--journey", metavar="CODE", help="All surveys of a journey, in one table.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The file to write.")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    help="By default the one that the file's name ends with, else CSV.",
)
@click.option("--long", is_flag=True, help="One answer per row instead of one response per row.")
@click.option("--segment", metavar="CODE", help="Only customers of this segment.")
@click.option("--from", "since", metavar="MONTH", default="", help="First month, as 2026-01.")
@click.option("--to", "until", metavar="MONTH", default="", help="Last month, as 2026-03.")
@facet_options
@click.option(
    "--customers/--no-customers",
    default=True,
    show_default=True,
    help="Include pseudonyms and journey runs, which join the answers of one customer.",
)
def export(
    code: str | None,
    journey: str | None,
    out: Path,
    form: str | None,
    long: bool,
    segment: str | None,
    since: str,
    until: str,
    channel: str | None,
    language: str,
    customers: bool,
) -> None:
    """Export answers, attributes and scores, whole and with labels: CSV (safe to open in spreadsheets),
    Excel, SPSS, Stata, Parquet, JSON Lines, or a CSV with an R script.
    """
    chosen_format = format_of(form, out)
    with opened() as installation, installation.store.reading() as session:
        asked = {"from": since, "to": until, "channel": channel or "", "language": language}
        wanted = _chosen(session, code, journey, segment, asked, customers=customers)
        what, make = ("answers", answers_table) if long else ("responses", responses_table)
        table = make(session, wanted, library=installation.library)
        with tempfile.TemporaryDirectory(dir=_folder(out)) as folder:
            made = Path(folder, f"export{chosen_format.suffix}")
            notes = chosen_format.write(table, made)
            _note_read(installation, session, wanted, f"export {what}", format=chosen_format.code)
            _move(made, out)
    for note in notes:
        click.echo(f"Note: {note}")
    click.echo(f"Written: {out} ({table.count} {what}, {chosen_format.title})")


@click.command()
@survey_option("The survey to describe.", or_journey=True)
@click.option("--journey", metavar="CODE", help="All surveys of a journey.")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="An .html page, .pdf, DDI-Codebook .xml, or .jsonld for data search engines.",
)
def codebook(code: str | None, journey: str | None, out: Path) -> None:
    """Write a codebook: every column with its wording in each language, values, distribution, scores
    with their rules and reliability, questionnaires with source and licence.
    """
    from surveyapp.exports.codebook.entries import codebook as codebook_of

    form = form_of(out.suffix or out.name)
    with opened() as installation, installation.store.reading() as session:
        wanted = _chosen(session, code, journey)
        book = codebook_of(session, wanted, now=installation.now(), library=installation.library)
        _note_read(installation, session, wanted, "export codebook", format=form.code)
        with replacing(out) as target:
            target.write(form.write(book))
    click.echo(f"Written: {out} ({book.responses} responses, {len(book.entries)} variables)")


@click.command()
@survey_option("The survey to publish the data of.", or_journey=True)
@click.option("--journey", metavar="CODE", help="All surveys of a journey.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The .zip to write.")
@click.option(
    "--licence",
    default=DEFAULT,
    show_default=True,
    help=f"Licence of the published data: {', '.join(ADDRESSES)}, or another one by its name.",
)
@click.option(
    "--without", metavar="COLUMN", multiple=True, help="A column to hold back; can be repeated."
)
@click.option(
    "--estimator",
    type=click.Choice(ESTIMATORS),
    help="Of the scales' models; by default as the last stored validation, else ML.",
)
@click.option(
    "--missing",
    type=click.Choice(MISSING),
    help="Missing answers; by default as the last stored validation, else listwise.",
)
@click.option(
    "--group",
    "groups",
    metavar="ATTRIBUTE",
    multiple=True,
    help="Test invariance over it; by default as the last stored validation; can be repeated.",
)
def package(
    code: str | None,
    journey: str | None,
    out: Path,
    licence: str,
    without: tuple[str, ...],
    estimator: str | None,
    missing: str | None,
    groups: tuple[str, ...],
) -> None:
    """Write an open-science package: anonymised data, codebook, licence and checksums, and for each
    scale its model, report, results, and an R script that gives the same numbers.

    Left out are pseudonyms, IDs, times below the quarter, open texts, and attributes that fewer people
    share than the smallest group (SURVEYAPP_MINIMUM_CELL). What would tell who answered is refused.
    """
    from surveyapp.exports.package import Publication, write
    from surveyapp.exports.validated import Estimation

    publication = Publication(licence, without, Estimation(estimator, missing, groups or None))
    with opened() as installation, installation.store.reading() as session:
        wanted = _chosen(session, code, journey)
        with tempfile.TemporaryDirectory(dir=_folder(out)) as folder:
            made = Path(folder, "package.zip")
            notes = write(
                session,
                wanted,
                made,
                now=installation.now(),
                minimum_cell=installation.settings.minimum_cell,
                publication=publication,
                library=installation.library,
            )
            _note_read(installation, session, wanted, "export package")
            _move(made, out)
    for note in notes:
        click.echo(f"Note: {note}")
    click.echo(f"Written: {out}")


def _chosen(
    session: Session,
    code: str | None,
    journey: str | None,
    segment: str | None = None,
    asked: Mapping[str, str] = MappingProxyType({}),
    *,
    customers: bool = False,
) -> Chosen:
    survey = survey_by_code(session, code) if code is not None else None
    place = survey.journey_id if survey else journey_by_code(session, journey or "").id
    number = segment_by_code(session, segment).id if segment is not None else ""
    scope = read_scope(place, {**asked, "segment": str(number)})
    return Chosen(scope, survey.id if survey else None, customers)


def _note_read(
    installation: Installation, session: Session, wanted: Chosen, action: str, **detail: str
) -> None:
    """Write into the audit log, before the file is there, that a command exports what is wanted."""
    code = journey_of(session, wanted.scope.journey_id).code
    said = {"by": "command", **detail, **wanted.scope.arguments}
    if wanted.survey_id is not None:
        said["survey"] = str(wanted.survey_id)
    with installation.store.writing() as writing:
        record(writing, None, action, f"journey {code}", **said)


def _move(made: Path, out: Path) -> None:
    with replacing(out) as target, made.open("rb") as source:
        while piece := source.read(_PIECE):
            target.write(piece)


def _folder(out: Path) -> Path | None:
    """Beside the file, where there is room for it; a device or pipe has no such place."""
    return out.parent if (out.parent.is_dir() and not out.exists()) or out.is_file() else None
