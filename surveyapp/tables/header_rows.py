"""The header of a sheet: one row, or the two and three that known programs write."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from surveyapp.tables.table import heading_of

MOST_HEADER_ROWS = 3
_IMPORT_ID = '{"ImportId"'
_SURVEYMONKEY = ("Respondent ID", "Collector ID")
# Below a question that takes one answer SurveyMonkey says only how it is answered.
_ANSWERED = frozenset({"", "response", "open-ended response"})


@dataclass(frozen=True)
class Header:
    """Headings, how many records they take, and what they tell about the program that wrote them."""

    headings: tuple[str, ...]
    rows: int = 1
    program: str = ""
    texts: tuple[str, ...] = ()
    time_zone: str = ""


def header_rows(records: Sequence[Sequence[str]]) -> Header:
    """The header in the first records of a sheet, of which there is at least one."""
    rows = [[heading_of(cell) for cell in record] for record in records]
    if len(rows) == 3 and _is_qualtrics(rows[2]):
        return _qualtrics(rows)
    if len(rows) > 1 and _is_surveymonkey(rows):
        return _surveymonkey(rows)
    return Header(_without_end(rows[0]))


def _without_end(headings: Sequence[str]) -> tuple[str, ...]:
    width = max((place for place, heading in enumerate(headings, 1) if heading), default=0)
    return tuple(headings[:width])


def _is_qualtrics(row: Sequence[str]) -> bool:
    told = [cell for cell in row if cell]
    return bool(told) and all(cell.startswith(_IMPORT_ID) for cell in told)


def _qualtrics(rows: Sequence[Sequence[str]]) -> Header:
    headings = _without_end(rows[0])
    texts = tuple([*rows[1], *[""] * len(headings)][: len(headings)])
    return Header(headings, 3, "Qualtrics", texts, _zone(rows[2]))


def _zone(row: Sequence[str]) -> str:
    """The time zone that the file's times are in, empty unless it names a single one."""
    found = set()
    for cell in row:
        try:
            told = json.loads(cell)
        except ValueError:
            continue
        if isinstance(told, dict) and isinstance(told.get("timeZone"), str):
            found.add(told["timeZone"])
    return found.pop() if len(found) == 1 else ""


def _is_surveymonkey(rows: Sequence[Sequence[str]]) -> bool:
    first, second = rows[0], rows[1]
    return all(
        name in first and second[first.index(name) :][:1] == [""] for name in _SURVEYMONKEY
    ) and any(second)


def _surveymonkey(rows: Sequence[Sequence[str]]) -> Header:
    """A question's heading stands above the first of its columns; the second row tells these apart."""
    width = max(len(rows[0]), len(rows[1]))
    upper = [*rows[0], *[""] * (width - len(rows[0]))]
    lower = [*rows[1], *[""] * (width - len(rows[1]))]
    headings, question = [], ""
    for above, below in zip(upper, lower, strict=True):
        question = above or question
        plain = bool(above) and below.casefold() in _ANSWERED
        headings.append(question if plain or not below else f"{question} - {below}")
    return Header(_without_end(headings), 2, "SurveyMonkey")
