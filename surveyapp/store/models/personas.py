"""Kinds of customers as staff picture them, beside what their segment answers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveyapp.store.columns import UtcDateTime, utc_now
from surveyapp.store.models.base import Base, Number
from surveyapp.store.models.journeys import Segment


class Persona(Base):
    """A kind of customer in words, with an empathy map; its numbers are those of ``segment``.

    ``picture_alt`` says what the picture shows. ``removed_at``: it can be restored for some time, without
    its picture.
    """

    __tablename__ = "personas"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    segment_id: Mapped[int | None] = mapped_column(
        ForeignKey("segments.id", ondelete="SET NULL"), index=True
    )
    demographics: Mapped[str] = mapped_column(Text, default="")
    goals: Mapped[str] = mapped_column(Text, default="")
    needs: Mapped[str] = mapped_column(Text, default="")
    says: Mapped[str] = mapped_column(Text, default="")
    thinks: Mapped[str] = mapped_column(Text, default="")
    does: Mapped[str] = mapped_column(Text, default="")
    feels: Mapped[str] = mapped_column(Text, default="")
    hears: Mapped[str] = mapped_column(Text, default="")
    picture_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"), index=True)
    picture_alt: Mapped[str] = mapped_column(String(200), default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    segment: Mapped[Segment | None] = relationship()
    emotions: Mapped[list[PersonaEmotion]] = relationship(cascade="all, delete-orphan")


class PersonaEmotion(Base):
    """How a persona is assumed to feel at a stage: from -2, very bad, to 2, very good."""

    __tablename__ = "persona_emotions"
    __table_args__ = (CheckConstraint("level BETWEEN -2 AND 2", name="level"),)

    persona_id: Mapped[int] = mapped_column(
        ForeignKey("personas.id", ondelete="CASCADE"), primary_key=True
    )
    stage_id: Mapped[int] = mapped_column(
        ForeignKey("stages.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    level: Mapped[int]
