"""The command that looks an installation over."""

from __future__ import annotations

import sys

import click

from surveyapp.cli.opened import opened
from surveyapp.operations.doctor import examine
from surveyapp.operations.findings import Level

_MARKS = {Level.GOOD: "  ", Level.ADVICE: "! ", Level.FAULT: "X "}


@click.command()
def doctor() -> None:
    """Check this installation and say what to do. Exit status 1 if something is at fault."""
    with opened(migrate=False, as_root=True) as installation:
        found = list(examine(installation))
    for each in found:
        click.echo(f"{_MARKS[each.level]}{each.subject}: {each.found}")
        if each.cure:
            click.echo(f"    {each.cure}")
    faults = sum(each.level is Level.FAULT for each in found)
    advised = sum(each.level is Level.ADVICE for each in found)
    click.echo(f"{faults} at fault, {advised} to consider, {len(found) - faults - advised} well.")
    if faults:
        sys.exit(1)
