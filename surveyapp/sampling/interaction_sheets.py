"""Interactions from a file: columns named as a report's fields; every other one is an attribute."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from surveyapp.errors import Invalid
from surveyapp.installation import Installation
from surveyapp.responses.imports import ImportReport
from surveyapp.sampling.incoming import FIELDS
from surveyapp.sampling.interactions import receive
from surveyapp.sampling.sheet_rows import Times, bring_rows
from surveyapp.surveys.attributes import name_of, typed
from surveyapp.tables.dates import order_of
from surveyapp.tables.opened import open_table
from surveyapp.tables.options import ReadOptions
from surveyapp.tables.table import Row, refuse_unclear
from surveyapp.tables.typed_columns import TypedColumns

Names = Mapping[int, tuple[str, str]]
Progress = Callable[[int, str], None]

_PLAIN = tuple(field for field in FIELDS if field != "attributes")
_NEEDED = ("journey", "touchpoint", "customer_ref", "at")
_PREFIX = "attribute."


def receive_file(
    installation: Installation,
    file: BinaryIO,
    *,
    name: str = "",
    options: ReadOptions | None = None,
    journey: str | None = None,
    most_rows: int | None = None,
    user_id: int | None = None,
    progress: Progress | None = None,
    now: datetime,
) -> ImportReport:
    """Bring in a file of interactions, a batch a transaction; the same file again adds nothing.

    ``journey`` is the code that holds where the file has no such column. Raises Invalid for a file
    that cannot be read as a whole, or has more than ``most_rows``; nothing of it is stored then.
    """
    options = options or ReadOptions()
    table = open_table(file, name, options)
    names = _names(table.headings, journey)
    attributes = {at: own for at, (kind, own) in names.items() if kind == "attributes"}
    if most_rows is not None and sum(1 for _ in islice(table.rows, most_rows + 1)) > most_rows:
        raise Invalid(
            f"The file has more than {most_rows:,} rows. Split it, or use the command surveyapp"
            " interactions.",
            field="file",
        )
    dated = next(at for at, name in names.items() if name == ("field", "at"))
    columns = TypedColumns(table, options, attributes, [dated])
    order = order_of(table.headings[dated], columns.profiles[dated].orders, options.dates)
    times = Times(dated, order, options.time_zone)
    report = bring_rows(
        installation.store,
        table,
        {at: own for at, (_, own) in names.items()},
        lambda row: _report(names, columns, times, row, journey),
        lambda session, reports: receive(
            session,
            reports,
            secret_key=installation.secret_key,
            source="csv",
            user_id=user_id,
            now=now,
        ),
        progress,
    )
    report.notes = columns.notes()
    if attributes:
        report.notes.append(f"Attributes: {', '.join(attributes.values())}.")
    return report


def _names(headings: Sequence[str], journey: str | None) -> Names:
    """For each column ("field", its name) or ("attributes", the attribute's name), by place."""
    refuse_unclear(headings)
    names: dict[int, tuple[str, str]] = {}
    for place, heading in enumerate(headings):
        lowered = heading.lower()
        if not heading:
            continue  # R's and pandas' names of rows
        if lowered in _PLAIN:
            names[place] = ("field", lowered)
        else:
            own = heading[len(_PREFIX) :] if lowered.startswith(_PREFIX) else heading
            names[place] = ("attributes", name_of(own))
    known = list(names.values())
    for name in known:
        if known.count(name) > 1:
            raise Invalid(f"Two columns are named {name[1]}; rename one.", field="file")
    missing = [
        field
        for field in _NEEDED
        if ("field", field) not in known and not (field == "journey" and journey is not None)
    ]
    if missing:
        raise Invalid(
            f"The file has no column {', '.join(missing)}; it has {', '.join(headings)[:300]}.",
            field="file",
        )
    return names


def _report(
    names: Names, columns: TypedColumns, times: Times, row: Row, journey: str | None
) -> dict[str, Any]:
    report: dict[str, Any] = {} if journey is None else {"journey": journey}
    attributes: dict[str, Any] = {}
    cells = columns.emptied(row.cells)
    for place, (kind, name) in names.items():
        cell = columns.value(place, cells[place])
        if not cell.strip():
            continue
        if place == times.place:
            report[name] = times.moment(cell)
        elif kind == "field":
            report[name] = cell
        else:
            attributes[name] = typed(cell)
    return {**report, "attributes": attributes}
