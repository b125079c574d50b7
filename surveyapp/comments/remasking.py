"""Masking a survey's stored comments by its settings as they are now, a batch in a transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Row, Table, bindparam, delete, select, tuple_, update
from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.comments.intake import keeps_originals, masked_by, open_items, texts_of
from surveyapp.comments.rows import Written, replace_comments
from surveyapp.installation import Installation
from surveyapp.jobs.kinds import SurveyPayload
from surveyapp.jobs.running import Progress
from surveyapp.store.models import CommentOriginal, Response
from surveyapp.surveys.queries import surveys
from surveyapp.surveys.survey import Survey

BATCH = 500  # responses: customers who answer meanwhile wait for one batch
_RESPONSES = cast(Table, Response.__table__)
_ORIGINALS = cast(Table, CommentOriginal.__table__)
Place = tuple[datetime, int]  # when a response came, and its number


def run_masking(
    installation: Installation, payload: SurveyPayload, *, progress: Progress
) -> dict[str, Any]:
    """Mask what the survey has stored, and write the rows of its comments; how many responses."""
    store, after, done = installation.store, None, 0
    while True:
        with store.writing() as session:
            survey = surveys(session, [payload.survey_id]).get(payload.survey_id)
            if survey is None:
                return {"responses": done}
            count, after = mask_batch(session, survey, after, library=installation.library)
        done += count
        if count < BATCH:
            return {"responses": done}
        progress(50, f"{done:,} responses looked through")
        store.give_way()


def mask_batch(
    session: Session, survey: Survey, after: Place | None, *, library: Library
) -> tuple[int, Place | None]:
    """Mask the next responses after this place: how many there were, and the place of the last.

    Originals are kept or deleted as the settings say now; what an earlier setting destroyed stays so.
    """
    connection = session.connection()
    page = _page(connection, survey, after)
    items = open_items(survey, library)
    written, changed = [], []
    for row in page:
        taken = masked_by(survey, items, row.answers)
        if taken.answers != row.answers:
            changed.append({"number": row.id, "masked": taken.answers})
        texts = texts_of(items, taken.answers)
        written.append(Written(row.id, row._asdict(), texts, taken.originals))
    if changed:
        putting = update(_RESPONSES).where(_RESPONSES.c.id == bindparam("number"))
        masked = bindparam("masked", type_=_RESPONSES.c.answers.type)
        connection.execute(putting.values(answers=masked), changed)
    if written:
        if not keeps_originals(survey):
            numbers = [each.response_id for each in written]
            connection.execute(delete(_ORIGINALS).where(_ORIGINALS.c.response_id.in_(numbers)))
        replace_comments(connection, written)
    session.expire_all()
    return len(page), (page[-1].submitted_at, page[-1].id) if page else None


def _page(connection: Connection, survey: Survey, after: Place | None) -> list[Row[Any]]:
    own = _RESPONSES.c
    columns = (own.id, own.survey_id, own.answers, own.language, own.source)
    query = select(*columns, own.submitted_at, own.paradata).where(own.survey_id == survey.id)
    if after is not None:
        query = query.where(tuple_(own.submitted_at, own.id) > tuple_(*_bound(after)))
    query = query.order_by(own.submitted_at, own.id).limit(BATCH)
    return list(connection.execute(query.with_for_update()))


def _bound(place: Place) -> tuple[Any, Any]:
    moment, number = place
    own = _RESPONSES.c
    return (
        bindparam("moment", moment, type_=own.submitted_at.type),
        bindparam("after", number, type_=own.id.type),
    )
