"""Who has used a personal link of an anonymous survey, or entered its prize draw, since the last flush.

An anonymous answer is stored without touching the invitation that it came by: a change there, in the
answer's transaction or after it, would tell which of the two belong together. What is noted instead
says nothing without the key of the epoch, which lies outside the database and is destroyed by the
flush (``redemption``). A row holds all of a survey's waiting tokens in the order of their hashes and
is written anew as a whole, so that a copy of the database with the key tells who has answered and
still not what.
"""

from __future__ import annotations

import base64
import hmac
import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Dialect, Table, bindparam, delete, insert, select, text, update

from surveyapp.store.epoch_keys import EpochKeys
from surveyapp.store.models import AnonymityEpoch
from surveyapp.store.statements import DatabaseConnection, Statement
from surveyapp.surveys.links import Ticket

log = logging.getLogger(__name__)

_EPOCHS = cast(Table, AnonymityEpoch.__table__)
_OF_SURVEY = _EPOCHS.c.survey_id == bindparam("of_survey")
_SIZE = 16  # bytes of a token's hash under the epoch's key
_DIGITS, _LINE = 20, 256  # of a draw entry's number; bytes that an entry is filled up to
_LOCKS = 23131  # PostgreSQL's advisory locks of this room


@dataclass
class Epoch:
    """A survey's open epoch: the key, the hashes of used tokens, the draw's {number: address}.

    ``key`` is None where its file is not here.
    """

    name: str
    key: bytes | None
    used: set[bytes] = field(default_factory=set)
    entries: dict[int, str] = field(default_factory=dict)

    def digest(self, token_hash: str) -> bytes:
        """What stands for a token in this epoch."""
        return hmac.digest(self.key or b"", f"token {token_hash}".encode(), "sha256")[:_SIZE]

    def has(self, token_hash: str) -> bool:
        """Whether the token was used; never so without the key."""
        return self.key is not None and self.digest(token_hash) in self.used


def lock(at: DatabaseConnection, survey_ids: Collection[int]) -> None:
    """Let nobody else use tokens of these surveys until the transaction is over, which must be one that
    writes. In their order, so that two never wait for each other.
    """
    if at.dialect.name == "postgresql":
        for number in sorted(survey_ids):
            _locking(at.dialect).run(at, {"number": number})


def read(at: DatabaseConnection, survey_id: int, keys: EpochKeys) -> list[Epoch]:
    """The survey's epochs: one, unless a host could not read another's key."""
    rows = _reading(at.dialect).rows(at, {"of_survey": survey_id})
    return [
        _opened(name, keys.read(name, at), bytes(used), bytes(sealed))
        for name, used, sealed in rows
    ]


def is_spent(at: DatabaseConnection, survey_id: int, ticket: Ticket, keys: EpochKeys) -> bool:
    """Whether an answer that waits used up this ticket."""
    return any(epoch.has(ticket.token_hash) for epoch in read(at, survey_id, keys))


class Ledger:
    """A survey's waiting tokens and draw entries, held by ``lock`` for the length of a transaction."""

    def __init__(self, at: DatabaseConnection, survey_id: int, keys: EpochKeys) -> None:
        self._at, self._survey_id, self._keys = at, survey_id, keys
        self._epochs = read(at, survey_id, keys)
        self._open = next((each for each in self._epochs if each.key is not None), None)

    def is_spent(self, ticket: Ticket) -> bool:
        """Whether the ticket was used in an epoch whose key is here."""
        return any(epoch.has(ticket.token_hash) for epoch in self._epochs)

    def spend(self, tickets: Iterable[Ticket]) -> None:
        """Note that answers with these tickets are stored in this transaction."""
        hashes = [ticket.token_hash for ticket in tickets]
        if hashes:
            epoch = self._current()
            epoch.used.update(epoch.digest(each) for each in hashes)
            write(self._at, self._survey_id, epoch)

    def enter(self, number: int, address: str) -> None:
        """Note a draw entry: once a number, and a second address changes nothing."""
        if any(number in epoch.entries for epoch in self._epochs):
            return
        epoch = self._current()
        epoch.entries[number] = address
        write(self._at, self._survey_id, epoch)

    def _current(self) -> Epoch:
        if self._open is None:
            self._open = begin(self._at, self._survey_id, self._keys)
            self._epochs.append(self._open)
        return self._open


