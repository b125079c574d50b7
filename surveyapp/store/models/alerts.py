"""Alerts on published figures, and what they have told."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, Float, ForeignKey, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveyapp.store.columns import Document, UtcDateTime, utc_now
from surveyapp.store.encrypted_columns import Encrypted, EncryptedDocument
from surveyapp.store.models.base import Base, Number, one_of
from surveyapp.store.models.journeys import Journey
from surveyapp.store.models.results import EVERYBODY


class Alert(Base):
    """Tell people when a figure of the last complete months crosses what it must not cross.

    ``place`` is that of a target: "" for the journey as a whole, else "stage/touchpoint". ``value`` is
    of a threshold; 0 where the kind has none. Once told it is no longer ``armed``, until the figure was
    back. ``outside`` watches both sides at once, of a threshold from ``value`` to
    ``upper``, and ``direction`` says nothing then; ``side`` is where the last crossing told was.
    ``looked_until`` is the last day of the months that it has judged: each is judged once.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        one_of("kind", "threshold", "change", "control"),
        one_of("direction", "below", "above"),
        one_of("comparison", "before", "year"),
        one_of("chat", "", "slack", "teams"),
        one_of("digest", "now", "daily", "weekly"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    place: Mapped[str] = mapped_column(String(121), default="")
    scale: Mapped[str] = mapped_column(String(120))
    segment_id: Mapped[int] = mapped_column(default=EVERYBODY)
    channel: Mapped[str] = mapped_column(String(20), default="")
    language: Mapped[str] = mapped_column(String(35), default="")
    flagged: Mapped[bool] = mapped_column(default=False)
    weighted: Mapped[bool] = mapped_column(default=False, server_default=false())
    kind: Mapped[str] = mapped_column(String(20), default="threshold")
    direction: Mapped[str] = mapped_column(String(10), default="below")
    value: Mapped[float] = mapped_column(Float(53), default=0.0)
    outside: Mapped[bool] = mapped_column(default=False, server_default=false())
    upper: Mapped[float | None] = mapped_column(Float(53))
    side: Mapped[str] = mapped_column(String(10), default="", server_default="")
    # Of a threshold: the whole interval must have crossed it, not the estimate alone.
    whole: Mapped[bool] = mapped_column(default=False)
    comparison: Mapped[str] = mapped_column(String(10), default="before")
    minimum_n: Mapped[int]
    months: Mapped[int]  # the last complete ones
    people: Mapped[list[int]] = mapped_column(Document, default=list)
    emails: Mapped[list[str]] = mapped_column(
        EncryptedDocument("alerts.emails", "[]"), default=list
    )
    chat: Mapped[str] = mapped_column(String(10), default="")
    chat_url: Mapped[str] = mapped_column(Encrypted("alerts.chat_url"), default="")
    digest: Mapped[str] = mapped_column(String(10), default="now")
    escalate_to: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    escalate_hours: Mapped[int | None]
    muted_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    active: Mapped[bool] = mapped_column(default=True)
    armed: Mapped[bool] = mapped_column(default=True)
    looked_until: Mapped[date | None] = mapped_column(Date)
    looked_on: Mapped[date | None] = mapped_column(Date)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    told: Mapped[int] = mapped_column(default=0, server_default="0")  # how often
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    journey: Mapped[Journey] = relationship()


class AlertEvent(Base):
    """A crossing that an alert has told, or a test of it; ``text`` is what was said of it then.

    ``sent_at`` is when it was written to people, None while it waits for a digest or was muted. The
    chat's ``post_state`` is "" where none is told.
    """

    __tablename__ = "alert_events"
    __table_args__ = (
        one_of("kind", "crossed", "test"),
        one_of("post_state", "", "waiting", "sending", "sent", "failed"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10), default="crossed")
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    title: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    muted: Mapped[bool] = mapped_column(default=False)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    escalated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    post_state: Mapped[str] = mapped_column(String(10), default="", index=True)
    post_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    post_attempts: Mapped[int] = mapped_column(default=0)
    post_error: Mapped[str] = mapped_column(String(300), default="")

    alert: Mapped[Alert] = relationship()
