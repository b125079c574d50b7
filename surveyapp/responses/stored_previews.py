"""Uploaded files between their preview and their import: kept for one person, and not for long."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, NotFound
from surveyapp.installation import Installation
from surveyapp.jobs.kinds import PREVIEW_IMPORT, PreviewPayload
from surveyapp.jobs.running import Progress
from surveyapp.responses.import_choices import ImportChoices
from surveyapp.responses.imports import OF_DEVICE, ask_import, is_device_file
from surveyapp.responses.previews import RefusedRows, preview_file
from surveyapp.store.files import FileStore
from surveyapp.store.models import File, ImportBatch, ImportPreview, Job, SurveyRow
from surveyapp.surveys.queries import survey_of
from surveyapp.surveys.survey import Survey

KEPT = timedelta(hours=24)
_GONE = (
    "This preview is not here: it was somebody else's, discarded, or older than 24 hours. Upload the file"
    " again."
)


class Changed(Conflict):
    """The preview does not show any more what an import would do."""


def keep(
    session: Session,
    survey: Survey,
    file: File,
    *,
    choices: ImportChoices,
    user_id: int,
    now: datetime,
) -> ImportPreview:
    """Keep a stored file for its owner to look at; the worker makes the preview."""
    preview = ImportPreview(
        survey_id=survey.id, created_by=user_id, file_id=file.id, expires_at=now + KEPT
    )
    session.add(preview)
    session.flush()
    make_again(session, preview, choices)
    return preview


def make_again(session: Session, preview: ImportPreview, choices: ImportChoices) -> Job:
    """Have the worker make the preview with these choices."""
    job = PREVIEW_IMPORT.ask(
        session,
        PreviewPayload(preview.id),
        journey_id=session.get_one(SurveyRow, preview.survey_id).journey_id,
        user_id=preview.created_by,
    )
    preview.choices, preview.result, preview.job_id = choices.to_json(), None, job.id
    return job


def preview_of(
    session: Session, survey_id: int, preview_id: int, *, user_id: int, now: datetime
) -> ImportPreview:
    """Somebody's own preview. Raises NotFound for another's, and for one that has expired."""
    preview = session.get(ImportPreview, preview_id)
    mine = preview is not None and preview.created_by == user_id
    if preview is None or not mine or preview.survey_id != survey_id or preview.expires_at <= now:
        raise NotFound(_GONE)
    return preview


def run_preview(
    installation: Installation, payload: PreviewPayload, *, progress: Progress
) -> dict[str, Any]:
    """The worker's part of ``keep``: look at the file, and keep what was found with the preview."""
    with installation.store.reading() as session:
        preview = session.get(ImportPreview, payload.preview_id)
        file = session.get(File, preview.file_id or 0) if preview is not None else None
        if preview is None or file is None:
            raise NotFound(_GONE)
        survey = survey_of(session.get_one(SurveyRow, preview.survey_id))
        fingerprint = fingerprint_of(session, installation, survey)
    is_device, refused = is_device_file(file.name), RefusedRows()
    choices = OF_DEVICE if is_device else ImportChoices.from_json(preview.choices)
    with installation.files.open(file) as content:
        found = preview_file(
            installation,
            survey,
            content,
            name=file.name,
            choices=choices,
            is_device=is_device,
            refused=refused,
            progress=progress,
        )
    data = refused.content()
    digest = installation.files.write(data) if refused.count else ""
    with installation.store.writing() as session:
        kept = session.get(ImportPreview, payload.preview_id, with_for_update=True)
        if kept is None:
            raise NotFound(_GONE)
        _drop(session, installation.files, kept.refused_file_id)
        kept.result, kept.fingerprint = found.to_json(), fingerprint
        if refused.count:
            name = f"{file.name}-refused.csv"[-200:]
            row = installation.files.put(
                session, data, name=name, media_type="text/csv", digest=digest
            )
            kept.refused_file_id = row.id
    return {"rows_in_the_file": found.counts.rows}


def confirm(
    session: Session, installation: Installation, survey: Survey, preview_id: int, *, user_id: int
) -> ImportBatch:
    """Have the file of a preview imported as it was shown; the same batch when it was confirmed before.

    Raises Changed where the survey, or what has been imported to it, is not as it was when the preview
    was made; Conflict where the preview does not allow an import.
    """
    query = select(ImportPreview).where(ImportPreview.id == preview_id).with_for_update()
    session.execute(query)
    now = installation.now()
    preview = preview_of(session, survey.id, preview_id, user_id=user_id, now=now)
    if preview.batch_id is not None:
        return session.get_one(ImportBatch, preview.batch_id)
    file = session.get(File, preview.file_id or 0)
    if file is None:
        raise NotFound(_GONE)
    if preview.result is None:
        raise Conflict("The preview is not finished yet; wait for it, then import.")
    if preview.fingerprint != fingerprint_of(session, installation, survey):
        raise Changed(
            "The survey, or what has been imported to it, has changed since this preview was made."
        )
    if not preview.result["may_be_stored"]:
        raise Conflict("Nothing of this file can be imported as it is; see what the preview says.")
    choices = OF_DEVICE if is_device_file(file.name) else ImportChoices.from_json(preview.choices)
    job = ask_import(session, survey, file, choices=choices, user_id=user_id)
    batch = session.scalars(select(ImportBatch).where(ImportBatch.job_id == job.id)).one()
    preview.batch_id = batch.id
    return batch


def discard(session: Session, files: FileStore, preview: ImportPreview) -> None:
    """Delete a preview with its files; the file of one that was confirmed goes with its import."""
    refused, file = preview.refused_file_id, preview.file_id
    confirmed = preview.batch_id is not None
    session.delete(preview)
    session.flush()
    _drop(session, files, refused)
    if not confirmed:
        _drop(session, files, file)


def forget(installation: Installation, now: datetime) -> int:
    """Delete previews that have expired; how many."""
    old = select(ImportPreview.id).where(ImportPreview.expires_at <= now).limit(20)
    with installation.store.reading() as session:
        numbers = list(session.scalars(old))
    for number in numbers:
        with installation.store.writing() as session:
            preview = session.get(ImportPreview, number, with_for_update=True)
            if preview is not None:
                discard(session, installation.files, preview)
    return len(numbers)


def fingerprint_of(session: Session, installation: Installation, survey: Survey) -> str:
    """What an import depends on beside the file: the questions, the anonymity, what was imported."""
    own = ImportBatch.survey_id == survey.id
    imported = session.execute(
        select(
            func.max(ImportBatch.id), func.sum(ImportBatch.stored), func.sum(ImportBatch.removed)
        )
        .select_from(ImportBatch)
        .where(own)
    ).one()
    document = {
        "asked": [
            (instrument.code, instrument.version, key)
            for instrument, key in survey.asked(installation.library)
        ],
        "language": survey.language,
        "anonymity": survey.anonymity,
        "minimum_cell": installation.settings.minimum_cell,
        "imported": [int(each or 0) for each in imported],
    }
    return hashlib.sha256(json.dumps(document).encode()).hexdigest()


def _drop(session: Session, files: FileStore, file_id: int | None) -> None:
    file = session.get(File, file_id) if file_id is not None else None
    if file is not None:
        files.remove(session, file)
