"""Rollups, analyses and reports: what is computed from responses."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, Float, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveyapp.store.columns import Document, UtcDateTime, utc_now
from surveyapp.store.models.base import Base
from surveyapp.store.models.jobs import File, Job
from surveyapp.store.models.journeys import Journey, Segment
from surveyapp.store.models.surveys import SurveyRow

EVERYBODY = 0  # the segment id of rollups over all responses
BINS = 11  # b0..b10 hold the integer part of the value: exact for CSAT, CES and NPS


class Rollup(Base):
    """Counts and sums of one scale on one day for one segment.

    Kept for what needs days: forecasts, sums of periods that are no months, first and last days. Of
    segments there are only those that count submissions; all else stands in MonthlyRollup.

    Pages read the journey's ``generation``; another is being made, or waits to be deleted. Rebuildable
    from scores. ``scale`` "responses" counts submissions. ``facet`` stands for channel, language and
    whether the answers are flagged (RollupFacet): a sum over facets is the day's. No foreign key on
    ``segment_id``, because EVERYBODY is no stored segment.

    Rows cost days and facets, not responses, some 110 bytes each on SQLite with the key's index: ten surveys
    of seven scales, six segments and two years are 87,600 rows with one facet a day (10 MB), 790,000
    with nine, three channels in three languages (90 MB), beside the 10,000,000 responses that they may
    count.
    """

    __tablename__ = "rollups"

    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"), primary_key=True)
    generation: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=0)
    segment_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    scale: Mapped[str] = mapped_column(String(120), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    facet: Mapped[str] = mapped_column(String(50), primary_key=True, default="")
    n: Mapped[int] = mapped_column(BigInteger, default=0)
    total: Mapped[float] = mapped_column(Float(53), default=0.0)
    total_squares: Mapped[float] = mapped_column(Float(53), default=0.0)
    b0: Mapped[int] = mapped_column(BigInteger, default=0)
    b1: Mapped[int] = mapped_column(BigInteger, default=0)
    b2: Mapped[int] = mapped_column(BigInteger, default=0)
    b3: Mapped[int] = mapped_column(BigInteger, default=0)
    b4: Mapped[int] = mapped_column(BigInteger, default=0)
    b5: Mapped[int] = mapped_column(BigInteger, default=0)
    b6: Mapped[int] = mapped_column(BigInteger, default=0)
    b7: Mapped[int] = mapped_column(BigInteger, default=0)
    b8: Mapped[int] = mapped_column(BigInteger, default=0)
    b9: Mapped[int] = mapped_column(BigInteger, default=0)
    b10: Mapped[int] = mapped_column(BigInteger, default=0)


class MonthlyRollup(Base):
    """Counts and sums of one scale in one month for one segment: what pages read, whose periods are whole
    months.

    Kept in the transaction that keeps the rollups; rows of nothing may be there or not, as among these.
    """

    __tablename__ = "monthly_rollups"
    __table_args__ = ({"sqlite_with_rowid": False},)

    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"), primary_key=True)
    generation: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    segment_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    scale: Mapped[str] = mapped_column(String(120), primary_key=True)
    month: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False
    )  # 202603 for March 2026
    facet: Mapped[str] = mapped_column(String(50), primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, default=0)
    total: Mapped[float] = mapped_column(Float(53), default=0.0)
    total_squares: Mapped[float] = mapped_column(Float(53), default=0.0)
    b0: Mapped[int] = mapped_column(BigInteger, default=0)
    b1: Mapped[int] = mapped_column(BigInteger, default=0)
    b2: Mapped[int] = mapped_column(BigInteger, default=0)
    b3: Mapped[int] = mapped_column(BigInteger, default=0)
    b4: Mapped[int] = mapped_column(BigInteger, default=0)
    b5: Mapped[int] = mapped_column(BigInteger, default=0)
    b6: Mapped[int] = mapped_column(BigInteger, default=0)
    b7: Mapped[int] = mapped_column(BigInteger, default=0)
    b8: Mapped[int] = mapped_column(BigInteger, default=0)
    b9: Mapped[int] = mapped_column(BigInteger, default=0)
    b10: Mapped[int] = mapped_column(BigInteger, default=0)


class RollupFacet(Base):
    """What the ``facet`` of rollups stands for; the empty one, of rollups of before, tells nothing apart."""

    __tablename__ = "rollup_facets"

    facet: Mapped[str] = mapped_column(String(50), primary_key=True)
    channel: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(20))
    flagged: Mapped[bool]


class AnswerCounting(Base):
    """How far a large survey's answers are counted: to the response with the number ``counted_to``, without
    those that were erased until ``erased_at``.

    ``rules`` is a fingerprint of the segments, the calendar and the questions that they are counted by.
    """

    __tablename__ = "answer_countings"

    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"), primary_key=True)
    rules: Mapped[str] = mapped_column(String(64))
    counted_to: Mapped[int] = mapped_column(BigInteger)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class KeptAnswers(Base):
    """Answers to a large survey in one month (such as 202603), counted by a worker.

    ``counts`` holds how many responses of which segments, channel, language and flag there are, and to each
    question how many of these gave which answer. ``corrected``: a mark of the corrections that are in them.
    """

    __tablename__ = "kept_answers"

    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"), primary_key=True)
    month: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    corrected: Mapped[str] = mapped_column(String(60), default="")
    counts: Mapped[dict[str, Any]] = mapped_column(Document)


class Analysis(Base):
    """A stored run of a statistical procedure; ``result`` is its JSON once the job is done."""

    __tablename__ = "analyses"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))  # "validate_scale", "sjq_study"
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    survey_id: Mapped[int | None] = mapped_column(ForeignKey("surveys.id"))
    segment_id: Mapped[int | None] = mapped_column(ForeignKey("segments.id"))
    instrument: Mapped[str] = mapped_column(String(60), default="")
    parameters: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    fingerprint: Mapped[str] = mapped_column(String(64), default="")
    seed: Mapped[int | None] = mapped_column(BigInteger)
    versions: Mapped[dict[str, str]] = mapped_column(Document, default=dict)
    result: Mapped[dict[str, Any] | None] = mapped_column(Document)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    journey: Mapped[Journey] = relationship()
    survey: Mapped[SurveyRow | None] = relationship()
    segment: Mapped[Segment | None] = relationship()
    job: Mapped[Job | None] = relationship()


class Report(Base):
    """A document made from stored numbers; ``file`` is set once the job is done, and ``content``, its
    tables and figures as data, from which other files are made. ``rules_version`` is that of the rules
    by which its numbers were computed, None where that was before versions were kept.
    """

    __tablename__ = "reports"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(
        String(60)
    )  # "benchmark", "executive", "partner", "validation", "sjq_study"
    title: Mapped[str] = mapped_column(String(300))
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    segment_id: Mapped[int | None] = mapped_column(ForeignKey("segments.id"))
    analysis_id: Mapped[int | None] = mapped_column(ForeignKey("analyses.id"))
    parameters: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"))
    content_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"))
    rules_version: Mapped[int | None]
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    journey: Mapped[Journey] = relationship()
    segment: Mapped[Segment | None] = relationship()
    file: Mapped[File | None] = relationship(foreign_keys=[file_id])
    content: Mapped[File | None] = relationship(foreign_keys=[content_id])
    documents: Mapped[list[ReportFile]] = relationship(cascade="all, delete-orphan")
    job: Mapped[Job | None] = relationship()


class ReportFile(Base):
    """A report in a format beside PDF: "docx", "pptx", "html"."""

    __tablename__ = "report_files"

    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), primary_key=True)
    format: Mapped[str] = mapped_column(String(10), primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"))

    file: Mapped[File] = relationship()
