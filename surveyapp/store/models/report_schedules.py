"""Reports that are made and sent by the calendar: to whom, what came of each period, and their links."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveyapp.store.columns import Document, UtcDateTime, utc_now
from surveyapp.store.encrypted_columns import Encrypted
from surveyapp.store.models.accounts import User
from surveyapp.store.models.base import Base, one_of
from surveyapp.store.models.journeys import Journey, Segment
from surveyapp.store.models.results import Report


class ReportSchedule(Base):
    """A report of a journey that is made again and again.

    ``next_on`` is the day, in the journey's time zone, that it is made on next, from ``hour`` o'clock. The
    report is of the last ``months`` months: complete ones, of a weekly report those up to the present one.
    """

    __tablename__ = "report_schedules"
    __table_args__ = (
        one_of("every", "week", "month", "quarter"),
        CheckConstraint("hour >= 0 AND hour < 24", name="hour"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    segment_id: Mapped[int | None] = mapped_column(
        ForeignKey("segments.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(60))
    every: Mapped[str] = mapped_column(String(10))
    hour: Mapped[int]
    months: Mapped[int]
    parameters: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    next_on: Mapped[date] = mapped_column(Date, index=True)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    journey: Mapped[Journey] = relationship()
    segment: Mapped[Segment | None] = relationship()
    creator: Mapped[User | None] = relationship()
    recipients: Mapped[list[ScheduleRecipient]] = relationship(
        order_by="ScheduleRecipient.id", cascade="all, delete-orphan"
    )
    runs: Mapped[list[ScheduleRun]] = relationship(
        order_by="ScheduleRun.due_on.desc()",
        cascade="all, delete-orphan",
        back_populates="schedule",
    )


class ScheduleRecipient(Base):
    """Somebody with an account, or an address without one; ``left_at``: they have unsubscribed."""

    __tablename__ = "schedule_recipients"
    __table_args__ = (
        CheckConstraint("(user_id IS NULL) <> (address = '')", name="account_or_address"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(
        ForeignKey("report_schedules.id", ondelete="CASCADE"), index=True
    )
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    address: Mapped[str] = mapped_column(Encrypted("schedule_recipients.address"), default="")
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User | None] = relationship()


class ScheduleRun(Base):
    """What came of a schedule on one of its days; there is one row a day, whoever makes it."""

    __tablename__ = "schedule_runs"
    __table_args__ = (
        UniqueConstraint("schedule_id", "due_on"),
        Index("ix_schedule_runs_state", "state"),
        one_of("state", "making", "sent", "skipped", "failed"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("report_schedules.id", ondelete="CASCADE"))
    due_on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(10))
    note: Mapped[str] = mapped_column(String(500), default="")
    report_id: Mapped[int | None] = mapped_column(
        ForeignKey("reports.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    schedule: Mapped[ReportSchedule] = relationship(back_populates="runs")
    report: Mapped[Report | None] = relationship()


class ReportLink(Base):
    """A link to one report for somebody without an account; the database knows its digest alone."""

    __tablename__ = "report_links"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"), index=True)
    recipient_id: Mapped[int] = mapped_column(
        ForeignKey("schedule_recipients.id", ondelete="CASCADE"), index=True
    )
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    report: Mapped[Report] = relationship()
