"""Where the bytes of stored files lie: what each such place can do, and the folder in the home."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

from sqlalchemy.orm import Session

from surveyapp.store import private

_DIGEST = re.compile(r"[0-9a-f]{64}")
PIECE = 256 * 1024  # bytes that are held in memory at a time
MEMORY = 1024 * 1024  # a file that is larger is read through a temporary one


class FileBackend(Protocol):
    """Bytes by their SHA-256, so that no name from outside becomes a path, a key or a statement.

    A backend that lies in the database does what it does in the ``session`` it is given, and else in
    a transaction of its own.
    """

    @property
    def name(self) -> str:
        """Where it is, as in "the files of ...": for people."""

    def write(self, digest: str, source: IO[bytes], session: Session | None = None) -> None:
        """Keep what ``source`` holds from its present place on, durably; nothing where it is kept already.

        What is kept stays at least until the session's transaction is over.
        """

    def has(self, digest: str, session: Session | None = None) -> bool:
        """Whether something is kept by this name."""

    def open(self, digest: str) -> IO[bytes] | None:
        """What is kept, at its beginning and seekable; None where nothing is. Whether it is whole is for
        the caller to find out.
        """

    def remove(self, digest: str, session: Session | None = None) -> None:
        """Delete what is kept; nothing where nothing is."""


class FileFolder:
    """A folder of this machine: each file by its digest, in folders of its first two digits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def name(self) -> str:
        return str(self.folder)

    def write(self, digest: str, source: IO[bytes], session: Session | None = None) -> None:
        path = self.path(digest)
        if path.exists():
            return
        private.make_folder(self.folder)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as out:
                for piece in pieces(source):
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())
            Path(temporary).replace(path)
        finally:
            Path(temporary).unlink(missing_ok=True)

    def has(self, digest: str, session: Session | None = None) -> bool:
        return self.path(digest).is_file()

    def open(self, digest: str) -> IO[bytes] | None:
        try:
            return self.path(digest).open("rb")
        except FileNotFoundError:
            return None

    def remove(self, digest: str, session: Session | None = None) -> None:
        self.path(digest).unlink(missing_ok=True)

    def digests(self) -> Iterator[str]:
        """The digests of all files here."""
        return (path.name for path in self.folder.glob("??/*") if _DIGEST.fullmatch(path.name))

    def path(self, digest: str) -> Path:
        """Where a file of this digest lies, if it does."""
        return self.folder / digest[:2] / digest


def pieces(source: IO[bytes]) -> Iterator[bytes]:
    """What ``source`` holds from its present place on, a piece at a time."""
    while piece := source.read(PIECE):
        yield piece
