"""Keys of the installation and of programs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from surveyapp.store.columns import Document, UtcDateTime, utc_now
from surveyapp.store.models.base import Base, one_of


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


class EncryptionKey(Base):
    """A key for names and addresses, wrapped by the master key, whose fingerprint is ``master``.

    Of those that encrypt ("data") the newest does; others are there until a rotation has dealt with
    all that is under them. One makes the blind indexes ("index").
    """

    __tablename__ = "encryption_keys"
    __table_args__ = (one_of("purpose", "data", "index"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    purpose: Mapped[str] = mapped_column(String(20))
    wrapped: Mapped[str] = mapped_column(Text)
    master: Mapped[str] = mapped_column(String(32))
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
