"""Keys that live for one epoch of an anonymous survey, in files outside the database.

What is written under such a key cannot be read any more once the key is destroyed, wherever a copy of
it has been kept: in a backup, a write-ahead log, a replica. Hence a key is never cached, and its
folder belongs into no backup. An answer must outlive the loss of its epoch's key, so the answers
that wait are sealed by the installation's own key.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from pathlib import Path

from surveyapp.store import private
from surveyapp.store.padded_seal import PaddedSeal
from surveyapp.store.statements import DatabaseConnection

BYTES = 32
_NAME = re.compile(r"[0-9a-f]{32}")


class EpochKeys:
    """The folder of the keys, each in a file of its name, and the seal of the answers that wait."""

    def __init__(self, folder: Path, secret_key: str) -> None:
        self.folder = folder
        self.seal = PaddedSeal(secret_key, "waiting answers")

    @property
    def place(self) -> str:
        """Where the keys are, for people."""
        return str(self.folder)

    def make(self, at: DatabaseConnection) -> str:
        """The name of a new key, which outlasts this process at the latest when the transaction of ``at``
        is committed.
        """
        name = secrets.token_hex(16)
        self.keep(name, secrets.token_bytes(BYTES))
        return name

    def keep(self, name: str, key: bytes) -> None:
        """Write a key, which is on the disk then; nothing where it is there, as another worker of this
        home has written it.
        """
        private.make_folder(self.folder)
        try:
            handle = os.open(self._path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return
        with os.fdopen(handle, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        self._sync()

    def read(self, name: str, at: DatabaseConnection | None = None) -> bytes | None:
        """The key; None where it has been destroyed, is another host's, or was never written whole."""
        try:
            key = self._path(name).read_bytes()
        except FileNotFoundError:
            return None
        return key if len(key) == BYTES else None

    def destroy(self, name: str) -> None:
        """Overwrite and delete a key. A disk that writes elsewhere may keep the old bytes for a while."""
        try:
            with self._path(name).open("r+b") as file:
                file.write(secrets.token_bytes(BYTES))
                file.flush()
                os.fsync(file.fileno())
        except FileNotFoundError:
            return
        self._path(name).unlink(missing_ok=True)
        self._sync()

    def old(self, seconds: float) -> set[str]:
        """The names of keys that were made longer ago than this."""
        if not self.folder.is_dir():
            return set()
        before = time.time() - seconds
        files = [path for path in self.folder.iterdir() if _NAME.fullmatch(path.name)]
        return {path.name for path in files if path.stat().st_mtime <= before}

    def names(self) -> set[str]:
        """The names of all keys that are kept."""
        return self.old(0.0)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of an epoch's key")
        return self.folder / name

    def _sync(self) -> None:
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
