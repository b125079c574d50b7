"""Cases, their notes, and the texts from which replies begin."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Float, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveyapp.store.columns import UtcDateTime, utc_now
from surveyapp.store.encrypted_columns import Encrypted
from surveyapp.store.models.base import Base, Number, one_of, public_id
from surveyapp.store.models.surveys import SurveyRow


class Case(Base):
    """A low score that somebody looks after until it is put right, or known not to be."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("uq_cases_public_id", "public_id", unique=True),
        Index("ix_cases_state", "state", "due_at"),
        one_of("state", "open", "contacted", "closed"),
        one_of("outcome", "", "recovered", "not_recovered", "unreachable", "no_action"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    public_id: Mapped[str] = public_id()
    response_id: Mapped[int | None] = mapped_column(
        ForeignKey("responses.id", ondelete="SET NULL"), unique=True
    )
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"), index=True)
    scale: Mapped[str] = mapped_column(String(120))
    value: Mapped[float] = mapped_column(Float(53))
    state: Mapped[str] = mapped_column(String(20), default="open")
    outcome: Mapped[str] = mapped_column(String(20), default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    follow_up_id: Mapped[int | None] = mapped_column(
        ForeignKey("invitations.id", ondelete="SET NULL"), index=True
    )
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    contacted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When the journey's owner was told that it is overdue.
    escalated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    survey: Mapped[SurveyRow] = relationship()
    notes: Mapped[list[CaseNote]] = relationship(
        order_by="CaseNote.id", cascade="all, delete-orphan"
    )


class CaseNote(Base):
    """What somebody learned about a case (``kind`` "note"), wrote to its customer ("reply"), what was
    done to it ("change"), or what the customer did ("customer").
    """

    __tablename__ = "case_notes"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(20), default="note")
    text: Mapped[str] = mapped_column(Encrypted("case_notes.text"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class ReplyTemplate(Base):
    """A text from which a reply to the customer of a case begins, with placeholders."""

    __tablename__ = "reply_templates"
    __table_args__ = (UniqueConstraint("journey_id", "name", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"))
    name: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(35))
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
