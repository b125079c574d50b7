"""What a copy of a database holds, as of the one moment that it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from surveyapp.backups.manifest import TableContent


@dataclass(frozen=True)
class Snapshot:
    """``files`` are the stored files that rows name and whose bytes the copy does not hold itself: the
    name and size of each by its digest.
    """

    schema: str
    database_version: str
    tables: Mapping[str, TableContent]
    files: Mapping[str, tuple[str, int]]


SCHEMA = "SELECT version_num FROM alembic_version"
NAMED_FILES = "SELECT sha256, name, size FROM files ORDER BY id"
