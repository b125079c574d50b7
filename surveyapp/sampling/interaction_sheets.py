"""Interactions from a CSV file: columns named as a report's fields; every other one is an attribute."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
from surveyapp.tables.csv_file import open_csv
from surveyapp.tables.table import Row, refuse_unclear

Progress = Callable[[int, str], None]

_PLAIN = tuple(field for field in FIELDS if field != "attributes")
_NEEDED = ("journey", "touchpoint", "customer_ref", "at")
_PREFIX = "attribute."
_BATCH = 500  # rows a transaction: customers who answer meanwhile wait for its end


def receive_csv(
    installation: Installation,
    file: BinaryIO,
    *,
    journey: str | None = None,
    user_id: int | None = None,
    progress: Progress | None = None,
    now: datetime,
) -> ImportReport:
    """Bring in a file of interactions, a batch a transaction; the same file again adds nothing.

    ``journey`` is the code that holds where the file has no such column. Raises Invalid for a file
    that cannot be read as a whole.
    """
    size = max(1, file.seek(0, 2))
    file.seek(0)
    table = open_csv(file)
    names = _names(table.headings, journey)
    attributes = [name[1] for name in names if name[0] == "attributes"]
    notes = [f"Attributes: {', '.join(attributes)}."] if attributes else []
    report = ImportReport(table.encoding, table.separator, notes)
    for rows in _batches(table.rows):
        broken = [Refusal(row.line, "", "", row.fault, row.cure) for row in rows if row.fault]
        good = [row for row in rows if not row.fault]
        if report.count_in:
            installation.store.give_way()
        with installation.store.writing() as session:
            received = receive(
                session,
                [_report(names, row, journey) for row in good],
                secret_key=installation.secret_key,
                source="csv",
                user_id=user_id,
                now=now,
            )
        _note(report, broken, good, received)
        if progress is not None:
            progress(min(99, 100 * file.tell() // size), f"{report.count_in} rows read")
    return report


def _note(
    report: ImportReport, broken: Sequence[Refusal], good: Sequence[Row], received: Received
) -> None:
    """Add to the report what became of a batch of lines."""
    report.count_in += len(broken) + len(good)
    report.stored += received.stored
    report.already += received.already
    report.refused_rows += len(broken) + received.refused_reports
    report.refused += broken
    for each in received.refused:
        column = each.field.removeprefix("attributes.")
        line = good[each.place - 1].line
        report.refused.append(Refusal(line, column, "", each.reason, each.cure))


def _names(headings: Sequence[str], journey: str | None) -> list[tuple[str, str]]:
    """For each column ("field", its name) or ("attributes", the attribute's name)."""
    refuse_unclear(headings)
    names = []
    for heading in headings:
        lowered = heading.lower()
        if lowered in _PLAIN:
            names.append(("field", lowered))
        else:
            own = heading[len(_PREFIX) :] if lowered.startswith(_PREFIX) else heading
            names.append(("attributes", name_of(own)))
    for name in names:
        if names.count(name) > 1:
            raise Invalid(f"Two columns are named {name[1]}; rename one.", field="file")
    missing = [
        field
        for field in _NEEDED
        if ("field", field) not in names and not (field == "journey" and journey is not None)
    ]
    if missing:
        raise Invalid(
            f"The file has no column {', '.join(missing)}; it has {', '.join(headings)[:300]}.",
            field="file",
        )
    return names


def _report(names: Sequence[tuple[str, str]], row: Row, journey: str | None) -> dict[str, Any]:
    report: dict[str, Any] = {} if journey is None else {"journey": journey}
    attributes: dict[str, Any] = {}
    for (kind, name), cell in zip(names, row.cells, strict=True):
        if not cell.strip():
            continue
        if kind == "field":
            report[name] = cell
        else:
            attributes[name] = typed(cell)
    return {**report, "attributes": attributes}


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch
