"""Every file format that responses are written to, in the order in which doors offer them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from surveyapp.errors import Invalid
from surveyapp.exports.table import Table


@dataclass(frozen=True)
class Format:
    """A format by its code. ``module`` is loaded when a file is written: its library may take seconds.

    ``most`` is the number of rows that a file can hold, or that fit into memory where the library
    needs the whole table.
    """

    code: str
    title: str
    suffix: str
    media_type: str
    module: str
    most: int | None = None

    def refuse_too_many(self, rows: int) -> None:
        """Raise Invalid for a table that the format cannot hold."""
        if self.most is not None and rows > self.most:
            raise Invalid(
                f"{self.title} files hold {self.most:,} rows here, these are {rows:,}. Choose a shorter"
                " period or one survey, or use CSV, JSON Lines or Parquet.",
                field="format",
            )

    def write(self, table: Table, path: Path) -> tuple[str, ...]:
        """Fill the file; notes on what the format could not hold. Raises Invalid as above."""
        self.refuse_too_many(table.count)
        write = import_module(f"surveyapp.exports.formats.{self.module}").write
        notes: tuple[str, ...] = write(table, path)
        return notes


_WHOLE = 200_000  # rows; SPSS and Stata libraries need the whole table in memory
FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        each.code: each
        for each in (
            Format("csv", "CSV", ".csv", "text/csv", "csv_file"),
            Format(
                *("xlsx", "Excel", ".xlsx"),
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "xlsx_file",
                most=1_048_575,
            ),
            Format("sav", "SPSS", ".sav", "application/x-spss-sav", "spss_file", most=_WHOLE),
            Format("dta", "Stata", ".dta", "application/x-stata-dta", "stata_file", most=_WHOLE),
            Format(
                "parquet", "Parquet", ".parquet", "application/vnd.apache.parquet", "parquet_file"
            ),
            Format("jsonl", "JSON Lines", ".jsonl", "application/jsonl", "json_lines"),
            Format("r", "R (CSV with script)", ".zip", "application/zip", "r_package"),
        )
    }
)


def format_of(code: str | None, path: Path) -> Format:
    """The format by its code, else by the file's suffix, else CSV. Raises Invalid for an unknown code."""
    if code is None:
        suffix = path.suffix.lower()
        return next((each for each in FORMATS.values() if each.suffix == suffix), FORMATS["csv"])
    if code not in FORMATS:
        raise Invalid(
            f"{code!r} is no export format; choose from {', '.join(FORMATS)}.", field="format"
        )
    return FORMATS[code]
