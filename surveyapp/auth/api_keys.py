"""Keys of other programs: what they may do, who made them, and whether they still open anything.

A key is 256 random bits, so a plain SHA-256 keeps it as well as a slow hash would: there is nothing
to guess from.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from surveyapp.auth.key_limits import is_within, read_expiry, read_networks
from surveyapp.auth.permissions import Subject
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.store.audit import record
from surveyapp.store.columns import utc_now
from surveyapp.store.models import ApiKey, Journey, User

LONGEST_NAME = 200
LONGEST_OVERLAP = timedelta(days=90)
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
    MAKE_REPORTS = "make reports"
    EDIT_JOURNEYS = "edit journeys"
    MODEL_ANSWERS = "model answers"


# What each scope is about; a key of one journey has none that is about more.
SUBJECTS: Mapping[KeyScope, Subject] = MappingProxyType(
    {
        KeyScope.WRITE_INTERACTIONS: Subject.JOURNEY,
        KeyScope.INVITE_CUSTOMERS: Subject.JOURNEY,
        KeyScope.WRITE_BOUNCES: Subject.INSTALLATION,  # an address is of no journey
        KeyScope.READ_SURVEYS: Subject.JOURNEY,
        KeyScope.READ_RESPONSES: Subject.JOURNEY,
        KeyScope.READ_RESULTS: Subject.JOURNEY,
        KeyScope.MAKE_REPORTS: Subject.JOURNEY,
        KeyScope.EDIT_JOURNEYS: Subject.JOURNEY,
        KeyScope.MODEL_ANSWERS: Subject.JOURNEY,
    }
)


@dataclass(frozen=True)
class Caller:
    """The program that a key stands for."""

    id: int
    name: str
    scopes: frozenset[str]
    journey_id: int | None  # None: every journey
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
    journey: str | None  # its name; None: every journey
    networks: tuple[str, ...]
    expires_at: datetime | None
    old_until: datetime | None  # until when the secret before works, too
    made_by: str | None
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


def make(
    session: Session,
    *,
    name: str,
    scopes: Iterable[str],
    journey_id: int | None = None,
    networks: Iterable[str] = (),
    expires_at: datetime | None = None,
    user_id: int | None,
    now: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its text, ``sak_<prefix>_<secret>``, which is shown now or never.

    Without a journey it is for all of them, without networks for every address, without an end for
    good. Raises Invalid for a name, scopes, networks or an end that cannot be.
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
    wide = [each for each in wanted if SUBJECTS[KeyScope(each)] is not Subject.JOURNEY]
    if journey_id is not None and wide:
        raise Invalid(
            f"{wide[0]!r} concerns the customers of every journey; make a key of all journeys for it.",
            field="scopes",
        )
    journey = session.get(Journey, journey_id) if journey_id is not None else None
    if journey_id is not None and journey is None:
        raise Invalid("There is no such journey; choose one from the list.", field="journey_id")
    prefix = "".join(secrets.choice(_LETTERS) for _ in range(8))
    text = _text(prefix)
    key = ApiKey(
        name=name,
        prefix=prefix,
        key_hash=_hash(text),
        scopes=wanted,
        journey_id=journey_id,
        networks=read_networks(networks),
        expires_at=read_expiry(expires_at, now=now or utc_now()),
        created_by=user_id,
    )
    session.add(key)
    session.flush()
    detail = {"scopes": wanted, **({"journey": journey.code} if journey else {}), **_limits(key)}
    record(session, user_id, "make API key", _subject(key), **detail)
    return key, text


def change_limits(
    session: Session,
    key_id: int,
    *,
    networks: Iterable[str],
    expires_at: datetime | None,
    user_id: int | None,
    now: datetime,
) -> ApiKey:
    """Let a key in from other networks, or until another time. Raises Invalid, NotFound, Conflict."""
    key = in_force(session, key_id)
    before = _limits(key)
    key.networks = read_networks(networks)
    if expires_at != key.expires_at:
        key.expires_at = read_expiry(expires_at, now=now)
    if _limits(key) != before:
        record(session, user_id, "change API key", _subject(key), **_limits(key))
    return key


def rotate(
    session: Session, key_id: int, *, overlap: timedelta, user_id: int | None, now: datetime
) -> tuple[ApiKey, str]:
    """The same key with a new secret, shown now or never; the one before works for the overlap.

    Raises Invalid for an overlap that is too long, Conflict while an earlier one lasts.
    """
    key = in_force(session, key_id)
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise Invalid(
            f"The old secret can go on for 0 to {LONGEST_OVERLAP.days} days.", field="days"
        )
    if _old_works(key, now):
        raise Conflict(
            f"The secret before this one works until {key.previous_until:%Y-%m-%d %H:%M} UTC; drop it"
            " before you make another."
        )
    text = _text(key.prefix)
    key.previous_hash, key.previous_until = key.key_hash, now + overlap
    key.key_hash = _hash(text)
    session.flush()
    days = overlap.days
    record(session, user_id, "rotate API key", _subject(key), overlap_days=days)
    return key, text


def drop_old_secret(session: Session, key_id: int, *, user_id: int | None) -> ApiKey:
    """End the overlap of a rotation now."""
    key = in_force(session, key_id)
    if key.previous_hash is not None:
        key.previous_hash = key.previous_until = None
        record(session, user_id, "drop old secret of API key", _subject(key))
    return key


def in_force(session: Session, key_id: int) -> ApiKey:
    """A key that was not revoked, kept from others who change it. Raises NotFound, Conflict."""
    key = session.get(ApiKey, key_id, with_for_update=True)
    if key is None:
        raise NotFound("There is no such API key.")
    if key.revoked_at is not None:
        raise Conflict(f"The key {key.name} has been revoked already.")
    return key


def by_prefix(session: Session, prefix: str) -> ApiKey:
    """The key that a command names by its first letters; NotFound, Conflict where that is not one."""
    short = prefix.removeprefix("sak_").partition("_")[0]
    found = session.scalars(select(ApiKey).where(ApiKey.prefix == short)).all()
    if not found:
        raise NotFound(f"There is no API key {prefix[:20]!r}; see surveyapp key list.")
    if len(found) > 1:
        raise Conflict(f"{len(found)} API keys begin with {short}; change them on their pages.")
    return found[0]


def revoke(session: Session, key_id: int, *, user_id: int | None) -> ApiKey:
    """Make a key open nothing any more, from its next request on. Raises NotFound, Conflict."""
    key = in_force(session, key_id)
    key.revoked_at = utc_now()
    record(session, user_id, "revoke API key", _subject(key))
    return key


def caller(session: Session, text: str, *, now: datetime, address: str = "") -> Caller | None:
    """Whose key this is; None for every text that is no key in force, or comes from elsewhere.

    ``address`` is the caller's; without one only keys for every address open anything.
    """
    key = _matching(session, text)
    if key is None or _why_not(key, text, now, address):
        return None
    stale = key.used_at is None or key.used_at <= now - _NOTED_EVERY
    return Caller(key.id, key.name, frozenset(key.scopes), key.journey_id, stale)


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


def note_refused(
    session: Session, text: str, *, now: datetime | None = None, address: str = ""
) -> None:
    """Note that somebody came with a key that opens nothing; what they sent is not kept.

    Where it is a key, the reason goes with it: its callers are told none.
    """
    key = _matching(session, text)
    if key is not None:
        reason = _why_not(key, text, now or utc_now(), address)
        record(session, None, "refuse API key", _subject(key), reason=reason)
        return
    found = _KEY.fullmatch(text)
    known = None
    if found is not None:
        known = session.scalar(select(ApiKey).where(ApiKey.prefix == found[1]))
    record(session, None, "refuse API key", _subject(known) if known else "unknown key")


def line(session: Session, key_id: int, *, now: datetime) -> KeyLine:
    """One key as a list shows it; NotFound when there is none."""
    found = next((each for each in lines(session, now=now) if each.id == key_id), None)
    if found is None:
        raise NotFound("There is no such API key.")
    return found


def lines(session: Session, *, now: datetime) -> list[KeyLine]:
    """All keys, those in force first, then by age."""
    rows = session.execute(
        select(ApiKey, User.name, Journey.name)
        .outerjoin(User, User.id == ApiKey.created_by)
        .outerjoin(Journey, Journey.id == ApiKey.journey_id)
        .order_by(ApiKey.revoked_at.is_not(None), ApiKey.id.desc())
    )
    return [
        KeyLine(
            id=key.id,
            name=key.name,
            prefix=key.prefix,
            scopes=tuple(key.scopes),
            journey=journey,
            networks=tuple(key.networks),
            expires_at=key.expires_at,
            old_until=key.previous_until if _old_works(key, now) else None,
            made_by=maker,
            created_at=key.created_at,
            used_at=key.used_at,
            revoked_at=key.revoked_at,
        )
        for key, maker, journey in rows
    ]


def _matching(session: Session, text: str) -> ApiKey | None:
    """The key that has this secret, or had it before; in force or not."""
    found = _KEY.fullmatch(text)
    if found is None:
        return None
    wanted = _hash(text)
    for key in session.scalars(select(ApiKey).where(ApiKey.prefix == found[1])):
        secrets_of = (key.key_hash, key.previous_hash or "")
        if any(hmac.compare_digest(each, wanted) for each in secrets_of):
            return key
    return None


def _why_not(key: ApiKey, text: str, now: datetime, address: str) -> str:
    """Why this key with this secret opens nothing; empty where it does."""
    old = not hmac.compare_digest(key.key_hash, _hash(text))
    reasons = {
        "revoked": key.revoked_at is not None,
        "expired": key.expires_at is not None and key.expires_at <= now,
        "old secret": old and not _old_works(key, now),
        "address": not is_within(address, key.networks),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _old_works(key: ApiKey, now: datetime) -> bool:
    return key.previous_hash is not None and (key.previous_until or now) > now


def _limits(key: ApiKey) -> dict[str, Any]:
    end = {"expires_at": key.expires_at.isoformat()} if key.expires_at else {}
    return {**({"networks": list(key.networks)} if key.networks else {}), **end}


def _text(prefix: str) -> str:
    return f"sak_{prefix}_{secrets.token_urlsafe(32)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _subject(key: ApiKey) -> str:
    return f"API key {key.prefix} {key.name}"
