"""Commands about API keys: made, listed, given a new secret, revoked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from surveyapp.auth import api_keys
from surveyapp.auth.api_keys import KeyLine, KeyScope
from surveyapp.cli.opened import opened


@click.group()
def key() -> None:
    """API keys."""


@key.command("create")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([str(each) for each in KeyScope]),
    help="May repeat.",
)
@click.option("--journey", default=None, metavar="CODE", help="One journey; otherwise all.")
@click.option(
    "--network",
    "networks",
    multiple=True,
    metavar="CIDR",
    help="From where it may come, such as 192.0.2.0/24; may repeat. Otherwise from everywhere.",
)
@click.option(
    "--last-day",
    type=click.DateTime(["%Y-%m-%d"]),
    default=None,
    help="The key stops working at the end of this day, UTC.",
)
def key_create(
    name: str,
    scopes: tuple[str, ...],
    journey: str | None,
    networks: tuple[str, ...],
    last_day: datetime | None,
) -> None:
    """Create a key for the program NAME and print it; it is shown only once."""
    from surveyapp.journeys.queries import journey_by_code

    end = last_day.replace(tzinfo=UTC) + timedelta(days=1) if last_day else None
    with opened() as installation, installation.store.writing() as session:
        _, text = api_keys.make(
            session,
            name=name,
            scopes=scopes,
            journey_id=journey_by_code(session, journey).id if journey is not None else None,
            networks=networks,
            expires_at=end,
            user_id=None,
            now=installation.now(),
        )
    click.echo(text)


@key.command("list")
def key_list() -> None:
    """List every key with its scopes, limits and last use; never the key."""
    with opened() as installation, installation.store.reading() as session:
        for line in api_keys.lines(session, now=installation.now()):
            click.echo(_described(line, installation.now()))


@key.command("rotate")
@click.argument("prefix")
@click.option(
    "--days",
    type=click.IntRange(0, 90),
    default=7,
    show_default=True,
    help="How long the old secret goes on working.",
)
def key_rotate(prefix: str, days: int) -> None:
    """Give the key that begins with PREFIX a new secret and print it; it is shown only once."""
    with opened() as installation, installation.store.writing() as session:
        _, text = api_keys.rotate(
            session,
            api_keys.by_prefix(session, prefix).id,
            overlap=timedelta(days=days),
            user_id=None,
            now=installation.now(),
        )
    click.echo(text)


@key.command("revoke")
@click.argument("prefix")
def key_revoke(prefix: str) -> None:
    """Make the key that begins with PREFIX open nothing any more."""
    with opened() as installation, installation.store.writing() as session:
        found = api_keys.by_prefix(session, prefix)
        api_keys.revoke(session, found.id, user_id=None)
        click.echo(f"The key for {found.name} has been revoked.")


def _described(line: KeyLine, now: datetime) -> str:
    """One key on one line."""
    expired = line.expires_at is not None and line.expires_at <= now
    state = "revoked" if line.revoked_at else "expired" if expired else "in force"
    parts = [
        f"sak_{line.prefix}_",
        state,
        line.name,
        ", ".join(line.scopes),
        line.journey or "all journeys",
        f"from {', '.join(line.networks)}" if line.networks else "",
        f"until {line.expires_at:%Y-%m-%d %H:%M} UTC" if line.expires_at else "",
        f"old secret until {line.old_until:%Y-%m-%d %H:%M} UTC" if line.old_until else "",
        f"last used {line.used_at:%Y-%m-%d %H:%M} UTC" if line.used_at else "never used",
    ]
    return "   ".join(part for part in parts if part)
