"""Outcomes of customers from a file: columns named as a report's fields, and no others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from surveyapp.errors import Invalid
from surveyapp.installation import Installation
from surveyapp.responses.imports import ImportReport
from surveyapp.sampling.interaction_sheets import Progress
from surveyapp.sampling.outcomes import OUTCOME_FIELDS, receive_outcomes
from surveyapp.sampling.sheet_rows import Times, bring_rows
from surveyapp.tables.dates import order_of
from surveyapp.tables.opened import open_table
from surveyapp.tables.options import ReadOptions
from surveyapp.tables.table import Row, refuse_unclear
from surveyapp.tables.typed_columns import TypedColumns

_NEEDED = ("journey", "customer_ref", "kind", "at")


def receive_outcome_file(
    installation: Installation,
    file: BinaryIO,
    *,
    name: str = "",
    options: ReadOptions | None = None,
    journey: str | None = None,
    journey_id: int | None = None,
    most_rows: int | None = None,
    user_id: int | None = None,
    progress: Progress | None = None,
    now: datetime,
) -> ImportReport:
    """Bring in a file of outcomes, a batch a transaction; the same file again adds nothing.

    ``journey`` is the code that holds where the file has no such column, ``journey_id`` the only journey
    that rows may name. Raises Invalid for a file that cannot be read as a whole, has columns of other
    names, or more than ``most_rows``; nothing of it is stored then.
    """
    options = options or ReadOptions()
    table = open_table(file, name, options)
    names = _names(table.headings, journey)
    if most_rows is not None and sum(1 for _ in islice(table.rows, most_rows + 1)) > most_rows:
        raise Invalid(
            f"The file has more than {most_rows:,} rows. Split it, or use the command surveyapp"
            " outcomes import.",
            field="file",
        )
    dated = next(at for at, field in names.items() if field == "at")
    numbers = [at for at, field in names.items() if field == "value"]
    columns = TypedColumns(table, options, numbers, [dated])
    order = order_of(table.headings[dated], columns.profiles[dated].orders, options.dates)
    times = Times(dated, order, options.time_zone)
    report = bring_rows(
        installation.store,
        table,
        names,
        lambda row: _report(names, columns, times, row, journey),
        lambda session, reports: receive_outcomes(
            session,
            reports,
            secret_key=installation.secret_key,
            source="csv",
            user_id=user_id,
            journey_id=journey_id,
            now=now,
        ),
        progress,
    )
    report.notes = columns.notes()
    return report


def _names(headings: Sequence[str], journey: str | None) -> dict[int, str]:
    """The field of each column, by place. Raises Invalid for a column that is none: it may hold a name."""
    refuse_unclear(headings)
    names = {at: heading.lower() for at, heading in enumerate(headings) if heading}
    for at, field in names.items():
        if field not in OUTCOME_FIELDS:
            raise Invalid(
                f"The column {headings[at][:60]!r} is not used. Take it out of the file; columns are"
                f" {', '.join(OUTCOME_FIELDS)}.",
                field="file",
            )
        if list(names.values()).count(field) > 1:
            raise Invalid(f"Two columns are named {field}; rename one.", field="file")
    missing = [
        field
        for field in _NEEDED
        if field not in names.values() and not (field == "journey" and journey is not None)
    ]
    if missing:
        raise Invalid(
            f"The file has no column {', '.join(missing)}; it has {', '.join(headings)[:300]}.",
            field="file",
        )
    return names


def _report(
    names: Mapping[int, str], columns: TypedColumns, times: Times, row: Row, journey: str | None
) -> dict[str, Any]:
    report: dict[str, Any] = {} if journey is None else {"journey": journey}
    cells = columns.emptied(row.cells)
    for place, field in names.items():
        cell = columns.value(place, cells[place])
        if cell.strip():
            report[field] = times.moment(cell) if place == times.place else cell
    return report
