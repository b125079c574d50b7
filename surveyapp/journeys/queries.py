"""Reads of journeys, their map, and segments."""

from __future__ import annotations

from sqlalchemy import Select, func, select, true
from sqlalchemy.orm import Session, joinedload, selectinload

from surveyapp.errors import NotFound
from surveyapp.store.db import read_once
from surveyapp.store.models import (
    EVERYBODY,
    Journey,
    MonthlyRollup,
    Segment,
    Stage,
    SurveyRow,
    Touchpoint,
)


def journeys(session: Session, granted: Select[int] | None = None) -> list[Journey]:
    """Every journey with its map, by name; archived ones last.

    ``granted`` are the ids of those that whoever asks may see; None: all.
    """
    query = select(Journey).options(
        selectinload(Journey.stages).selectinload(Stage.touchpoints),
        selectinload(Journey.surveys),
    )
    if granted is not None:
        query = query.where(Journey.id.in_(granted))
    return list(session.scalars(query.order_by(Journey.state == "archived", Journey.name)))


def journey(session: Session, journey_id: int) -> Journey:
    """One journey with its map, read once in a snapshot, or NotFound."""
    return read_once(session, ("journey", journey_id), lambda: _journey(session, journey_id))


def _journey(session: Session, journey_id: int) -> Journey:
    query = select(Journey).options(selectinload(Journey.stages).selectinload(Stage.touchpoints))
    found = session.scalar(query.where(Journey.id == journey_id))
    if found is None:
        raise NotFound("There is no such journey; it may have been removed.")
    return found


def journey_by_code(session: Session, code: str, journey_id: int | None = None) -> Journey:
    """The journey that a command names; NotFound lists the known ones.

    With ``journey_id`` there is no other journey.
    """
    those = true() if journey_id is None else Journey.id == journey_id
    found = session.scalar(select(Journey).where(Journey.code == code, those))
    if found is None:
        codes = select(Journey.code).where(those).order_by(Journey.code)
        known = ", ".join(session.scalars(codes)) or "none"
        raise NotFound(f"There is no journey {code!r}; known: {known}.")
    return found


def stage(session: Session, journey_id: int, stage_id: int) -> Stage:
    """A stage of this journey; NotFound also when it belongs to another one."""
    found = session.get(Stage, stage_id)
    if found is None or found.journey_id != journey_id:
        raise NotFound("There is no such stage in this journey.")
    return found


def touchpoint(session: Session, journey_id: int, touchpoint_id: int) -> Touchpoint:
    """A touchpoint of this journey; NotFound also when it belongs to another one."""
    found = session.scalar(
        select(Touchpoint)
        .join(Stage)
        .where(Touchpoint.id == touchpoint_id, Stage.journey_id == journey_id)
    )
    if found is None:
        raise NotFound("There is no such touchpoint in this journey.")
    return found


def survey_row(session: Session, journey_id: int, survey_id: int) -> SurveyRow:
    """The row of a survey of this journey, to change it; NotFound also when it is another one's."""
    query = select(SurveyRow).options(joinedload(SurveyRow.touchpoint))
    found = session.scalar(query.where(SurveyRow.id == survey_id))
    if found is None or found.journey_id != journey_id:
        raise NotFound("There is no such survey in this journey.")
    return found


def segments(session: Session, granted: Select[int] | None = None) -> list[Segment]:
    """Every segment, by name; none for whoever may see no journey (``granted``; None: all)."""
    query = select(Segment).order_by(Segment.name, Segment.id)
    if granted is not None:
        return list(session.scalars(query.where(granted.exists())))
    return list(read_once(session, ("segments",), lambda: session.scalars(query).all()))


def segment(session: Session, segment_id: int) -> Segment:
    """One segment, or NotFound."""
    found = session.get(Segment, segment_id)
    if found is None:
        raise NotFound("There is no such segment.")
    return found


def segment_by_code(session: Session, code: str) -> Segment:
    """The segment that a command names; NotFound lists the known ones."""
    found = session.scalar(select(Segment).where(Segment.code == code))
    if found is None:
        known = ", ".join(session.scalars(select(Segment.code).order_by(Segment.code))) or "none"
        raise NotFound(f"There is no segment {code!r}; known: {known}.")
    return found


def has_responses(session: Session, journey_id: int) -> bool:
    """Whether anybody has answered any of the journey's surveys."""
    query = (
        select(MonthlyRollup.survey_id)
        .join(SurveyRow, SurveyRow.id == MonthlyRollup.survey_id)
        .where(
            SurveyRow.journey_id == journey_id,
            MonthlyRollup.scale == "responses",
            MonthlyRollup.n > 0,
        )
    )
    return session.scalar(query.limit(1)) is not None


def count_responses(session: Session, granted: Select[int] | None = None) -> dict[int, int]:
    """Responses by journey id, from the rollups: counting rows would take longer each month.

    ``granted`` are the ids of those that whoever asks may see; None: all.
    """
    query = (
        select(SurveyRow.journey_id, func.sum(MonthlyRollup.n))
        .join(MonthlyRollup, MonthlyRollup.survey_id == SurveyRow.id)
        .join(Journey, Journey.id == SurveyRow.journey_id)
        .where(
            MonthlyRollup.generation == Journey.generation,
            MonthlyRollup.segment_id == EVERYBODY,
            MonthlyRollup.scale == "responses",
        )
        .group_by(SurveyRow.journey_id)
    )
    if granted is not None:
        query = query.where(SurveyRow.journey_id.in_(granted))
    return {row[0]: int(row[1]) for row in session.execute(query)}
