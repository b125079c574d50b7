"""Commands about mail."""

from __future__ import annotations

import click

from surveyapp.cli.opened import opened


@click.group()
def mail() -> None:
    """Mail: whether it leaves."""


@mail.command("test")
@click.argument("address")
def mail_test(address: str) -> None:
    """Send a test mail to ADDRESS at once, and say what the mail server answers."""
    from surveyapp.distribution.mail_keys import signer
    from surveyapp.distribution.sender_test import SUBJECT, said_of, test_text
    from surveyapp.distribution.transports import Transports
    from surveyapp.store.audit import record
    from surveyapp.store.mail import Message
    from surveyapp.store.postbox import Outcome

    with opened() as installation:
        settings = installation.settings
        with Transports(installation) as transports:
            if not transports.open("email"):
                raise click.ClickException(
                    "No mail server is set: give SURVEYAPP_SMTP_URL and SURVEYAPP_MAIL_FROM."
                )
            with installation.store.writing() as session:
                signed = said_of(signer(session, installation))
                record(session, None, "send sender test", "mail")
            click.echo(f"The mail server accepts the connection. {signed}")
            text = test_text(settings.mail_from, signed)
            posted = transports.send("email", Message(SUBJECT, text, to=address))
    if posted.outcome is not Outcome.SENT:
        raise click.ClickException(
            f"The mail was not accepted: {posted.reason.rstrip('.')}. Check {address},"
            f" SURVEYAPP_MAIL_FROM={settings.mail_from!r} and whether the server wants a user name in"
            " SURVEYAPP_SMTP_URL; else ask whoever runs it."
        )
    click.echo(
        f"The mail server took the mail to {address}. Look in its inbox, and in its junk folder."
    )
