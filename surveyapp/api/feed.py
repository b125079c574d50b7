"""Responses page by page, for programs that fetch what is new since they last came.

Of an anonymous survey a page is made of whole days that are over, never fewer answers than the
smallest cell, in an order that says nothing; what is too little for a page waits for more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from surveyapp.errors import Invalid
from surveyapp.responses.flags import flags_of, unflagged
from surveyapp.results.analyses.careless_flags import careless_of
from surveyapp.results.answers.answered import journey_calendar
from surveyapp.store.models import Erasure, JourneyRun, Response, Score
from surveyapp.surveys.survey import Survey

_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_CORRECTION = re.compile(r"c([1-9][0-9]{0,17})")
_ERASURE = re.compile(r"e([1-9][0-9]{0,17})")
_CHANGE = re.compile(r"c([0-9]{1,16})-([0-9]{1,18})")  # as earlier editions named a place
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")

Given = tuple[Response, str | None]  # with the pseudonym of who gave it


@dataclass(frozen=True)
class Page:
    """Responses as documents; ``next`` is where the following page begins, None when this is empty.

    ``first_day`` and ``last_day`` are those of an anonymous survey's page.
    """

    responses: tuple[dict[str, Any], ...]
    next: str | None
    first_day: date | None = None
    last_day: date | None = None


def page(
    session: Session,
    survey: Survey,
    *,
    after: str | None,
    limit: int,
    settled: int,
    minimum_cell: int,
    now: datetime,
    without_flagged: bool = False,
) -> Page:
    """The responses after the place that the page before named; Invalid (field "after") for another.

    ``settled`` is what ``numbers.settled`` said before this session looked for the first time.
    """
    only = _only(without_flagged)
    if survey.anonymity == "anonymous":
        return _of_days(session, survey, after, limit, minimum_cell, now, only)
    return _of_numbers(session, survey, after, limit, settled, only)


def _only(without_flagged: bool) -> list[ColumnElement[bool]]:
    return [unflagged()] if without_flagged else []


def corrected(
    session: Session,
    survey: Survey,
    *,
    after: str | None,
    limit: int,
    without_flagged: bool = False,
) -> Page:
    """Responses that their customers have changed, as they are now, in the order of the last change.

    Of an anonymous survey there are none. Invalid (field "after") for a place of another list.
    """
    beyond = _beyond(after)
    if survey.anonymity == "anonymous":
        return Page((), after)
    only = _only(without_flagged)
    rows = _rows(session, survey, beyond, *only, order=(Response.correction,), limit=limit)
    if not rows:
        return Page((), after)
    return Page(_documents(session, rows), f"c{rows[-1][0].correction}")


def erased(session: Session, survey: Survey, *, after: str | None, limit: int) -> Page:
    """What erased responses were called, in the order of their erasure.

    Of an anonymous survey there are none. Invalid (field "after") for a place of another list.
    """
    match = _ERASURE.fullmatch(after) if after is not None else None
    if after is not None and match is None:
        raise _no_place(after)
    if survey.is_anonymous:
        return Page((), after)
    query = select(Erasure).where(
        Erasure.survey_id == survey.id, Erasure.place > (int(match[1]) if match else 0)
    )
    found = session.scalars(query.order_by(Erasure.place).limit(limit)).all()
    documents = tuple(
        {
            "response_id": each.response_id,
            "response": each.response,
            "erased_at": each.erased_at,
        }
        for each in found
    )
    return Page(documents, f"e{found[-1].place}" if found else after)


def _of_numbers(
    session: Session,
    survey: Survey,
    after: str | None,
    limit: int,
    settled: int,
    only: Sequence[ColumnElement[bool]],
) -> Page:
    if after is not None and not _NUMBER.fullmatch(after):
        raise _no_place(after)
    rows = _rows(
        session,
        survey,
        Response.id > int(after or 0),
        Response.id <= settled,
        *only,
        order=(Response.id,),
        limit=limit,
    )
    return Page(_documents(session, rows), str(rows[-1][0].id) if rows else after)


def _rows(
    session: Session,
    survey: Survey,
    *conditions: ColumnElement[bool],
    order: Sequence[InstrumentedAttribute[Any]],
    limit: int,
) -> Sequence[Given]:
    """Responses with the pseudonym of who gave them."""
    query = (
        select(Response, JourneyRun.customer_ref)
        .outerjoin(JourneyRun, JourneyRun.id == Response.journey_run_id)
        .where(Response.survey_id == survey.id, *conditions)
    )
    found = session.execute(query.order_by(*order).limit(limit))
    return [(response, customer_ref) for response, customer_ref in found]


def _documents(session: Session, rows: Sequence[Given]) -> tuple[dict[str, Any], ...]:
    listed = [response.id for response, _ in rows]
    scores, careless = _scores(session, listed), careless_of(session, listed)
    return tuple(
        {
            "response_id": response.public_id,
            "response": response.id,
            "submitted_at": response.submitted_at,
            "corrected_at": response.corrected_at,
            "customer": customer,
            "run": response.journey_run_id,
            "source": response.source,
            "language": response.language,
            "consent_version": response.consent_version,
            "flags": flags_of(response.paradata),
            "attributes": response.attributes,
            "answers": response.answers,
            "scores": scores.get(response.id, {}),
            "careless": careless.get(response.id, {}),
        }
        for response, customer in rows
    )


def _of_days(
    session: Session,
    survey: Survey,
    after: str | None,
    limit: int,
    minimum_cell: int,
    now: datetime,
    only: Sequence[ColumnElement[bool]],
) -> Page:
    own = Response.survey_id == survey.id
    calendar = journey_calendar(session, survey.journey_id)
    today = calendar.coarse(now)
    begin = _midnight(after) + timedelta(days=1) if after is not None else None
    open_days = [own, Response.submitted_at < today, *only]
    if begin is not None:
        open_days.append(Response.submitted_at >= begin)
    counted = session.execute(
        select(Response.submitted_at, func.count())
        .where(*open_days)
        .group_by(Response.submitted_at)
        .order_by(Response.submitted_at)
    ).all()
    enough = _whole_days([(moment, count) for moment, count in counted], limit, minimum_cell)
    if not enough:
        return Page((), after)
    rows = session.scalars(
        select(Response)
        .where(own, *only, Response.submitted_at.between(enough[0], enough[-1]))
        .order_by(Response.id)  # random numbers: the order says nothing
    ).all()
    listed = [response.id for response in rows]
    scores, careless = _scores(session, listed), careless_of(session, listed)
    found = tuple(
        {
            "language": response.language,
            "answers": response.answers,
            "scores": scores.get(response.id, {}),
            "careless": careless.get(response.id, {}),
        }
        for response in rows
    )
    last = enough[-1].date()
    return Page(found, last.isoformat(), enough[0].date(), last)


def _whole_days(
    counted: Sequence[tuple[datetime, int]], limit: int, minimum_cell: int
) -> list[datetime]:
    """The first days that make a page: enough answers, and no more than ``limit`` where that can be.

    Of the rest none is left alone: too little for a page of its own, it joins this one.
    """
    days: list[datetime] = []
    total, left = 0, sum(count for _, count in counted)
    if left < minimum_cell:
        return []
    for day, count in counted:
        if total >= minimum_cell and total + count > limit and left >= minimum_cell:
            break
        days.append(day)
        total, left = total + count, left - count
    return days


def _scores(session: Session, numbers: Sequence[int]) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = {}
    query = select(Score.response_id, Score.scale, Score.value)
    for start in range(0, len(numbers), 500):
        chosen = Score.response_id.in_(numbers[start : start + 500])
        for number, scale, value in session.execute(query.where(chosen)):
            found.setdefault(number, {})[scale] = value
    return found


def _beyond(after: str | None) -> ColumnElement[bool]:
    """What follows the place where a page of changed responses ended."""
    if after is None:
        return Response.correction.is_not(None)
    found = _CORRECTION.fullmatch(after)
    if found is not None:
        return Response.correction > int(found[1])
    earlier = _CHANGE.fullmatch(after)
    if earlier is None:
        raise _no_place(after)
    at, moment = Response.corrected_at, _BEGINNING + int(earlier[1]) * _MICROSECOND
    later = or_(at > moment, and_(at == moment, Response.id > int(earlier[2])))
    return and_(Response.correction.is_not(None), later)


def _midnight(text: str) -> datetime:
    if not _DAY.fullmatch(text):
        raise _no_place(text)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise _no_place(text) from error


def _no_place(text: str) -> Invalid:
    return Invalid(
        f"{text[:40]!r} is not a valid cursor; use the value of next from the previous page.",
        field="after",
    )
