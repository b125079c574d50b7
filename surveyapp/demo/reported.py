"""Two more reports of the demonstration: for a partner, and an executive page for every segment."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import select

from surveyapp.errors import SurveyappError
from surveyapp.installation import Installation
from surveyapp.reports.actions import EVERY_SEGMENT, PARTNER, ask_report
from surveyapp.results.scope import Scope
from surveyapp.store.models import Report
from surveyapp.worker import run_now

PARTNER_NAME = "City Courier"


def report_besides(installation: Installation, journey_id: int, *, worker: str) -> None:
    """Make them of all time where they are not there yet. A demonstration of few people has too few
    answers for segments; then the list of reports says so.
    """
    kinds = (PARTNER, EVERY_SEGMENT)
    with installation.store.reading() as session:
        there = select(Report.id).where(Report.journey_id == journey_id, Report.kind.in_(kinds))
        if session.scalar(there.limit(1)) is not None:
            return
    with installation.store.writing() as session:
        scope = Scope(journey_id)
        asked = [
            ask_report(
                session, kind=PARTNER, scope=scope, partner=PARTNER_NAME, quotes=True, user_id=None
            ),
            ask_report(session, kind="executive", scope=scope, every_segment=True, user_id=None),
        ]
        jobs = [each.job_id for each in asked]
    for job_id in jobs:
        with suppress(SurveyappError):
            run_now(installation, job_id, worker=worker, shown=lambda _percent, _step: None)
