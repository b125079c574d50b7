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
from surveyapp.responses import counted
from surveyapp.responses.batches import DONE, begin_batch, held_batch
from surveyapp.responses.begun import Looked, look
from surveyapp.responses.bulk import StoredBulk, store_bulk
from surveyapp.responses.columns import map_columns
from surveyapp.responses.conflicts import (
    KEEP,
    REFUSE,
    Parsed,
    allowed_mode,
    corrections_of,
    refuse_conflicts,
    settle,
)
from surveyapp.responses.corrections import put_right
from surveyapp.responses.device_files import open_device_file
from surveyapp.responses.import_choices import ImportChoices
from surveyapp.responses.prepared import Prepared
from surveyapp.responses.rows import Reading, Refusal
from surveyapp.responses.waves import RowIds, row_ids
from surveyapp.store.models import File, ImportBatch, Job, SurveyRow
from surveyapp.surveys.queries import survey_of
from surveyapp.surveys.survey import Survey
from surveyapp.tables.opened import open_table
from surveyapp.tables.table import DataTable, Row

Progress = Callable[[int, str], None]

BATCH = 500  # rows a transaction: customers who answer meanwhile wait for its end
_MOST_SHOWN = 5000  # refusals kept in a job's result
# Of a kiosk's file: what a device has sent twice was answered once.
OF_DEVICE = ImportChoices(attribute_columns=(), conflicts=KEEP)


@dataclass
class ImportReport:
    """What became of the rows: ``count_in == stored + already + corrected + refused_rows``, always.

    A row may have several refusals. ``notes`` say how the file was understood, and what else somebody
    should check. ``batch_id`` is the import's number.
    """

    notes: list[str] = field(default_factory=list)
    count_in: int = 0
    stored: int = 0
    already: int = 0
    corrected: int = 0
    batch_id: int = 0
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
    batch_id: int | None = None,
) -> ImportReport:
    """Bring in a file of answers to what ``survey`` asks: any kind that ``tables.opened`` knows;
    columns are mapped as ``columns.map_columns`` says.

    A row is known by its id, else as ``waves`` says, so that the same file brought in again, or after
    a stop half-way, adds nothing twice; with ``batch_id`` it goes on as that import. Some hundred rows
    are one transaction. Customer references become pseudonyms. Times for which neither the file nor the
    choices name a zone are in the installation's; what fewer rows share than its minimum cell is no
    attribute of an anonymous survey. Raises Invalid for a file that cannot be read as a whole, or that
    leaves something to choose.
    """
    table = open_table(file, name, (choices or ImportChoices()).reading)
    chosen = choices or ImportChoices()
    return _import(installation, survey, table, chosen, name, progress, batch_id)


def import_device(
    installation: Installation,
    survey: Survey,
    file: BinaryIO,
    *,
    name: str = "",
    progress: Progress | None = None,
    batch_id: int | None = None,
) -> ImportReport:
    """As ``import_file``, from the file of answers that a kiosk could not send."""
    table = open_device_file(file, survey, library=installation.library)
    return _import(installation, survey, table, OF_DEVICE, name, progress, batch_id)


def ask_import(
    session: Session,
    survey: Survey,
    file: File,
    *,
    choices: ImportChoices | None = None,
    user_id: int | None,
) -> Job:
    """Have a stored file brought in by the worker, as a batch that is there from now on."""
    chosen = choices or ImportChoices()
    batch = begin_batch(session, survey, file_name=file.name, choices=chosen, user_id=user_id)
    payload = ImportPayload(survey.id, file.id, chosen.to_json(), batch.id)
    job = IMPORT_RESPONSES.ask(session, payload, journey_id=survey.journey_id, user_id=user_id)
    batch.job_id = job.id
    return job


def is_device_file(name: str) -> bool:
    """Whether a file is one of those that kiosks download."""
    return name.lower().endswith(".json")


def run_import(
    installation: Installation, payload: ImportPayload, *, progress: Progress
) -> dict[str, Any]:
    """The worker's part of ``ask_import``: bring the file in and say what became of its rows."""
    with installation.store.reading() as session:
        row = session.get(SurveyRow, payload.survey_id)
        survey = None if row is None else survey_of(row)
        file = session.get(File, payload.file_id)
        batch = session.get(ImportBatch, payload.batch_id)
    if batch is not None and batch.state == DONE:
        return as_result(_report_of(batch))  # a worker that was killed while it said so
    if survey is None or file is None:
        raise NotFound("The survey or the file of this import is gone; upload the file again.")
    options: dict[str, Any] = {"name": file.name, "progress": progress}
    options["batch_id"] = payload.batch_id or None  # 0 in a job of an earlier version
    with installation.files.open(file) as content:
        if is_device_file(file.name):
            return as_result(import_device(installation, survey, content, **options))
        choices = ImportChoices.from_json(payload.choices)
        return as_result(import_file(installation, survey, content, choices=choices, **options))


