"""Questionnaires that staff write on pages: a draft, and the versions that were published of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveyapp.store.columns import UtcDateTime, utc_now
from surveyapp.store.models.base import Base


class Questionnaire(Base):
    """An instrument of one's own. ``code`` is the instrument's, ``draft`` None where none is in work;
    ``origin`` names the instrument and version that it began with, empty where it began empty.

    It is edited by whoever may edit the surveys of its journey; what was published of it can be asked
    in every journey. Documents are text, because JSONB does not keep the order of scales and keys.
    """

    __tablename__ = "questionnaires"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    origin: Mapped[str] = mapped_column(String(80), default="")
    draft: Mapped[str | None] = mapped_column(Text)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    versions: Mapped[list[QuestionnaireVersion]] = relationship(
        order_by="QuestionnaireVersion.number", cascade="all, delete-orphan"
    )


class QuestionnaireVersion(Base):
    """What was published under one number; such a row is never changed."""

    __tablename__ = "questionnaire_versions"
    __table_args__ = (
        UniqueConstraint("questionnaire_id", "number"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    questionnaire_id: Mapped[int] = mapped_column(ForeignKey("questionnaires.id"))
    number: Mapped[int]
    document: Mapped[str] = mapped_column(Text)
    published_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
