"""Commands about staff accounts: who may sign in, and what each may do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from surveyapp.auth.permissions import Grant, Role
from surveyapp.cli.opened import opened


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


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, for programs.")
def user_list(as_json: bool) -> None:
    """List everybody: address, role, whether the account is open, second factor, last sign-in."""
    from surveyapp.auth import queries, second_factors

    with opened() as installation, installation.store.reading() as session:
        rows: list[dict[str, Any]] = [
            {
                "email": each.email,
                "name": each.name,
                "role": str(each.role),
                "open": each.active,
                "one_time_password": each.must_change_password,
                "second_factor": second_factors.of(session, each.id).is_on,
                "signed_in_at": each.signed_in_at.isoformat() if each.signed_in_at else None,
            }
            for each in queries.accounts(session)
        ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    if not rows:
        click.echo("There is no account yet: surveyapp user create EMAIL.")
    for row in rows:
        facts = [
            row["role"],
            "open" if row["open"] else "closed",
            "second factor" if row["second_factor"] else "no second factor",
            f"last signed in {row['signed_in_at'][:10]}"
            if row["signed_in_at"]
            else "never signed in",
        ]
        if row["one_time_password"]:
            facts.append("must choose a password")
        click.echo(f"{row['email']}  {', '.join(facts)}")


@user.command("reset")
@click.argument("email")
@click.option(
    "--second-factor",
    is_flag=True,
    help="Take authenticator app, passkeys and recovery codes, too.",
)
@click.password_option(
    prompt="One-time password",
    help="Good for one sign-in, at which another is chosen. Prompted for if omitted.",
)
def user_reset(email: str, second_factor: bool, password: str) -> None:
    """Give EMAIL a one-time password and end all of the account's sessions."""
    from surveyapp.auth import actions, queries, second_factors

    with opened() as installation, installation.store.writing() as session:
        account = queries.account_by_email(session, email)
        actions.give_password(session, account.id, password, by=None)
        if second_factor:
            second_factors.reset(session, account.id, by=None)
    click.echo(f"{account.email} signs in with the new password once, and then chooses another.")
    if not account.active:
        click.echo(f"The account is closed: surveyapp user reopen {account.email}.")


@user.command("role")
@click.argument("email")
@click.argument("role", type=click.Choice([str(each) for each in Role]))
def user_role(email: str, role: str) -> None:
    """Make EMAIL a manager, researcher or administrator; one administrator always remains."""
    from surveyapp.auth import actions, queries

    with opened() as installation, installation.store.writing() as session:
        account = queries.account_by_email(session, email)
        actions.set_role(session, account.id, role, by=None)
    click.echo(f"{account.email} is {role}.")


@user.command("close")
@click.argument("email")
def user_close(email: str) -> None:
    """Close EMAIL's account and end its sessions; what was done by it stays."""
    _set_open(email, is_open=False)


@user.command("reopen")
@click.argument("email")
def user_reopen(email: str) -> None:
    """Open EMAIL's account again."""
    _set_open(email, is_open=True)


def _set_open(email: str, *, is_open: bool) -> None:
    from surveyapp.auth import actions, queries

    with opened() as installation, installation.store.writing() as session:
        account = queries.account_by_email(session, email)
        actions.set_active(session, account.id, is_open, by=None)
    click.echo(f"{account.email} is {'open' if is_open else 'closed'}.")
