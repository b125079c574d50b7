"""Reads about people who may sign in, and about what they did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from surveyapp.auth.accounts import Account, account_of
from surveyapp.errors import NotFound
from surveyapp.store.models import AuditEntry, AuditSeal, User

_ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class Credentials:
    """What a sign-in is checked against."""

    user_id: int
    password_hash: str


@dataclass(frozen=True)
class AuditLine:
    """An audit entry with the name of who did it."""

    at: datetime
    who: str
    action: str
    subject: str
    detail: dict[str, Any]


def credentials(session: Session, email: str) -> Credentials | None:
    """The stored credentials of an active account, or None."""
    row = session.execute(
        select(User.id, User.password_hash).where(
            User.email == email.strip().lower(), User.active.is_(True)
        )
    ).one_or_none()
    return Credentials(*row) if row else None


def account(session: Session, user_id: int) -> Account:
    """The account of this id; NotFound when there is none."""
    user = session.get(User, user_id)
    if user is None:
        raise NotFound(f"There is no user {user_id}.")
    return account_of(user)


def account_by_email(session: Session, email: str) -> Account:
    """The account that signs in with this address; NotFound when there is none."""
    user = session.scalar(select(User).where(User.email == email.strip().lower()))
    if user is None:
        raise NotFound(f"There is no user {email[:80]!r}.")
    return account_of(user)


def in_session(session: Session, user_id: int, session_epoch: int) -> Account | None:
    """The account that a session belongs to, or None when that session has been ended."""
    user = session.get(User, user_id)
    if user is None or not user.active or user.session_epoch != session_epoch:
        return None
    return account_of(user)


def accounts(session: Session) -> list[Account]:
    """Everybody, by name."""
    return [account_of(user) for user in session.scalars(select(User).order_by(User.name, User.id))]


def count_users(session: Session) -> int:
    """How many accounts there are: none means that the installation is new."""
    return session.scalar(select(func.count()).select_from(User)) or 0


def audit_log(
    session: Session, *, limit: int, before: int | None = None, user_id: int | None = None
) -> list[tuple[int, AuditLine]]:
    """(id, line) of the newest entries, older than entry ``before`` when it is given."""
    query = select(AuditEntry, User.name).outerjoin(User, AuditEntry.user_id == User.id)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    if user_id is not None:
        query = query.where(AuditEntry.user_id == user_id)
    rows = session.execute(query.order_by(AuditEntry.id.desc()).limit(limit))
    return [
        (entry.id, AuditLine(entry.at, name or "", entry.action, entry.subject, entry.detail))
        for entry, name in rows
    ]


@dataclass(frozen=True)
class AuditRow:
    """An audit entry as it is exported; ``place`` and ``hash`` None until it is sealed."""

    id: int
    at: datetime
    user_id: int | None
    user: str
    action: str
    subject: str
    detail: dict[str, Any]
    place: int | None
    hash: str | None


@dataclass(frozen=True)
class AuditRows:
    """Which entries to export: one user's or everybody's, from a moment on."""

    since: datetime | None = None
    user_id: int | None = None

    def count(self, session: Session) -> int:
        """How many they are."""
        query = select(func.count()).select_from(AuditEntry).where(*self._conditions())
        return session.scalar(query) or 0

    def read(self, session: Session) -> Iterator[AuditRow]:
        """The entries, the oldest first, while they are read."""
        query = (
            select(AuditEntry, User.email, AuditSeal.place, AuditSeal.hash)
            .outerjoin(User, AuditEntry.user_id == User.id)
            .outerjoin(AuditSeal, AuditSeal.entry_id == AuditEntry.id)
            .where(*self._conditions())
            .order_by(AuditEntry.id)
        )
        with session.execute(query.execution_options(yield_per=_ROWS_AT_ONCE)) as rows:
            for entry, email, place, hashed in rows:
                yield AuditRow(
                    *(entry.id, entry.at, entry.user_id, email or "", entry.action, entry.subject),
                    *(entry.detail, place, hashed),
                )

    def _conditions(self) -> list[ColumnElement[bool]]:
        held = []
        if self.since is not None:
            held.append(AuditEntry.at >= self.since)
        if self.user_id is not None:
            held.append(AuditEntry.user_id == self.user_id)
        return held
