"""Registered plans of studies, as their files have them."""

from __future__ import annotations

from pathlib import Path

import click

from surveyapp.errors import Conflict, Invalid
from surveyapp.results.preregistrations.preregistration_document import check_file


@click.group()
def preregistration() -> None:
    """Registered plans of studies."""


@preregistration.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--hash", "expected", help="The SHA-256 that was published when it was registered.")
def check(file: Path, expected: str | None) -> None:
    """Compute the hash of the plan in FILE anew and compare it with the one that FILE states.

    FILE is the JSON of a plan's page. That the two agree says that nobody changed the plan alone;
    compare with --hash that of a copy or a registry, which nobody can change with it.
    """
    document, stated, found = check_file(file.read_bytes())
    if expected is not None and len(expected.strip()) != len(found):
        raise Invalid("the SHA-256 of --hash has 64 digits")
    if found != stated:
        raise Conflict(
            f"the plan does not have the hash that the file states: {found}, not {stated}"
        )
    if expected is not None and expected.strip().lower() != found:
        raise Conflict(f"the plan has another hash than the published one: {found}")
    click.echo(f"{document['project']}, version {document['version']}: the plan is as registered.")
    click.echo(f"Registered at {document['registered_at']}. {document['answers_known']['said']}")
    click.echo(f"SHA-256 {found}")
    for change in document["changes"]:
        click.echo(f"  {change}")
