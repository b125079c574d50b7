"""Commands of the administrator: settings, database, users, instruments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from instruments import loader
from instruments.loader import Library
from surveyapp.auth.permissions import Grant
from surveyapp.cli.opened import opened
from surveyapp.settings import read
from surveyapp.store import keys, schema
from surveyapp.store.audit import record


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


@click.group()
def user() -> None:
    """Staff accounts."""


@user.command("create")
@click.argument("email")
@click.option("--name", default="", help="Shown in the audit log; defaults to the email address.")
@click.option(
    "--role",
    type=click.Choice(["administrator", "researcher", "manager"]),
    default="administrator",
    show_default=True,
)
@click.option(
    "--all-journeys",
    is_flag=True,
    help="Give access to every journey, as far as the role goes. Administrators have it anyway.",
)
@click.password_option(help="Prompted for if omitted, to keep it out of the shell history.")
def user_create(email: str, name: str, role: str, all_journeys: bool, password: str) -> None:
    """Create a staff account that signs in with EMAIL."""
    from surveyapp.auth import actions

    with opened() as installation, installation.store.writing() as session:
        actions.create_user(
            session,
            email=email,
            name=name or email,
            password=password,
            role=role,
            all_journeys=all_journeys,
        )
    click.echo(f"{email} can now sign in as {role}.")


def _on_journey(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the arguments that say who, what, and on which journeys."""
    for add in (
        click.option("--all-journeys", is_flag=True, help="On every journey, new ones included."),
        click.option("--journey", default=None, metavar="CODE", help="On this journey."),
        click.argument("grant", type=click.Choice([str(each) for each in Grant])),
        click.argument("email"),
    ):
        command = add(command)
    return command


@user.command("grant")
@_on_journey
def user_grant(email: str, grant: str, journey: str | None, all_journeys: bool) -> None:
    """Give EMAIL access: reader, editor or owner; comments and contacts beside one of these."""
    _change_access(email, grant, journey, all_journeys, given=True)


@user.command("revoke")
@_on_journey
def user_revoke(email: str, grant: str, journey: str | None, all_journeys: bool) -> None:
    """Take GRANT from EMAIL. With reader, editor or owner goes everything on the journey."""
    _change_access(email, grant, journey, all_journeys, given=False)


def _change_access(
    email: str, grant: str, journey: str | None, all_journeys: bool, *, given: bool
) -> None:
    from surveyapp.auth import grants, queries
    from surveyapp.journeys.queries import journey_by_code

    if (journey is None) is not all_journeys:
        raise click.UsageError("Give either --journey CODE or --all-journeys.")
    with opened() as installation, installation.store.writing() as session:
        account = queries.account_by_email(session, email)
        journey_id = journey_by_code(session, journey).id if journey is not None else None
        change = grants.give if given else grants.take
        change(session, account.id, grant, journey_id, by=None)
    where = "all journeys" if journey is None else f"journey {journey}"
    click.echo(f"{email}: {grant} of {where} {'granted' if given else 'revoked'}.")


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
