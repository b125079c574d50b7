"""Maps of journeys: drawn from a file, and written to one."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from surveyapp.cli.opened import opened
from surveyapp.cli.table_options import table_options
from surveyapp.errors import Invalid, NotFound
from surveyapp.exports.formats.registry import format_of
from surveyapp.exports.map_cells import map_table
from surveyapp.journeys.map_drawing import draw_map, refuse_drawn
from surveyapp.journeys.map_history import drawn_journey
from surveyapp.journeys.map_snapshots import snapshot_of
from surveyapp.journeys.map_tables import MapTable, read_map
from surveyapp.journeys.queries import journey_by_code
from surveyapp.store.audit import record
from surveyapp.tables.options import ReadOptions

_MOST_PRINTED = 50


@click.group("map")
def map_() -> None:
    """The map of a journey: draw it from a file, write it to one."""


@map_.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--journey", "code", required=True, help="The journey's code; its map is empty.")
@click.option("--dry-run", is_flag=True, help="Show what would be drawn; store nothing.")
@table_options
def import_(file: Path, code: str, dry_run: bool, reading: ReadOptions) -> None:
    """Draw the map in FILE on a journey that has none; every cell that is not taken is listed.

    FILE is a grid, stages across and lanes down, or a list with a row a cell, as `map export` writes.
    """
    if not file.is_file():
        raise NotFound(f"{file}: no such file")
    with opened() as installation:
        with file.open("rb") as source:
            found = read_map(source, name=file.name, options=reading)
        if dry_run:
            with installation.store.reading() as session:
                refuse_drawn(session, journey_by_code(session, code))
        else:
            with installation.store.writing() as session:
                journey = drawn_journey(session, journey_by_code(session, code).id)
                draw_map(session, journey, found.content, user_id=None)
    _tell(found)
    counted = f"{len(found.content.stages)} stages, {found.content.touchpoints} touchpoints"
    click.echo(f"{'Would be drawn' if dry_run else 'Drawn'}: {counted}.")


@map_.command("export")
@click.option("--journey", "code", required=True, help="The journey's code.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A .csv or .xlsx file.")
def export(code: str, out: Path) -> None:
    """Write the map of a journey, a row a cell, as `map import` takes it."""
    form = format_of(None, out)
    if form.code not in ("csv", "xlsx"):
        raise Invalid(f"{out.name}: a map is written as .csv or .xlsx.")
    with opened() as installation, installation.store.reading() as session:
        journey = journey_by_code(session, code)
        table = map_table(snapshot_of(session, journey.id))
        with tempfile.TemporaryDirectory(dir=out.absolute().parent) as folder:
            made = Path(folder, f"map{form.suffix}")
            form.write(table, made)
            with installation.store.writing() as writing:
                record(writing, None, "download map", f"journey {code}", file=form.code)
            made.replace(out)
    click.echo(f"Written: {out} ({form.title})")


def _tell(found: MapTable) -> None:
    for note in found.notes:
        click.echo(note)
    for each in found.refused[:_MOST_PRINTED]:
        said = f"{each.reason} {each.cure}".strip()
        click.echo(f"  not taken, {each.place} {each.value!r}: {said}")
    if len(found.refused) > _MOST_PRINTED:
        click.echo(f"  and {len(found.refused) - _MOST_PRINTED} more")
