"""Answers given elsewhere, from a file: every value checked, every refused row told, nothing twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any, BinaryIO

from sqlalchemy.orm import Session

from surveyapp.errors import NotFound
from surveyapp.installation import Installation
from surveyapp.jobs.kinds import IMPORT_RESPONSES, ImportPayload
from surveyapp.responses.begun import begin_reading
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.columns import map_columns
from surveyapp.responses.device_files import open_device_file
from surveyapp.responses.import_choices import ImportChoices
from surveyapp.responses.prepared import Prepared
from surveyapp.responses.rows import Refusal
from surveyapp.store.audit import record
from surveyapp.store.models import File, Job, SurveyRow
from surveyapp.surveys.queries import survey_of
from surveyapp.surveys.survey import Survey
from surveyapp.tables.opened import open_table
from surveyapp.tables.table import DataTable, Row

Progress = Callable[[int, str], None]

BATCH = 500  # rows a transaction: customers who answer meanwhile wait for its end
_MOST_SHOWN = 5000  # refusals kept in a job's result


@dataclass
class ImportReport:
    """What became of the rows: ``count_in == stored + already + refused_rows``, always.

    A row may have several refusals. ``notes`` say how the file was understood, and what else somebody
    should check.
    """

    notes: list[str] = field(default_factory=list)
    count_in: int = 0
    stored: int = 0
    already: int = 0
    refused_rows: int = 0
    refused: list[Refusal] = field(default_factory=list)


def import_file(
    installation: Installation,
    survey: Survey,
    file: BinaryIO,
    *,
    name: str = "",
    choices: ImportChoices | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Bring in a file of answers to what ``survey`` asks: any kind that ``tables.opened`` knows;
    columns are mapped as ``columns.map_columns`` says.

    A row is known by its id, else as ``waves`` says, so that the same file brought in again, or after
    a stop half-way, adds nothing twice. Each batch is one transaction. Customer references become
    pseudonyms. Times for which neither the file nor the choices name a zone are in the installation's;
    what fewer rows share than its minimum cell is no attribute of an anonymous survey. Raises Invalid
    for a file that cannot be read as a whole.
    """
    table = open_table(file, name, (choices or ImportChoices()).reading)
    return _import(installation, survey, table, choices or ImportChoices(), progress)


def import_device(
    installation: Installation,
    survey: Survey,
    file: BinaryIO,
    *,
    progress: Progress | None = None,
) -> ImportReport:
    """As ``import_file``, from the file of answers that a kiosk could not send."""
    table = open_device_file(file, survey, library=installation.library)
    return _import(installation, survey, table, ImportChoices(attribute_columns=()), progress)


def ask_import(
    session: Session,
    survey: Survey,
    file: File,
    *,
    choices: ImportChoices | None = None,
    user_id: int | None,
) -> Job:
    """Have a stored file brought in by the worker."""
    record(session, user_id, "import responses", f"survey {survey.code}", file=file.name)
    payload = ImportPayload(survey.id, file.id, (choices or ImportChoices()).to_json())
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
    with installation.files.path(file).open("rb") as content:
        if file.name.lower().endswith(".json"):
            return as_result(import_device(installation, survey, content, progress=progress))
        choices = ImportChoices.from_json(payload.choices)
        options: dict[str, Any] = {"name": file.name, "choices": choices, "progress": progress}
        return as_result(import_file(installation, survey, content, **options))


def as_result(report: ImportReport) -> dict[str, Any]:
    """The report as a job keeps it: with the first refusals, and how many more there were."""
    result: dict[str, Any] = {
        "rows_in_the_file": report.count_in,
        "stored": report.stored,
        "already_stored": report.already,
        "refused_rows": report.refused_rows,
        "notes": " ".join(report.notes),
        "refused": [asdict(refusal) for refusal in report.refused[:_MOST_SHOWN]],
    }
    if len(report.refused) > _MOST_SHOWN:
        result["refusals_not_listed"] = len(report.refused) - _MOST_SHOWN
    return result


def _import(
    installation: Installation,
    survey: Survey,
    table: DataTable,
    choices: ImportChoices,
    progress: Progress | None,
) -> ImportReport:
    store = installation.store
    columns = map_columns(table, survey.asked(installation.library), choices)
    reading = begin_reading(installation, survey, table, columns, choices)
    report = ImportReport()
    written = time.monotonic()
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
            store.give_way(free_for=time.monotonic() - written)
        if prepared:
            with store.writing() as session:
                kept = store_bulk(session, reading.survey, prepared, library=reading.library)
            report.stored += kept.stored
            report.already += kept.already
            written = time.monotonic()
        if progress is not None:
            progress(min(99, table.percent()), f"{report.count_in} rows read")
    report.notes = reading.notes()  # which count what was taken as missing
    return report


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    source = iter(rows)
    while batch := list(islice(source, BATCH)):
        yield batch
