"""A form that is sent once more, by a double click or after "Back": the same answers, or changed ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.comments.rows import QUOTE
from surveyapp.errors import NotFound
from surveyapp.responses.corrections import correct
from surveyapp.responses.reading import Faulty
from surveyapp.responses.submission import Submission
from surveyapp.responses.waiting import content_of
from surveyapp.store.epoch_keys import EpochKeys
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
    keys: EpochKeys,
) -> Repeat | Faulty:
    """Put changed answers in the place of those that the same form brought before.

    ``response_id`` is the response that the form's key belongs to; None where a personal link was used
    with another form. An anonymous survey's answers stay, since a correction would tell when somebody
    answered whose time is kept as a day. In the caller's transaction, which must be one that writes.
    """
    if response_id is None:
        return Repeat.STANDS
    held = content_of(session, response_id, keys.seal) if survey.is_anonymous else None
    if held is not None:
        same = _is_same(held["answers"], held["paradata"], submission)
        return Repeat.SAME if same else Repeat.STANDS
    stored = session.get(Response, response_id)
    if stored is None:
        return Repeat.STANDS
    if _is_same(stored.answers, stored.paradata, submission):
        return Repeat.SAME
    if survey.is_anonymous:
        return Repeat.STANDS
    try:
        faulty = correct(
            *(session, survey, stored.id, raw),
            now=now,
            library=library,
            may_quote=_may_quote(submission.prepared.paradata),
        )
    except NotFound:  # erased at this very moment
        return Repeat.STANDS
    return faulty or Repeat.CHANGED


def _is_same(
    answers: Mapping[str, Any], paradata: Mapping[str, Any], submission: Submission
) -> bool:
    prepared = submission.prepared
    skipped = [each.get("not_applicable", []) for each in (paradata, prepared.paradata)]
    quoting = [_may_quote(each) for each in (paradata, prepared.paradata)]
    return answers == prepared.answers and skipped[0] == skipped[1] and quoting[0] is quoting[1]


def _may_quote(paradata: Mapping[str, Any]) -> bool:
    return paradata.get(QUOTE) is True
