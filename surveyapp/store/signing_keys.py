"""The keys that sign links, forms and sessions: they can be changed, and old ones stay good for a while.

The first is the secret key itself. Later ones are random, and the database holds them sealed under
the secret key, so that every host of an installation has them. Pseudonyms and sealed secrets stay
under the secret key: what stands for a customer must not change.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from surveyapp.store.audit import record
from surveyapp.store.models import SigningKey
from surveyapp.store.sealing import Unreadable, seal, unseal

# One key, or several of which the last one signs and all are accepted, as itsdangerous takes them.
Keys = str | tuple[str, ...]

_PURPOSE = "surveyapp signing keys"
_READ_AGAIN_SECONDS = 60.0
# Until every process has read of a new key, none signs with it.
TAKES_OVER_AFTER = timedelta(minutes=2)
_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class KeyPeriod:
    """A key's number and the time in which it signs; ``until`` is when it stops being accepted."""

    number: int
    since: datetime
    until: datetime | None


class SigningKeyCache:
    """The keys that one process knows, read anew once a minute."""

    def __init__(self) -> None:
        self._keys: tuple[str, ...] = ()
        self._read_at = float("-inf")

    def keys(self, read: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
        """What ``read`` gives; while the database is away, what it gave before, at first none."""
        moment = monotonic()
        if moment - self._read_at >= _READ_AGAIN_SECONDS:
            self._read_at = moment
            with suppress(SQLAlchemyError, Unreadable):
                self._keys = read()
        return self._keys


def accepted(session: Session, secret_key: str, now: datetime) -> tuple[str, ...]:
    """The keys that are accepted now, the one that signs last. Raises Unreadable."""
    rows = [row for row in _rows(session) if row.until is None or row.until > now]
    to_come = [row for row in rows if row.since > now]
    in_force = [row for row in rows if row.since <= now]
    return tuple(unseal(row.sealed, secret_key, _PURPOSE) for row in (*to_come, *in_force))


def periods(session: Session) -> list[KeyPeriod]:
    """Every key that there has been since the first change, the oldest first."""
    return [KeyPeriod(row.id, row.since, row.until) for row in _rows(session)]


def rotate(session: Session, secret_key: str, *, overlap: timedelta, now: datetime) -> KeyPeriod:
    """Make a new key, which signs in two minutes; those before are accepted for ``overlap`` more."""
    takes_over = now + TAKES_OVER_AFTER
    if not _rows(session):
        first = SigningKey(sealed=seal(secret_key, secret_key, _PURPOSE), since=_ALWAYS)
        session.add(first)
        session.flush()
    for row in _rows(session):
        ends = takes_over + overlap
        row.until = ends if row.until is None else min(row.until, ends)
    new = seal(secrets.token_urlsafe(48), secret_key, _PURPOSE)
    made = SigningKey(sealed=new, since=takes_over)
    session.add(made)
    session.flush()
    record(session, None, "rotate signing key", f"key {made.id}", overlap_days=overlap.days)
    return KeyPeriod(made.id, made.since, None)


def _rows(session: Session) -> Sequence[SigningKey]:
    return session.scalars(select(SigningKey).order_by(SigningKey.since, SigningKey.id)).all()
