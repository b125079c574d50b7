"""The audit log as a file, with each entry's place in the chain and hash."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy.orm import Session

from surveyapp.auth.queries import AuditRow, AuditRows
from surveyapp.exports.cells import csv_chunks
from surveyapp.exports.csv_table import CsvTable, counted

FORMATS = {"csv": "text/csv", "jsonl": "application/x-ndjson"}
_COLUMNS = (*("entry", "at", "user_id", "user", "action", "subject", "detail", "place", "hash"),)


def audit_table(session: Session, wanted: AuditRows, form: str) -> CsvTable:
    """The wanted entries, the oldest first; as JSON Lines with a last line that says how many.

    Reading the chunks raises Truncated when they end before the last entry.
    """
    expected = wanted.count(session)
    rows = counted(wanted.read(session), expected)
    return CsvTable(expected, _csv(rows) if form == "csv" else _lines(rows, expected))


def _csv(rows: Iterator[AuditRow]) -> Iterator[str]:
    def cells() -> Iterator[Sequence[Any]]:
        yield list(_COLUMNS)
        for row in rows:
            detail = json.dumps(row.detail, ensure_ascii=False, sort_keys=True)
            yield [*_first(row), detail, row.place, row.hash]

    return csv_chunks(cells())


def _lines(rows: Iterator[AuditRow], expected: int) -> Iterator[str]:
    for row in rows:
        values = (*_first(row), row.detail, row.place, row.hash)
        yield _line(dict(zip(_COLUMNS, values, strict=True)))
    yield _line({"rows": expected})


def _first(row: AuditRow) -> list[Any]:
    at = row.at.isoformat(timespec="microseconds")
    return [row.id, at, row.user_id, row.user, row.action, row.subject]


def _line(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False) + "\n"
