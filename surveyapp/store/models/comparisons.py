"""What is compared and looked at together: tests between journeys, pairs of drivers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveyapp.store.columns import Document, UtcDateTime, utc_now
from surveyapp.store.models.base import Base
from surveyapp.store.models.jobs import Job
from surveyapp.store.models.journeys import Journey


class JourneyInvariance(Base):
    """A stored test whether an instrument measures alike at the ends of several journeys."""

    __tablename__ = "journey_invariances"

    id: Mapped[int] = mapped_column(primary_key=True)
    instrument: Mapped[str] = mapped_column(String(60))
    fingerprint: Mapped[str] = mapped_column(String(64), default="")
    versions: Mapped[dict[str, str]] = mapped_column(Document, default=dict)
    result: Mapped[dict[str, Any] | None] = mapped_column(Document)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    job: Mapped[Job | None] = relationship()
    members: Mapped[list[InvarianceMember]] = relationship(
        order_by="InvarianceMember.journey_id", cascade="all, delete-orphan"
    )


class InvarianceMember(Base):
    """A journey that a test is about; ``answers``: how many it had when they were read."""

    __tablename__ = "invariance_members"

    invariance_id: Mapped[int] = mapped_column(
        ForeignKey("journey_invariances.id", ondelete="CASCADE"), primary_key=True
    )
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), primary_key=True, index=True)
    answers: Mapped[int] = mapped_column(BigInteger, default=0)

    journey: Mapped[Journey] = relationship()


class SegmentInvariance(Base):
    """The newest test whether an instrument measures alike in a segment and in all other customers.

    ``rule``: the segment's when it was tested. ``inside`` and ``outside``: complete answers, of which the
    newest were tested; ``answers``: scores of the segment, by which it is seen whether the test is old.
    """

    __tablename__ = "segment_invariances"
    __table_args__ = (
        Index("ix_segment_invariances_journey_id", "journey_id"),
        UniqueConstraint("journey_id", "place", "instrument", "segment_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"))
    place: Mapped[int] = mapped_column(default=0)  # a touchpoint's number, 0 at the journey's end
    instrument: Mapped[str] = mapped_column(String(60))
    segment_id: Mapped[int] = mapped_column(ForeignKey("segments.id", ondelete="CASCADE"))
    rule: Mapped[str] = mapped_column(Text)
    rules_version: Mapped[int]
    verdict: Mapped[str] = mapped_column(String(30))
    needed: Mapped[int] = mapped_column(default=0)
    inside: Mapped[int] = mapped_column(BigInteger, default=0)
    outside: Mapped[int] = mapped_column(BigInteger, default=0)
    answers: Mapped[int] = mapped_column(BigInteger, default=0)
    released: Mapped[list[str]] = mapped_column(Document, default=list)
    result: Mapped[dict[str, Any]] = mapped_column(Document, default=dict, deferred=True)
    fingerprint: Mapped[str] = mapped_column(String(64), default="")
    versions: Mapped[dict[str, str]] = mapped_column(Document, default=dict, deferred=True)
    tested_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class TimeInvariance(Base):
    """The newest test whether an instrument measures alike in the quarters of a journey.

    ``quarters`` as "2026 Q3", those that were compared; ``answers``: scores of all time, by which it is
    seen whether the test is old.
    """

    __tablename__ = "time_invariances"
    __table_args__ = (UniqueConstraint("journey_id", "place", "instrument"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"))
    place: Mapped[int] = mapped_column(default=0)  # a touchpoint's number, 0 at the journey's end
    instrument: Mapped[str] = mapped_column(String(60))
    quarters: Mapped[list[str]] = mapped_column(Document, default=list)
    rules_version: Mapped[int]
    verdict: Mapped[str] = mapped_column(String(30))
    needed: Mapped[int] = mapped_column(default=0)
    answers: Mapped[int] = mapped_column(BigInteger, default=0)
    released: Mapped[list[str]] = mapped_column(Document, default=list)
    result: Mapped[dict[str, Any]] = mapped_column(Document, default=dict, deferred=True)
    fingerprint: Mapped[str] = mapped_column(String(64), default="")
    versions: Mapped[dict[str, str]] = mapped_column(Document, default=dict, deferred=True)
    tested_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class DriverPair(Base):
    """Two scores of a journey that are looked at together: does one matter more where the other is low?

    ``first`` and ``second`` are keys of scores: a scale's id, before it the touchpoint's number and a
    colon where it is asked at one.
    """

    __tablename__ = "driver_pairs"
    __table_args__ = (UniqueConstraint("journey_id", "first", "second"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"))
    first: Mapped[str] = mapped_column(String(200))
    second: Mapped[str] = mapped_column(String(200))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
