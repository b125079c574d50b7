"""Commands about stored files: where they lie, and whether they are whole."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from surveyapp.cli.opened import opened, progress_bar

if TYPE_CHECKING:
    from surveyapp.operations.file_moves import Looked

_MOST_SHOWN = 20


@click.group()
def files() -> None:
    """Reports, uploads and logos: move them to where the settings keep them, check that they are whole."""


@files.command("move")
def files_move() -> None:
    """Bring files from the home folder, or the database, to where SURVEYAPP_FILES keeps them.

    Each is checked by its SHA-256 and deleted where it was. Pages serve them all the while. Run it on
    each host that has files in its home; exit status 1 if a file cannot be read here.
    """
    from surveyapp.operations.file_moves import move

    with opened() as installation, progress_bar("Files") as progress:
        done = move(installation, progress)
        where = installation.files.kept.name
    click.echo(
        f"Moved {done.moved:,} of {done.files:,} files ({done.moved_bytes / 1e6:,.1f} MB) to {where}."
    )
    _end(done)


@files.command("check")
def files_check() -> None:
    """Read every file and compare it with its SHA-256; exit status 1 if one is damaged or missing."""
    from surveyapp.operations.file_moves import check

    with opened() as installation, progress_bar("Files") as progress:
        done = check(installation, progress)
    if not done.faults:
        click.echo(f"All {done.files:,} files are whole.")
    _end(done)


def _end(done: Looked) -> None:
    for fault in done.faults[:_MOST_SHOWN]:
        click.echo(fault)
    if len(done.faults) > _MOST_SHOWN:
        click.echo(f"and {len(done.faults) - _MOST_SHOWN:,} more")
    if done.faults:
        click.echo(f"{len(done.faults):,} of {done.files:,} files cannot be read here.")
        sys.exit(1)
