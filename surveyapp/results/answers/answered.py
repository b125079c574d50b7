"""Which responses were given in a period, or belong to a segment; and which months are recent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from surveyapp.errors import NotFound
from surveyapp.journeys.calendar import Calendar, calendar_of
from surveyapp.journeys.segments import Rule, parse
from surveyapp.results.scope import Period, recent
from surveyapp.store.models import Journey, Response, Segment, SurveyRow


def journey_calendar(session: Session, journey_id: int) -> Calendar:
    """The calendar by which a journey's figures are shown. Raises NotFound."""
    return calendar_of(_journey(session, journey_id))


def _journey(session: Session, journey_id: int) -> Journey:
    journey = session.get(Journey, journey_id)
    if journey is None:
        raise NotFound("There is no such journey; it may have been removed.")
    return journey


def segment_rule(session: Session, segment_id: int | None) -> Rule | None:
    """The rule of a segment; None for everybody. Raises NotFound."""
    if segment_id is None:
        return None
    segment = session.get(Segment, segment_id)
    if segment is None:
        raise NotFound(f"There is no segment number {segment_id}; it may have been removed.")
    return parse(segment.rule)


def recent_months(session: Session, journey_id: int, now: datetime, *, default: int) -> Period:
    """The last complete months of a journey's calendar, as many as the journey or ``default`` says.

    Raises NotFound.
    """
    journey = _journey(session, journey_id)
    return recent(calendar_of(journey).day(now), journey.period_months or default)


def answered_in(session: Session, journey_id: int, when: Period) -> list[ColumnElement[bool]]:
    """What holds for those of the journey's responses that were given in a period. Raises NotFound."""
    if when.whole:
        return []
    calendar = journey_calendar(session, journey_id)
    moments = _between(calendar.bounds(when.since, when.until))
    if calendar.zone == "UTC":
        return moments
    days = _between(calendar.bounds(when.since, when.until, anonymous=True))
    anonymous = select(SurveyRow.id).where(
        SurveyRow.journey_id == journey_id, SurveyRow.anonymity == "anonymous"
    )
    inside = Response.survey_id.in_(anonymous)
    return [or_(and_(inside, *days), and_(~inside, *moments))]


def _between(bounds: tuple[datetime | None, datetime | None]) -> list[ColumnElement[bool]]:
    begin, end = bounds
    held: list[ColumnElement[bool]] = []
    if begin is not None:
        held.append(Response.submitted_at >= begin)
    if end is not None:
        held.append(Response.submitted_at < end)
    return held
