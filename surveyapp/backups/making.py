"""Make a backup while the installation serves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from sqlalchemy.engine import make_url

from surveyapp.backups import (
    key_copies,
    manifest,
    notes,
    places,
    postgresql_copy,
    sqlite_copy,
    stored_files,
)
from surveyapp.backups.checking import check
from surveyapp.backups.manifest import Manifest
from surveyapp.errors import NotReady
from surveyapp.installation import Installation
from surveyapp.store import schema
from surveyapp.store.audit import record

Progress = Callable[[int, str], None]
_DATABASE_PERCENT = 50  # of the bar


@dataclass(frozen=True)
class Made:
    """A backup, what it says of itself, and the older ones that went for it."""

    folder: Path
    manifest: Manifest
    rotated: tuple[Path, ...] = ()


def make_backup(
    installation: Installation, folder: Path, *, keep: int | None, progress: Progress
) -> Made:
    """Copy database and files into a new backup in the folder. With ``keep``, check it, then delete all
    but so many of the newest; where files were missing, none is deleted: older ones may have them.

    The database comes first: a file is written before its row, so that each row of the copy finds its
    file. Raises NotReady for a database without tables, Conflict while another makes a backup there.
    """
    store = installation.store
    with store.engine.connect() as connection:
        if schema.revision(connection) is None:
            raise NotReady(
                f"The database {installation.store.engine.url.render_as_string()} has no tables yet: there is"
                " nothing to back up. Check SURVEYAPP_HOME and SURVEYAPP_DATABASE_URL."
            )
    _note(installation)
    with places.taken(folder):
        with places.written(folder, installation.now()) as (unfinished, final):
            made = _written(installation, unfinished, progress)
        rotated: list[Path] = []
        if keep is not None and not made.missing:
            progress(100, "checking")
            check(final)
            rotated = places.rotate(folder, keep)
    if not schema.pending(store.engine):
        notes.note_made(installation, final, made, verified=keep is not None and not made.missing)
    return Made(final, made, tuple(rotated))


def _written(installation: Installation, backup: Path, progress: Progress) -> Manifest:
    engine = installation.store.engine
    progress(0, "database")
    if installation.store.is_sqlite:
        name = sqlite_copy.FILE
        snapshot = sqlite_copy.copy(Path(str(make_url(engine.url).database)), backup / name)
    else:
        name = postgresql_copy.FILE
        snapshot = postgresql_copy.copy(engine, backup / name)
    rest = 100 - _DATABASE_PERCENT
    copied = stored_files.copy(
        installation,
        snapshot.files,
        backup,
        lambda done: progress(_DATABASE_PERCENT + int(done * rest), "files"),
    )
    secret, master = key_copies.fingerprints(installation)
    made = Manifest(
        made_at=installation.now(),
        version=version("surveyapp"),
        schema=snapshot.schema,
        database=engine.dialect.name,
        database_version=snapshot.database_version,
        secret_key=secret,
        master_key=master,
        files={name: manifest.checksum(backup / name), **copied.files},
        tables=snapshot.tables,
        missing=tuple(copied.missing),
        removed=tuple(copied.removed),
    )
    manifest.write(backup, made)
    return made


def _note(installation: Installation) -> None:
    """Who copies all of it is noted first, as with every read; an older schema, copied before its upgrade,
    may have another table for it.
    """
    if not schema.pending(installation.store.engine):
        with installation.store.writing() as session:
            record(session, None, "make backup", "installation")
