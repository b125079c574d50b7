"""Keys of epochs that all hosts of one PostgreSQL share, without a folder that they share.

The keys are rows, sealed by the secret key, of an unlogged table, which is in no write-ahead log, no
replica and no base backup: a key that is destroyed is gone as one in a file is. A server that crashes
empties such a table. Hence each worker keeps copies in the folder of its home for as long as an epoch
lasts, and puts back what the table has lost.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Collection
from functools import lru_cache
from typing import cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Dialect, Table, bindparam, delete, select, text
from sqlalchemy.dialects.postgresql import insert

from surveyapp.store.db import Store
from surveyapp.store.epoch_keys import BYTES, EpochKeys
from surveyapp.store.models import SharedEpochKey
from surveyapp.store.statements import DatabaseConnection, Statement

_KEYS = cast(Table, SharedEpochKey.__table__)
_HOUR = 3600
_NONCE_BYTES = 12
_FRESH_SECONDS = 60.0  # of a copy whose epoch may not be committed yet


class SharedEpochKeys(EpochKeys):
    """The keys in the database, and this host's copies, which are where it would have its own."""

    def __init__(self, store: Store, copies: EpochKeys) -> None:
        self.folder, self.seal = copies.folder, copies.seal
        self._store = store
        self._box = AESGCM(bytes.fromhex(self.seal.hidden("key of shared epoch keys")))

    @property
    def place(self) -> str:
        return "the database"

    def make(self, at: DatabaseConnection) -> str:
        name = secrets.token_hex(16)
        _adding(at.dialect).run(at, self._row(name, secrets.token_bytes(BYTES)))
        return name

    def read(self, name: str, at: DatabaseConnection | None = None) -> bytes | None:
        """The key; None where it has been destroyed, or was sealed by another secret key."""
        if at is not None:
            return self._read(name, at) or super().read(name)
        with self._store.raw_connection() as own:
            return self._read(name, own) or super().read(name)

    def destroy(self, name: str) -> None:
        with self._store.writing() as session:
            session.execute(delete(SharedEpochKey).where(SharedEpochKey.name == name))
        super().destroy(name)
        self._overwrite()

    def old(self, seconds: float) -> set[str]:
        before = int((time.time() - seconds) // _HOUR)
        with self._store.reading() as session:
            query = select(SharedEpochKey.name).where(SharedEpochKey.hour < before)
            return super().old(seconds) | set(session.scalars(query))

    def names(self) -> set[str]:
        with self._store.reading() as session:
            return set(session.scalars(select(SharedEpochKey.name)))

    def copy(self, open_epochs: Collection[str]) -> int:
        """Keep a copy of the keys of these epochs, put back those that the database has lost, and destroy
        copies of epochs that are over; how many of the three.

        What was read a moment ago may be over by now: such a copy or row is destroyed the next time.
        """
        here, shared = super().old(0.0), self.names()
        done = 0
        for name in sorted(shared & set(open_epochs) - here):
            key = self.read(name)
            if key is not None:
                self.keep(name, key)
                done += 1
        for name in sorted(here & set(open_epochs) - shared):
            key = super().read(name)
            if key is not None:
                with self._store.writing_rows() as at:
                    _adding(at.dialect).run(at, self._row(name, key))
                done += 1
        for name in sorted(super().old(_FRESH_SECONDS) - set(open_epochs)):
            self.destroy(name)
            done += 1
        return done

    def _read(self, name: str, at: DatabaseConnection) -> bytes | None:
        sealed = _reading(at.dialect).scalar(at, {"of_name": name})
        if sealed is None:
            return None
        raw = bytes(sealed)
        try:
            return self._box.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], name.encode())
        except InvalidTag:
            return None

    def _row(self, name: str, key: bytes) -> dict[str, object]:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._box.encrypt(nonce, key, name.encode())
        return {"name": name, "sealed": sealed, "hour": int(time.time() // _HOUR)}

    def _overwrite(self) -> None:
        """Let PostgreSQL use the room of deleted keys again, so that their bytes do not stay."""
        engine = self._store.engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"VACUUM {_KEYS.name}"))


@lru_cache(maxsize=8)
def _adding(dialect: Dialect) -> Statement:
    return Statement(insert(_KEYS).on_conflict_do_nothing(), dialect)


@lru_cache(maxsize=8)
def _reading(dialect: Dialect) -> Statement:
    return Statement(select(_KEYS.c.sealed).where(_KEYS.c.name == bindparam("of_name")), dialect)
