"""The touchpoints of all journeys: written to a file, and brought back from one."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from surveyapp.cli.opened import opened
from surveyapp.cli.table_options import table_options
from surveyapp.errors import Invalid, NotFound
from surveyapp.exports.formats.registry import format_of
from surveyapp.exports.inventory import inventory_table
from surveyapp.journeys.inventory_actions import bring_inventory
from surveyapp.journeys.inventory_plan import (
    Fate,
    InventoryAccess,
    PlannedRow,
    plan_inventory,
)
from surveyapp.journeys.inventory_rows import read_inventory
from surveyapp.results.inventory import inventory_places
from surveyapp.store.audit import record
from surveyapp.tables.options import ReadOptions

_MOST_PRINTED = 50


@click.group()
def inventory() -> None:
    """The touchpoints of all journeys: export them, edit the file, import it."""


@inventory.command("export")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A .csv or .xlsx file.")
@click.option("--archived", is_flag=True, help="With those of archived journeys.")
def export(out: Path, archived: bool) -> None:
    """Write every touchpoint with its journey, stage, channel, ownership, surveys and responses."""
    form = format_of(None, out)
    if form.code not in ("csv", "xlsx"):
        raise Invalid(f"{out.name}: the inventory is written as .csv or .xlsx.")
    with opened() as installation, installation.store.reading() as session:
        places = inventory_places(session, None, now=installation.now())
        chosen = [each for each in places if archived or each.state != "archived"]
        table = inventory_table(session, chosen, minimum=installation.settings.minimum_cell)
        with tempfile.TemporaryDirectory(dir=out.absolute().parent) as folder:
            made = Path(folder, f"inventory{form.suffix}")
            form.write(table, made)
            with installation.store.writing() as writing:
                record(writing, None, "export inventory", "touchpoints", format=form.code)
            made.replace(out)
    click.echo(f"Written: {out} ({len(chosen)} touchpoints, {form.title})")


@inventory.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would be done; store nothing.")
@table_options
def import_(file: Path, dry_run: bool, reading: ReadOptions) -> None:
    """Add and change the touchpoints in FILE; every row that is refused is listed with its reason.

    Columns are those of the export. Journeys, stages and touchpoints are found by code, else by name;
    a touchpoint that a stage does not have is added. None is moved or removed.
    """
    if not file.is_file():
        raise NotFound(f"{file}: no such file")
    with opened() as installation, file.open("rb") as source:
        sheet = read_inventory(source, name=file.name, options=reading)
        access = InventoryAccess()
        if dry_run:
            with installation.store.reading() as session:
                plan = plan_inventory(session, sheet, access)
        else:
            _, plan = bring_inventory(installation.store, sheet, access, user_id=None)
    for note in sheet.notes:
        click.echo(note)
    _tell(plan.of(Fate.REFUSED))
    _tell(plan.to_do)
    counted = ", ".join(f"{len(plan.of(fate))} {fate}" for fate in Fate)
    click.echo(f"{'Would be' if dry_run else 'Done'}: {counted}.")


def _tell(rows: list[PlannedRow]) -> None:
    for row in rows[:_MOST_PRINTED]:
        if row.refused is not None:
            at, said = row.refused.place, f"{row.refused.reason} {row.refused.cure}".strip()
            click.echo(f"  refused, {at} {row.refused.value!r}: {said}")
            continue
        what = "; ".join(f"{each.field} {each.old!r} -> {each.new!r}" for each in row.differences)
        click.echo(f"  {row.fate}, row {row.number}, {row.stage} / {row.touchpoint}: {what}")
    if len(rows) > _MOST_PRINTED:
        click.echo(f"  and {len(rows) - _MOST_PRINTED} more")
