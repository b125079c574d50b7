"""Sessions of staff: begun by a sign-in, listed for their owner, over at once when one ends them.

A browser holds a key of 256 random bits and the database its SHA-256, so that a copy of the database
opens no session. A session is good for its account's epoch only: what raises the epoch ends them all.
How long one may lie idle is for the browser's cookie to say, which each answer renews; here only its
whole length counts, and a request costs no write.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from surveyapp.auth import queries
from surveyapp.auth.accounts import Account
from surveyapp.errors import NotFound
from surveyapp.installation import Installation
from surveyapp.store.audit import record
from surveyapp.store.models import User, UserSession

_HOUR = timedelta(hours=1)
SEEN_EVERY = _HOUR


@dataclass(frozen=True)
class Origin:
    """Where a session was begun, in words that its owner knows it by."""

    device: str
    network: str


@dataclass(frozen=True)
class OpenSession:
    """A session in force; ``note_seen`` says that the hour of its use is worth writing down again."""

    id: int
    account: Account
    method: str
    note_seen: bool


@dataclass(frozen=True)
class SessionLine:
    """A session as its owner's page lists it."""

    id: int
    device: str
    network: str
    signed_in_at: datetime
    idle_hours: int  # whole hours since it was last noted as used


def begin(
    session: Session, account: Account, origin: Origin, *, now: datetime, method: str = "password"
) -> str:
    """Begin a session for who has just proved to be this account; its key, for the browser only."""
    key = secrets.token_urlsafe(32)
    session.add(
        UserSession(
            user_id=account.id,
            epoch=account.session_epoch,
            key_hash=_hash(key),
            method=method,
            device=origin.device[:60],
            network=origin.network[:60],
            signed_in_at=now,
            seen_at=now,
        )
    )
    return key


def opened(session: Session, key: str, *, now: datetime, hours: int) -> OpenSession | None:
    """The session behind a key; None when it was ended, is too old, or its account has changed."""
    row = session.scalar(select(UserSession).where(UserSession.key_hash == _hash(key)))
    if row is None or row.signed_in_at <= now - timedelta(hours=hours):
        return None
    account = queries.in_session(session, row.user_id, row.epoch)
    if account is None:
        return None
    return OpenSession(row.id, account, row.method, row.seen_at <= now - SEEN_EVERY)


def note_seen(session: Session, session_id: int, *, now: datetime) -> None:
    """Note that a session is in use, once an hour at most."""
    stale = UserSession.seen_at <= now - SEEN_EVERY
    session.execute(
        update(UserSession).where(UserSession.id == session_id, stale).values(seen_at=now)
    )


def lines(session: Session, account: Account, *, now: datetime, hours: int) -> list[SessionLine]:
    """The account's sessions in force, the last begun first."""
    rows = session.scalars(
        select(UserSession)
        .where(
            UserSession.user_id == account.id,
            UserSession.epoch == account.session_epoch,
            UserSession.signed_in_at > now - timedelta(hours=hours),
        )
        .order_by(UserSession.id.desc())
    )
    return [
        SessionLine(row.id, row.device, row.network, row.signed_in_at, (now - row.seen_at) // _HOUR)
        for row in rows
    ]


def end(session: Session, session_id: int) -> None:
    """End the session of who signs out: its key opens nothing any more, wherever a copy of it lies."""
    session.execute(delete(UserSession).where(UserSession.id == session_id))


def end_one(session: Session, account: Account, session_id: int) -> str:
    """End one of an account's sessions; what it was called. Raises NotFound."""
    row = session.get(UserSession, session_id)
    if row is None or row.user_id != account.id:
        raise NotFound("There is no such session; it may have ended already.")
    session.delete(row)
    record(session, account.id, "end session", f"user {account.email}", device=row.device)
    return row.device


def end_others(session: Session, account: Account, *, but: int) -> int:
    """End all of an account's sessions except the one that asks; how many there were."""
    ended = _delete(session, and_(UserSession.user_id == account.id, UserSession.id != but))
    record(session, account.id, "end other sessions", f"user {account.email}", ended=ended)
    return ended


def forget(installation: Installation, now: datetime) -> int:
    """Delete the sessions that are over by age or by their account's epoch; how many."""
    oldest = now - timedelta(hours=installation.settings.session_hours)
    current = select(User.session_epoch).where(User.id == UserSession.user_id).scalar_subquery()
    over = or_(UserSession.signed_in_at <= oldest, UserSession.epoch != current)
    with installation.store.reading() as session:
        if session.scalar(select(UserSession.id).where(over).limit(1)) is None:
            return 0  # without waiting for the lock of who writes
    with installation.store.writing() as session:
        return _delete(session, over)


def _delete(session: Session, which: ColumnElement[bool]) -> int:
    return len(session.scalars(delete(UserSession).where(which).returning(UserSession.id)).all())


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
