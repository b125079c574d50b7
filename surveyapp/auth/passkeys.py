"""Passkeys of an account: kept, listed, found by what a browser sends, removed.

What an authenticator signs is checked by ``passkey_ceremonies``; here are the rows.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from surveyapp.auth import queries
from surveyapp.auth.accounts import Account, account_of
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.store.audit import record
from surveyapp.store.models import Passkey, User

LONGEST_NAME = 60
MOST = 20


@dataclass(frozen=True)
class Registered:
    """What an authenticator made for an account; ids and keys in base64url."""

    credential_id: str
    public_key: str
    sign_count: int


@dataclass(frozen=True)
class PasskeyLine:
    """A passkey as its owner's page lists it."""

    id: int
    name: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True)
class Known:
    """A passkey and whose it is, to check a signature against."""

    id: int
    account: Account
    public_key: str
    sign_count: int
    used_at: datetime | None


def user_handle(user_id: int, secret_key: str) -> bytes:
    """What authenticators keep for the account: it says nothing about who that is."""
    return hmac.new(secret_key.encode(), f"passkeys of user {user_id}".encode(), "sha256").digest()


def add(session: Session, account: Account, name: str, made: Registered) -> None:
    """Keep a passkey under a name. Raises Invalid, Conflict."""
    name = _read_name(name)
    if count(session, account.id) >= MOST:
        raise Conflict(f"You have {MOST} passkeys already; remove one first.")
    if _row(session, made.credential_id) is not None:
        raise Conflict("This passkey is registered already.")
    session.add(Passkey(user_id=account.id, name=name, **vars(made)))
    session.flush()
    record(session, account.id, "add passkey", f"user {account.email}")


def lines(session: Session, user_id: int) -> list[PasskeyLine]:
    """The account's passkeys, the oldest first."""
    rows = session.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id))
    return [_line(row) for row in rows]


def line(session: Session, user_id: int, passkey_id: int) -> PasskeyLine:
    """One of the account's passkeys. Raises NotFound."""
    return _line(_own(session, user_id, passkey_id))


def credential_ids(session: Session, user_id: int) -> list[str]:
    """What the account's authenticators call their passkeys."""
    return list(session.scalars(select(Passkey.credential_id).where(Passkey.user_id == user_id)))


def count(session: Session, user_id: int) -> int:
    """How many passkeys the account has."""
    query = select(func.count()).select_from(Passkey).where(Passkey.user_id == user_id)
    return session.scalar(query) or 0


def known(session: Session, credential_id: str) -> Known | None:
    """The passkey of this id, where its account may sign in."""
    row = _row(session, credential_id)
    user = session.get(User, row.user_id) if row is not None else None
    if row is None or user is None or not user.active:
        return None
    return Known(row.id, account_of(user), row.public_key, row.sign_count, row.used_at)


def note_use(session: Session, found: Known, sign_count: int, *, now: datetime) -> Account | None:
    """Note that a passkey has signed; its account, None where it changed since it was looked up, or
    another has just used the same signature.
    """
    before = (Passkey.id == found.id) & (Passkey.sign_count == found.sign_count)
    before &= Passkey.used_at.is_not_distinct_from(found.used_at)
    used = update(Passkey).where(before).values(sign_count=sign_count, used_at=now)
    if session.scalar(used.returning(Passkey.id)) is None:
        return None
    return queries.in_session(session, found.account.id, found.account.session_epoch)


def remove(session: Session, account: Account, passkey_id: int) -> str:
    """Remove one of an account's passkeys; its name. Raises NotFound."""
    row = _own(session, account.id, passkey_id)
    session.delete(row)
    session.flush()
    record(session, account.id, "remove passkey", f"user {account.email}")
    return row.name


def rename(session: Session, account: Account, passkey_id: int, name: str) -> None:
    """Call one of an account's passkeys something else. Raises Invalid, NotFound."""
    row = _own(session, account.id, passkey_id)
    row.name = _read_name(name)
    record(session, account.id, "rename passkey", f"user {account.email}")


def _read_name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Invalid(
            f"The name has {len(name)} characters; use 1 to {LONGEST_NAME}.", field="name"
        )
    return name


def _own(session: Session, user_id: int, passkey_id: int) -> Passkey:
    row = session.get(Passkey, passkey_id)
    if row is None or row.user_id != user_id:
        raise NotFound("There is no such passkey.")
    return row


def _line(row: Passkey) -> PasskeyLine:
    return PasskeyLine(row.id, row.name, row.created_at, row.used_at)


def _row(session: Session, credential_id: str) -> Passkey | None:
    return session.scalar(select(Passkey).where(Passkey.credential_id == credential_id))
