"""JSON Lines: one response a line, nested by instrument, and a last line that says how many."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from surveyapp.exports.table import Table
from surveyapp.exports.variable import Cell

_BATCH_ROWS = 500


def chunks(table: Table) -> Iterator[str]:
    """``{"response": 1, ..., "attributes": {}, "answers": {"sjq": {}}, "scores": {}}`` a line.

    What is empty is left out. The last line is ``{"rows": n}``: a file without it broke off.
    """
    places = [_place(name) for name in table.headings]
    missing = [variable.missing for variable in table.variables]
    lines: list[str] = []
    for row in table.rows:
        lines.append(json.dumps(_document(row, places, missing), ensure_ascii=False))
        if len(lines) == _BATCH_ROWS:
            yield "\n".join(lines) + "\n"
            lines = []
    lines.append(json.dumps({"rows": table.count}))
    yield "\n".join(lines) + "\n"


def write(table: Table, path: Path) -> tuple[str, ...]:
    with path.open("w", encoding="utf-8", newline="") as out:
        for chunk in chunks(table):
            out.write(chunk)
    return tuple(table.notes)


def _place(name: str) -> tuple[str, ...]:
    first, point, rest = name.partition(".")
    if not point:
        return (name,)
    if first == "attribute":
        return ("attributes", rest)
    return ("scores", rest) if first == "score" else ("answers", first, rest)


def _document(
    row: Sequence[Cell],
    places: Sequence[tuple[str, ...]],
    missing: Sequence[Mapping[int, str]],
) -> dict[str, Any]:
    found: dict[str, Any] = {"attributes": {}, "answers": {}, "scores": {}}
    for value, place, reasons in zip(row, places, missing, strict=True):
        if value is None or (reasons and value in reasons):
            continue
        inside = found
        for part in place[:-1]:
            inside = inside.setdefault(part, {})
        inside[place[-1]] = value.isoformat() if isinstance(value, datetime | date) else value
    return {**{k: v for k, v in found.items() if not isinstance(v, dict)}, **_nested(found)}


def _nested(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in ("attributes", "answers", "scores")}
