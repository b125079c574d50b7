"""Imports as batches: begun, counted as they go on, looked at, removed as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, NotFound
from surveyapp.installation import Installation
from surveyapp.jobs.kinds import REMOVE_IMPORT, RemovalPayload
from surveyapp.jobs.running import Progress
from surveyapp.responses.erasures import Reason, Removal, erase_all
from surveyapp.responses.import_choices import ImportChoices
from surveyapp.store.audit import record
from surveyapp.store.models import Case, ImportBatch, Job, Report, Response, SurveyRow
from surveyapp.surveys.queries import survey_of
from surveyapp.surveys.survey import Survey

IMPORTING, DONE, REMOVING, REMOVED = "importing", "done", "removing", "removed"
AT_ONCE = 250  # responses that one transaction removes: customers who answer meanwhile wait for it


def begin_batch(
    session: Session,
    survey: Survey,
    *,
    file_name: str,
    choices: ImportChoices,
    user_id: int | None,
) -> ImportBatch:
    """A new batch. Raises Conflict while another import of the survey is being removed: rows of the file
    could be taken for stored ones that are on their way out.
    """
    going = select(ImportBatch.id).where(
        ImportBatch.survey_id == survey.id, ImportBatch.state == REMOVING
    )
    number = session.scalar(going.limit(1))
    if number is not None:
        raise Conflict(f"Import {number} is being removed; import the file when that is done.")
    batch = ImportBatch(
        survey_id=survey.id,
        file_name=file_name[-200:],
        choices=choices.to_json(),
        created_by=user_id,
        state=IMPORTING,
    )
    session.add(batch)
    session.flush()
    said = {"file": batch.file_name, "import": batch.id}
    record(session, user_id, "import responses", f"survey {survey.code}", **said)
    return batch


def held_batch(session: Session, batch_id: int) -> ImportBatch:
    """A batch that rows are being added to, held to the end of the transaction.

    Raises Conflict when somebody has removed it meanwhile.
    """
    batch = session.get(ImportBatch, batch_id, with_for_update=True, populate_existing=True)
    if batch is None or batch.state != IMPORTING:
        raise Conflict(
            f"Import {batch_id} was removed or finished meanwhile; its rest is not stored."
        )
    return batch


def batches_of(session: Session, survey_id: int) -> list[ImportBatch]:
    """The imports of a survey, the newest first."""
    own = select(ImportBatch).where(ImportBatch.survey_id == survey_id)
    return list(session.scalars(own.order_by(ImportBatch.id.desc())))


def batch_of(session: Session, survey_id: int | None, batch_id: int) -> ImportBatch:
    """An import, of this survey where one is named. Raises NotFound."""
    batch = session.get(ImportBatch, batch_id)
    if batch is None or survey_id not in {None, batch.survey_id}:
        raise NotFound("There is no such import of this survey.")
    return batch


def left_in(session: Session, batch_id: int) -> int:
    """How many of a batch's responses are stored now."""
    own = select(func.count()).select_from(Response).where(Response.import_batch_id == batch_id)
    return session.scalar(own) or 0


@dataclass(frozen=True)
class Going:
    """What goes with a batch: its responses, the cases that lose their customer and notes, the reports
    that are marked as outdated.
    """

    responses: int
    cases: int
    reports: int


def going_with(session: Session, batch: ImportBatch) -> Going:
    """What the removal of a batch takes with it."""
    own = select(Response.id).where(Response.import_batch_id == batch.id)
    cases = select(func.count()).select_from(Case).where(Case.response_id.in_(own))
    survey = session.get_one(SurveyRow, batch.survey_id)
    reports = select(func.count()).where(
        Report.journey_id == survey.journey_id, Report.file_id.is_not(None)
    )
    return Going(
        left_in(session, batch.id), session.scalar(cases) or 0, session.scalar(reports) or 0
    )


def state_of(session: Session, batch: ImportBatch) -> str:
    """The state as people read it: an import or a removal that has stopped is told apart."""
    if batch.state not in {IMPORTING, REMOVING}:
        return batch.state
    job = session.get(Job, batch.job_id) if batch.job_id is not None else None
    if job is not None and job.state in {"waiting", "running"}:
        return batch.state
    return "unfinished" if job is None else "failed"


def begin_removal(
    session: Session, batch_id: int, *, user_id: int | None, now: datetime
) -> ImportBatch:
    """Mark a batch as one that is going: an import that still adds to it stops at its next rows.

    Raises Conflict for one that has gone.
    """
    batch = session.get(ImportBatch, batch_id, with_for_update=True, populate_existing=True)
    if batch is None:
        raise NotFound("There is no such import.")
    if batch.state == REMOVED:
        raise Conflict(f"Import {batch_id} has been removed already.")
    if batch.state != REMOVING:
        batch.state, batch.removed_by, batch.removed_at = REMOVING, user_id, now
        batch.job_id = None
        code = session.get_one(SurveyRow, batch.survey_id).code
        detail = {
            "import": batch.id,
            "file": batch.file_name,
            "responses": left_in(session, batch_id),
        }
        record(session, user_id, "remove import", f"survey {code}", **detail)
    return batch


def ask_removal(session: Session, batch_id: int, *, user_id: int | None, now: datetime) -> Job:
    """Have a batch removed by the worker."""
    batch = begin_removal(session, batch_id, user_id=user_id, now=now)
    job = REMOVE_IMPORT.ask(
        session,
        RemovalPayload(batch_id),
        journey_id=session.get_one(SurveyRow, batch.survey_id).journey_id,
        user_id=user_id,
    )
    batch.job_id = job.id
    return job


def run_removal(
    installation: Installation, payload: RemovalPayload, *, progress: Progress
) -> dict[str, Any]:
    """The worker's part of ``ask_removal``; how many responses of the batch have gone."""
    return {"responses_removed": remove_batch(installation, payload.batch_id, progress=progress)}


def remove_batch(
    installation: Installation, batch_id: int, *, progress: Progress | None = None
) -> int:
    """Remove the responses of a batch whose removal has begun, some in a transaction; how many of it
    have gone in all. After a stop half-way it goes on where it stopped.
    """
    store = installation.store
    with store.reading() as session:
        batch = batch_of(session, None, batch_id)
        survey = survey_of(session.get_one(SurveyRow, batch.survey_id))
        total, removed = left_in(session, batch_id) + batch.removed, batch.removed
        removal = Removal(Reason.IMPORT, batch.removed_by, batch_id=batch_id)
    own = select(Response.id).where(Response.import_batch_id == batch_id)
    while True:
        with store.writing() as session:
            batch = session.get_one(ImportBatch, batch_id, with_for_update=True)
            if batch.state == REMOVED:
                return batch.removed
            numbers = list(session.scalars(own.order_by(Response.id).limit(AT_ONCE)))
            now = installation.now()
            options: dict[str, Any] = {"now": now, "secret_key": installation.secret_key}
            options["removal"] = removal
            gone = erase_all(session, survey, numbers, **options) if numbers else 0
            batch = session.get_one(ImportBatch, batch_id, populate_existing=True)
            batch.removed = removed = batch.removed + gone
            if not numbers:
                batch.state, batch.removed_at = REMOVED, now
                batch.content, batch.sample = None, []  # the same file is a new one from now on
                return removed
        if progress is not None:
            progress(min(99, 100 * removed // max(1, total)), f"{removed:,} responses removed")
        store.give_way()
