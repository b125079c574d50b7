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
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    text,
)
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from surveyapp.store.columns import Document, UtcDateTime, utc_now
from surveyapp.store.public_ids import random_id

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


NOTHING_SORTED = -1  # lower than any response's id


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=_NAMES)


def _one_of(column: str, *values: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _public_id() -> Mapped[str]:
    """The column of a row's name for other programs; unique by an index, which the table names."""
    return mapped_column(Uuid(as_uuid=False), default=random_id)


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


class JourneyGrant(Base):
    """What somebody of the staff was given on a journey; ``journey_id`` None: on every one."""

    __tablename__ = "journey_grants"
    __table_args__ = (
        _one_of("kind", "owner", "editor", "reader", "comments", "contacts"),
        # NULL equals nothing, so that a plain constraint would not keep "every journey" single.
        Index(
            "uq_journey_grants_one",
            *("user_id", "journey_id", "kind"),
            unique=True,
            sqlite_where=text("journey_id IS NOT NULL"),
            postgresql_where=text("journey_id IS NOT NULL"),
        ),
        Index(
            "uq_journey_grants_all",
            *("user_id", "kind"),
            unique=True,
            sqlite_where=text("journey_id IS NULL"),
            postgresql_where=text("journey_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    journey_id: Mapped[int | None] = mapped_column(ForeignKey("journeys.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # None: a command
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class UserSession(Base):
    """A member of staff signed in on one device. Only the SHA-256 of the browser's key is kept.

    It holds while ``epoch`` is the account's. ``seen_at`` is noted once an hour at most.
    """

    __tablename__ = "sessions"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    epoch: Mapped[int]
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # How it was begun: "password" alone, or "code", "passkey", "provider", which are more.
    method: Mapped[str] = mapped_column(String(20), server_default="password")
    device: Mapped[str] = mapped_column(String(60))
    network: Mapped[str] = mapped_column(String(60))
    signed_in_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Throttle(Base):
    """How often somebody tried something lately, under a keyed hash of what it was and who.

    All that was counted has drained at ``drained_at``, in seconds since 1970.
    """

    __tablename__ = "throttles"

    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    drained_at: Mapped[float] = mapped_column(Float, index=True)


class PasswordReset(Base):
    """A link that was sent for replacing a forgotten password. Only its token's SHA-256 is kept."""

    __tablename__ = "password_resets"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TotpSecret(Base):
    """The secret that an account's authenticator app makes codes of, sealed under the secret key.

    It counts once it is confirmed by a code. A code of ``last_step`` or before it was used.
    """

    __tablename__ = "totp_secrets"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id"), primary_key=True, autoincrement=False
    )
    secret: Mapped[str] = mapped_column(Text)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_step: Mapped[int] = mapped_column(BigInteger)


class RecoveryCode(Base):
    """A code that signs in once in place of a second factor. Only its SHA-256 is kept."""

    __tablename__ = "recovery_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))


class Identity(Base):
    """Whom an identity provider means by a subject; the pair never changes hands, an address does."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    issuer: Mapped[str] = mapped_column(String(500))
    subject: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Passkey(Base):
    """The public half of a passkey; ids and keys in base64url. A device counts what it has signed, unless
    ``sign_count`` stays 0.
    """

    __tablename__ = "passkeys"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    public_key: Mapped[str] = mapped_column(Text)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class KeyFingerprint(Base):
    """A secret key that the database belonged to, told by its fingerprint; the newest row is in force."""

    __tablename__ = "key_fingerprints"

    id: Mapped[int] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(32))
    adopted_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class SigningKey(Base):
    """A key that signs links, forms and sessions from ``since`` on, sealed under the secret key; accepted
    until ``until``. No row: the secret key signs.
    """

    __tablename__ = "signing_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AuditEntry(Base):
    """Who did what to which thing, when. The database refuses to change or delete a row.

    Only the log's page reads it: a fact that something else needs has a table of its own. Hence no
    entry may name a customer, not even by the pseudonym: nobody could take it out again.
    """

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # None: a command
    action: Mapped[str] = mapped_column(String(60))  # verb first: "create journey"
    subject: Mapped[str] = mapped_column(String(120))  # what it was done to: "journey onboarding"
    detail: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)


class AuditSeal(Base):
    """An audit entry's place in the chain, and the hash over its content and the hash before it.

    Beside the entries, which nobody may change, and without a foreign key: it outlasts an entry that
    somebody removed. The database refuses to change or delete a row.
    """

    __tablename__ = "audit_seals"

    place: Mapped[int] = mapped_column(
        Number, primary_key=True, autoincrement=False
    )  # 1, 2, 3, ...
    entry_id: Mapped[int] = mapped_column(Number, unique=True)
    hash: Mapped[str] = mapped_column(String(64))  # SHA-256, hexadecimal


class Journey(Base):
    """What a customer goes through to reach a goal.

    Its days and months are those of ``zone``, in which the rollups of ``generation`` are counted.
    ``own_zone`` is the zone that staff chose, empty for the installation's. While the journey is being
    counted anew by ``next_zone``, the next generation's rollups count the responses whose id is not
    higher than ``counted_to``, and no page reads them; NOTHING_SORTED means none, and that rollups of
    an earlier attempt may still be there. ``first_day`` is the earliest that an anonymous answer is
    given from now on, so that a day that was over stays so.
    """

    __tablename__ = "journeys"
    __table_args__ = (_one_of("state", "current", "target", "archived"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    provider: Mapped[str] = mapped_column(String(200))  # fills {provider} in the wording
    goal: Mapped[str] = mapped_column(Text, default="")  # the customer's goal
    state: Mapped[str] = mapped_column(String(20), default="current")
    version: Mapped[int] = mapped_column(default=1)
    # A customer who is silent for longer begins a new run; None: only the end closes one.
    run_gap_days: Mapped[int | None]
    own_zone: Mapped[str] = mapped_column(String(60), default="")
    zone: Mapped[str] = mapped_column(String(60), default="UTC")
    generation: Mapped[int] = mapped_column(default=0)
    next_zone: Mapped[str | None] = mapped_column(String(60))
    counted_to: Mapped[int | None] = mapped_column(Number)
    first_day: Mapped[date | None] = mapped_column(Date)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # who made it
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    stages: Mapped[list[Stage]] = relationship(
        back_populates="journey", order_by="Stage.position", cascade="all, delete-orphan"
    )
    surveys: Mapped[list[SurveyRow]] = relationship(
        back_populates="journey", order_by="SurveyRow.id"
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


class MapRemoval(Base):
    """A stage with its touchpoints, or a touchpoint, that was removed from a map and can be put back.

    ``content`` is what it was and where it stood.
    """

    __tablename__ = "map_removals"
    __table_args__ = (_one_of("kind", "stage", "touchpoint"),)

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    content: Mapped[dict[str, Any]] = mapped_column(Document)
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    removed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Segment(Base):
    """A saved rule over respondent attributes: ``region in (North) and tenure_years >= 2``.

    ``sorted_to`` is None once every response has been sorted by the rule. Until then the segment's
    rollups count the responses whose id is not higher, and no page shows them; NOTHING_SORTED means
    none, and that rollups of an earlier rule may still be there.
    """

    __tablename__ = "segments"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    rule: Mapped[str] = mapped_column(Text)
    sorted_to: Mapped[int | None] = mapped_column(Number)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class SurveyRow(Base):
    """Instruments asked at a touchpoint, or at the journey's end when ``touchpoint_id`` is None.

    ``asks`` is a list of {"instrument", "version", "key", "wording", "pinned"}; key and wording may be
    None. ``pinned`` is {language: wording id}, absent in surveys of before there was such a key.
    ``link`` is the open link's code: public by nature, hence kept in the clear. ``texts``, ``theme``,
    ``logic``, ``channels``, ``sampling``, ``distribution`` and ``closed_loop`` are documents, each
    with a class in surveys/settings. Introduction, consent and draw are in ``language``; ``texts``
    has them in the others. Rows are for whoever writes; everybody reads a surveys.survey.Survey.
    """

    __tablename__ = "surveys"
    __table_args__ = (
        _one_of("state", "draft", "open", "closed"),
        _one_of("anonymity", "pseudonymous", "anonymous"),
        _one_of("paging", "page", "blocks"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    touchpoint_id: Mapped[int | None] = mapped_column(ForeignKey("touchpoints.id"), index=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    asks: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    language: Mapped[str] = mapped_column(String(20), default="en")
    languages: Mapped[list[str]] = mapped_column(Document, default=list)  # offered beside it
    introduction: Mapped[str] = mapped_column(Text, default="")
    consent: Mapped[str] = mapped_column(Text, default="")
    consent_version: Mapped[str] = mapped_column(String(60), default="")
    consent_box: Mapped[bool] = mapped_column(default=False)  # to be ticked; never ticked already
    draw: Mapped[str] = mapped_column(Text, default="")  # what may be won; empty: nothing
    texts: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    paging: Mapped[str] = mapped_column(String(20), default="page")
    auto_advance: Mapped[bool] = mapped_column(default=False)
    theme: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    logic: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    channels: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    sampling: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    distribution: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    closed_loop: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    anonymity: Mapped[str] = mapped_column(String(20), default="pseudonymous")
    open_link: Mapped[bool] = mapped_column(default=True)
    link: Mapped[str] = mapped_column(String(60), unique=True)
    state: Mapped[str] = mapped_column(String(20), default="open")
    opens_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    journey: Mapped[Journey] = relationship(back_populates="surveys")
    touchpoint: Mapped[Touchpoint | None] = relationship()


class ConsentText(Base):
    """What a consent version stood for. A version is never changed, only followed.

    ``text`` is in the survey's language, ``texts`` are its translations by language.
    """

    __tablename__ = "consent_texts"
    __table_args__ = (UniqueConstraint("survey_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    version: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(Text)
    texts: Mapped[dict[str, str]] = mapped_column(Document, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


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
    external_ref: Mapped[str | None] = mapped_column(String(200))  # the organisation's own, if any
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    last_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the latest thing in it
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Contact(Base):
    """How a customer is reached: the only table that knows an address. No answer is near it."""

    __tablename__ = "contacts"

    customer_ref: Mapped[str] = mapped_column(String(200), primary_key=True)  # the pseudonym
    email: Mapped[str] = mapped_column(String(254), default="", index=True)
    phone: Mapped[str] = mapped_column(String(40), default="")
    language: Mapped[str] = mapped_column(String(20), default="")
    zone: Mapped[str] = mapped_column(
        String(60), default=""
    )  # IANA name; empty: the installation's
    bounced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    bounce_reason: Mapped[str] = mapped_column(String(200), default="")
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class OptOut(Base):
    """Somebody who does not want to be asked. Outlives their contact, hence a keyed hash.

    ``key`` is the pseudonym of the customer reference, or that of the address in small letters.
    """

    __tablename__ = "opt_outs"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    source: Mapped[str] = mapped_column(String(20))  # "link", "staff", "import", "api", "bounce"
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Interaction(Base):
    """An event from outside: this customer met this touchpoint at this time.

    ``decided_at`` is None until it has been decided whom to ask what because of it.
    """

    __tablename__ = "interactions"
    __table_args__ = (
        UniqueConstraint("touchpoint_id", "external_id"),
        Index("ix_interactions_customer", "customer_ref", "at"),
        Index("ix_interactions_at", "at"),
        Index(
            "ix_interactions_undecided",
            "id",
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    touchpoint_id: Mapped[int] = mapped_column(ForeignKey("touchpoints.id"), index=True)
    journey_run_id: Mapped[int | None] = mapped_column(ForeignKey("journey_runs.id"), index=True)
    customer_ref: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(60), default="")
    channel: Mapped[str] = mapped_column(String(60), default="")
    language: Mapped[str] = mapped_column(String(20), default="")
    attributes: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    external_id: Mapped[str | None] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(20), default="api")
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Decision(Base):
    """Whether a survey asked this customer because of this interaction, and if not, why not.

    ``outcome`` "ask" has an invitation (gone once an anonymous one is redeemed), "skip" has a reason.
    Rows stay: non-response is reported from them.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        UniqueConstraint("interaction_id", "survey_id"),
        Index("ix_decisions_customer", "customer_ref", "outcome", "due_at"),
        Index("ix_decisions_survey", "survey_id", "outcome", "reason", "decided_at"),
        _one_of("outcome", "ask", "skip"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    interaction_id: Mapped[int] = mapped_column(
        ForeignKey("interactions.id", ondelete="CASCADE"), index=True
    )
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    customer_ref: Mapped[str] = mapped_column(String(200))
    outcome: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(40), default="")  # of a closed list
    detail: Mapped[str] = mapped_column(String(300), default="")  # the reason as a sentence
    invitation_id: Mapped[int | None] = mapped_column(
        ForeignKey("invitations.id", ondelete="SET NULL"), index=True
    )
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the customer is asked
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the first message left
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Invitation(Base):
    """One ask. The token is stored as its SHA-256 only.

    What a link made for a list carries is signed into it. One that is sent after an interaction is
    short: its token is made again from ``token_seed`` and the secret key for each message, and the
    customer and attributes are the interaction's. ``not_sent_reason`` says why an invitation was
    suppressed instead of sent.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        Index("ix_invitations_state", "survey_id", "state"),
        _one_of("state", "created", "opened", "completed", "suppressed"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    token_seed: Mapped[str | None] = mapped_column(String(64))
    interaction_id: Mapped[int | None] = mapped_column(ForeignKey("interactions.id"), index=True)
    channel: Mapped[str] = mapped_column(String(20), default="link")
    state: Mapped[str] = mapped_column(String(20), default="created")
    not_sent_reason: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the first answer given
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


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
            "ix_responses_corrected",
            "survey_id",
            "corrected_at",
            sqlite_where=text("corrected_at IS NOT NULL"),
            postgresql_where=text("corrected_at IS NOT NULL"),
        ),
        Index(
            "ix_responses_import_batch",
            "import_batch_id",
            "id",
            sqlite_where=text("import_batch_id IS NOT NULL"),
            postgresql_where=text("import_batch_id IS NOT NULL"),
        ),
        _one_of("source", "link", "invitation", "import", "simulation"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    public_id: Mapped[str] = _public_id()
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

    survey: Mapped[SurveyRow] = relationship()


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


class DrawEntry(Base):
    """Somebody who wants to win. Nothing joins it to an answer: random number, day only."""

    __tablename__ = "draw_entries"
    __table_args__ = (UniqueConstraint("survey_id", "address"),)

    # On SQLite the random number is the row's place, too: the file keeps no order of coming.
    id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    address: Mapped[str] = mapped_column(String(254))
    day: Mapped[date] = mapped_column(Date)


class PrizeDraw(Base):
    """A prize draw that was held among ``entries`` people, ``winners`` of whom won."""

    __tablename__ = "prize_draws"

    id: Mapped[int] = mapped_column(primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"), index=True)
    entries: Mapped[int]
    winners: Mapped[int]
    held_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class PrizeDrawWinner(Base):
    """An entry that won; gone with the entry, so that a winner's address is deleted in one place."""

    __tablename__ = "prize_draw_winners"

    prize_draw_id: Mapped[int] = mapped_column(
        ForeignKey("prize_draws.id", ondelete="CASCADE"), primary_key=True
    )
    entry_id: Mapped[int] = mapped_column(
        Number, ForeignKey("draw_entries.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Campaign(Base):
    """A list of customers who were asked on one day.

    ``asked`` counts the messages that were written, ``left_out`` is {reason: how many were not asked
    for it}. ``list_digest`` recognises the same list when it comes again; it is made of the
    pseudonyms on it and dropped once it serves no more.
    """

    __tablename__ = "campaigns"
    __table_args__ = (UniqueConstraint("survey_id", "day", "list_digest"),)

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    day: Mapped[date] = mapped_column(Date)
    list_digest: Mapped[str | None] = mapped_column(String(16))
    asked: Mapped[int] = mapped_column(default=0)
    left_out: Mapped[dict[str, int]] = mapped_column(Document, default=dict)


class ImportBatch(Base):
    """One import: a file's rows, and what became of them; its responses point at it.

    ``content`` is what the rows without an id add up to, ``rows`` how many they are, ``sample`` some of
    them as keyed digests, by which a later file that holds them, too, is noticed; ``by_value`` says that
    they are made of what the cells say, and not of the cells as they stand. ``read_to`` is the
    last row that has been dealt with: an import that was stopped goes on behind it. ``file_name`` is
    empty for what an earlier version brought in.
    """

    __tablename__ = "import_batches"
    __table_args__ = (
        Index("ix_import_batches_survey", "survey_id"),
        _one_of("state", "importing", "done", "removing", "removed"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    content: Mapped[str | None] = mapped_column(String(16))
    rows: Mapped[int] = mapped_column(default=0)
    sample: Mapped[list[str]] = mapped_column(Document, default=list)
    by_value: Mapped[bool] = mapped_column(default=True, server_default=false())  # those of before
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    file_name: Mapped[str] = mapped_column(String(200), default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # None: a command
    job_id: Mapped[int | None] = mapped_column(Number, ForeignKey("jobs.id"))
    choices: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    notes: Mapped[list[str]] = mapped_column(Document, default=list)
    state: Mapped[str] = mapped_column(String(20), default="importing")
    read_to: Mapped[int] = mapped_column(default=0)
    count_in: Mapped[int] = mapped_column(default=0)
    stored: Mapped[int] = mapped_column(default=0)
    already: Mapped[int] = mapped_column(default=0)
    corrected: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    first_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # of the stored responses
    last_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wordings: Mapped[dict[str, list[str]]] = mapped_column(Document, default=dict)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    removed: Mapped[int] = mapped_column(default=0)  # responses
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class ImportPreview(Base):
    """A file that somebody has uploaded and not confirmed yet: what would become of its rows.

    ``fingerprint`` is what the survey was like when the preview was made, ``result`` the preview,
    ``batch_id`` the import that it was confirmed as. Gone with its file once it has expired.
    """

    __tablename__ = "import_previews"
    __table_args__ = (Index("ix_import_previews_expires", "expires_at"),)

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id", ondelete="SET NULL"))
    refused_file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id", ondelete="SET NULL"))
    choices: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    fingerprint: Mapped[str] = mapped_column(String(64), default="")
    result: Mapped[dict[str, Any] | None] = mapped_column(Document)
    job_id: Mapped[int | None] = mapped_column(Number, ForeignKey("jobs.id"))
    batch_id: Mapped[int | None] = mapped_column(Number, ForeignKey("import_batches.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CampaignRecipient(Base):
    """A customer whom a campaign asked, by the message to them.

    Gone with the message, as that of an anonymous invitation is once it is redeemed. ``customer_ref`` is
    None for somebody who was forgotten, or whom nobody needs to know any more.
    """

    __tablename__ = "campaign_recipients"
    __table_args__ = (UniqueConstraint("customer_ref", "campaign_id"),)

    message_id: Mapped[int] = mapped_column(
        Number, ForeignKey("outgoing_messages.id", ondelete="CASCADE"), primary_key=True
    )
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), index=True)
    customer_ref: Mapped[str | None] = mapped_column(String(200))


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
    note: Mapped[str] = mapped_column(String(300), default="")
    erased_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    import_batch_id: Mapped[int | None] = mapped_column(Number, ForeignKey("import_batches.id"))


class OutgoingMessage(Base):
    """A message to be sent: this row is the truth, and it is sent at least once, seldom twice.

    To a customer it holds no address, which is looked up when it is sent. ``key`` makes the same
    wish twice one message ("invitation 12", "invitation 12 reminder 1").
    """

    __tablename__ = "outgoing_messages"
    __table_args__ = (
        Index("ix_outgoing_messages_due", "state", "due_at"),
        Index("ix_outgoing_messages_claimed", "claimed_at"),  # how many were sent in a minute
        Index("ix_outgoing_messages_customer", "customer_ref", "due_at"),
        _one_of("state", "waiting", "sending", "sent", "failed", "cancelled"),
        _one_of("channel", "email", "webhook"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(20))  # "invitation", "reminder", "alert", ...
    channel: Mapped[str] = mapped_column(String(20), default="email")
    survey_id: Mapped[int | None] = mapped_column(ForeignKey("surveys.id"), index=True)
    invitation_id: Mapped[int | None] = mapped_column(
        ForeignKey("invitations.id", ondelete="CASCADE"), index=True
    )
    customer_ref: Mapped[str | None] = mapped_column(String(200))
    # To staff: {"to", "subject", "text"}. To customers: {} or {"number": reminder's number}. Old ones
    # say nothing any more.
    content: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class ApiKey(Base):
    """A key of another program. Only its SHA-256 is kept; ``prefix`` tells keys apart.

    ``journey_id`` None opens every journey, an empty ``networks`` every address. While it is replaced,
    the secret before (``previous_hash``) opens the same until ``previous_until``.
    """

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    prefix: Mapped[str] = mapped_column(String(20))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(Document)
    journey_id: Mapped[int | None] = mapped_column(ForeignKey("journeys.id"))
    networks: Mapped[list[str]] = mapped_column(Document, default=list)  # in CIDR notation
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    previous_hash: Mapped[str | None] = mapped_column(String(64))
    previous_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Webhook(Base):
    """An address of another program that is told of ``events``.

    The secret that signs what it is told is made from ``seed`` and the secret key. Until
    ``previous_until``, what it is told is signed with that of ``previous_seed``, too.
    """

    __tablename__ = "webhooks"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(String(2000))
    seed: Mapped[str] = mapped_column(String(64))
    active: Mapped[bool] = mapped_column(default=True)
    failing_since: Mapped[datetime | None] = mapped_column(
        UtcDateTime
    )  # None: the last one arrived
    previous_seed: Mapped[str | None] = mapped_column(String(64))
    previous_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wait_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # as its server asked
    gone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # its server wants no more
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    wanted: Mapped[list[WebhookEvent]] = relationship(
        order_by="WebhookEvent.event", cascade="all, delete-orphan", lazy="selectin"
    )
    events: AssociationProxy[list[str]] = association_proxy(
        "wanted", "event", creator=lambda event: WebhookEvent(event=event)
    )


class WebhookEvent(Base):
    """A kind of event that a webhook is told of. By event first: so it is asked for each answer."""

    __tablename__ = "webhook_events"

    event: Mapped[str] = mapped_column(String(40), primary_key=True)
    webhook_id: Mapped[int] = mapped_column(
        ForeignKey("webhooks.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class MailKey(Base):
    """A key that signs the mails of a domain, once its public half is found in DNS.

    The private half can be read with the installation's secret key only.
    """

    __tablename__ = "mail_keys"
    __table_args__ = (UniqueConstraint("domain", "selector"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    domain: Mapped[str] = mapped_column(String(253))
    selector: Mapped[str] = mapped_column(String(63))
    private_key: Mapped[str] = mapped_column(Text)  # encrypted PEM
    public_key: Mapped[str] = mapped_column(Text)  # as DNS has it
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    signs_from: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: it has never signed
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when another one took over


class Event(Base):
    """Something that happened and has not been spread yet; deleted once it has been."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))  # "response", "response.corrected", "case", ...
    subject: Mapped[dict[str, Any]] = mapped_column(Document)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Delivery(Base):
    """One telling of one event to one webhook: the log, and what is still to be told.

    ``event_id`` is the event's: the same for every webhook, at each attempt and when it is sent again.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("uq_deliveries_public_id", "public_id", unique=True),
        Index("ix_deliveries_due", "state", "due_at"),
        _one_of("state", "waiting", "sending", "delivered", "failed"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    public_id: Mapped[str] = _public_id()
    event_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), default=random_id)
    webhook_id: Mapped[int] = mapped_column(
        ForeignKey("webhooks.id", ondelete="CASCADE"), index=True
    )
    # Gone with the response that it tells of; None where it tells of something else, or may not say.
    response_id: Mapped[int | None] = mapped_column(
        ForeignKey("responses.id", ondelete="CASCADE"), index=True
    )
    event: Mapped[str] = mapped_column(String(40))
    payload: Mapped[dict[str, Any]] = mapped_column(Document)
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status: Mapped[int | None]  # of the last answer
    error: Mapped[str] = mapped_column(String(300), default="")
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replay_of: Mapped[int | None] = mapped_column(Number)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Case(Base):
    """A low score that somebody looks after until it is put right, or known not to be."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("uq_cases_public_id", "public_id", unique=True),
        Index("ix_cases_state", "state", "due_at"),
        _one_of("state", "open", "contacted", "closed"),
        _one_of("outcome", "", "recovered", "not_recovered", "unreachable", "no_action"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    public_id: Mapped[str] = _public_id()
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

    survey: Mapped[SurveyRow] = relationship()
    notes: Mapped[list[CaseNote]] = relationship(
        order_by="CaseNote.id", cascade="all, delete-orphan"
    )


class CaseNote(Base):
    """What somebody learned about a case (``kind`` "note"), what was done to it ("change"), or what
    the customer did ("customer").
    """

    __tablename__ = "case_notes"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(20), default="note")
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Alert(Base):
    """Tell people when a score falls below a limit, as soon as enough answers say so.

    Once told it is no longer ``armed``, until the score has been back at the limit.
    """

    __tablename__ = "alerts"

    id: Mapped[int] = mapped_column(primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"), index=True)
    scale: Mapped[str] = mapped_column(String(120))
    below: Mapped[float] = mapped_column(Float(53))
    minimum_n: Mapped[int]
    days: Mapped[int]  # the window that is looked at
    emails: Mapped[list[str]] = mapped_column(Document, default=list)
    active: Mapped[bool] = mapped_column(default=True)
    armed: Mapped[bool] = mapped_column(default=True)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    told: Mapped[int] = mapped_column(default=0, server_default="0")  # how often
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


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


# What a response is flagged for as careless, in the order of the bits of a ``CarelessFlag``.
CARELESS_SIGNS = ("longstring", "irv", "mahalanobis", "speed")


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


EVERYBODY = 0  # the segment id of rollups over all responses
BINS = 11  # b0..b10 hold the integer part of the value: exact for CSAT, CES and NPS


class Rollup(Base):
    """Counts and sums of one scale on one day for one segment: what pages read.

    Pages read the journey's ``generation``; another is being made, or waits to be deleted. Rebuildable from scores. ``scale`` "responses" counts submissions. No foreign key on
    ``segment_id``, because EVERYBODY is no stored segment.
    """

    __tablename__ = "rollups"

    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"), primary_key=True)
    generation: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=0)
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
    """Work asked for. Workers wait on these rows; nothing beside the database can stop them."""

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
    # None: of no journey, or of all, as a segment is.
    journey_id: Mapped[int | None] = mapped_column(ForeignKey("journeys.id"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    heartbeat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When what the result told of single customers was dropped, by kinds whose results do.
    cleared_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Worker(Base):
    """A worker process that has given a sign of life; its row goes when it stops, or a day after its death.

    ``tasks`` tells by name how each of its duties fares: {"every", "begun_at", "done_at",
    "failing_since", "failures", "error"}, times in seconds since 1970.
    """

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[str] = mapped_column(String(40))
    tasks: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)


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
    kind: Mapped[str] = mapped_column(String(60))  # "benchmark", "validation", "sjq_study"
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
    job: Mapped[Job | None] = relationship()


# As on PostgreSQL, a number that was given is never given again, also when its row is gone. Responses
# have a counter of their own, because random numbers lie above their consecutive ones.
for _table in Base.metadata.tables.values():
    if _table.autoincrement_column is not None and _table.name != Response.__tablename__:
        _table.dialect_options["sqlite"]["autoincrement"] = True
