"""Interactions from a file: columns named as a report's fields; every other one is an attribute."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from surveyapp.errors import Invalid
from surveyapp.installation import Installation
from surveyapp.responses.imports import ImportReport
from surveyapp.responses.rows import Refusal
from surveyapp.sampling.incoming import FIELDS
from surveyapp.sampling.interactions import Received, receive
from surveyapp.surveys.attributes import name_of, typed
from surveyapp.tables.dates import moment_in, order_of, zone_named
from surveyapp.tables.opened import open_table
from surveyapp.tables.options import ReadOptions
from surveyapp.tables.table import DataTable, Row, refuse_unclear
from surveyapp.tables.typed_columns import TypedColumns

Names = Mapping[int, tuple[str, str]]
Progress = Callable[[int, str], None]

_PLAIN = tuple(field for field in FIELDS if field != "attributes")
_NEEDED = ("journey", "touchpoint", "customer_ref", "at")
_PREFIX = "attribute."
_BATCH = 500  # rows a transaction: customers who answer meanwhile wait for its end


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
    times = _Times(dated, order, options.time_zone)
    report = ImportReport()
    for rows in _batches(table.rows):
        broken = [
            Refusal(row.number, "", "", row.fault, row.cure, table.place(row.number))
            for row in rows
            if row.fault
        ]
        good = [row for row in rows if not row.fault]
        if report.count_in:
            installation.store.give_way()
        with installation.store.writing() as session:
            received = receive(
                session,
                [_report(names, columns, times, row, journey) for row in good],
                secret_key=installation.secret_key,
                source="csv",
                user_id=user_id,
                now=now,
            )
        _note(report, names, table, broken, good, received)
        if progress is not None:
            progress(min(99, table.percent()), f"{report.count_in} rows read")
    report.notes = columns.notes()
    if attributes:
        report.notes.append(f"Attributes: {', '.join(attributes.values())}.")
    return report


def _note(
    report: ImportReport,
    names: Names,
    table: DataTable,
    broken: Sequence[Refusal],
    good: Sequence[Row],
    received: Received,
) -> None:
    """Add to the report what became of a batch of rows."""
    report.count_in += len(broken) + len(good)
    report.stored += received.stored
    report.already += received.already
    report.refused_rows += len(broken) + received.refused_reports
    report.refused += broken
    for each in received.refused:
        column = each.field.removeprefix("attributes.")
        row = good[each.place - 1].number
        at = next((at for at, (_, own) in names.items() if own == column), None)
        place = table.place(row, at)
        report.refused.append(Refusal(row, column, "", each.reason, each.cure, place))


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


@dataclass(frozen=True)
class _Times:
    """How the column of times is read. Those that name no zone need one that somebody chose."""

    place: int
    order: str
    time_zone: str

    def moment(self, cell: str) -> str | datetime:
        """The time in a cell; the cell itself where it is none, for the report to refuse."""
        try:
            moment = moment_in(cell, self.order)
        except ValueError:
            return cell
        if moment.tzinfo is None and self.time_zone:
            return moment.replace(tzinfo=zone_named(self.time_zone))
        return cell if moment.tzinfo is None else moment


def _report(
    names: Names, columns: TypedColumns, times: _Times, row: Row, journey: str | None
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


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    source = iter(rows)
    while batch := list(islice(source, _BATCH)):
        yield batch
