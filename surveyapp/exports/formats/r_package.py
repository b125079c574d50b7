"""A CSV and the R script that reads it with its labels, in one ZIP."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

from surveyapp.exports.formats import csv_file
from surveyapp.exports.table import Table
from surveyapp.exports.variable import Kind, Variable

DATA, SCRIPT = "responses.csv", "responses.R"


def write(table: Table, path: Path) -> tuple[str, ...]:
    """Write the ZIP; the data go through it in pieces."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        with package.open(DATA, "w", force_zip64=True) as out:
            for chunk in csv_file.chunks(table):
                out.write(chunk.encode())
        package.writestr(SCRIPT, script(table.variables, table.count))
    return tuple(table.notes)


def script(variables: Sequence[Variable], count: int) -> str:
    """R code that makes the data frame ``responses`` from the CSV beside it.

    Numbers are numbers, times POSIXct in UTC, choices factors with their labels; labels of columns
    stand in the attribute "label", those of scale points in "labels", where haven and labelled look.
    The apostrophes that keep spreadsheets from running a text are taken away. It needs base R only.
    """
    lines = [
        "# Reads the responses beside this script; run it in their folder.",
        f'responses <- read.csv({_text(DATA)}, fileEncoding = "UTF-8-BOM", check.names = FALSE,',
        '                      colClasses = "character", na.strings = character(0))',
        f"stopifnot(nrow(responses) == {count})  # the file is whole",
        "responses[] <- lapply(responses, function(x) {",
        '  x[x == ""] <- NA',
        '  x <- gsub("([;\\t\\r\\n])\'(?=\'*\\"*[=+@-])", "\\\\1", x, perl = TRUE)',
        '  sub("^\'(?=\'*(?:\\"*[=+@-]|[\\t\\r\\n]))", "", x, perl = TRUE)',
        "})",
        "number <- function(x) as.numeric(x)",
        'moment <- function(x) as.POSIXct(sub(":(\\\\d\\\\d)$", "\\\\1", x),'
        ' format = "%Y-%m-%dT%H:%M:%S%z", tz = "UTC")',
    ]
    for variable in variables:
        lines += _lines(variable)
    return "\n".join(lines) + "\n"


def _lines(variable: Variable) -> list[str]:
    column = f"responses[[{_text(variable.name)}]]"
    lines = []
    if variable.kind in {Kind.INTEGER, Kind.NUMBER}:
        lines.append(f"{column} <- number({column})")
        if variable.labels:
            values = ", ".join(
                f"{_text(text)} = {value}" for value, text in variable.labels.items()
            )
            lines.append(f'attr({column}, "labels") <- c({values})')
    elif variable.kind is Kind.MOMENT:
        lines.append(f"{column} <- moment({column})")
    elif variable.labels:
        codes = ", ".join(_text(str(code)) for code in variable.labels)
        texts = ", ".join(_text(text) for text in variable.labels.values())
        lines.append(f"{column} <- factor({column}, levels = c({codes}), labels = c({texts}))")
    lines.append(f'attr({column}, "label") <- {_text(variable.label)}')
    return lines


def _text(text: str) -> str:
    """A string in R, which knows JSON's escapes but the one of the slash and pairs of surrogates."""
    return json.dumps(text, ensure_ascii=False)
