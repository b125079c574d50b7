"""Reads of schedules."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from surveyapp.errors import NotFound
from surveyapp.store.models import ReportSchedule, ScheduleRecipient, ScheduleRun


def schedules(session: Session, journey_id: int) -> list[ReportSchedule]:
    """The journey's schedules with recipients and history, the next one first."""
    query = (
        select(ReportSchedule)
        .options(
            selectinload(ReportSchedule.recipients).joinedload(ScheduleRecipient.user),
            selectinload(ReportSchedule.runs).joinedload(ScheduleRun.report),
            selectinload(ReportSchedule.segment),
        )
        .where(ReportSchedule.journey_id == journey_id)
        .order_by(ReportSchedule.next_on, ReportSchedule.id)
    )
    return list(session.scalars(query))


def schedule(session: Session, journey_id: int, schedule_id: int) -> ReportSchedule:
    """A schedule of this journey; NotFound also when it belongs to another one."""
    found = session.get(ReportSchedule, schedule_id)
    if found is None or found.journey_id != journey_id:
        raise NotFound("There is no such schedule in this journey.")
    return found
