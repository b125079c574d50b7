"""The newest comments that customers allow to be quoted: of several journeys, or at one touchpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from surveyapp.comments.newest import newest_of
from surveyapp.journeys.calendar import Calendar
from surveyapp.results.facets import Facets
from surveyapp.results.scope import Period
from surveyapp.store.models import Comment, Response
from surveyapp.surveys.survey import Survey

MOST = 3
RECENT = timedelta(days=90)  # so that few comments are sorted however many there are


@dataclass(frozen=True)
class Quote:
    """What a customer wrote, as it is stored: masked where the survey masks."""

    journey_id: int
    survey: str
    day: date
    language: str
    text: str


def newest_quotes(
    session: Session,
    surveys: Sequence[Survey],
    calendars: Mapping[int, Calendar],
    granted: Select[int] | None,
    *,
    now: datetime,
) -> tuple[Quote, ...]:
    """The newest quotes of these surveys, of the last 90 days.

    ``calendars``: by journey. ``granted`` are the ids of the journeys whose comments whoever asks may
    read; None: all.
    """
    may_read = None if granted is None else set(session.scalars(granted))
    known = {each.id: each for each in surveys if may_read is None or each.journey_id in may_read}
    if not known:
        return ()
    told = select(Comment.survey_id, Comment.submitted_at, Comment.language, Comment.text)
    quotable = (Comment.may_quote, Comment.submitted_at >= now - RECENT)
    rows = session.execute(newest_of(told, sorted(known), *quotable, most=MOST))
    return tuple(
        Quote(
            journey_id=known[survey].journey_id,
            survey=known[survey].name,
            day=calendars[known[survey].journey_id].day(at, anonymous=known[survey].is_anonymous),
            language=language,
            text=text,
        )
        for survey, at, language, text in rows
    )


def quotes_at(
    session: Session,
    surveys: Sequence[Survey],
    calendar: Calendar,
    when: Period,
    facets: Facets,
    *,
    most: int = MOST,
) -> tuple[str, ...]:
    """What customers of these surveys wrote and allow to be quoted, the newest first, as it is stored:
    masked where the survey masks. Without day and language, which could tell whose words they are.
    """
    found: list[tuple[datetime, str]] = []
    for survey in surveys:
        begin, end = calendar.bounds(when.since, when.until, anonymous=survey.is_anonymous)
        query = (
            select(Comment.submitted_at, Comment.text)
            .join(Response, Response.id == Comment.response_id)
            .where(Comment.survey_id == survey.id, Comment.may_quote)
        )
        if begin is not None:
            query = query.where(Comment.submitted_at >= begin)
        if end is not None:
            query = query.where(Comment.submitted_at < end)
        query = query.where(*facets.among_responses())
        newest = query.order_by(
            Comment.submitted_at.desc(), Comment.response_id.desc(), Comment.item
        )
        found += [(at, text) for at, text in session.execute(newest.limit(most))]
    found.sort(key=lambda row: row[0], reverse=True)
    return tuple(text for _, text in found[:most])