def begin(at: DatabaseConnection, survey_id: int, keys: EpochKeys) -> Epoch:
    """A new epoch of the survey, in the caller's transaction, at whose end its key is kept."""
    name = keys.make(at)
    epoch = _opened(name, keys.read(name, at), b"", b"")
    _beginning(at.dialect).run(at, _row(survey_id, epoch))
    return epoch


def write(at: DatabaseConnection, survey_id: int, epoch: Epoch) -> None:
    """Write the epoch anew, tokens and entries in an order that says nothing."""
    row = _row(survey_id, epoch)
    _writing(at.dialect).run(at, {**row, "of_survey": survey_id, "of_name": epoch.name})


def end(at: DatabaseConnection, survey_id: int, name: str) -> None:
    """Delete an epoch; whoever commits that destroys its key."""
    _ending(at.dialect).run(at, {"of_survey": survey_id, "of_name": name})


def _opened(name: str, key: bytes | None, used: bytes, sealed: bytes) -> Epoch:
    hashes = {used[place : place + _SIZE] for place in range(0, len(used), _SIZE)}
    return Epoch(name, key, hashes, _unsealed(key, sealed))


def _row(survey_id: int, epoch: Epoch) -> Mapping[str, object]:
    return {
        "survey_id": survey_id,
        "name": epoch.name,
        "used": b"".join(sorted(epoch.used)),
        "entries": _sealed(epoch),
    }


def _sealed(epoch: Epoch) -> bytes:
    if not epoch.entries or epoch.key is None:
        return b""
    lines = (_filled(f"{n:0{_DIGITS}}{a}".encode()) for n, a in sorted(epoch.entries.items()))
    return _box(epoch.key).encrypt_at_time(b"\n".join(lines), 0)  # else it would tell the time


def _filled(line: bytes) -> bytes:
    """The line with blanks at its end: the length of an address must not tell it from others."""
    return line.ljust(-(-len(line) // _LINE) * _LINE)


def _unsealed(key: bytes | None, sealed: bytes) -> dict[int, str]:
    if not sealed or key is None:
        return {}
    try:
        lines = _box(key).decrypt(sealed).decode().split("\n")
        return {int(line[:_DIGITS]): line[_DIGITS:].rstrip(" ") for line in lines}
    except InvalidToken:
        log.error(
            "The draw entries of an epoch cannot be read: its key was replaced by another one."
        )
        return {}


def _box(key: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hmac.digest(key, b"draw entries", "sha256")))


@lru_cache(maxsize=8)
def _locking(dialect: Dialect) -> Statement:
    return Statement(
        text(f"SELECT pg_advisory_xact_lock({_LOCKS}, CAST(:number AS integer))"), dialect
    )


@lru_cache(maxsize=8)
def _reading(dialect: Dialect) -> Statement:
    own = _EPOCHS.c
    query = select(own.name, own.used, own.entries).where(_OF_SURVEY).order_by(own.name)
    return Statement(query, dialect)


@lru_cache(maxsize=8)
def _beginning(dialect: Dialect) -> Statement:
    return Statement(insert(_EPOCHS), dialect)


@lru_cache(maxsize=8)
def _writing(dialect: Dialect) -> Statement:
    own = _EPOCHS.c
    changed = update(_EPOCHS).where(_OF_SURVEY, own.name == bindparam("of_name"))
    return Statement(changed, dialect, columns=("used", "entries"))


@lru_cache(maxsize=8)
def _ending(dialect: Dialect) -> Statement:
    gone = delete(_EPOCHS).where(_OF_SURVEY, _EPOCHS.c.name == bindparam("of_name"))
    return Statement(gone, dialect)
