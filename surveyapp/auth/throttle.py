"""Limits on guessing, held in the database: one for all processes and hosts, whoever serves a request.

A limit allows a burst, then one attempt at a time (the generic cell rate algorithm): a row holds the
moment at which all that was taken will have drained, so that one statement counts and decides, and a
row is worth nothing any more once that moment is past. Names are stored as keyed hashes: the table says
nobody's address.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import cast

from sqlalchemy import ColumnElement, Table, case, delete, func, select, update
from sqlalchemy.orm import Session

from surveyapp.installation import Installation
from surveyapp.store.inserts import insert
from surveyapp.store.models import Throttle

MOST_ROWS = 20_000  # beyond it those that drain first are forgotten; who guesses most drains last
_DROPPED_AT_ONCE = 200
_THROTTLES = cast(Table, Throttle.__table__)


@dataclass(frozen=True)
class Limit:
    """So many attempts at once, then one in so many seconds, for each name that it is asked about."""

    name: str
    burst: int
    seconds: int


BY_ADDRESS = Limit("sign-in by address", 10, 60)
BY_ACCOUNT = Limit("sign-in by account", 10, 60)
BY_DEVICE = Limit("sign-in by known device", 10, 60)
RESET_BY_ADDRESS = Limit("password reset by address", 5, 300)
RESET_BY_ACCOUNT = Limit("password reset by account", 3, 600)
BY_CODE = Limit("second factor", 5, 60)
# Of a link and a client: whoever guesses or reloads elsewhere holds nobody else up.
LINK_PASSWORD = Limit("share link password", 10, 60)
LINK_OPENED = Limit("share link opened", 60, 2)
JUDGING_SAVED = Limit("judging form saved", 30, 4)
BY_PASSWORD = Limit("current password", 10, 60)


@dataclass(frozen=True)
class Attempt:
    """Something tried under a limit by whoever the name stands for."""

    limit: Limit
    name: str


def attempts_to_sign_in(
    email: str, address: str | None, known_device: str | None
) -> tuple[Attempt, ...]:
    """What an attempt to sign in counts under.

    A device that its account has signed in on before has a limit of its own and no other: however many
    strangers guess, from wherever, its owner gets in.
    """
    if known_device is not None:
        return (Attempt(BY_DEVICE, known_device),)
    return Attempt(BY_ADDRESS, client_of(address)), Attempt(BY_ACCOUNT, email.strip().lower())


def client_of(address: str | None) -> str:
    """Who an address stands for: itself, or the network that one customer gets in IPv6 (/64)."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return address or ""
    if found.version == 4:
        return str(found)
    mapped = found.ipv4_mapped
    return str(mapped) if mapped else ":".join(found.exploded.split(":")[:4])


def admit(session: Session, attempts: tuple[Attempt, ...], installation: Installation) -> bool:
    """Count the attempts before they are made, so that many at once are no way round; False where one
    is beyond its limit, which then counts no further.
    """
    taken = [_take(session, attempt, installation) for attempt in attempts]
    _bound(session, installation.now())
    return all(taken)


def give_back(session: Session, attempts: tuple[Attempt, ...], installation: Installation) -> None:
    """Uncount attempts that were no guesses."""
    for attempt in attempts:
        session.execute(
            update(Throttle)
            .where(Throttle.key_hash == _key(attempt, installation.secret_key))
            .values(drained_at=Throttle.drained_at - attempt.limit.seconds)
        )


def _take(session: Session, attempt: Attempt, installation: Installation) -> bool:
    limit, now = attempt.limit, installation.now().timestamp()
    key = _key(attempt, installation.secret_key)
    first = insert(_THROTTLES, session.get_bind().dialect.name)
    first = first.values(key_hash=key, drained_at=now + limit.seconds)
    drained = _THROTTLES.c.drained_at
    again = case((drained > now, drained), else_=now) + limit.seconds
    counted = first.on_conflict_do_update(
        index_elements=[_THROTTLES.c.key_hash],
        set_={"drained_at": again},
        where=again <= now + limit.burst * limit.seconds,
    )
    return session.execute(counted.returning(drained)).first() is not None


def _bound(session: Session, now: datetime) -> None:
    """Drop what has drained, and what are too many; rows that another transaction holds are left."""
    _drop(session, Throttle.drained_at <= now.timestamp(), _DROPPED_AT_ONCE)
    surplus = (session.scalar(select(func.count()).select_from(Throttle)) or 0) - MOST_ROWS
    if surplus > 0:
        _drop(session, Throttle.key_hash.is_not(None), surplus)


def _drop(session: Session, which: ColumnElement[bool], most: int) -> None:
    chosen = (
        select(Throttle.key_hash)
        .where(which)
        .order_by(Throttle.drained_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    keys = session.scalars(chosen).all()
    if keys:
        session.execute(delete(Throttle).where(Throttle.key_hash.in_(keys)))


def _key(attempt: Attempt, secret_key: str) -> str:
    text = f"surveyapp throttle {attempt.limit.name} {attempt.name}"
    return hmac.new(secret_key.encode(), text.encode(), "sha256").hexdigest()
