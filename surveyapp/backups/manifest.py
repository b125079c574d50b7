"""What a backup says of itself: what it was made from, and what each of its files must be."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from surveyapp.errors import Damaged, NotFound
from surveyapp.store import private

FILE = "manifest.json"
FORMAT = 1
_PIECE = 1024 * 1024
# Whatever a manifest names is read and written; a changed one must lead nowhere else.
_NAMES = re.compile(r"database\.(?:sqlite3|dump)|files/[0-9a-f]{2}/[0-9a-f]{64}")


@dataclass(frozen=True)
class Checksum:
    """Size in bytes and SHA-256 of a file."""

    size: int
    sha256: str


@dataclass(frozen=True)
class TableContent:
    """How many rows a table has, and on PostgreSQL a checksum over them that knows no order."""

    rows: int
    checksum: str = ""


@dataclass(frozen=True)
class Manifest:
    """``files`` are the backup's files by their path in it, ``tables`` the database's tables by name.

    ``missing`` are the digests of files that rows name and the file store did not have; ``removed`` those
    that were deleted with their rows while the backup was made. Keys are known by fingerprint only.
    """

    made_at: datetime
    version: str  # of surveyapp
    schema: str
    database: str  # "sqlite" or "postgresql"
    database_version: str
    secret_key: str
    master_key: str
    files: Mapping[str, Checksum]
    tables: Mapping[str, TableContent]
    missing: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    format: int = field(default=FORMAT)

    @property
    def size(self) -> int:
        """Bytes of all the files."""
        return sum(each.size for each in self.files.values())


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest into its backup, durably."""
    document = {**asdict(manifest), "made_at": manifest.made_at.isoformat()}
    private.make_file(folder / FILE)
    with (folder / FILE).open("w", encoding="utf-8") as out:
        json.dump(document, out, indent=1, sort_keys=True)
        out.write("\n")
        out.flush()
        os.fsync(out.fileno())


def read(folder: Path) -> Manifest:
    """The manifest of a backup. Raises NotFound where there is none, Damaged for one that is not whole."""
    path = folder / FILE
    if not path.is_file():
        raise NotFound(f"{folder} is no backup: it has no {FILE}")
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        found = document["format"]
        if found != FORMAT:
            raise Damaged(
                f"{path}: written in format {found}, and this version of surveyapp reads {FORMAT}."
                " Use the version that made the backup, or a later one."
            )
        strange = [name for name in document["files"] if not _NAMES.fullmatch(name)]
        if strange:
            raise Damaged(f"{path} names {strange[0]!r}, which is no file of a backup.")
        return Manifest(
            **{
                **document,
                "made_at": datetime.fromisoformat(document["made_at"]),
                "files": {name: Checksum(**each) for name, each in document["files"].items()},
                "tables": {name: TableContent(**each) for name, each in document["tables"].items()},
                "missing": tuple(document["missing"]),
                "removed": tuple(document["removed"]),
            }
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged(f"{path} is damaged: {error}. Use another backup.") from error


def checksum(path: Path) -> Checksum:
    """Size and digest of a file, read a piece at a time."""
    with path.open("rb") as content:
        return Checksum(path.stat().st_size, hashlib.file_digest(content, "sha256").hexdigest())


def copied(source: IO[bytes], to: Path) -> Checksum:
    """Copy what ``source`` holds into a new file for its owner alone, durably; what was written."""
    made, size = hashlib.sha256(), 0
    handle = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        while piece := source.read(_PIECE):
            out.write(piece)
            made.update(piece)
            size += len(piece)
        out.flush()
        os.fsync(out.fileno())
    return Checksum(size, made.hexdigest())
