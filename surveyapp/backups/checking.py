"""Whether a backup is whole: every file as its manifest says, and a database that can be read."""

from __future__ import annotations

from pathlib import Path

from surveyapp.backups import manifest, postgresql_copy, sqlite_copy
from surveyapp.backups.manifest import Manifest
from surveyapp.errors import Damaged


def check(backup: Path) -> Manifest:
    """The manifest of a backup that is whole. Raises NotFound for what is none, Damaged with the first
    file that is not what was written.
    """
    found = manifest.read(backup)
    for name, wanted in found.files.items():
        path = backup / name
        if not path.is_file():
            raise Damaged(f"{path} is missing. Use another backup.")
        if manifest.checksum(path) != wanted:
            raise Damaged(f"{path} is damaged: its checksum is another. Use another backup.")
    if found.database == "sqlite":
        sqlite_copy.check(backup / sqlite_copy.FILE, found.tables)
    else:
        postgresql_copy.check(backup / postgresql_copy.FILE)
    return found
