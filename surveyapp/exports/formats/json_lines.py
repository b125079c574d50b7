"""JSON Lines: one response a line, nested by instrument, and a last line that says how many."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import orjson

from surveyapp.exports.table import Table, without
from surveyapp.exports.variable import Cell


def chunks(table: Table) -> Iterator[str]:
    """``{"response": 1, ..., "attributes": {}, "answers": {"sjq": {}}, "scores": {}}`` a line.

    What is empty is left out. The last line is ``{"rows": n}``: a file without it broke off.
    """
    places = [_place(name) for name in table.headings]
    for columns in table.blocks():
        answered = map(without, (each.missing for each in table.variables), columns)
        rows = zip(*answered, strict=True)
        yield "".join([_line(_document(row, places)) for row in rows])
    yield _line({"rows": table.count})


def _line(document: Mapping[str, Any]) -> str:
    try:
        return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE).decode()
    except TypeError:  # a whole number beyond 64 bits
        return json.dumps(document, ensure_ascii=False, default=_moment) + "\n"


def _moment(value: datetime | date) -> str:
    return value.isoformat()


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
    if first == "careless":
        instrument, _, sign = rest.rpartition(".")
        return ("careless", instrument, sign)
    return ("scores", rest) if first == "score" else ("answers", first, rest)


def _document(row: Sequence[Cell], places: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    answers: dict[str, dict[str, Any]] = {}
    scores: dict[str, Any] = {}
    careless: dict[str, dict[str, Any]] = {}
    for value, place in zip(row, places, strict=True):
        if value is None:
            continue
        if len(place) == 1:
            found[place[0]] = value
        elif place[0] == "answers":
            answers.setdefault(place[1], {})[place[2]] = value
        elif place[0] == "careless":
            careless.setdefault(place[1], {})[place[2]] = value
        else:
            (scores if place[0] == "scores" else attributes)[place[1]] = value
    flags = {"careless": careless} if careless else {}
    return {**found, "attributes": attributes, "answers": answers, "scores": scores, **flags}
