"""What staff say to each other about a map and what was found on it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from surveyapp.store.columns import UtcDateTime, utc_now
from surveyapp.store.models.base import Base, Number, one_of


class MapComment(Base):
    """A comment on a cell of a map, on a record or on the journey as a whole (``kind``); one with a
    ``thread_id`` answers that one.

    A cell is a stage's or touchpoint's in ``lane``, of an own lane with ``lane_id``. A stage or
    touchpoint that was removed is not named any more, until it is put back. ``text`` is empty where the
    author took it away and answers to it are there.
    """

    __tablename__ = "map_comments"
    __table_args__ = (
        one_of("kind", "journey", "stage", "touchpoint", "pain_point", "insight", "opportunity"),
        Index("ix_map_comments_journey_id_resolved_at", "journey_id", "resolved_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"))
    thread_id: Mapped[int | None] = mapped_column(
        Number, ForeignKey("map_comments.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(20))
    stage_id: Mapped[int | None] = mapped_column(ForeignKey("stages.id"), index=True)
    touchpoint_id: Mapped[int | None] = mapped_column(ForeignKey("touchpoints.id"), index=True)
    pain_point_id: Mapped[int | None] = mapped_column(
        Number, ForeignKey("pain_points.id", ondelete="CASCADE"), index=True
    )
    insight_id: Mapped[int | None] = mapped_column(
        Number, ForeignKey("insights.id", ondelete="CASCADE"), index=True
    )
    opportunity_id: Mapped[int | None] = mapped_column(
        Number, ForeignKey("opportunities.id", ondelete="CASCADE"), index=True
    )
    lane: Mapped[str] = mapped_column(String(20), default="")
    lane_id: Mapped[int | None] = mapped_column(ForeignKey("map_lanes.id"))
    text: Mapped[str] = mapped_column(Text)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    resolved_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MapMention(Base):
    """Somebody whom a comment names, and who was told."""

    __tablename__ = "map_mentions"

    comment_id: Mapped[int] = mapped_column(
        Number, ForeignKey("map_comments.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
