"""Plans of a modelling project, written before its answers are opened, and why it departed from them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveyapp.store.columns import Document, UtcDateTime, utc_now
from surveyapp.store.models.base import Base, Number
from surveyapp.store.models.projects import Project


class Preregistration(Base):
    """A version of a project's plan: a draft until ``frozen_at``, and never changed afterwards.

    ``document`` is the canonical JSON of the frozen plan, to the letter, and ``sha256`` its hash in hex
    digits; both are empty of a draft, whose fields are ``content``.
    """

    __tablename__ = "preregistrations"
    __table_args__ = (
        UniqueConstraint("project_id", "version"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    version: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(Document)
    document: Mapped[str] = mapped_column(Text, default="")
    sha256: Mapped[str] = mapped_column(String(64), default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    frozen_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    frozen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    project: Mapped[Project] = relationship(lazy="joined")


class DeviationReason(Base):
    """Why a project departed from its plan in one place; a later reason stands beside the earlier."""

    __tablename__ = "deviation_reasons"
    __table_args__ = (
        Index("ix_deviation_reasons_preregistration_id", "preregistration_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    preregistration_id: Mapped[int] = mapped_column(ForeignKey("preregistrations.id"))
    deviation: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(Text)
    given_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    given_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
