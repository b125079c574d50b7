"""Open answers, as they are found and coded."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from surveyapp.store.columns import UtcDateTime
from surveyapp.store.models.base import Base, Number


class Comment(Base):
    """An open answer of one response: a copy that can be rebuilt from the answers.

    ``item`` is ``<instrument>-<item>``. It has no number of its own: those of an anonymous survey
    would tell in which order the answers were released.
    """

    __tablename__ = "comments"
    __table_args__ = (
        Index("ix_comments_survey_submitted", "survey_id", "submitted_at", "response_id"),
    )

    response_id: Mapped[int] = mapped_column(
        Number, ForeignKey("responses.id", ondelete="CASCADE"), primary_key=True
    )
    item: Mapped[str] = mapped_column(String(120), primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    language: Mapped[str] = mapped_column(String(20))
    channel: Mapped[str] = mapped_column(String(40))
    may_quote: Mapped[bool]
    text: Mapped[str] = mapped_column(Text)


class CommentOriginal(Base):
    """What a customer wrote where masking changed it; kept only where the survey's settings say so."""

    __tablename__ = "comment_originals"

    response_id: Mapped[int] = mapped_column(
        Number, ForeignKey("responses.id", ondelete="CASCADE"), primary_key=True
    )
    item: Mapped[str] = mapped_column(String(120), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
