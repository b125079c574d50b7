"""What staff change of a survey's comments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from surveyapp.jobs.kinds import MASK_COMMENTS, SurveyPayload
from surveyapp.store.audit import record
from surveyapp.store.models import Job, Response, SurveyRow
from surveyapp.surveys.settings.comments import CommentSettings


def change_comment_settings(
    session: Session, survey: SurveyRow, raw: Mapping[str, Any], *, user_id: int | None
) -> Job | None:
    """Set how open answers are kept; the job that treats stored ones likewise, None where none is
    needed. Raises Invalid as ``CommentSettings.read`` does.

    The audit log has how many names are masked, not the names.
    """
    before, after = CommentSettings.read(survey.comments), CommentSettings.read(raw)
    if before == after:
        return None
    survey.comments = after.written()
    said = {**after.written(), "names": len(after.names)}
    record(session, user_id, "change comment settings", f"survey {survey.code}", **said)
    session.flush()
    masks = (before.mask, before.names, before.keep_originals)
    there = select(exists().where(Response.survey_id == survey.id))
    if masks == (after.mask, after.names, after.keep_originals) or not session.scalar(there):
        return None
    payload = SurveyPayload(survey.id)
    return MASK_COMMENTS.ask(session, payload, journey_id=survey.journey_id, user_id=user_id)
