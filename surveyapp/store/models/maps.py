"""What stands on a journey's map besides its stages and touchpoints, and the steps that drew it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from surveyapp.store.columns import Document, UtcDateTime, utc_now
from surveyapp.store.models.base import Base, Number


class MapLane(Base):
    """A row of a map that staff named themselves. A removed one keeps its texts, so that it can be put
    back.
    """

    __tablename__ = "map_lanes"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MapCell(Base):
    """A text of a stage or a touchpoint in one lane: one that every map has, or ``lane_id`` of its own.

    One cell a place and lane: whoever writes it holds the journey's row.
    """

    __tablename__ = "map_cells"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    stage_id: Mapped[int | None] = mapped_column(ForeignKey("stages.id"), index=True)
    touchpoint_id: Mapped[int | None] = mapped_column(ForeignKey("touchpoints.id"), index=True)
    lane: Mapped[str] = mapped_column(String(20))
    lane_id: Mapped[int | None] = mapped_column(ForeignKey("map_lanes.id"))
    text: Mapped[str] = mapped_column(Text)


class MapChange(Base):
    """A change that somebody made on a map: the steps that undo it and do it again.

    Whoever made it may undo it, the last one first; ``undone`` ones can be done again until the person
    changes something else.
    """

    __tablename__ = "map_changes"
    __table_args__ = (
        Index("ix_map_changes_journey_id_user_id", "journey_id", "user_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    said: Mapped[str] = mapped_column(String(300))
    undo: Mapped[dict[str, Any]] = mapped_column(Document)
    redo: Mapped[dict[str, Any]] = mapped_column(Document)
    undone: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class MapVersion(Base):
    """A map as it was on ``day``, under a name: ``content`` is a ``MapSnapshot`` and never changes.

    ``removed_at``: it can be restored for some time.
    """

    __tablename__ = "map_versions"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    note: Mapped[str] = mapped_column(Text, default="")
    day: Mapped[date] = mapped_column(Date)
    content: Mapped[dict[str, Any]] = mapped_column(Document)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SubJourney(Base):
    """That a stage or a touchpoint of a journey leads to another journey, which is drawn by itself."""

    __tablename__ = "sub_journeys"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    stage_id: Mapped[int | None] = mapped_column(ForeignKey("stages.id"), index=True)
    touchpoint_id: Mapped[int | None] = mapped_column(ForeignKey("touchpoints.id"), index=True)
    leads_to_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)


class MapEvidence(Base):
    """What shows on a map how a stage is: a comment that may be quoted, or a file. A quote goes with its
    response.

    ``removed_at``: it can be put back for some time; without ``stage_id`` once its stage is there again.
    """

    __tablename__ = "map_evidence"
    __table_args__ = (
        CheckConstraint("(response_id IS NULL) <> (file_id IS NULL)", name="one_source"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    stage_id: Mapped[int | None] = mapped_column(ForeignKey("stages.id"), index=True)
    title: Mapped[str] = mapped_column(String(200), default="")
    response_id: Mapped[int | None] = mapped_column(
        Number, ForeignKey("responses.id", ondelete="CASCADE"), index=True
    )
    item: Mapped[str] = mapped_column(String(120), default="")
    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"), index=True)
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
