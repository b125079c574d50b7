"""Files as rows of the database, so that any host of it reads what another has stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from tempfile import SpooledTemporaryFile
from typing import IO

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_unless
from sqlalchemy.orm import Session

from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.file_backends import MEMORY, pieces
from surveyapp.store.models import File, FileContent, FilePiece

_STRAY_AFTER = timedelta(days=1)  # between the bytes and the row that names them lie seconds
_STRAYS_AT_ONCE = 20


class FileRows:
    """Files in pieces, a row each, of PostgreSQL."""

    name = "the database"

    def __init__(self, store: Store) -> None:
        self._store = store

    def write(self, digest: str, source: IO[bytes], session: Session | None = None) -> None:
        start = source.tell()
        with self._in(session) as at:
            while not self._hold(at, digest):
                named = insert_unless(FileContent).values(sha256=digest, stored_at=utc_now())
                added = named.on_conflict_do_nothing().returning(FileContent.sha256)
                if at.scalar(added) is None:
                    continue  # another has stored the same meanwhile
                source.seek(start)
                for number, piece in enumerate(pieces(source)):
                    row = {"sha256": digest, "number": number, "data": piece}
                    at.execute(insert(FilePiece), row)
                return

    def has(self, digest: str, session: Session | None = None) -> bool:
        with self._in(session) as at:
            return self._hold(at, digest)

    def open(self, digest: str) -> IO[bytes] | None:
        with self._store.reading() as session:
            if session.get(FileContent, digest) is None:
                return None
            own = FilePiece.sha256 == digest
            made = SpooledTemporaryFile(MEMORY)  # noqa: SIM115 - the caller closes it
            try:
                for number in count():
                    piece = session.scalar(
                        select(FilePiece.data).where(own, FilePiece.number == number)
                    )
                    if piece is None:
                        break
                    made.write(piece)
            except BaseException:
                made.close()
                raise
        made.seek(0)
        return made

    def remove(self, digest: str, session: Session | None = None) -> None:
        with self._in(session) as at:
            self._delete(at, digest)

    def lock(self, digest: str, session: Session) -> None:
        """Let nobody begin to need the bytes until the transaction is over: whoever does waits."""
        session.scalar(
            select(FileContent.sha256).where(FileContent.sha256 == digest).with_for_update()
        )

    def forget_strays(self, now: datetime) -> int:
        """Delete bytes that no file has a day after they came, because the process that stored them was
        killed before it named them; how many files.
        """
        old = FileContent.stored_at < now - _STRAY_AFTER
        named = select(File.id).where(File.sha256 == FileContent.sha256)
        strays = select(FileContent.sha256).where(old, ~named.exists()).limit(_STRAYS_AT_ONCE)
        with self._store.reading() as session:
            found = list(session.scalars(strays))
        gone = 0
        for digest in found:
            with self._store.writing() as session:
                self.lock(digest, session)
                # Asked again behind the lock: somebody may just have named them.
                if session.scalar(select(File.id).where(File.sha256 == digest).limit(1)) is None:
                    self._delete(session, digest)
                    gone += 1
        return gone

    @contextmanager
    def _in(self, session: Session | None) -> Iterator[Session]:
        if session is not None:
            yield session
            return
        with self._store.writing() as own:
            yield own

    def _hold(self, at: Session, digest: str) -> bool:
        """Whether the bytes are here; nobody deletes them until the transaction is over."""
        here = select(FileContent.sha256).where(FileContent.sha256 == digest)
        return at.scalar(here.with_for_update(read=True)) is not None

    def _delete(self, at: Session, digest: str) -> None:
        at.execute(delete(FilePiece).where(FilePiece.sha256 == digest))
        at.execute(delete(FileContent).where(FileContent.sha256 == digest))
