"""How much work one person may have waiting, so that nobody fills the queue for all."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict
from surveyapp.store.models import Job
from surveyapp.web.sessions import me

MOST_WAITING = 20


def leave_room(session: Session) -> None:
    """Raise Conflict when the signed-in person's unfinished jobs are as many as may be."""
    unfinished = session.scalar(
        select(func.count())
        .select_from(Job)
        .where(Job.created_by == me().id, Job.state.in_(("waiting", "running")))
    )
    if (unfinished or 0) >= MOST_WAITING:
        raise Conflict(
            f"You have {unfinished} unfinished jobs and the limit is {MOST_WAITING};"
            " wait until some are done."
        )
