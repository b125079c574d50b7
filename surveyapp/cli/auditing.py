"""Commands about the audit log: check its chain, export it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import click

from surveyapp.auth.queries import AuditRows
from surveyapp.cli.opened import opened
from surveyapp.cli.written import replacing
from surveyapp.errors import SurveyappError
from surveyapp.exports.audit_log import FORMATS, audit_table
from surveyapp.store import audit_chain
from surveyapp.store.audit import record

_KNOWN = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")


@click.group()
def audit() -> None:
    """The audit log."""


@audit.command("check")
@click.option("--known", metavar="PLACE:HASH", help="What an earlier check printed as newest.")
def audit_check(known: str | None) -> None:
    """Check the chain of hashes; exit code 2 names the first entry that does not fit.

    Someone who may change the database can make the whole chain anew. Keep what is printed elsewhere
    and give it with --known the next time: then that is found, too.
    """
    link = _link(known) if known else None
    with opened() as installation, installation.store.reading() as session:
        found = audit_chain.check(session, known=link)
    if found.misfit is not None:
        entry = (
            f"Audit entry {found.misfit.entry_id}" if found.misfit.entry_id else "The next entry"
        )
        raise SurveyappError(
            f"{entry} (place {found.misfit.place}) {found.misfit.why}. {found.last.place} entries"
            " before it fit. Compare with an export or backup from before."
        )
    click.echo(f"{found.last.place} entries fit. Newest: {found.last}")
    if found.oldest_unsealed is not None:
        click.echo(
            f"{found.unsealed} more are not sealed yet, the oldest of"
            f" {found.oldest_unsealed:%Y-%m-%d %H:%M} UTC; a worker seals every minute."
        )


@audit.command("export")
@click.option(
    "--format", "form", type=click.Choice(list(FORMATS)), default="csv", show_default=True
)
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), help="First day (UTC), such as 2026-03-01."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The file to write.")
def audit_export(form: str, since: datetime | None, out: Path) -> None:
    """Export the audit log with each entry's place and hash: CSV or JSON Lines."""
    wanted = AuditRows(since=since.replace(tzinfo=UTC) if since else None)
    with opened() as installation:
        said = {"since": f"{since:%Y-%m-%d}"} if since else {}
        with installation.store.writing() as session:
            record(
                session, None, "export audit log", "audit log", by="command", format=form, **said
            )
        with installation.store.reading() as session, replacing(out) as target:
            table = audit_table(session, wanted, form)
            for chunk in table.chunks:
                target.write(chunk.encode())
    click.echo(f"Written: {out} ({table.rows} entries)")


def _link(text: str) -> audit_chain.Link:
    match = _KNOWN.fullmatch(text)
    if match is None:
        raise click.BadParameter(
            f"{text[:80]!r} is no place and hash; give it as the check printed it, such as"
            " 812:9f0c...",
            param_hint="--known",
        )
    return audit_chain.Link(int(match[1]), match[2])
