"""Answers given elsewhere, from a file: every value checked, every refused row told, nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy.orm import Session

from surveyapp.errors import NotFound
from surveyapp.installation import Installation
from surveyapp.jobs.kinds import IMPORT_RESPONSES, ImportPayload
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.columns import item_names, map_columns
from surveyapp.responses.device_files import open_device_file
from surveyapp.responses.prepared import Prepared
from surveyapp.responses.rows import Reading, Refusal
from surveyapp.store.audit import record
from surveyapp.store.db import Store
from surveyapp.store.models import File, Job, SurveyRow
from surveyapp.surveys.queries import survey_of
from surveyapp.surveys.survey import Survey
from surveyapp.tables.csv_file import open_csv
from surveyapp.tables.spss_file import open_sav
from surveyapp.tables.table import DataTable, Row

Progress = Callable[[int, str], None]

BATCH = 500  # rows a transaction: customers who answer meanwhile wait for its end
_MOST_SHOWN = 5000  # refusals kept in a job's result


@dataclass
class ImportReport:
    """What became of the rows: ``count_in == stored + already + refused_rows``, always.

    A row may have several refusals. ``encoding`` and ``separator`` say how the file was understood,
    ``notes`` what else somebody should check.
    """

    encoding: str
    separator: str
    notes: list[str] = field(default_factory=list)
    count_in: int = 0
    stored: int = 0
    already: int = 0
    refused_rows: int = 0
    refused: list[Refusal] = field(default_factory=list)


def import_csv(
    installation: Installation,
    survey: Survey,
    file: BinaryIO,
    *,
    columns: Mapping[str, str] | None = None,
    id_column: str | None = None,
    attribute_columns: Collection[str] | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Bring in a CSV file of answers to what ``survey`` asks; columns are mapped as
    ``columns.map_columns`` says.

    A row is known by its id, else by its content and how often that content came before, so that
    the same file brought in again, or after a stop half-way, adds nothing twice. Each batch is one
    transaction. Customer references become pseudonyms. Raises Invalid for a file that cannot be read
    as a whole.
    """
    size = max(1, file.seek(0, 2))
    file.seek(0)
    table = open_csv(file)
    names = item_names(survey.asked(installation.library))
    mapped = map_columns(
        table.headings,
        names,
        columns=columns,
        id_column=id_column,
        attribute_columns=attribute_columns,
    )
    reading = Reading(installation, survey, mapped)
    return _import(
        installation.store,
        table,
        reading,
        progress=progress,
        percent=lambda: 100 * file.tell() // size,
    )


def import_sav(
    installation: Installation,
    survey: Survey,
    path: Path,
    *,
    columns: Mapping[str, str] | None = None,
    id_column: str | None = None,
    attribute_columns: Collection[str] | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """As ``import_csv``, from an SPSS file. Attributes take their value labels, items keep codes."""
    names = item_names(survey.asked(installation.library))
    renamed = {heading.lower() for heading, target in (columns or {}).items() if target in names}
    table = open_sav(path, keep_codes=frozenset(names) | renamed)
    mapped = map_columns(
        table.headings,
        names,
        columns=columns,
        id_column=id_column,
        attribute_columns=attribute_columns,
    )
    reading = Reading(installation, survey, mapped)
    return _import(installation.store, table, reading, progress=progress, percent=lambda: 50)


def import_device(
    installation: Installation,
    survey: Survey,
    file: BinaryIO,
    *,
    progress: Progress | None = None,
) -> ImportReport:
    """As ``import_csv``, from the file of answers that a kiosk could not send."""
    table = open_device_file(file, survey, library=installation.library)
    names = item_names(survey.asked(installation.library))
    mapped = map_columns(table.headings, names, attribute_columns=())
    reading = Reading(installation, survey, mapped)
    return _import(installation.store, table, reading, progress=progress, percent=lambda: 50)


def ask_import(session: Session, survey: Survey, file: File, *, user_id: int | None) -> Job:
    """Have a stored file brought in by the worker."""
    record(session, user_id, "import responses", f"survey {survey.code}", file=file.name)
    payload = ImportPayload(survey.id, file.id)
    return IMPORT_RESPONSES.ask(session, payload, user_id=user_id)


def run_import(
    installation: Installation, payload: ImportPayload, *, progress: Progress
) -> dict[str, Any]:
    """The worker's part of ``ask_import``: bring the file in and say what became of its rows."""
    with installation.store.reading() as session:
        row = session.get(SurveyRow, payload.survey_id)
        survey = None if row is None else survey_of(row)
        file = session.get(File, payload.file_id)
    if survey is None or file is None:
        raise NotFound("The survey or the file of this import is gone; upload the file again.")
    path = installation.files.path(file)
    if file.name.lower().endswith(".sav"):
        report = import_sav(installation, survey, path, progress=progress)
    else:
        reader = import_device if file.name.lower().endswith(".json") else import_csv
        with path.open("rb") as content:
            report = reader(installation, survey, content, progress=progress)
    return as_result(report)


def as_result(report: ImportReport) -> dict[str, Any]:
    """The report as a job keeps it: with the first refusals, and how many more there were."""
    result: dict[str, Any] = {
        "rows_in_the_file": report.count_in,
        "stored": report.stored,
        "already_stored": report.already,
        "refused_rows": report.refused_rows,
        "encoding": report.encoding,
        "separator": report.separator,
        "notes": " ".join(report.notes),
        "refused": [asdict(refusal) for refusal in report.refused[:_MOST_SHOWN]],
    }
    if len(report.refused) > _MOST_SHOWN:
        result["refusals_not_listed"] = len(report.refused) - _MOST_SHOWN
    return result


def _import(
    store: Store,
    table: DataTable,
    reading: Reading,
    *,
    progress: Progress | None,
    percent: Callable[[], int],
) -> ImportReport:
    report = ImportReport(table.encoding, table.separator, reading.notes())
    for rows in _batches(table.rows):
        prepared = []
        for row in rows:
            report.count_in += 1
            result = reading.read(row)
            if isinstance(result, Prepared):
                prepared.append(result)
            else:
                report.refused_rows += 1
                report.refused += result
        if report.stored or report.already:
            store.give_way()
        if prepared:
            with store.writing() as session:
                kept = store_bulk(session, reading.survey, prepared, library=reading.library)
            report.stored += kept.stored
            report.already += kept.already
        if progress is not None:
            progress(min(99, percent()), f"{report.count_in} rows read")
    return report


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(islice(rows, BATCH)):
        yield batch
