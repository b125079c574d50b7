"""What became of customers, as other systems know it, and the newest analysis of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Float, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from surveyapp.store.columns import Document, UtcDateTime, utc_now
from surveyapp.store.models.base import Base, Number, one_of


class CustomerOutcome(Base):
    """What became of a customer of a journey: a pseudonym, what it was, when, and how much.

    ``value`` is 1 for an event and 0 for a customer who was followed until ``at`` without it; a sum of
    money, or a time in hours, of the other kinds. ``external_id`` is the reporting system's own, or made
    of what it told.
    """

    __tablename__ = "customer_outcomes"
    __table_args__ = (
        one_of(
            "kind",
            *(
                "churn",
                "repeat_purchase",
                "complaint",
                "revenue",
                "resolution_time",
                "waiting_time",
            ),
        ),
        UniqueConstraint("journey_id", "external_id"),
        Index("ix_customer_outcomes_customer_ref", "customer_ref"),
        Index("ix_customer_outcomes_at", "at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"))
    customer_ref: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    value: Mapped[float] = mapped_column(Float(53))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    external_id: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(20))  # "api", "csv"
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class OutcomeAnalysis(Base):
    """The newest analysis of a journey's outcomes; one a journey, replaced by the next.

    ``customers`` and ``outcomes`` are those it was made of, by which it is seen whether it is stale.
    """

    __tablename__ = "outcome_analyses"

    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), primary_key=True)
    result: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    customers: Mapped[int] = mapped_column(BigInteger, default=0)
    outcomes: Mapped[int] = mapped_column(BigInteger, default=0)
    versions: Mapped[dict[str, str]] = mapped_column(Document, default=dict)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
