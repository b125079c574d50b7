"""Suggestions of what to do about a journey that somebody did not want."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveyapp.store.columns import UtcDateTime, utc_now
from surveyapp.store.models.accounts import User
from surveyapp.store.models.base import Base, Number


class SuggestionDismissal(Base):
    """A suggestion that is not shown any more, and why. ``key`` names its kind and what it is about;
    ``title`` is what it said, which outlives the touchpoint that it was about.
    """

    __tablename__ = "suggestion_dismissals"
    __table_args__ = (UniqueConstraint("journey_id", "key"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"))
    key: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(700))
    reason: Mapped[str] = mapped_column(String(500))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    user: Mapped[User | None] = relationship()
