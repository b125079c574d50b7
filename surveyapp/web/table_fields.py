"""The fields of every page that takes a file with a table: what the file does not say by itself."""

from __future__ import annotations

from dataclasses import replace

from flask_wtf.file import FileStorage
from wtforms import SelectField, StringField
from wtforms.validators import Length

from surveyapp.tables.dates import DAY_FIRST, MONTH_FIRST
from surveyapp.tables.options import ReadOptions, read_options
from surveyapp.web.forms import StaffForm, choices


class TableForm(StaffForm):
    """A form with a file and how it is read; ``reading`` are the options that were chosen."""

    sheet = StringField(
        "Sheet",
        [Length(max=100)],
        description="Needed for a workbook in which several sheets have cells.",
    )
    encoding = StringField(
        "Encoding",
        [Length(max=40)],
        description="Of a text file, such as Windows-1250; left empty, it is told from the file.",
    )
    delimiter = SelectField(
        "Delimiter",
        default="",
        choices=choices(
            [
                ("", "As in the file"),
                ("comma", "Comma"),
                ("semicolon", "Semicolon"),
                ("tab", "Tab"),
            ]
        ),
    )
    decimal = SelectField(
        "Decimal sign",
        default="",
        choices=choices([("", "As in the file"), ("point", "Point"), ("comma", "Comma")]),
    )
    missing = StringField(
        "Codes for missing answers",
        [Length(max=200)],
        description="Separated by commas, such as -99,.,NULL",
    )

    @property
    def reading(self) -> ReadOptions:
        return read_options(
            sheet=self.sheet.data,
            encoding=self.encoding.data,
            delimiter=self.delimiter.data,
            decimal=self.decimal.data,
            missing=self.missing.data,
        )


class DatedTableForm(TableForm):
    """The same for a file with times."""

    dates = SelectField(
        "Order in dates",
        default="",
        choices=choices(
            [
                ("", "As the dates settle it"),
                (DAY_FIRST, "Day first: 29/3/2026"),
                (MONTH_FIRST, "Month first: 3/29/2026"),
            ]
        ),
    )
    time_zone = StringField(
        "Time zone",
        [Length(max=60)],
        description="Of times that name none, as an IANA name such as Europe/Helsinki.",
    )

    @property
    def reading(self) -> ReadOptions:
        told = read_options(dates=self.dates.data, time_zone=self.time_zone.data)
        return replace(super().reading, dates=told.dates, time_zone=told.time_zone)


def file_name(upload: FileStorage) -> str:
    """The uploaded file's name as it may be stored and shown; it never becomes a path."""
    printable = "".join(sign for sign in upload.filename or "" if sign.isprintable())
    return printable[-200:] or "answers.csv"
