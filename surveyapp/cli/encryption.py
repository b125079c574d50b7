"""Commands about the keys that names and addresses are encrypted under."""

from __future__ import annotations

import time
from pathlib import Path

import click

from surveyapp.cli.opened import opened
from surveyapp.errors import SettingsError
from surveyapp.installation import Installation
from surveyapp.key_strength import key_fault
from surveyapp.store import data_keys, lost_key, master_key, plain_copies, reencryption
from surveyapp.store.keyring import Keyring
from surveyapp.store.wrapping import fingerprint

_LOOK_SECONDS = 5.0


@click.group()
def encryption() -> None:
    """Encryption of names and addresses."""


@encryption.command("status")
def encryption_status() -> None:
    """Say under which keys names and addresses are, and how far a rotation is."""
    with opened() as installation, installation.store.reading() as session:
        found = reencryption.state(session)
    click.echo(f"master key {fingerprint(_keyring(installation).master_key)}")
    click.echo(f"data key {found.newest} since {found.since:%Y-%m-%d %H:%M} UTC")
    if found.earlier:
        named = ", ".join(map(str, found.earlier))
        click.echo(f"rotation under way: {found.remaining:,} rows under {named} are left")
    if found.plain_copies:
        click.echo("plain copies may be left in freed pages: surveyapp encryption clean")


@encryption.command("rotate")
def encryption_rotate() -> None:
    """Encrypt everything under a new data key, and destroy the earlier ones.

    Stopped, it goes on when it is called again, or with a worker. The last step waits until every
    process knows the new key, five minutes after it was made.
    """
    with opened() as installation:
        store, keyring = installation.store, _keyring(installation)
        newest = reencryption.begin(store, keyring)
        click.echo(f"Data key {newest} encrypts from now on.")
        with click.progressbar(length=_left(installation), label="Encrypting") as bar:
            reencryption.reencrypt(store, keyring, bar.update)
        if not reencryption.finish(store, installation.now()):
            click.echo("Waiting until every process knows the new key.")
        while not reencryption.finish(store, installation.now()):
            time.sleep(_LOOK_SECONDS)
            reencryption.reencrypt(store, keyring, lambda _: None)
    click.echo("Everything is under the new key, and earlier data keys are destroyed.")


@encryption.command("rewrap")
@click.option(
    "--new-key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="File with the new master key; otherwise one is made, if the key lies in the home folder.",
)
def encryption_rewrap(new_key_file: Path | None) -> None:
    """Wrap the data keys under another master key. Stop every other process first, then start anew.

    Stopped, it ends what it began when it is called again.
    """
    with opened(check_key=False) as installation:
        chosen = _chosen(installation, new_key_file)
        settings, old = installation.settings, _keyring(installation).master_key
        if settings.master_key and chosen is None:
            raise click.UsageError(
                "The master key comes from SURVEYAPP_MASTER_KEY; give the new one by --new-key-file."
            )
        new = (
            chosen
            if chosen and settings.master_key
            else master_key.following(settings.home, chosen)
        )
        with installation.store.writing() as session:
            if data_keys.master_fingerprint(session) != fingerprint(new):
                count = data_keys.rewrap(session, old, new)
                click.echo(f"{count} keys are under the master key {fingerprint(new)} now.")
        if settings.master_key:
            click.echo("Set SURVEYAPP_MASTER_KEY to the new key before anything is started again.")
        else:
            master_key.take_over(settings.home)
            click.echo(f"{settings.home / master_key.FILE} holds it. Make a backup of the file.")


@encryption.command("clean")
def encryption_clean() -> None:
    """Write the database's files anew without the plain copies that an upgrade may have left."""
    with opened() as installation:
        plain_copies.remove(installation.store.engine)
    click.echo("The database's files hold no plain copies; backups and logs of before may.")


@encryption.command("abandon")
@click.confirmation_option(
    prompt="Every stored name and address, waiting messages, draw entries, and notes of cases will be"
    " deleted for good. Continue?"
)
def encryption_abandon() -> None:
    """Begin with this master key, if the earlier one is lost. What was encrypted is deleted."""
    with opened(check_key=False) as installation, installation.store.writing() as session:
        lost_key.abandon(session, _keyring(installation).master_key)
    click.echo("What could not be read is deleted. Import the customers' addresses again.")


def _keyring(installation: Installation) -> Keyring:
    if installation.store.keyring is None:
        raise SettingsError("The database was opened without a master key.")
    return installation.store.keyring


def _left(installation: Installation) -> int:
    with installation.store.reading() as session:
        return reencryption.state(session).remaining


def _chosen(installation: Installation, file: Path | None) -> str | None:
    """The key in the file. Raises SettingsError for one that is weak, or the secret key."""
    if file is None:
        return None
    key = file.read_text(encoding="utf-8", errors="replace").strip()
    fault = key_fault(key) or master_key.same_fault(key, installation.secret_key)
    if fault:
        raise SettingsError(f"{file}: the master key {fault}.")
    return key
