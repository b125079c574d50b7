"""Reads of the outbox, for staff: what waits, what was sent, and what was not and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from surveyapp.distribution.outgoing import TO_CUSTOMERS
from surveyapp.store.models import OutgoingMessage

_MOST_REASONS = 12


@dataclass(frozen=True)
class Reason:
    """Why so many messages were not sent, in the words of the mail server or our own."""

    state: str
    text: str
    count: int


@dataclass(frozen=True)
class Outbox:
    """A survey's messages by state. ``trouble`` is what the oldest waiting one met last."""

    waiting: int
    sent: int
    failed: int
    cancelled: int
    next_due: datetime | None
    last_sent: datetime | None
    trouble: str
    reasons: tuple[Reason, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.waiting or self.sent or self.failed or self.cancelled)


def outbox(session: Session, survey_id: int) -> Outbox:
    """The state of a survey's messages to customers; test messages are left out."""
    own = _own(survey_id)
    counts = dict.fromkeys(("waiting", "sending", "sent", "failed", "cancelled"), 0)
    for state, count in session.execute(
        select(OutgoingMessage.state, func.count()).where(*own).group_by(OutgoingMessage.state)
    ):
        counts[state] = count
    waiting = OutgoingMessage.state == "waiting"
    oldest = session.execute(
        select(OutgoingMessage.due_at, OutgoingMessage.error)
        .where(*own, waiting)
        .order_by(OutgoingMessage.due_at, OutgoingMessage.id)
        .limit(1)
    ).one_or_none()
    return Outbox(
        waiting=counts["waiting"] + counts["sending"],
        sent=counts["sent"],
        failed=counts["failed"],
        cancelled=counts["cancelled"],
        next_due=oldest.due_at if oldest else None,
        last_sent=session.scalar(select(func.max(OutgoingMessage.sent_at)).where(*own)),
        trouble=oldest.error if oldest else "",
        reasons=_reasons(session, survey_id),
    )


def _own(survey_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        OutgoingMessage.survey_id == survey_id,
        OutgoingMessage.kind.in_(TO_CUSTOMERS),
    )


def _reasons(session: Session, survey_id: int) -> tuple[Reason, ...]:
    rows = session.execute(
        select(OutgoingMessage.state, OutgoingMessage.error, func.count())
        .where(
            *_own(survey_id),
            OutgoingMessage.state.in_(("failed", "cancelled")),
        )
        .group_by(OutgoingMessage.state, OutgoingMessage.error)
        .order_by(func.count().desc(), OutgoingMessage.error)
        .limit(_MOST_REASONS)
    )
    return tuple(Reason(state, text, count) for state, text, count in rows)
