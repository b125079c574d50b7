"""What was learnt about a journey, and what could be done about it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveyapp.store.columns import UtcDateTime, utc_now
from surveyapp.store.models.accounts import User
from surveyapp.store.models.base import Base, Number, one_of
from surveyapp.store.models.comments import PainPoint
from surveyapp.store.models.journeys import Stage, Touchpoint


class Insight(Base):
    """What somebody learnt from pain points and scores; ``removed_at``: it can be restored."""

    __tablename__ = "insights"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text, default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    pain_points: Mapped[list[PainPoint]] = relationship(
        secondary="insight_pain_points", order_by="PainPoint.id"
    )


class InsightPainPoint(Base):
    """A pain point that an insight rests on."""

    __tablename__ = "insight_pain_points"

    insight_id: Mapped[int] = mapped_column(
        ForeignKey("insights.id", ondelete="CASCADE"), primary_key=True
    )
    pain_point_id: Mapped[int] = mapped_column(
        ForeignKey("pain_points.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Opportunity(Base):
    """Something that could make the journey better, judged by ``effort`` and ``impact`` from 1 to 5.

    ``driver_key`` is the score, as the drivers name it, whose expected gain stands beside the
    judgement; empty for none. Actions of the plan name the opportunity that they are to realise.
    """

    __tablename__ = "opportunities"
    __table_args__ = (
        one_of("state", "open", "doing", "done", "dropped"),
        CheckConstraint("effort BETWEEN 1 AND 5", name="effort"),
        CheckConstraint("impact BETWEEN 1 AND 5", name="impact"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    stage_id: Mapped[int | None] = mapped_column(ForeignKey("stages.id"), index=True)
    touchpoint_id: Mapped[int | None] = mapped_column(ForeignKey("touchpoints.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    effort: Mapped[int]
    impact: Mapped[int]
    driver_key: Mapped[str] = mapped_column(String(200), default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    state: Mapped[str] = mapped_column(String(20), default="open")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    stage: Mapped[Stage | None] = relationship()
    touchpoint: Mapped[Touchpoint | None] = relationship()
    owner: Mapped[User | None] = relationship(foreign_keys=[owner_id])
    insights: Mapped[list[Insight]] = relationship(
        secondary="opportunity_insights", order_by="Insight.id"
    )


class OpportunityInsight(Base):
    """An insight that an opportunity comes from."""

    __tablename__ = "opportunity_insights"

    opportunity_id: Mapped[int] = mapped_column(
        ForeignKey("opportunities.id", ondelete="CASCADE"), primary_key=True
    )
    insight_id: Mapped[int] = mapped_column(
        ForeignKey("insights.id", ondelete="CASCADE"), primary_key=True, index=True
    )
