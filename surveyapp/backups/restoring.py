"""Bring a backup back, into an empty home folder and an empty database only."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, inspect, select, update
from sqlalchemy.engine import make_url

from surveyapp.backups import (
    home,
    key_copies,
    manifest,
    postgresql_copy,
    sqlite_copy,
    stored_files,
)
from surveyapp.backups.checking import check
from surveyapp.backups.manifest import Manifest
from surveyapp.errors import Conflict, Damaged
from surveyapp.installation import Installation
from surveyapp.settings import Settings
from surveyapp.store import key_files, private
from surveyapp.store.audit import record
from surveyapp.store.db import make_engine
from surveyapp.store.models import Delivery, OutgoingMessage

Progress = Callable[[int, str], None]
_CANCELLED = "Cancelled when a backup was restored: it may have left before."


def restore(
    backup: Path,
    settings: Settings,
    *,
    keys_from: Path | None,
    keys_lost: bool,
    progress: Progress,
) -> Manifest:
    """Check the backup, then make the home and the database of these settings from it; its manifest.

    Keys that neither settings nor home have come from ``keys_from``; with ``keys_lost`` none is asked
    for. Whatever fails leaves the home as it was found. Raises Conflict where something is there
    already, SettingsError for a key that is missing or another, Damaged for a backup that is not whole.
    """
    progress(0, "checking")
    made = check(backup)
    _refuse_other_database(made, settings)
    _refuse_what_is_there(made, settings)
    needed = {} if keys_lost else key_copies.for_restore(made, settings, keys_from)
    with _all_or_nothing(settings.home):
        progress(40, "files")
        stored_files.put_back(settings, backup, made.files)
        for path, key in needed.items():
            key_files.replace(path, key)
        progress(60, "database")
        if made.database == "sqlite":
            _put_sqlite(backup, made, Path(str(make_url(settings.sqlalchemy_url).database)))
        else:
            engine = make_engine(settings.sqlalchemy_url)
            try:
                postgresql_copy.restore(engine, backup / postgresql_copy.FILE, made.tables)
            finally:
                engine.dispose()
    progress(100, "done")
    return made


def note(installation: Installation, made: Manifest, *, cancel: bool) -> tuple[int, int]:
    """Write the restore into the audit log; how many messages and deliveries wait as they did then, of
    which some may have left since. With ``cancel`` none of them leaves. Needs the newest schema.
    """
    found = []
    with installation.store.writing() as session:
        record(session, None, "restore backup", f"backup of {made.made_at:%Y-%m-%d %H:%M} UTC")
        for kind, state in ((OutgoingMessage, "cancelled"), (Delivery, "failed")):
            column = kind.__table__.c.state
            under_way = column.in_(("waiting", "sending"))
            found.append(session.scalar(select(func.count()).where(under_way)) or 0)
            if cancel:
                ended = update(kind).where(under_way).values(state=state, error=_CANCELLED)
                session.execute(ended)
    messages, deliveries = found
    return messages, deliveries


def _refuse_other_database(made: Manifest, settings: Settings) -> None:
    wanted = make_url(settings.sqlalchemy_url).get_backend_name()
    if wanted == made.database:
        return
    if made.database == "sqlite":
        cure = "Unset SURVEYAPP_DATABASE_URL, restore, then move it to PostgreSQL by `surveyapp db move`."
    else:
        cure = "Set SURVEYAPP_DATABASE_URL to an empty PostgreSQL database."
    raise Conflict(f"This is a backup of {made.database}, and the settings name {wanted}. {cure}")


def _refuse_what_is_there(made: Manifest, settings: Settings) -> None:
    found = home.in_the_way(settings.home)
    if found:
        named = ", ".join(found[:5]) + (", ..." if len(found) > 5 else "")
        raise Conflict(
            f"{settings.home} is not empty: it holds {named}. Restore into an empty home folder; the two"
            " key files may be there already."
        )
    if made.database == "sqlite":
        database = Path(str(make_url(settings.sqlalchemy_url).database))
        if database.exists():
            raise Conflict(f"{database} is there already. Restore where no database is.")
        return
    engine = make_engine(settings.sqlalchemy_url)
    try:
        tables = inspect(engine).get_table_names()
    finally:
        engine.dispose()
    if tables:
        raise Conflict(
            f"The database is not empty: it has {len(tables)} tables, such as {tables[0]}. Restore into"
            " an empty database."
        )


@contextmanager
def _all_or_nothing(folder: Path) -> Iterator[None]:
    """The home folder, which is emptied of what a failed restore has put there."""
    before = set(folder.iterdir()) if folder.exists() else None
    private.make_folder(folder)
    try:
        yield
    except BaseException:
        for path in set(folder.iterdir()) - (before or set()):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if before is None:
            folder.rmdir()
        raise


def _put_sqlite(backup: Path, made: Manifest, database: Path) -> None:
    """The file under its name last: a database that is there is whole."""
    if not database.parent.exists():
        private.make_folder(database.parent)
    beside = database.with_name(f"{database.name}.restored")
    try:
        with (backup / sqlite_copy.FILE).open("rb") as content:
            written = manifest.copied(content, beside)
        if written != made.files[sqlite_copy.FILE]:
            raise Damaged(f"{beside} was not written as it was read. Check the disk.")
        beside.rename(database)
    finally:
        beside.unlink(missing_ok=True)
