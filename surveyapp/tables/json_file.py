"""JSON Lines, and JSON lists of objects, as tables: a column for each key, nested keys joined by points."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from surveyapp.errors import Invalid
from surveyapp.tables.cells import text_of
from surveyapp.tables.numbers import POINT
from surveyapp.tables.table import DataTable, Row

STARTS = (b"{", b"[")
_LONGEST_LINE = 10_000_000  # bytes
_LARGEST_LIST = 100_000_000  # bytes: a list is read whole
# Our own export groups its columns under these keys; its tables call the columns so.
_OWN_GROUPS = {"attributes": "attribute.", "answers": "", "scores": "score."}
_DEEPEST = 8  # levels of nested objects
_COUNT = "rows"  # the only key of our own export's last line


def open_json(file: BinaryIO) -> DataTable:
    """The table in a file of JSON objects: one a line, or all in one list.

    Columns stand in the order in which their keys first come; what a row does not have is empty. A
    file is read twice: once for its columns. Raises Invalid for what is no such file, and for an
    export of our own without its last line, which says how many rows there are.
    """
    size = max(1, file.seek(0, 2))
    records = _listed(file, size) if _is_list(file) else _lines(file)
    headings: dict[str, int] = {}
    count, stated, own = 0, None, False
    for number, record in records():
        if set(record) == {_COUNT}:
            stated = record[_COUNT]
            continue
        if stated is not None:
            raise Invalid(
                f"Line {number} follows the line that counts the rows; bring in one export at a time.",
                field="file",
            )
        count += 1
        own = own or _is_own(record)
        for heading in _flat(record):
            headings.setdefault(heading, len(headings))
    if not count:
        raise Invalid("The file holds no row.", field="file")
    if stated != count and (own or stated is not None):
        said = "does not say how many rows it has" if stated is None else f"says {stated} rows"
        raise Invalid(
            f"The file {said} and has {count:,}: it broke off. Export it again.", field="file"
        )
    return DataTable(
        tuple(headings),
        _Rows(records, tuple(headings)),
        "JSON" if _is_list(file) else "JSON Lines",
        decimal=POINT,
        header_rows=0,
        percent=lambda: 100 * file.tell() // size,
    )


Records = Callable[[], Iterator[tuple[int, dict[str, Any]]]]


@dataclass(frozen=True)
class _Rows:
    records: Records
    headings: tuple[str, ...]

    def __iter__(self) -> Iterator[Row]:
        number = 0
        for _, record in self.records():
            if set(record) == {_COUNT}:
                continue
            number += 1
            flat = _flat(record)
            yield Row(number, [text_of(flat.get(heading)) for heading in self.headings])


def _lines(file: BinaryIO) -> Records:
    def records() -> Iterator[tuple[int, dict[str, Any]]]:
        file.seek(0)
        number = 0
        while line := file.readline(_LONGEST_LINE + 1):
            number += 1
            if len(line) > _LONGEST_LINE:
                raise Invalid(
                    f"Line {number} is longer than {_LONGEST_LINE:,} bytes; write one object a line.",
                    field="file",
                )
            if line.strip():
                yield number, _object(line, f"Line {number}")

    return records


def _listed(file: BinaryIO, size: int) -> Records:
    def records() -> Iterator[tuple[int, dict[str, Any]]]:
        if size > _LARGEST_LIST:
            raise Invalid(
                f"A JSON list of {size:,} bytes is read whole, and at most {_LARGEST_LIST:,} are;"
                " write JSON Lines, one object a line.",
                field="file",
            )
        file.seek(0)
        for number, found in enumerate(_parsed(file.read(), "The file"), start=1):
            if not isinstance(found, dict):
                raise Invalid(f"Entry {number} of the list is no JSON object.", field="file")
            yield number, found

    return records


def _is_list(file: BinaryIO) -> bool:
    file.seek(0)
    return file.read(512).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"["


def _object(text: bytes, place: str) -> dict[str, Any]:
    found = _parsed(text, place)
    if not isinstance(found, dict):
        raise Invalid(f"{place} is no JSON object.", field="file")
    return found


def _parsed(text: bytes, place: str) -> Any:
    try:
        return json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Invalid(
            f"{place} cannot be read as JSON ({' '.join(str(error).split())[:200]}); write it again"
            " as UTF-8.",
            field="file",
        ) from error


def _is_own(record: Mapping[str, Any]) -> bool:
    return "response_id" in record and set(_OWN_GROUPS) <= set(record)


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with a key for each value that is no object. Raises Invalid for two of one name."""
    groups = _OWN_GROUPS if _is_own(record) else {}
    flat: dict[str, Any] = {}
    for key, value in record.items():
        grouped = isinstance(value, dict) and key in groups
        prefix, values = (groups[key], value) if grouped else ("", {key: value})
        for name, inner in _values(values, prefix):
            if name in flat:
                raise Invalid(
                    f"Two keys of one object are called {name}; rename one.", field="file"
                )
            flat[name] = inner
    return flat


def _values(values: Mapping[str, Any], prefix: str, depth: int = 1) -> Iterator[tuple[str, Any]]:
    if depth > _DEEPEST:
        raise Invalid(
            f"{prefix.rstrip('.')[:60]} is nested more than {_DEEPEST} levels deep; write fewer.",
            field="file",
        )
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _values(value, f"{prefix}{key}.", depth + 1)
        else:
            yield f"{prefix}{key}", value
