"""What commands give: tables for reading, and files for the next program or reader."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from analysis.json_values import to_json
from analysis.losses import Losses, tells_of_missing
from surveyapp.cli.written import replacing

Table = tuple[str, Sequence[str], Sequence[Sequence[str]]]
File = tuple[Path, bytes]


def number(value: float | None, digits: int = 3) -> str:
    """A number for reading; the JSON holds every digit."""
    if value is None:
        return "-"
    text = f"{value:.{digits}f}"
    return text if float(text) else text.lstrip("-")  # 0.000, whichever side it was rounded from


def interval(lower: float | None, upper: float | None, digits: int = 3) -> str:
    """An interval for reading; "-" where it does not exist."""
    there = [value for value in (lower, upper) if value is not None and value == value]
    if len(there) < 2:
        return "-"
    return f"[{number(there[0], digits)}; {number(there[1], digits)}]"


def probability(value: float | None, digits: int = 3) -> str:
    """A p value for reading: one too small for the digits as less than the smallest of them."""
    smallest = 10**-digits
    if value is not None and 0 <= value < smallest:
        return f"< {smallest:.{digits}f}"
    return number(value, digits)


def warnings(
    document: Mapping[str, Any], notes: Sequence[str] = (), advised: Sequence[str] = ()
) -> list[str]:
    """What is advised where rows have missing answers, a result's warnings as lines, then what was noted about
    the file. Beside the advice, which counts these rows too, no warning counts them again.
    """
    said = [
        f"Warning: {warning}"
        for warning in document["warnings"]
        if not (advised and tells_of_missing(warning))
    ]
    return [*advised, *said, *(f"Note: {note}" for note in notes)]


def sample(lost: Losses) -> dict[str, Any]:
    """Rows, those used and those left out, for the first lines of a document."""
    return {
        "n_rows": lost.rows,
        "n": lost.used,
        "dropped": lost.dropped,
        "no_group": lost.no_group,
        "n_incomplete": lost.incomplete,
        "cells": lost.cells,
        "missing_cells": lost.missing,
    }


def json_file(path: Path | None, document: Any) -> list[File]:
    """The document with every digit, strict JSON: what does not exist is null."""
    if path is None:
        return []
    text = json.dumps(to_json(document), indent=1, allow_nan=False)
    return [(path, f"{text}\n".encode())]


def finish(tables: Sequence[Table], said: Iterable[str] = (), files: Sequence[File] = ()) -> None:
    """Write the files, then print tables and sentences: a command whose file cannot be written
    fails before it has printed anything.
    """
    for path, content in files:
        with replacing(path) as target:
            target.write(content)
    for table in tables:
        _show(*table)
    for sentence in said:
        click.echo(sentence)
    for path, _ in files:
        click.echo(f"\n{'Drawn' if path.suffix.lower() == '.svg' else 'Written'}: {path}")


def _show(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table with right-aligned columns."""
    cells = [list(head), *[list(row) for row in rows]]
    widths = [max(len(row[j]) for row in cells) for j in range(len(head))]
    click.echo(f"\n{title}")
    for row in cells:
        first, *rest = row
        aligned = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        click.echo("  " + "  ".join([first.ljust(widths[0]), *aligned]).rstrip())
