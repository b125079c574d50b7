"""Who may sign in, by what, and what each may do with a journey."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Float, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from surveyapp.store.columns import UtcDateTime, utc_now
from surveyapp.store.models.base import Base, Number, one_of


class User(Base):
    """A member of staff. ``session_epoch`` rises on password or role change and ends sessions.

    ``must_change_password`` marks a one-time password: good for signing in once, to set another.
    """

    __tablename__ = "users"
    __table_args__ = (one_of("role", "administrator", "researcher", "manager"),)

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
        one_of("kind", "owner", "editor", "reader", "comments", "contacts"),
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
