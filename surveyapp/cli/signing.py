"""Commands about the keys that sign links, forms and sessions."""

from __future__ import annotations

from datetime import timedelta

import click

from surveyapp.cli.opened import opened
from surveyapp.store import signing_keys

_MOST_DAYS = 3650


@click.group()
def signing() -> None:
    """Keys that sign links, forms and sessions."""


@signing.command("list")
def signing_list() -> None:
    """List the keys with the time in which each is accepted."""
    with opened() as installation:
        now = installation.now()
        with installation.store.reading() as session:
            found = signing_keys.periods(session)
    if not found:
        click.echo("The secret key signs; it has never been rotated.")
    for each in found:
        state = "no longer accepted" if each.until and each.until <= now else "accepted"
        until = f" until {each.until:%Y-%m-%d %H:%M} UTC" if each.until else ""
        since = (
            "from the beginning"
            if each.since.year == 1970
            else f"since {each.since:%Y-%m-%d %H:%M} UTC"
        )
        click.echo(f"key {each.number}: signs {since}; {state}{until}")


@signing.command("rotate")
@click.option(
    "--overlap-days",
    type=click.IntRange(0, _MOST_DAYS),
    required=True,
    help="How long links and sessions that earlier keys signed stay good; 0: two minutes.",
)
def signing_rotate(overlap_days: int) -> None:
    """Sign with a new key from now on. Links in mails that are older than the overlap stop working."""
    with opened() as installation, installation.store.writing() as session:
        made = signing_keys.rotate(
            session,
            installation.secret_key,
            overlap=timedelta(days=overlap_days),
            now=installation.now(),
        )
    click.echo(
        f"Key {made.number} signs from {made.since:%H:%M:%S} UTC on, when every process knows it;"
        f" earlier keys are accepted for {overlap_days} days more."
    )
