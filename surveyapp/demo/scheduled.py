"""A scheduled report of the demonstration: the executive page, monthly, to whoever looks around."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from surveyapp.reports.schedules.actions import Plan, schedule_report
from surveyapp.reports.schedules.timing import Every
from surveyapp.store.models import Journey


def schedule(session: Session, journey: Journey, *, now: datetime, owner_id: int) -> None:
    """Schedule it from the first of next month."""
    plan = Plan("executive", Every.MONTH, formats=("docx",), user_ids=(owner_id,))
    schedule_report(session, journey.id, plan, user_id=owner_id, now=now)
