"""Files on disk, named by their own content, so that no name from outside ever becomes a path."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.errors import Damaged, NotFound
from surveyapp.store import private
from surveyapp.store.models import File


class FileStore:
    """Bytes under ``folder``, each in a file named by its SHA-256."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, data: bytes) -> str:
        """Write the bytes durably; their digest. Before a transaction, when they are many: on SQLite
        everybody waits for one that writes.
        """
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        if not path.exists():
            private.make_folder(self.folder)
            path.parent.mkdir(exist_ok=True, mode=0o700)
            handle, temporary = tempfile.mkstemp(dir=path.parent)
            with os.fdopen(handle, "wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            Path(temporary).replace(path)
        return digest

    def put(
        self, session: Session, data: bytes, *, name: str, media_type: str, digest: str = ""
    ) -> File:
        """The bytes, then their row: a row never points at nothing. ``digest`` is what ``write`` gave."""
        if not (digest and self._path(digest).exists()):
            digest = self.write(data)
        row = File(name=name, media_type=media_type, size=len(data), sha256=digest)
        session.add(row)
        session.flush()
        return row

    def remove(self, session: Session, file: File) -> None:
        """Delete the row, and the bytes where no other row has the same."""
        others = select(File.id).where(File.sha256 == file.sha256, File.id != file.id).limit(1)
        if session.scalar(others) is None:
            self._path(file.sha256).unlink(missing_ok=True)
        session.delete(file)

    def path(self, file: File) -> Path:
        """Where the bytes lie, which are those that were put there.

        Raises NotFound when someone removed them, Damaged when they are not the same any more: a file
        is named by its digest, so that what a failing disk or a half restored backup left is known.
        """
        path = self._path(file.sha256)
        if not path.is_file():
            raise NotFound(f"{file.name} is no longer in the file store; make it again")
        with path.open("rb") as written:
            found = hashlib.file_digest(written, "sha256").hexdigest()
        if found != file.sha256:
            raise Damaged(
                f"{file.name} is damaged: the file store holds {path.stat().st_size:,} bytes that are not"
                f" the {file.size:,} that were stored. Make it again, or bring {file.sha256} back from a"
                " backup; then check the disk."
            )
        return path

    def _path(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest
