"""Modelling projects: whose answers, what was done to them, and the models fitted to them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveyapp.store.columns import Document, UtcDateTime, utc_now
from surveyapp.store.models.base import Base, Number, one_of
from surveyapp.store.models.jobs import Job
from surveyapp.store.models.journeys import Segment
from surveyapp.store.models.surveys import SurveyRow


class Project(Base):
    """A journey's answers with the models that somebody tries on them.

    Answers of one survey, or of all, linked by customer (``survey_id`` None); or the rows of a file of
    somebody's own, of the name ``file_name``, which is read as ``file_reading`` says, whose columns are
    ``file_columns`` once it was read, and which is deleted after ``file_until``. ``description`` is that
    of the answers after the steps ``described_steps``; it holds no answers of single people. At
    ``opened_at`` anybody could first see a description or a result of them.
    """

    __tablename__ = "projects"
    __table_args__ = (
        Index("ix_projects_journey_id", "journey_id"),
        Index("ix_projects_file_id", "file_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"))
    name: Mapped[str] = mapped_column(String(200))
    survey_id: Mapped[int | None] = mapped_column(ForeignKey("surveys.id"))
    segment_id: Mapped[int | None] = mapped_column(ForeignKey("segments.id"))
    without_flagged: Mapped[bool] = mapped_column(default=False)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"))
    file_name: Mapped[str] = mapped_column(String(200), default="")
    file_until: Mapped[date | None] = mapped_column(Date)
    file_reading: Mapped[dict[str, Any] | None] = mapped_column(Document)
    file_columns: Mapped[dict[str, Any] | None] = mapped_column(Document)
    description: Mapped[dict[str, Any] | None] = mapped_column(Document)
    described_steps: Mapped[list[int]] = mapped_column(Document, default=list)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    survey: Mapped[SurveyRow | None] = relationship(lazy="joined")
    segment: Mapped[Segment | None] = relationship(lazy="joined")
    job: Mapped[Job | None] = relationship(lazy="joined")


class ProjectStep(Base):
    """Something done to a project's answers before models are fitted; undone ones stay on record."""

    __tablename__ = "project_steps"
    __table_args__ = (
        one_of(
            "kind",
            *("leave_out_item", "leave_out_rows", "reverse", "recode", "half", "answered"),
            *("group", "period", "careless", "scale"),
        ),
        Index("ix_project_steps_project_id", "project_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    kind: Mapped[str] = mapped_column(String(20))
    arguments: Mapped[dict[str, Any]] = mapped_column(Document)
    reason: Mapped[str] = mapped_column(String(500), default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ProjectModel(Base):
    """A model of a project: its text, how it is estimated, and its result once the job is done.

    ``change`` says what differs from the model ``parent_id`` that it was made of; ``steps`` are those
    of the answers that it was fitted to. A model never changes: whatever is tried next is another.
    """

    __tablename__ = "project_models"
    __table_args__ = (
        one_of("kind", "covariance", "composite"),
        Index("ix_project_models_project_id", "project_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("project_models.id"))
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    options: Mapped[dict[str, Any]] = mapped_column(Document)
    change: Mapped[str] = mapped_column(String(500), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    steps: Mapped[list[int]] = mapped_column(Document, default=list)
    result: Mapped[dict[str, Any] | None] = mapped_column(Document)
    fingerprint: Mapped[str] = mapped_column(String(64), default="")
    versions: Mapped[dict[str, str]] = mapped_column(Document, default=dict)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    project: Mapped[Project] = relationship(lazy="joined")
    job: Mapped[Job | None] = relationship(lazy="joined")


class ProjectAnalysis(Base):
    """A further analysis of a project's model, on the rows that it was fitted to."""

    __tablename__ = "project_analyses"
    __table_args__ = (
        one_of(
            "kind",
            *("invariance", "prediction", "groups", "segments"),
            *("exploratory", "cutoffs", "slopes", "redundancy", "multiverse"),
            *("alignment", "dif", "esem", "two_level", "longitudinal", "imputation"),
            *("necessity", "importance", "tetrads", "copula", "mixed"),
        ),
        Index("ix_project_analyses_model_id", "model_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("project_models.id"))
    kind: Mapped[str] = mapped_column(String(20))
    options: Mapped[dict[str, Any]] = mapped_column(Document)
    result: Mapped[dict[str, Any] | None] = mapped_column(Document)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    model: Mapped[ProjectModel] = relationship(lazy="joined")
    job: Mapped[Job | None] = relationship(lazy="joined")
