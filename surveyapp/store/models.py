"""All tables. Rooms above read and write them; no table knows its URL, page or form."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from surveyapp.store.columns import Document, UtcDateTime, utc_now

# Named constraints, so that a migration can find them again on both databases.
_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
# SQLite numbers rows by itself only in a column declared INTEGER.
Number = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=_NAMES)


def _one_of(column: str, *values: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class User(Base):
    """A member of staff. ``session_epoch`` rises on password or role change and ends sessions.

    ``must_change_password`` marks a one-time password: good for signing in once, to set another.
    """

    __tablename__ = "users"
    __table_args__ = (_one_of("role", "administrator", "researcher", "manager"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    active: Mapped[bool] = mapped_column(default=True)
    must_change_password: Mapped[bool] = mapped_column(default=False)
    session_epoch: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    signed_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AuditEntry(Base):
    """Who did what to which thing, when. Rows are only ever added."""

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # None: a command
    action: Mapped[str] = mapped_column(String(60))  # verb first: "create journey"
    subject: Mapped[str] = mapped_column(String(120))  # what it was done to: "journey onboarding"
    detail: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)


class Journey(Base):
    """What a customer goes through to reach a goal."""

    __tablename__ = "journeys"
    __table_args__ = (_one_of("state", "current", "target", "archived"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    provider: Mapped[str] = mapped_column(String(200))  # fills {provider} in the wording
    goal: Mapped[str] = mapped_column(Text, default="")  # the customer's goal
    state: Mapped[str] = mapped_column(String(20), default="current")
    version: Mapped[int] = mapped_column(default=1)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    stages: Mapped[list[Stage]] = relationship(
        back_populates="journey", order_by="Stage.position", cascade="all, delete-orphan"
    )
    deployments: Mapped[list[Deployment]] = relationship(
        back_populates="journey", order_by="Deployment.id"
    )


class Stage(Base):
    """A phase of a journey by the customer's goal."""

    __tablename__ = "stages"
    __table_args__ = (UniqueConstraint("journey_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    position: Mapped[int]
    code: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(200))
    goal: Mapped[str] = mapped_column(Text, default="")

    journey: Mapped[Journey] = relationship(back_populates="stages")
    touchpoints: Mapped[list[Touchpoint]] = relationship(
        back_populates="stage", order_by="Touchpoint.position", cascade="all, delete-orphan"
    )


class Touchpoint(Base):
    """A point of contact between the customer and someone who serves them."""

    __tablename__ = "touchpoints"
    __table_args__ = (
        UniqueConstraint("stage_id", "code"),
        _one_of("ownership", "provider", "partner", "customer", "social"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    stage_id: Mapped[int] = mapped_column(ForeignKey("stages.id"), index=True)
    position: Mapped[int]
    code: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(200))
    channel: Mapped[str] = mapped_column(String(60), default="")
    ownership: Mapped[str] = mapped_column(String(20), default="provider")
    moment_of_truth: Mapped[bool] = mapped_column(default=False)
    front_stage: Mapped[str] = mapped_column(Text, default="")
    backstage: Mapped[str] = mapped_column(Text, default="")

    stage: Mapped[Stage] = relationship(back_populates="touchpoints")


class Segment(Base):
    """A saved rule over respondent attributes: ``region in (North) and tenure_years >= 2``."""

    __tablename__ = "segments"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    rule: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Deployment(Base):
    """Instruments asked at a touchpoint, or at the journey's end when ``touchpoint_id`` is None.

    ``asks`` is a list of {"instrument", "version", "key", "wording"}; key and wording may be None.
    ``link`` is the open link's code: public by nature, hence kept in the clear.
    """

    __tablename__ = "deployments"
    __table_args__ = (
        _one_of("state", "draft", "open", "closed"),
        _one_of("anonymity", "pseudonymous", "anonymous"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    touchpoint_id: Mapped[int | None] = mapped_column(ForeignKey("touchpoints.id"), index=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    asks: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    language: Mapped[str] = mapped_column(String(20), default="en")
    introduction: Mapped[str] = mapped_column(Text, default="")
    consent: Mapped[str] = mapped_column(Text, default="")
    consent_version: Mapped[str] = mapped_column(String(60), default="")
    anonymity: Mapped[str] = mapped_column(String(20), default="pseudonymous")
    open_link: Mapped[bool] = mapped_column(default=True)
    link: Mapped[str] = mapped_column(String(60), unique=True)
    state: Mapped[str] = mapped_column(String(20), default="open")
    opens_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    journey: Mapped[Journey] = relationship(back_populates="deployments")
    touchpoint: Mapped[Touchpoint | None] = relationship()


class JourneyRun(Base):
    """One customer's passage through a journey: joins touchpoint answers and the final SJQ."""

    __tablename__ = "journey_runs"
    __table_args__ = (
        Index("ix_journey_runs_customer", "journey_id", "customer_ref"),
        # Two answers that arrive together must not begin two runs.
        Index(
            "uq_journey_runs_open",
            "journey_id",
            "customer_ref",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"))
    customer_ref: Mapped[str] = mapped_column(String(200))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Interaction(Base):
    """An event from outside: this customer met this touchpoint at this time."""

    __tablename__ = "interactions"
    __table_args__ = (UniqueConstraint("touchpoint_id", "external_id"),)

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    touchpoint_id: Mapped[int] = mapped_column(ForeignKey("touchpoints.id"), index=True)
    journey_run_id: Mapped[int | None] = mapped_column(ForeignKey("journey_runs.id"), index=True)
    customer_ref: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(60), default="")
    attributes: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    external_id: Mapped[str | None] = mapped_column(String(200))


class Invitation(Base):
    """One ask. The token is stored as its SHA-256 only; what it carries is signed into the link.

    ``not_sent_reason`` says why an invitation was suppressed instead of sent.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        Index("ix_invitations_state", "deployment_id", "state"),
        _one_of("state", "created", "opened", "completed", "suppressed"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployments.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    channel: Mapped[str] = mapped_column(String(20), default="link")
    state: Mapped[str] = mapped_column(String(20), default="created")
    not_sent_reason: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Response(Base):
    """One submission. ``answers`` is {instrument code: {item code: value}}: the truth.

    ``wordings`` is {instrument code: wording id}. ``submission_key`` makes a repeated post of the
    same form one response; ``external_id`` does the same for a repeated import.
    """

    __tablename__ = "responses"
    __table_args__ = (
        UniqueConstraint("deployment_id", "external_id"),
        Index("ix_responses_deployment_submitted", "deployment_id", "submitted_at"),
        _one_of("source", "link", "invitation", "import", "simulation"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployments.id"))
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitations.id"), unique=True)
    journey_run_id: Mapped[int | None] = mapped_column(ForeignKey("journey_runs.id"), index=True)
    submission_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    external_id: Mapped[str | None] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(20))
    answers: Mapped[dict[str, dict[str, Any]]] = mapped_column(Document)
    wordings: Mapped[dict[str, str]] = mapped_column(Document, default=dict)
    attributes: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    language: Mapped[str] = mapped_column(String(20))
    consent_version: Mapped[str] = mapped_column(String(60), default="")
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)

    deployment: Mapped[Deployment] = relationship()


class Score(Base):
    """A scored scale of one response: a copy that can be rebuilt from the answers."""

    __tablename__ = "scores"
    __table_args__ = (Index("ix_scores_scale", "scale", "response_id"),)

    response_id: Mapped[int] = mapped_column(
        Number, ForeignKey("responses.id", ondelete="CASCADE"), primary_key=True
    )
    scale: Mapped[str] = mapped_column(String(120), primary_key=True)
    value: Mapped[float] = mapped_column(Float(53))
    version: Mapped[str] = mapped_column(String(20))  # of the scoring rules


EVERYBODY = 0  # the segment id of rollups over all responses
BINS = 11  # b0..b10 hold the integer part of the value: exact for CSAT, CES and NPS


class Rollup(Base):
    """Counts and sums of one scale on one day for one segment: what pages read.

    Rebuildable from scores. ``scale`` "responses" counts submissions. No foreign key on
    ``segment_id``, because EVERYBODY is no stored segment.
    """

    __tablename__ = "rollups"

    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployments.id"), primary_key=True)
    segment_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    scale: Mapped[str] = mapped_column(String(120), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
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


class Job(Base):
    """Work asked for. This row is the truth; the queue's message only wakes a worker."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_state", "state"),
        _one_of("state", "waiting", "running", "done", "failed"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))
    parameters: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    percent: Mapped[int] = mapped_column(default=0)
    step: Mapped[str] = mapped_column(String(200), default="")
    error: Mapped[str] = mapped_column(Text, default="")
    result: Mapped[dict[str, Any] | None] = mapped_column(Document)
    attempts: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str] = mapped_column(String(120), default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    heartbeat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class File(Base):
    """A stored file; its bytes lie in the file store under ``sha256``."""

    __tablename__ = "files"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Analysis(Base):
    """A stored run of a statistical procedure; ``result`` is its JSON once the job is done."""

    __tablename__ = "analyses"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))  # "validate_scale", "sjq_study"
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    deployment_id: Mapped[int | None] = mapped_column(ForeignKey("deployments.id"))
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
    deployment: Mapped[Deployment | None] = relationship()
    segment: Mapped[Segment | None] = relationship()
    job: Mapped[Job | None] = relationship()


class Report(Base):
    """A document made from stored numbers; ``file`` is set once the job is done."""

    __tablename__ = "reports"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))  # "benchmark", "validation", "sjq_study"
    title: Mapped[str] = mapped_column(String(300))
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    segment_id: Mapped[int | None] = mapped_column(ForeignKey("segments.id"))
    analysis_id: Mapped[int | None] = mapped_column(ForeignKey("analyses.id"))
    parameters: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"))
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    journey: Mapped[Journey] = relationship()
    segment: Mapped[Segment | None] = relationship()
    file: Mapped[File | None] = relationship()
    job: Mapped[Job | None] = relationship()
