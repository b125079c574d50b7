"""The keys that one process encrypts and finds names and addresses with.

The database holds them wrapped by the master key, which lies outside of it. They are read when they
are first needed, once a minute, and whenever a text is under one that is not known yet.
"""

from __future__ import annotations

from time import monotonic

from sqlalchemy import Connection, Dialect, Engine, column, select, table

from surveyapp.errors import SettingsError
from surveyapp.store import wrapping
from surveyapp.store.encryption import DataKey, blind_index, decrypt, encrypt, key_number
from surveyapp.store.sealing import Unreadable

_READ_AGAIN_SECONDS = 60.0
_ATTRIBUTE = (
    "surveyapp_keyring"  # of an engine's dialect, which is all that a column's type is given
)
_KEYS = table(
    "encryption_keys", column("number"), column("purpose"), column("wrapped"), column("master")
)


class Keyring:
    """Encrypts and decrypts by the data keys of one database."""

    def __init__(self, master_key: str, engine: Engine) -> None:
        self.master_key = master_key
        self._engine = engine
        self._data: dict[int, DataKey] = {}
        self._index = b""
        self._read_at = float("-inf")

    def encrypted(self, text: str, place: str) -> str:
        """The text under the newest data key."""
        return encrypt(self._current(), text, place)

    def decrypted(self, kept: str, place: str) -> str:
        """The text itself. Raises Unreadable."""
        number = key_number(kept)
        if number is None:
            raise Unreadable(f"A value of {place.partition(' ')[0]} is not encrypted.")
        if number not in self._data:
            self.read()
        if number not in self._data:
            raise Unreadable(f"There is no data key {number}; was the backup older than the text?")
        return decrypt(self._data[number], kept, place)

    def blind_index(self, text: str, place: str) -> str:
        """What stands for the text where it is looked for."""
        if not self._index:
            self.read()
        return blind_index(self._index, text, place)

    def newest(self) -> int:
        """The number of the data key that encrypts now, as the database knows it."""
        self.read()
        return max(self._data)

    def read(self, connection: Connection | None = None) -> None:
        """Read the keys anew, on a connection that sees them. Raises Unreadable, SettingsError."""
        if connection is None:
            with self._engine.connect() as opened:
                return self.read(opened)
        rows = connection.execute(select(_KEYS).order_by(_KEYS.c.number)).all()
        found = {
            row.number: (row.purpose, wrapping.unwrap(row.wrapped, self.master_key, row.number))
            for row in rows
        }
        data = {n: DataKey(n, key) for n, (purpose, key) in found.items() if purpose == "data"}
        index = next((key for purpose, key in found.values() if purpose == "index"), b"")
        if not data or not index:
            raise SettingsError(
                "The database has no data keys for names and addresses; `surveyapp db upgrade` makes"
                " them."
            )
        self._data, self._index, self._read_at = data, index, monotonic()
        return None

    def _current(self) -> DataKey:
        # A process that went on with an old key would write what nobody can read once it is gone.
        if monotonic() - self._read_at >= _READ_AGAIN_SECONDS:
            self.read()
        return self._data[max(self._data)]


def attach(engine: Engine, keyring: Keyring) -> None:
    """Let columns of this engine be encrypted by these keys."""
    setattr(engine.dialect, _ATTRIBUTE, keyring)


def keyring_of(dialect: Dialect) -> Keyring:
    """The keys of an engine, by its dialect. Raises SettingsError where it was opened without."""
    found = getattr(dialect, _ATTRIBUTE, None)
    if not isinstance(found, Keyring):
        raise SettingsError("The database was opened without a master key: names stay unreadable.")
    return found