def as_result(report: ImportReport) -> dict[str, Any]:
    """The report as a job keeps it: with the first refusals, and how many more there were."""
    result: dict[str, Any] = {
        "rows_in_the_file": report.count_in,
        "stored": report.stored,
        "already_stored": report.already,
        **({"corrected": report.corrected} if report.corrected else {}),
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
    name: str,
    progress: Progress | None,
    batch_id: int | None,
) -> ImportReport:
    store = installation.store
    mode = allowed_mode(survey, choices.conflicts)
    columns = map_columns(table, survey.asked(installation.library), choices)
    looked = look(installation, survey, table, columns, choices)
    batch, ids = _begun(installation, looked, name, mode, table, batch_id)
    reading = looked.reading(ids)
    report = ImportReport(
        stored=batch.stored, already=batch.already, corrected=batch.corrected, batch_id=batch.id
    )
    written = time.monotonic()
    for rows in _batches(table.rows):
        parsed = _parsed(reading, rows, report)
        rest = [each for each in parsed if each[0].number > batch.read_to]
        if rest and (report.stored or report.already):
            store.give_way(free_for=time.monotonic() - written)
        if rest:
            _store(installation, reading, rest, report, mode=mode, read_to=rows[-1].number)
            written = time.monotonic()
        if progress is not None:
            progress(min(99, table.percent()), f"{report.count_in} rows read")
    report.notes = reading.notes()  # which count what was taken as missing
    with store.writing() as session:
        batch = held_batch(session, batch.id)
        _count(batch, report)
        batch.notes, batch.state, batch.finished_at = report.notes, DONE, installation.now()
    return report


def _begun(
    installation: Installation,
    looked: Looked,
    name: str,
    mode: str,
    table: DataTable,
    batch_id: int | None,
) -> tuple[ImportBatch, RowIds]:
    """The batch that the rows belong to, and their ids; Invalid where something is left to choose."""
    survey, store, choices = looked.survey, installation.store, looked.choices
    if mode == REFUSE:  # what a stopped import has stored is the same, and no conflict
        refuse_conflicts(store, looked.reading(RowIds(looked.wave)), table)
    with store.writing() as session:
        if batch_id is None:
            batch = begin_batch(session, survey, file_name=name, choices=choices, user_id=None)
        else:
            batch = held_batch(session, batch_id)
        ids = row_ids(
            session,
            survey,
            looked.wave,
            secret_key=installation.secret_key,
            overlap=choices.overlap,
            batch=batch,
        )
    return batch, ids


def _report_of(batch: ImportBatch) -> ImportReport:
    """What the batch knows of an import that is over: all but which rows were refused."""
    counts = (batch.count_in, batch.stored, batch.already, batch.corrected, batch.id, batch.refused)
    return ImportReport(list(batch.notes), *counts)


def _parsed(reading: Reading, rows: list[Row], report: ImportReport) -> list[Parsed]:
    """The rows that can be stored; the others are counted as refused."""
    parsed: list[Parsed] = []
    for row in rows:
        report.count_in += 1
        result = reading.read(row)
        if isinstance(result, Prepared):
            parsed.append((row, result))
        else:
            report.refused_rows += 1
            report.refused += result
    return parsed


def _store(
    installation: Installation,
    reading: Reading,
    parsed: list[Parsed],
    report: ImportReport,
    *,
    mode: str,
    read_to: int,
) -> None:
    """Store, correct or refuse rows in one transaction, which moves the batch on behind them."""
    survey = reading.survey
    with installation.store.writing() as session:
        batch = held_batch(session, report.batch_id)
        settled = settle(session, reading, parsed, mode=mode, batch_id=batch.id)
        if settled.replaced:
            counted.hold(session.connection())  # before responses are counted in
        corrections = corrections_of(session, reading, settled)
        kept = store_bulk(
            session,
            survey,
            settled.fresh,
            library=reading.library,
            import_batch_id=batch.id,
        )
        report.stored += kept.stored
        report.already += kept.already + settled.already
        report.corrected += len(corrections)
        report.refused += settled.refused
        report.refused_rows += len(settled.refused)
        put_right(session, survey, corrections, now=installation.now())
        batch = held_batch(session, report.batch_id)
        _count(batch, report)
        _cover(batch, kept)
        batch.read_to = read_to


def _count(batch: ImportBatch, report: ImportReport) -> None:
    batch.count_in, batch.refused = report.count_in, report.refused_rows
    batch.stored, batch.already = report.stored, report.already
    batch.corrected = report.corrected


def _cover(batch: ImportBatch, kept: StoredBulk) -> None:
    """Widen what the batch says of its responses: their time, and the wordings that they answer."""
    moments = (batch.first_at, batch.last_at, kept.first_at, kept.last_at)
    known = [moment for moment in moments if moment is not None]
    batch.first_at, batch.last_at = min(known, default=None), max(known, default=None)
    wordings = {code: set(names) for code, names in batch.wordings.items()}
    for code, name in kept.wordings:
        wordings.setdefault(code, set()).add(name)
    batch.wordings = {code: sorted(names) for code, names in sorted(wordings.items())}


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    source = iter(rows)
    while batch := list(islice(source, BATCH)):
        yield batch
