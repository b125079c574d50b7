"""Responses with the person who gave them, where a journey run tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from surveyapp.results.analyses.fieldwork import answered_on
from surveyapp.results.answers.answered import journey_calendar
from surveyapp.store.models import Response, SurveyRow

_CHUNK = 5_000

Who = tuple[str, int]  # a journey run, or a response that belongs to none


class PersonAnswer(NamedTuple):
    """One response: ``number`` is its own, ``answers`` by instrument and item."""

    who: Who
    day: date
    answers: dict[str, dict[str, Any]]
    attributes: dict[str, Any]
    wordings: dict[str, str]
    number: int


def person_answers(
    session: Session,
    journey_id: int,
    *,
    survey_id: int | None = None,
    where: Sequence[ColumnElement[bool]] = (),
) -> Iterator[PersonAnswer]:
    """The responses of a journey, or of one of its surveys, in the order of arrival, in batches."""
    calendar = journey_calendar(session, journey_id)
    query = (
        select(
            *(Response.id, Response.journey_run_id, Response.answers, Response.attributes),
            *(Response.wordings, Response.submitted_at, SurveyRow.anonymity == "anonymous"),
        )
        .join(SurveyRow)
        .where(SurveyRow.journey_id == journey_id, *where)
        .order_by(Response.id)
        .execution_options(yield_per=_CHUNK)
    )
    if survey_id is not None:
        query = query.where(Response.survey_id == survey_id)
    for number, run, answers, attributes, wordings, moment, anonymous in session.execute(query):
        who = ("response", number) if run is None else ("run", run)
        day = answered_on(calendar, moment, anonymous=anonymous)
        yield PersonAnswer(who, day, answers, attributes, wordings, number)
