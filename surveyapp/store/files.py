"""Stored files: a row that names each, and bytes in a backend under their SHA-256."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import IO, BinaryIO, cast

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from surveyapp.errors import Damaged, NotFound
from surveyapp.store.file_backends import FileBackend, pieces
from surveyapp.store.file_rows import FileRows
from surveyapp.store.models import File

log = logging.getLogger(__name__)

_REMOVALS = "removals of files"


class FileStore:
    """New files are kept in ``kept``; ``earlier`` are backends that may still hold older ones.

    Files move from the earlier ones to ``kept`` by ``surveyapp files move``, and can be read all the
    while.
    """

    def __init__(self, kept: FileBackend, earlier: Sequence[FileBackend] = ()) -> None:
        self.kept = kept
        self.earlier = tuple(earlier)

    def write(self, data: bytes | IO[bytes]) -> str:
        """Write the bytes durably; their digest. Before a transaction, when they are many: on SQLite
        everybody waits for one that writes. A file is read from its beginning, a piece at a time.
        """
        source = BytesIO(data) if isinstance(data, bytes) else data
        digest, _ = _digest(source)
        source.seek(0)
        self.kept.write(digest, source)
        return digest

    def put(
        self,
        session: Session,
        data: bytes | IO[bytes],
        *,
        name: str,
        media_type: str,
        digest: str = "",
    ) -> File:
        """The bytes, then their row: a row never points at nothing. ``digest`` is what ``write`` gave."""
        source = BytesIO(data) if isinstance(data, bytes) else data
        found, size = (digest, _size(source)) if digest else _digest(source)
        source.seek(0)
        _removals(session).discard(
            (self.kept, found)
        )  # of the same bytes, earlier in the transaction
        self.kept.write(found, source, session)
        row = File(name=name, media_type=media_type, size=size, sha256=found)
        session.add(row)
        session.flush()
        return row

    def remove(self, session: Session, file: File) -> None:
        """Delete the row, and the bytes where no other row has the same.

        Bytes outside the database go once the transaction is over: one that is rolled back keeps the
        file whole.
        """
        digest = file.sha256
        for backend in (self.kept, *self.earlier):
            if isinstance(backend, FileRows):
                backend.lock(digest, session)
        others = select(File.id).where(File.sha256 == digest, File.id != file.id).limit(1)
        is_last = session.scalar(others) is None
        session.delete(file)
        if not is_last:
            return
        for backend in (self.kept, *self.earlier):
            if isinstance(backend, FileRows):
                backend.remove(digest, session)
            else:
                _removals(session).add((backend, digest))

    def open(self, file: File) -> BinaryIO:
        """The bytes at their beginning, which are those that were put there; the caller closes it.

        Raises NotFound when someone removed them, Damaged when they are not the same any more: a file
        is named by its digest, so that what a failing disk or a half restored backup left is known
        before anybody gets the first byte.
        """
        for backend in (self.kept, *self.earlier):
            found = backend.open(file.sha256)
            if found is not None:
                return _whole(found, file, backend)
        raise NotFound(
            f"{file.name} is not in the file store ({self.kept.name}); make it again. If another host"
            " made it, `surveyapp files move` there brings its files here."
        )

    def forget_strays(self, now: datetime) -> int:
        """Delete bytes in the database that no file has a day after they came; how many files."""
        rows = (each for each in (self.kept, *self.earlier) if isinstance(each, FileRows))
        return sum(each.forget_strays(now) for each in rows)

    def read(self, file: File) -> bytes:
        """All the bytes, of what is known to be small. Raises as ``open`` does."""
        with self.open(file) as content:
            return content.read()


def _whole(found: IO[bytes], file: File, backend: FileBackend) -> BinaryIO:
    digest, size = _digest(found)
    if digest != file.sha256:
        found.close()
        raise Damaged(
            f"{file.name} is damaged: {backend.name} holds {size:,} bytes that are not"
            f" the {file.size:,} that were stored. Make it again, or bring {file.sha256} back from a"
            " backup; then check the disk."
        )
    found.seek(0)
    return cast(BinaryIO, found)


def _digest(source: IO[bytes]) -> tuple[str, int]:
    """SHA-256 and size of the whole source."""
    source.seek(0)
    made, size = hashlib.sha256(), 0
    for piece in pieces(source):
        made.update(piece)
        size += len(piece)
    return made.hexdigest(), size


def _size(source: IO[bytes]) -> int:
    return source.seek(0, 2)


def _removals(session: Session) -> set[tuple[FileBackend, str]]:
    """What is to be deleted outside the database once the session's transaction is committed."""
    if _REMOVALS not in session.info:
        due = session.info[_REMOVALS] = set()
        event.listen(session, "after_commit", lambda _: _remove(due), once=True)
    found: set[tuple[FileBackend, str]] = session.info[_REMOVALS]
    return found


def _remove(due: set[tuple[FileBackend, str]]) -> None:
    while due:
        backend, digest = due.pop()
        try:
            backend.remove(digest)
        except Exception:  # the rows are gone already, which whoever removed them asked for
            log.exception("a file could not be removed from %s: %s", backend.name, digest)
