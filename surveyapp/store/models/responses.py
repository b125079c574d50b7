"""What was answered, kept, held, scored and erased."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    Uuid,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveyapp.store.columns import Document, UtcDateTime, utc_now
from surveyapp.store.encrypted_columns import Encrypted
from surveyapp.store.models.base import Base, Number, one_of, public_id
from surveyapp.store.models.surveys import SurveyRow

# What a response is flagged for as careless, in the order of the bits of a ``CarelessFlag``.
CARELESS_SIGNS = ("longstring", "irv", "mahalanobis", "speed")


class Response(Base):
    """One submission. ``answers`` is {instrument code: {item code: value}}: the truth.

    ``wordings`` is {instrument code: wording id}. ``submission_key`` makes a repeated post of the
    same form one response; ``external_id`` does the same for a repeated import. ``correction`` is the
    place of its last change among all the changes that customers have made.
    """

    __tablename__ = "responses"
    __table_args__ = (
        UniqueConstraint("survey_id", "external_id"),
        Index("uq_responses_public_id", "public_id", unique=True),
        Index(
            "ix_responses_correction",
            "survey_id",
            "correction",
            sqlite_where=text("correction IS NOT NULL"),
            postgresql_where=text("correction IS NOT NULL"),
        ),
        Index("ix_responses_survey_submitted", "survey_id", "submitted_at"),
        Index(
            "ix_responses_flagged",
            "survey_id",
            "submitted_at",
            sqlite_where=text("CAST(json_extract(paradata, '$.\"flags\"') AS VARCHAR) IS NOT NULL"),
            postgresql_where=text("paradata ? 'flags'"),
        ),
        Index(
            "ix_responses_corrected",
            "survey_id",
            "corrected_at",
            sqlite_where=text("corrected_at IS NOT NULL"),
            postgresql_where=text("corrected_at IS NOT NULL"),
        ),
        Index(
            "ix_responses_anonymised",
            *("survey_id", "submitted_at", "anonymised"),  # the last so that no row is looked at
            sqlite_where=text("anonymised = 1"),
            postgresql_where=text("anonymised"),
        ),
        Index(
            "ix_responses_import_batch",
            "import_batch_id",
            "id",
            sqlite_where=text("import_batch_id IS NOT NULL"),
            postgresql_where=text("import_batch_id IS NOT NULL"),
        ),
        one_of("source", "link", "invitation", "import", "simulation"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    public_id: Mapped[str] = public_id()
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
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
    # How it was answered: {"way", "attention", "preselected", ...}. Never an identity.
    paradata: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    corrected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    correction: Mapped[int | None] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(server_default="1")  # 1, and one more by each change
    import_batch_id: Mapped[int | None] = mapped_column(Number, ForeignKey("import_batches.id"))
    anonymised: Mapped[bool] = mapped_column(server_default=false())  # by retention

    survey: Mapped[SurveyRow] = relationship()


class SharedEpochKey(Base):
    """The key of an anonymous epoch, sealed, where the hosts of one PostgreSQL share it.

    The table is unlogged: its rows are in no write-ahead log, no replica and no base backup, and a
    server that crashed begins with none.
    """

    __tablename__ = "shared_epoch_keys"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    hour: Mapped[int]  # since 1970, when it was made; no finer, or it would tell of an answer


class HeldResponse(Base):
    """An anonymous answer that waits until enough others wait with it to be released together.

    ``content`` is what its response's row will hold, with its scores; neither time nor invitation. It
    is sealed, and number and form's key (hidden here) are others than the response's: who watched
    answers and invitations come one after the other cannot find them again after the release.
    """

    __tablename__ = "held_responses"
    __table_args__ = (
        UniqueConstraint("survey_id", "external_id"),
        Index("ix_held_responses_survey", "survey_id"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    submission_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    external_id: Mapped[str | None] = mapped_column(String(200))
    attributes: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class AnonymityEpoch(Base):
    """Who has answered an anonymous survey, or entered its draw, since the last flush; readable with
    the epoch's key alone, which is never in the database.

    ``used`` are the keyed hashes of used tokens, sorted, one after the other; ``entries`` the sealed
    list of draw entries. Both are written anew as a whole with each change, so that no row is of one
    customer.
    """

    __tablename__ = "anonymity_epochs"

    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    used: Mapped[bytes] = mapped_column(LargeBinary)
    entries: Mapped[bytes] = mapped_column(LargeBinary)


class Counter(Base):
    """The last number that was given of a kind: "responses" (on SQLite) or "corrections".

    A number is taken by the transaction that uses it and held to its end, so that numbers become
    visible in their order. "release" is the last period whose anonymous answers were released.
    """

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


class FormRevision(Base):
    """How often a form of settings was saved, and by whom last.

    ``place`` names the form and what it edits: "StageForm journey_id=1 stage_id=2".
    """

    __tablename__ = "form_revisions"

    place: Mapped[str] = mapped_column(String(160), primary_key=True)
    number: Mapped[int] = mapped_column(Integer)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Draft(Base):
    """Answers on the way, by the token's hash; gone when they are sent. Never in anonymous surveys.

    ``unconfirmed`` marks what a click in a message chose and nobody has confirmed.
    """

    __tablename__ = "drafts"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"), index=True)
    fields: Mapped[dict[str, Any]] = mapped_column(Document)  # form fields as they were typed
    block: Mapped[int] = mapped_column(default=0)
    language: Mapped[str] = mapped_column(String(20), default="")
    unconfirmed: Mapped[bool] = mapped_column(default=False)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Erasure(Base):
    """A response that was erased: all that is left of it. ``answered_on`` is None where only that it
    was erased is known.

    ``response`` and ``response_id`` are what it was called, for programs that have a copy; None for an
    anonymous survey's, which nobody was told of. ``place`` is that of the erasure among all changes.
    ``external_hash`` is a keyed hash of an imported response's own id, by which the row of a file is
    known that comes again; None where it may come again, because its whole import was removed.
    ``reason`` is why staff removed it, ``note`` what they wrote beside; empty where the customer erased
    it, or was forgotten.
    """

    __tablename__ = "erasures"
    __table_args__ = (
        Index("ix_erasures_survey", "survey_id", "erased_at"),
        Index("ix_erasures_place", "survey_id", "place"),
        Index(
            "ix_erasures_external_hash",
            "survey_id",
            "external_hash",
            sqlite_where=text("external_hash IS NOT NULL"),
            postgresql_where=text("external_hash IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    answered_on: Mapped[date | None] = mapped_column(Date)
    erased_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    response: Mapped[int | None] = mapped_column(Number)
    response_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    external_hash: Mapped[str | None] = mapped_column(String(32))
    place: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(20), default="")
    note: Mapped[str] = mapped_column(Encrypted("erasures.note"), default="")
    erased_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    import_batch_id: Mapped[int | None] = mapped_column(Number, ForeignKey("import_batches.id"))


class Score(Base):
    """A scored scale of one response: a copy that can be rebuilt from the answers.

    Found by response alone: an index by scale would let each answer write as many pages more as it
    has scales, half of all that it writes.
    """

    __tablename__ = "scores"

    response_id: Mapped[int] = mapped_column(
        Number, ForeignKey("responses.id", ondelete="CASCADE"), primary_key=True
    )
    scale: Mapped[str] = mapped_column(String(120), primary_key=True)
    value: Mapped[float] = mapped_column(Float(53))
    version: Mapped[str] = mapped_column(String(20))  # of the scoring rules


class CarelessFlag(Base):
    """What the newest validation of a questionnaire says of one response: a copy that is computed again
    by validating again.

    ``known`` has a bit for each of CARELESS_SIGNS that could be computed, ``flagged`` for each that it
    shows. Gone with the response, and when its answers are corrected.
    """

    __tablename__ = "careless_flags"

    response_id: Mapped[int] = mapped_column(
        Number, ForeignKey("responses.id", ondelete="CASCADE"), primary_key=True
    )
    instrument: Mapped[str] = mapped_column(String(60), primary_key=True)
    analysis_id: Mapped[int] = mapped_column(ForeignKey("analyses.id"))
    known: Mapped[int]
    flagged: Mapped[int]
