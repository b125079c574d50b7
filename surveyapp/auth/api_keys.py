"""Keys of other programs: what they may do, who made them, and whether they still open anything.

A key is 256 random bits, so a plain SHA-256 keeps it as well as a slow hash would: there is nothing
to guess from.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.store.audit import record
from surveyapp.store.columns import utc_now
from surveyapp.store.models import ApiKey, User

LONGEST_NAME = 200
_KEY = re.compile(r"sak_([a-z2-7]{8})_[A-Za-z0-9_-]{43}")
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_NOTED_EVERY = timedelta(minutes=1)


class KeyScope(StrEnum):
    """One thing that a key may do; every route of the API names exactly one."""

    WRITE_INTERACTIONS = "write interactions"
    INVITE_CUSTOMERS = "invite customers"
    WRITE_BOUNCES = "write bounces"
    READ_SURVEYS = "read surveys"
    READ_RESPONSES = "read responses"
    READ_RESULTS = "read results"


@dataclass(frozen=True)
class Caller:
    """The program that a key stands for."""

    id: int
    name: str
    scopes: frozenset[str]
    note_use: bool  # whether the moment of its use is worth writing down again

    def may(self, scope: KeyScope) -> bool:
        return scope in self.scopes


@dataclass(frozen=True)
class KeyLine:
    """A key as a list shows it: never the key."""

    id: int
    name: str
    prefix: str
    scopes: tuple[str, ...]
    made_by: str | None
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


def make(
    session: Session, *, name: str, scopes: Iterable[str], user_id: int | None
) -> tuple[ApiKey, str]:
    """A new key and its text, ``sak_<prefix>_<secret>``, which is shown now or never.

    Raises Invalid for a name or scopes that cannot be.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Invalid(
            f"The name has {len(name)} characters; use 1 to {LONGEST_NAME}.", field="name"
        )
    wanted = list(dict.fromkeys(scopes))
    unknown = [scope for scope in wanted if scope not in set(KeyScope)]
    if unknown or not wanted:
        found = f"{unknown[0][:40]!r} is not a scope" if unknown else "No scope is selected"
        raise Invalid(f"{found}; choose from {', '.join(KeyScope)}.", field="scopes")
    prefix = "".join(secrets.choice(_LETTERS) for _ in range(8))
    text = f"sak_{prefix}_{secrets.token_urlsafe(32)}"
    key = ApiKey(name=name, prefix=prefix, key_hash=_hash(text), scopes=wanted, created_by=user_id)
    session.add(key)
    session.flush()
    record(session, user_id, "make API key", _subject(key), scopes=wanted)
    return key, text


def revoke(session: Session, key_id: int, *, user_id: int | None) -> ApiKey:
    """Make a key open nothing any more, from its next request on. Raises NotFound, Conflict."""
    key = session.get(ApiKey, key_id)
    if key is None:
        raise NotFound("There is no such API key.")
    if key.revoked_at is not None:
        raise Conflict(f"The key {key.name} has been revoked already.")
    key.revoked_at = utc_now()
    record(session, user_id, "revoke API key", _subject(key))
    return key


def caller(session: Session, text: str, *, now: datetime) -> Caller | None:
    """Whose key this is; None for every text that is no key in force."""
    found = _KEY.fullmatch(text)
    if found is None:
        return None
    wanted = _hash(text)
    for key in session.scalars(select(ApiKey).where(ApiKey.prefix == found[1])):
        if hmac.compare_digest(key.key_hash, wanted) and key.revoked_at is None:
            stale = key.used_at is None or key.used_at <= now - _NOTED_EVERY
            return Caller(key.id, key.name, frozenset(key.scopes), stale)
    return None


def note_use(session: Session, key_id: int, *, now: datetime) -> None:
    """Note when the key was used, at most once a minute: reading should not cost a write."""
    session.execute(
        update(ApiKey)
        .where(
            ApiKey.id == key_id,
            or_(ApiKey.used_at.is_(None), ApiKey.used_at <= now - _NOTED_EVERY),
        )
        .values(used_at=now)
    )


def note_refused(session: Session, text: str) -> None:
    """Note that somebody came with a key that opens nothing; what they sent is not kept."""
    found = _KEY.fullmatch(text)
    known = None
    if found is not None:
        known = session.scalar(select(ApiKey).where(ApiKey.prefix == found[1]))
    record(session, None, "refuse API key", _subject(known) if known else "unknown key")


def lines(session: Session) -> list[KeyLine]:
    """All keys, those in force first, then by age."""
    rows = session.execute(
        select(ApiKey, User.name)
        .outerjoin(User, User.id == ApiKey.created_by)
        .order_by(ApiKey.revoked_at.is_not(None), ApiKey.id.desc())
    )
    return [
        KeyLine(
            id=key.id,
            name=key.name,
            prefix=key.prefix,
            scopes=tuple(key.scopes),
            made_by=maker,
            created_at=key.created_at,
            used_at=key.used_at,
            revoked_at=key.revoked_at,
        )
        for key, maker in rows
    ]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _subject(key: ApiKey) -> str:
    return f"API key {key.prefix} {key.name}"
