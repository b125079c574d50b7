"""Commands of the administrator: settings, database, instruments."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from instruments import loader
from instruments.loader import Library
from surveyapp.cli.opened import opened, progress_bar
from surveyapp.settings import PREFIX, read
from surveyapp.store import keys, schema
from surveyapp.store.audit import record
from surveyapp.store.database_errors import database_fault
from surveyapp.store.database_move import move
from surveyapp.store.db import MOVED, Store
from surveyapp.store.partitioning import partition
from surveyapp.store.partitions import By
from surveyapp.store.unpartitioning import unpartition


@click.command()
def settings() -> None:
    """Print every setting with its value and meaning."""
    for name, value, meaning in read().shown():
        click.echo(f"{name}={value}\n    {meaning}")


@click.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Upgrade the database to the current schema."""
    with opened(migrate=False) as installation:
        schema.upgrade(installation.store.engine)
        click.echo(
            f"{installation.store.engine.url.render_as_string(hide_password=True)} has the"
            " current schema."
        )


@db.command("adopt-key")
@click.confirmation_option(
    prompt="Links, posters and sessions signed with the old key will stop working, and"
    " customers will get new pseudonyms. Continue?"
)
def db_adopt_key() -> None:
    """Bind the database to this installation's secret key, if the old key is lost."""
    with opened(check_key=False) as installation, installation.store.writing() as session:
        fingerprint = keys.adopt(session, installation.secret_key)
        record(session, None, "adopt key", f"key {fingerprint}")
    click.echo(f"The database now uses the key with the fingerprint {fingerprint}.")


@db.command("move")
@click.argument("url")
def db_move(url: str) -> None:
    """Move everything from SQLite into the empty PostgreSQL database at URL, and compare all rows.

    Stop web server and workers first. Leave the password out of URL: it is read from PGPASSWORD or
    ~/.pgpass. The old file is kept under another name.
    """
    if not url.startswith("postgresql+psycopg://"):
        raise click.UsageError("URL must begin with postgresql+psycopg://")
    with opened() as installation:
        if not installation.store.is_sqlite:
            raise click.UsageError(
                "The settings name PostgreSQL already; unset SURVEYAPP_DATABASE_URL to move from SQLite."
            )
        source, keyring = installation.store.engine.url, installation.store.keyring
        installation.store.close()  # nobody may have it open, this process included
    try:
        target = Store(url, master_key=keyring.master_key if keyring is not None else None)
        with closing(target), progress_bar("Moving") as progress:
            moved = move(source, target, progress=progress)
    except SQLAlchemyError as error:
        said = database_fault(error)
        if said is None:
            raise
        # What cannot be used is not what the settings name.
        raise click.ClickException(said.replace(f"{PREFIX}DATABASE_URL", "URL")) from error
    click.echo(f"Moved and compared: {sum(moved.values()):,} rows of {len(moved)} tables.")
    click.echo(f"The old database is {source.database}{MOVED} now.")
    click.echo(
        "Set SURVEYAPP_DATABASE_URL to the new one before anything is started. The home folder"
    )
    click.echo("with its keys and files stays where it is.")


@db.command("partition")
@click.option(
    "--by",
    type=click.Choice([by.value for by in By]),
    help="month: of each event, invitation, decision, message and answer; hash: of their numbers.",
)
@click.option(
    "--parts",
    type=click.IntRange(2, 128),
    default=8,
    show_default=True,
    help="How many partitions a table gets by hash.",
)
@click.option("--back", is_flag=True, help="Make one table of all partitions again.")
def db_partition(by: str | None, parts: int, back: bool) -> None:
    """Make partitions of the tables that grow with customers and answers, on PostgreSQL; or undo that.

    Stop web servers and workers first, and make a backup: all rows are copied and compared, which needs
    room for them twice. Workers make the partitions of coming months.
    """
    if (by is None) != back:
        raise click.UsageError("Say --by month, --by hash or --back.")
    if by is None:
        with opened() as installation, progress_bar("Undoing partitions") as progress:
            moved = unpartition(installation.store, progress=progress)
        click.echo(f"No partitions any more; compared: {sum(moved.values()):,} rows.")
        return
    with opened() as installation, progress_bar("Partitioning") as progress:
        moved = partition(
            installation.store, By(by), parts=parts, now=installation.now(), progress=progress
        )
    click.echo(f"Partitioned by {by} and compared: {sum(moved.values()):,} rows.")


@click.group()
def instruments() -> None:
    """Questionnaires."""


@instruments.command("list")
def instruments_list() -> None:
    """List every instrument with its scoring keys and languages."""
    library = Library(read().instrument_roots)
    for code in library.available():
        found = library.load(code)
        languages = ", ".join(dict.fromkeys(w.language for w in found.wordings.values()))
        keys = ", ".join(found.keys) or "not scored"
        click.echo(
            f"{code:14} {found.version:6} {len(found.asked()):3} items   {keys}   [{languages}]"
        )


@instruments.command("check")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
def instruments_check(path: Path) -> None:
    """Check an instrument's folder; each error names the file, key, value and fix."""
    faults = loader.check(path)
    for fault in faults:
        click.echo(str(fault))
    if faults:
        raise click.ClickException(f"{len(faults)} error(s) in {path}")
    click.echo(f"{path}: no errors.")
