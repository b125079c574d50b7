"""Rows of a file of reports: in batches, with their times, and what became of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from surveyapp.responses.imports import ImportReport
from surveyapp.responses.rows import Refusal
from surveyapp.sampling.interactions import Received
from surveyapp.store.db import Store
from surveyapp.tables.dates import moment_in, zone_named
from surveyapp.tables.table import DataTable, Row

_BATCH = 500  # rows a transaction: customers who answer meanwhile wait for its end


@dataclass(frozen=True)
class Times:
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


def bring_rows(
    store: Store,
    table: DataTable,
    names: Mapping[int, str],
    report_of: Callable[[Row], Mapping[str, Any]],
    keep: Callable[[Session, Sequence[Mapping[str, Any]]], Received],
    progress: Callable[[int, str], None] | None = None,
) -> ImportReport:
    """Keep what the table's rows report, a batch a transaction, and say what became of each row.

    ``names``: the field of each column, by place, for naming the cell of a refused value.
    """
    report = ImportReport()
    for rows in _batches(table.rows):
        broken = [
            Refusal(row.number, "", "", row.fault, row.cure, table.place(row.number))
            for row in rows
            if row.fault
        ]
        good = [row for row in rows if not row.fault]
        if report.count_in:
            store.give_way()
        with store.writing() as session:
            received = keep(session, [report_of(row) for row in good])
        _note(report, names, table, broken, good, received)
        if progress is not None:
            progress(min(99, table.percent()), f"{report.count_in} rows read")
    return report


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """The rows in lists of as many as one transaction takes."""
    source = iter(rows)
    while batch := list(islice(source, _BATCH)):
        yield batch


def _note(
    report: ImportReport,
    names: Mapping[int, str],
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
        at = next((at for at, own in names.items() if own == column), None)
        place = table.place(row, at)
        report.refused.append(Refusal(row, column, "", each.reason, each.cure, place))
