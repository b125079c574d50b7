"""Outcomes of customers: brought in from a file."""

from __future__ import annotations

from pathlib import Path

import click

from surveyapp.cli.data import tell
from surveyapp.cli.opened import opened, progress_bar
from surveyapp.cli.table_options import dated_table_options
from surveyapp.errors import NotFound
from surveyapp.journeys.queries import journey_by_code
from surveyapp.sampling.outcome_sheets import receive_outcome_file
from surveyapp.tables.options import ReadOptions


@click.group()
def outcomes() -> None:
    """What became of customers: import it, and set it beside their answers."""


@outcomes.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--journey", default=None, help="The journey's code, if the file has no such column.")
@dated_table_options
def import_(file: Path, journey: str | None, reading: ReadOptions) -> None:
    """Import the outcomes in FILE; every rejected row is listed with its reason.

    Columns: journey, customer_ref, kind (churn, repeat_purchase, complaint, revenue, resolution_time or
    waiting_time), value, at and, if known, external_id.
    """
    if not file.is_file():
        raise NotFound(f"{file}: no such file")
    with opened() as installation, progress_bar("Reading") as progress, file.open("rb") as source:
        if journey is not None:
            with installation.store.reading() as session:
                journey_by_code(session, journey)
        report = receive_outcome_file(
            installation,
            source,
            name=file.name,
            options=reading,
            journey=journey,
            progress=progress,
            now=installation.now(),
        )
    tell(report)
