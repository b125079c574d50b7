"""A form that is sent once more, by a double click or after "Back": the same answers, or changed ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.errors import NotFound
from surveyapp.responses.corrections import correct
from surveyapp.responses.reading import Faulty
from surveyapp.responses.submission import Submission
from surveyapp.store.models import Response
from surveyapp.surveys.survey import Survey


class Repeat(StrEnum):
    """What became of it."""

    SAME = "same"  # nothing differs from what is stored
    CHANGED = "changed"  # the stored answers were corrected
    STANDS = "stands"  # the first answers stay as they are


def repeat(
    session: Session,
    survey: Survey,
    response_id: int | None,
    submission: Submission,
    raw: Mapping[str, object],
    *,
    now: datetime,
    library: Library,
) -> Repeat | Faulty:
    """Put changed answers in the place of those that the same form brought before.

    ``response_id`` is the response that the form's key belongs to; None where a personal link was used
    with another form. An anonymous survey's answers stay, since a correction would tell when somebody
    answered whose time is kept as a day. In the caller's transaction, which must be one that writes.
    """
    stored = None if response_id is None else session.get(Response, response_id)
    if stored is None:
        return Repeat.STANDS
    prepared = submission.prepared
    skipped = [each.paradata.get("not_applicable", []) for each in (stored, prepared)]
    if stored.answers == prepared.answers and skipped[0] == skipped[1]:
        return Repeat.SAME
    if survey.anonymity == "anonymous":
        return Repeat.STANDS
    try:
        faulty = correct(session, survey, stored.id, raw, now=now, library=library)
    except NotFound:  # erased at this very moment
        return Repeat.STANDS
    return faulty or Repeat.CHANGED
