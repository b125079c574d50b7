"""The audit log and the seals of its chain."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from surveyapp.store.columns import Document, UtcDateTime, utc_now
from surveyapp.store.models.base import Base, Number


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
