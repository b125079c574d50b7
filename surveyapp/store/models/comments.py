"""Open answers, as they are found and coded, and what goes wrong by them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveyapp.store.columns import Document, UtcDateTime, utc_now
from surveyapp.store.encrypted_columns import Encrypted
from surveyapp.store.models.accounts import User
from surveyapp.store.models.base import Base, Number, one_of
from surveyapp.store.models.journeys import Stage, Touchpoint


class Comment(Base):
    """An open answer of one response: a copy that can be rebuilt from the answers.

    ``item`` is ``<instrument>-<item>``. It has no number of its own: those of an anonymous survey
    would tell in which order the answers were released.
    """

    __tablename__ = "comments"
    __table_args__ = (
        Index("ix_comments_survey_submitted", "survey_id", "submitted_at", "response_id"),
        Index(
            "ix_comments_quotable",
            *("survey_id", "submitted_at", "response_id"),
            sqlite_where=text("may_quote = 1"),
            postgresql_where=text("may_quote"),
        ),
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
    text: Mapped[str] = mapped_column(Encrypted("comment_originals.text"))


class CommentCode(Base):
    """A code of a journey's code book: what a comment is about, under a theme and a dimension."""

    __tablename__ = "comment_codes"
    __table_args__ = (UniqueConstraint("journey_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"))
    code: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(200))
    definition: Mapped[str] = mapped_column(Text, default="")
    theme: Mapped[str] = mapped_column(String(200), default="")
    dimension: Mapped[str] = mapped_column(String(200), default="")
    retired: Mapped[bool] = mapped_column(default=False)  # no longer given; what was stays


class CommentCoding(Base):
    """That a comment was coded: by the first coder, the second, or for good.

    The codes are in ``comment_marks``; none of them says that no code fits. A final coding without
    ``coder_id`` is that of two who agreed.
    """

    __tablename__ = "comment_codings"
    __table_args__ = (
        ForeignKeyConstraint(
            ["response_id", "item"],
            ["comments.response_id", "comments.item"],
            name="fk_comment_codings_comment",
            ondelete="CASCADE",
        ),
        one_of("role", "first", "second", "final"),
    )

    response_id: Mapped[int] = mapped_column(Number, primary_key=True)
    item: Mapped[str] = mapped_column(String(120), primary_key=True)
    role: Mapped[str] = mapped_column(String(10), primary_key=True)
    coder_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    coded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class CommentMark(Base):
    """A code that one coding gave a comment."""

    __tablename__ = "comment_marks"
    __table_args__ = (
        ForeignKeyConstraint(
            ["response_id", "item", "role"],
            ["comment_codings.response_id", "comment_codings.item", "comment_codings.role"],
            name="fk_comment_marks_coding",
            ondelete="CASCADE",
        ),
    )

    response_id: Mapped[int] = mapped_column(Number, primary_key=True)
    item: Mapped[str] = mapped_column(String(120), primary_key=True)
    role: Mapped[str] = mapped_column(String(10), primary_key=True)
    code_id: Mapped[int] = mapped_column(ForeignKey("comment_codes.id"), primary_key=True)


class CommentProposal(Base):
    """What a program proposes of a comment: a code of its journey's book, by the code's word, or the band
    of score that it sounds like. No finding; it goes with the comment's text.
    """

    __tablename__ = "comment_proposals"
    __table_args__ = (
        ForeignKeyConstraint(
            ["response_id", "item"],
            ["comments.response_id", "comments.item"],
            name="fk_comment_proposals_comment",
            ondelete="CASCADE",
        ),
        one_of("kind", "code", "sentiment"),
    )

    response_id: Mapped[int] = mapped_column(Number, primary_key=True)
    item: Mapped[str] = mapped_column(String(120), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    value: Mapped[str] = mapped_column(String(60), primary_key=True)


class PainPoint(Base):
    """Something that goes wrong for customers, with why it does: up to five answers to "why?".

    ``affected_by`` says by which answers customers count as affected: coded comments of its theme, a
    choice of a list question, or a low answer to a question; ``affected_key`` is that question or
    choice. ``removed_at``: it can be restored for some time.
    """

    __tablename__ = "pain_points"
    __table_args__ = (
        one_of("state", "open", "solved"),
        one_of("severity", "", "trivial", "workaround", "abandons"),
        one_of("affected_by", "", "theme", "choice", "low"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    theme: Mapped[str] = mapped_column(String(200), default="")
    whys: Mapped[list[str]] = mapped_column(Document, default=list)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    state: Mapped[str] = mapped_column(String(20), default="open")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    severity: Mapped[str] = mapped_column(String(20), default="", server_default="")
    stage_id: Mapped[int | None] = mapped_column(ForeignKey("stages.id"), index=True)
    touchpoint_id: Mapped[int | None] = mapped_column(ForeignKey("touchpoints.id"), index=True)
    affected_by: Mapped[str] = mapped_column(String(20), default="", server_default="")
    affected_key: Mapped[str] = mapped_column(String(200), default="", server_default="")
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    owner: Mapped[User | None] = relationship(foreign_keys=[owner_id])
    stage: Mapped[Stage | None] = relationship()
    touchpoint: Mapped[Touchpoint | None] = relationship()


class PainPointEvidence(Base):
    """What shows a pain point: a response, one comment of it (``item``), or a case.

    It goes with what it names. Who added it stands in the audit log.
    """

    __tablename__ = "pain_point_evidence"
    __table_args__ = (
        CheckConstraint("(response_id IS NULL) <> (case_id IS NULL)", name="one_source"),
        UniqueConstraint("pain_point_id", "response_id", "item"),
        UniqueConstraint("pain_point_id", "case_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    pain_point_id: Mapped[int] = mapped_column(ForeignKey("pain_points.id", ondelete="CASCADE"))
    response_id: Mapped[int | None] = mapped_column(
        ForeignKey("responses.id", ondelete="CASCADE"), index=True
    )
    item: Mapped[str] = mapped_column(String(120), default="")
    case_id: Mapped[int | None] = mapped_column(
        ForeignKey("cases.id", ondelete="CASCADE"), index=True
    )
