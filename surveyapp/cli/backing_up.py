"""Commands that copy the installation and bring it back."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from surveyapp.backups import key_copies, notes, places
from surveyapp.backups import restoring as restored
from surveyapp.backups.checking import check
from surveyapp.backups.making import Made, make_backup
from surveyapp.backups.manifest import Manifest
from surveyapp.cli.opened import opened, progress_bar
from surveyapp.errors import NotFound, SettingsError
from surveyapp.settings import examined, read
from surveyapp.store.schema import pending, upgrade

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("folder", type=_FOLDER)
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    default=None,
    help="Check the new backup, then delete all but so many of the newest in FOLDER.",
)
@click.option(
    "--keys-to",
    type=_FOLDER,
    default=None,
    help="Copy the secret key and the master key into this folder, which must lie elsewhere.",
)
@click.option("--verify", is_flag=True, help="Make none; check the backups that are in FOLDER.")
def backup(folder: Path, keep: int | None, keys_to: Path | None, verify: bool) -> None:
    """Copy database and files into a new backup in FOLDER, while the server runs.

    A backup holds no keys: with them it would be as readable as if nothing were encrypted. Exit status 1
    if a stored file could not be copied.
    """
    if verify:
        if keep is not None or keys_to is not None:
            raise click.UsageError("--verify makes no backup: use it without --keep and --keys-to.")
        _verify(folder)
        return
    with opened(migrate=False, as_root=True) as installation:
        if not pending(installation.store.engine):
            installation.check_key()
        kept = key_copies.keep(installation, keys_to, folder) if keys_to is not None else []
        with progress_bar("Backup") as progress:
            made = make_backup(installation, folder, keep=keep, progress=progress)
    _tell(made)
    for path in kept:
        click.echo(f"Key: {path}")
    if made.manifest.missing:
        sys.exit(1)


@click.command()
@click.argument("folder", type=_FOLDER)
@click.option(
    "--keys-from",
    type=_FOLDER,
    default=None,
    help="Folder that --keys-to has written, or another home; needed unless home or settings have the keys.",
)
@click.option(
    "--keys-lost",
    is_flag=True,
    help="Restore without the keys. Then: db adopt-key, encryption abandon.",
)
@click.option(
    "--cancel-waiting",
    is_flag=True,
    help="Let no message or delivery leave that waited then: it may have left since.",
)
def restore(folder: Path, keys_from: Path | None, keys_lost: bool, cancel_waiting: bool) -> None:
    """Bring the backup in FOLDER back, into an empty home folder and an empty database only."""
    if keys_lost and (keys_from is not None or cancel_waiting):
        raise click.UsageError("--keys-lost restores without keys: use it alone.")
    settings = read()
    with progress_bar("Restore") as progress:
        made = restored.restore(
            folder, settings, keys_from=keys_from, keys_lost=keys_lost, progress=progress
        )
    click.echo(f"Restored and compared: {_summary(made)}.")
    for digest in made.missing:
        click.echo(f"Note: the backup lacks the file {digest}, which a row names.")
    if keys_lost:
        click.echo("Go on with: surveyapp db adopt-key, then surveyapp encryption abandon.")
        return
    with opened(migrate=False) as installation:
        engine = installation.store.engine
        if pending(engine) and cancel_waiting:
            upgrade(engine)
        if pending(engine):
            click.echo("Its schema is older than this version: surveyapp db upgrade.")
            return
        installation.check_key()
        messages, deliveries = restored.note(installation, made, cancel=cancel_waiting)
    told = f"{messages:,} messages and {deliveries:,} deliveries"
    if cancel_waiting:
        click.echo(f"{told} that waited are cancelled.")
    elif messages or deliveries:
        click.echo(f"{told} wait as they did then: what has left since would leave again.")


def _verify(folder: Path) -> None:
    found = places.backups_in(folder)
    if not found:
        raise NotFound(f"There is no backup in {folder}.")
    for each in found:
        click.echo(f"{each}: whole. {_summary(check(each))}.")
    _note_verified(found[-1])


def _note_verified(backup: Path) -> None:
    """Tell the database, where this is the host of an installation: a backup may be read anywhere."""
    settings, faults = examined()
    if faults or not (settings.home.is_dir() or settings.database_url):
        return
    try:
        with opened(migrate=False, as_root=True) as installation:
            if not pending(installation.store.engine):
                notes.note_verified(installation, backup)
    except (SettingsError, SQLAlchemyError):
        click.echo(
            "Note: the database cannot be used, so that `doctor` does not know of this check."
        )


def _tell(made: Made) -> None:
    found = made.manifest
    click.echo(f"{made.folder}: {_summary(found)}.")
    if found.removed:
        click.echo(f"Note: {len(found.removed)} files were deleted while the backup was made.")
    for digest in found.missing:
        click.echo(f"Missing or damaged in the file store: {digest}")
    if found.missing:
        click.echo("Older backups were kept: they may have these files.")
    for path in made.rotated:
        click.echo(f"Deleted: {path}")


def _summary(made: Manifest) -> str:
    rows = sum(each.rows for each in made.tables.values())
    files = len(made.files) - 1  # without the database's own
    return (
        f"{rows:,} rows of {len(made.tables)} tables and {files:,} stored files of"
        f" {made.made_at:%Y-%m-%d %H:%M} UTC, {made.size / 1e6:,.1f} MB"
    )
