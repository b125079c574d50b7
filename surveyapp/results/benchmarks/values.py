"""Benchmark values as data: what a file's row says, checked, and the facts that come along."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO

from surveyapp.errors import Invalid
from surveyapp.responses.rows import Refusal
from surveyapp.tables.opened import open_table
from surveyapp.tables.options import ReadOptions
from surveyapp.tables.table import refuse_unclear

MOST_VALUES = 300  # in one set: a preview carries them in its form
_NEEDED = ("metric", "value", "year", "population", "source")
_LENGTHS = {"metric": 120, "label": 200, "scale": 60, "wording": 60, "mode": 60}
_LENGTHS |= {"population": 300, "source": 300}
_FACTS = Path(__file__).with_name("benchmark_facts.toml")
CONTEXT = "Context, not a target"


@dataclass(frozen=True)
class Value:
    """One value of a metric in a population and a year. Empty texts: the source does not say."""

    metric: str
    value: float
    year: int
    population: str
    source: str
    label: str = ""
    n: int | None = None
    sd: float | None = None
    scale: str = ""  # "0 to 10"
    wording: str = ""
    mode: str = ""  # "web"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


COLUMNS = tuple(field.name for field in fields(Value))


@dataclass(frozen=True)
class Reading:
    """The values of a file, why other rows were refused, and how the file was understood."""

    values: tuple[Value, ...]
    refused: tuple[Refusal, ...]
    said: str


def read_file(file: BinaryIO, name: str, options: ReadOptions) -> Reading:
    """The values in a table file of any kind, or in TOML (``[[values]]``, by a name ending in .toml).

    Raises Invalid for a file that is refused as a whole: not a table, a column that is not known or
    not there, too many rows, none.
    """
    if name.lower().endswith(".toml"):
        records, said = _toml(file), "Read as TOML."
        places: dict[int, str] = {number: f"values {number}" for number, _ in records}
        columns: Sequence[str] = sorted({key for _, record in records for key in record})
        broken: list[Refusal] = []
    else:
        table = open_table(file, name, options)
        refuse_unclear(table.headings)
        columns = [heading.casefold() for heading in table.headings]
        records, broken, places = [], [], {}
        for row in table.rows:
            places[row.number] = table.place(row.number)
            if row.fault:
                broken.append(Refusal(row.number, "", "", row.fault, row.cure, places[row.number]))
            else:
                records.append((row.number, dict(zip(columns, row.cells, strict=True))))
            if len(places) > MOST_VALUES:
                break
        said = table.said(options.decimal)
    _check_columns(columns)
    if len(places) > MOST_VALUES:
        raise Invalid(f"The file has more than {MOST_VALUES:,} rows; split it.", field="file")
    if not places:
        raise Invalid("The file has no row with a value.", field="file")
    comma = options.decimal == ","
    values, refused = [], broken
    for number, record in records:
        found = read_value(record, row=number, place=places[number], comma=comma)
        if isinstance(found, Refusal):
            refused.append(found)
        else:
            values.append(found)
    return Reading(tuple(values), tuple(sorted(refused, key=lambda each: each.row)), said)


def _check_columns(columns: Iterable[str]) -> None:
    unknown = [column for column in columns if column not in COLUMNS]
    if unknown:
        raise Invalid(
            f"The column {unknown[0][:60]!r} is not known; use {', '.join(COLUMNS)}.", field="file"
        )
    missing = [column for column in _NEEDED if column not in columns]
    if missing:
        raise Invalid(
            f"The file has no column {missing[0]}; every value needs {', '.join(_NEEDED)}.",
            field="file",
        )


def _toml(file: BinaryIO) -> list[tuple[int, dict[str, str]]]:
    try:
        document = tomllib.loads(file.read().decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"The file is not TOML: {error}.", field="file") from error
    rows = document.get("values")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Invalid("The TOML has no list of tables [[values]].", field="file")
    return [
        (number, {key: str(value) for key, value in row.items()})
        for number, row in enumerate(rows, start=1)
    ]


def read_value(
    record: Mapping[str, str], *, row: int, place: str, comma: bool = False
) -> Value | Refusal:
    """The value that a row says, or the first thing that is wrong with it."""
    try:
        texts = {name: _text(record, name) for name in _LENGTHS}
        value = _number(record, "value", -100, 100, comma)
        year = _number(record, "year", 1950, 2100, comma)
        n = _number(record, "n", 2, 10**9, comma) if record.get("n", "").strip() else None
        sd = _number(record, "sd", 0, 200, comma) if record.get("sd", "").strip() else None
    except _Wrong as wrong:
        return Refusal(row, wrong.column, wrong.value[:60], wrong.reason, wrong.cure, place)
    for name, found in (("year", year), ("n", n)):
        if found is not None and not found.is_integer():
            return Refusal(row, name, f"{found:g}", "is not a whole number", "round it", place)
    if sd == 0:
        return Refusal(row, "sd", "0", "no spread at all", "leave it empty if not known", place)
    return Value(
        **texts,
        value=value,
        year=int(year),
        n=None if n is None else int(n),
        sd=sd,
    )


class _Wrong(Exception):
    def __init__(self, column: str, value: str, reason: str, cure: str) -> None:
        self.column, self.value, self.reason, self.cure = column, value, reason, cure


def _text(record: Mapping[str, str], name: str) -> str:
    text = " ".join(record.get(name, "").split())
    if not text and name in _NEEDED:
        raise _Wrong(name, "", "is empty", f"every value needs its {name}")
    if len(text) > _LENGTHS[name] or "\x00" in text:
        raise _Wrong(name, text, "is too long", f"use at most {_LENGTHS[name]} characters")
    return text.casefold() if name == "metric" else text


def _number(record: Mapping[str, str], name: str, least: float, most: float, comma: bool) -> float:
    text = record.get(name, "").strip()
    try:
        found = float(text.replace(",", ".") if comma else text)
    except ValueError:
        found = math.nan
    if not least <= found <= most:
        cure = f"give a number from {least:g} to {most:,.0f}"
        raise _Wrong(name, text, "is not such a number" if text else "is empty", cure)
    return found


def facts() -> tuple[Value, ...]:
    """The published values that come along: context, with source and year beside each."""
    with _FACTS.open("rb") as file:
        return read_file(file, _FACTS.name, ReadOptions()).values


def accepted(rows: Sequence[Mapping[str, object]]) -> Iterator[Value]:
    """Values that were read before and come back from a form, checked again. Raises Invalid."""
    for number, row in enumerate(rows, start=1):
        texts = {key: "" if each is None else str(each) for key, each in row.items()}
        _check_columns(texts)
        found = read_value(texts, row=number, place=f"row {number}")
        if isinstance(found, Refusal):
            raise Invalid(
                f"Row {number}: {found.column} {found.reason}; {found.cure}.", field="file"
            )
        yield found
