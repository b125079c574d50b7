"""Scales under development: constructs, item pool, judges, interviews, translations, versions, pilots."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveyapp.store.columns import Document, UtcDateTime, utc_now
from surveyapp.store.models.base import Base, Number, one_of
from surveyapp.store.models.jobs import Job
from surveyapp.store.models.questionnaires import Questionnaire
from surveyapp.store.models.surveys import SurveyRow


class ScaleDevelopment(Base):
    """A scale on its way from the construct to the instrument. ``answer_scale`` is an offered one's code."""

    __tablename__ = "scale_developments"
    __table_args__ = (
        Index("ix_scale_developments_journey_id", "journey_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"))
    name: Mapped[str] = mapped_column(String(200))
    definition: Mapped[str] = mapped_column(Text)
    population: Mapped[str] = mapped_column(String(500), default="")
    language: Mapped[str] = mapped_column(String(40))
    answer_scale: Mapped[str] = mapped_column(String(40))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ScaleConstruct(Base):
    """A dimension of the scale, or a neighbour in the nomological network with its expected relation."""

    __tablename__ = "scale_constructs"
    __table_args__ = (
        one_of("kind", "dimension", "neighbour"),
        UniqueConstraint("scale_id", "code"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    scale_id: Mapped[int] = mapped_column(ForeignKey("scale_developments.id"))
    kind: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    definition: Mapped[str] = mapped_column(Text)
    relation: Mapped[str] = mapped_column(String(500), default="")


class ScaleItem(Base):
    """An item of the pool in its present wording."""

    __tablename__ = "scale_items"
    __table_args__ = (
        one_of("state", "draft", "judging", "kept", "dropped"),
        UniqueConstraint("scale_id", "code"),
        Index("ix_scale_items_construct_id", "construct_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    scale_id: Mapped[int] = mapped_column(ForeignKey("scale_developments.id"))
    construct_id: Mapped[int] = mapped_column(ForeignKey("scale_constructs.id"))
    code: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)
    reverse: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str] = mapped_column(String(500), default="")
    state: Mapped[str] = mapped_column(String(20), default="draft")
    reason: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    construct: Mapped[ScaleConstruct] = relationship(lazy="joined")


class ScaleItemChange(Base):
    """What an item said, or which state it had, from a time on, and why. Rows are only added."""

    __tablename__ = "scale_item_changes"
    __table_args__ = (
        Index("ix_scale_item_changes_item_id", "item_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("scale_items.id"))
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(500), default="")
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class JudgingRound(Base):
    """A round in which judges sort or rate items, as the items and constructs were when it began.

    ``items`` are dicts of id, code, text and construct (a code); ``constructs`` of code, name and
    definition.
    """

    __tablename__ = "judging_rounds"
    __table_args__ = (
        one_of("kind", "sort", "relevance", "essential"),
        Index("ix_judging_rounds_scale_id", "scale_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    scale_id: Mapped[int] = mapped_column(ForeignKey("scale_developments.id"))
    kind: Mapped[str] = mapped_column(String(20))
    items: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    constructs: Mapped[list[dict[str, str]]] = mapped_column(Document)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    scale: Mapped[ScaleDevelopment] = relationship(lazy="joined")


class Judge(Base):
    """One judge's link to a round and what came of it. Only the token's SHA-256 is kept.

    ``answers`` and ``remarks`` by the item's id as text.
    """

    __tablename__ = "judges"
    __table_args__ = (
        Index("ix_judges_round_id", "round_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("judging_rounds.id"))
    label: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answers: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    remarks: Mapped[dict[str, str]] = mapped_column(Document, default=dict)
    saved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    round: Mapped[JudgingRound] = relationship(lazy="joined")


class InterviewFinding(Base):
    """What a cognitive interview showed about an item. ``participant`` is a label, not a name."""

    __tablename__ = "interview_findings"
    __table_args__ = (
        one_of("problem", "none", "comprehension", "retrieval", "judgement", "response"),
        one_of("severity", "none", "minor", "major", "critical"),
        Index("ix_interview_findings_item_id", "item_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("scale_items.id"))
    participant: Mapped[str] = mapped_column(String(40))
    problem: Mapped[str] = mapped_column(String(20))
    severity: Mapped[str] = mapped_column(String(20))
    finding: Mapped[str] = mapped_column(Text)
    change: Mapped[str] = mapped_column(Text, default="")
    wording: Mapped[str] = mapped_column(Text)
    noted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class ItemTranslation(Base):
    """One turn of an item's translation. Rows are only added; the last of a language holds."""

    __tablename__ = "item_translations"
    __table_args__ = (
        one_of("comparison", "same", "minor", "different"),
        one_of("decision", "open", "accepted", "revise"),
        Index("ix_item_translations_item_id", "item_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("scale_items.id"))
    language: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(Text)
    forward: Mapped[str] = mapped_column(Text)
    forward_by: Mapped[str] = mapped_column(String(80), default="")
    back: Mapped[str] = mapped_column(Text, default="")
    back_by: Mapped[str] = mapped_column(String(80), default="")
    comparison: Mapped[str] = mapped_column(String(20))
    decision: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(String(500), default="")
    noted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class ScaleVersion(Base):
    """The kept items as they were frozen. ``items``: code, text, reverse, construct, texts by language."""

    __tablename__ = "scale_versions"
    __table_args__ = (UniqueConstraint("scale_id", "number"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    scale_id: Mapped[int] = mapped_column(ForeignKey("scale_developments.id"))
    number: Mapped[int]
    note: Mapped[str] = mapped_column(String(500))
    items: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    constructs: Mapped[list[dict[str, str]]] = mapped_column(Document)
    questionnaire_id: Mapped[int | None] = mapped_column(
        ForeignKey("questionnaires.id", ondelete="SET NULL")
    )
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    questionnaire: Mapped[Questionnaire | None] = relationship()


class ScalePilot(Base):
    """Answers to a scale's items, of a survey or an uploaded file, and their analysis.

    ``columns`` says under which name each item's answers stand, by the item's code; ``uploaded`` holds
    those of an uploaded file (column -> values, None where missing), and nothing else of it.
    """

    __tablename__ = "scale_pilots"
    __table_args__ = (
        Index("ix_scale_pilots_scale_id", "scale_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    scale_id: Mapped[int] = mapped_column(ForeignKey("scale_developments.id"))
    name: Mapped[str] = mapped_column(String(200))
    survey_id: Mapped[int | None] = mapped_column(ForeignKey("surveys.id"))
    uploaded: Mapped[dict[str, Any] | None] = mapped_column(Document)
    columns: Mapped[dict[str, str]] = mapped_column(Document)
    options: Mapped[dict[str, Any]] = mapped_column(Document)
    result: Mapped[dict[str, Any] | None] = mapped_column(Document)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    survey: Mapped[SurveyRow | None] = relationship(lazy="joined")
    job: Mapped[Job | None] = relationship(lazy="joined")
