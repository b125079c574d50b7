"""Options of every command that reads a table: what the file does not say by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any

import click

from surveyapp.errors import Invalid
from surveyapp.tables.missing import is_word
from surveyapp.tables.options import ReadOptions, missing_codes, read_options

Command = Callable[..., Any]
_CODES = "Codes that stand for a missing answer, separated by commas: -99,.,NULL"
_OPTIONS = (
    click.option("--sheet", default="", help="Sheet of a workbook with several."),
    click.option("--encoding", default="", help="Encoding of a text file, such as Windows-1250."),
    click.option("--delimiter", default="", help="comma, semicolon or tab."),
    click.option("--decimal", default="", help="Decimal sign of a text file: point or comma."),
)


def table_options(command: Command) -> Command:
    """The options, given to the command as ``reading``."""

    @click.option("--missing", default="", help=f"{_CODES}.")
    @wraps(command)
    def run(
        *args: Any,
        sheet: str,
        encoding: str,
        delimiter: str,
        decimal: str,
        missing: str,
        **rest: Any,
    ) -> Any:
        reading = read_options(
            sheet=sheet, encoding=encoding, delimiter=delimiter, decimal=decimal, missing=missing
        )
        return command(*args, reading=reading, **rest)

    return _with_options(run)


def table_and_treatment(treatments: Sequence[str]) -> Callable[[Command], Command]:
    """As ``table_options``, where ``--missing`` also names how incomplete rows are treated.

    The treatment, the first of these unless one is named, is given to the command as ``missing``.
    """
    names = " or ".join(treatments)

    def decorate(command: Command) -> Command:
        @click.option(
            "--missing",
            multiple=True,
            help=f"Treatment of incomplete rows: {names} (default: {treatments[0]}). Or: {_CODES}."
            " Can be repeated.",
        )
        @wraps(command)
        def run(
            *args: Any,
            sheet: str,
            encoding: str,
            delimiter: str,
            decimal: str,
            missing: tuple[str, ...],
            **rest: Any,
        ) -> Any:
            named = [each.lower() for each in missing if each.lower() in treatments]
            codes = [each for each in missing if each.lower() not in treatments]
            for code in missing_codes(",".join(codes)):
                if code.isalpha() and not is_word(code):
                    raise Invalid(
                        f"--missing {code}: neither a treatment ({names}) nor a code for a missing"
                        " answer such as -99, . or NULL"
                    )
            if len(set(named)) > 1:
                raise Invalid(f"--missing names {' and '.join(named)}; name one treatment")
            reading = read_options(
                sheet=sheet,
                encoding=encoding,
                delimiter=delimiter,
                decimal=decimal,
                missing=",".join(codes),
            )
            chosen = named[0] if named else treatments[0]
            return command(*args, reading=reading, missing=chosen, **rest)

        return _with_options(run)

    return decorate


def dated_table_options(command: Command) -> Command:
    """As ``table_options``, where the table has times."""

    @click.option("--dates", default="", help="Order in dates: day-first or month-first.")
    @click.option(
        "--time-zone",
        default="",
        help="IANA zone of times that name none, such as Europe/Helsinki.",
    )
    @wraps(command)
    def run(*args: Any, reading: ReadOptions, dates: str, time_zone: str, **rest: Any) -> Any:
        told = read_options(dates=dates, time_zone=time_zone)
        whole = replace(reading, dates=told.dates, time_zone=told.time_zone)
        return command(*args, reading=whole, **rest)

    return table_options(run)


values_ok = click.option(
    "--values-ok", is_flag=True, help="Use values that look like codes for a missing answer."
)


def _with_options(run: Command) -> Command:
    for option in reversed(_OPTIONS):
        run = option(run)
    return run
