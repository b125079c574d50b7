"""Workbooks (Excel's .xlsx, .xlsb and .xls, OpenDocument's .ods) as tables."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from surveyapp.errors import Invalid
from surveyapp.tables.cells import text_of
from surveyapp.tables.options import ReadOptions
from surveyapp.tables.sheet import sheet_table
from surveyapp.tables.table import DataTable, Row

SIGNATURES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_LARGEST = 1 << 30  # bytes unpacked: a small file can hold a sheet that fills the memory
_ERROR_CELL = re.compile(rb'<c [^>]*\bt="e"')
_CHUNK = 1 << 20
_OWN_SHEETS = ("Responses", "Variables", "Notes")  # of our own export; the first has the answers


def open_workbook(file: BinaryIO, options: ReadOptions | None = None) -> DataTable:
    """The table in a workbook's only sheet with cells, or in the one that the options name.

    Dates become ISO texts, numbers are written with a point. Raises Invalid for what cannot be read,
    and where several sheets have cells, none is named, and they are not those of our own export.
    """
    options = options or ReadOptions()
    notes = _checked(file)
    try:
        file.seek(0)
        workbook = CalamineWorkbook.from_filelike(file)
        sheet = _sheet(workbook, options.sheet)
        return sheet_table(
            lambda: _records(sheet),
            encoding="workbook",
            decimal=options.decimal,
            sheet=sheet.name,
            notes=notes,
        )
    except CalamineError as error:
        raise Invalid(
            f"The file looks like a workbook but cannot be read ({error}); save it again as .xlsx"
            " without a password, or its sheet as CSV UTF-8.",
            field="file",
        ) from error


def _checked(file: BinaryIO) -> tuple[str, ...]:
    """Notes about what the reader of workbooks does not tell; Invalid for one that is too large."""
    if not zipfile.is_zipfile(file):
        return ()
    with zipfile.ZipFile(file) as packed:
        size = sum(entry.file_size for entry in packed.infolist())
        if size > _LARGEST:
            raise Invalid(
                f"The workbook holds {size:,} bytes, at most {_LARGEST:,} are read; save its sheet"
                " as CSV UTF-8.",
                field="file",
            )
        names = [n for n in packed.namelist() if n.startswith("xl/worksheets/") and "/_" not in n]
        errors = sum(_errors(packed, name) for name in names)
    if not errors:
        return ()
    return (
        f"Error cells such as #DIV/0! and #N/A in the workbook: {errors}; they count as empty.",
    )


def _errors(packed: zipfile.ZipFile, name: str) -> int:
    count, rest = 0, b""
    try:
        with packed.open(name) as sheet:
            while chunk := sheet.read(_CHUNK):
                text = rest + chunk
                cut = text.rfind(b"<") if len(chunk) == _CHUNK else len(text)
                count += len(_ERROR_CELL.findall(text[:cut]))
                rest = text[cut:]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        # The last is what zipfile raises for a compression that it does not know. In each case the
        # reader of workbooks says what is wrong.
        return 0
    return count


def _sheet(workbook: CalamineWorkbook, wanted: str) -> CalamineSheet:
    names = workbook.sheet_names
    if wanted:
        fitting = [name for name in names if name.casefold() == wanted.casefold()]
        if not fitting:
            raise Invalid(
                f"The workbook has no sheet {wanted[:60]!r}; it has {', '.join(names)[:300]}.",
                field="sheet",
            )
        return workbook.get_sheet_by_name(fitting[0])
    shown = [
        each.name for each in workbook.sheets_metadata if each.visible == SheetVisibleEnum.Visible
    ]
    sheets = [workbook.get_sheet_by_name(name) for name in shown]
    filled = [sheet for sheet in sheets if sheet.height]
    if not filled:
        raise Invalid(
            "The workbook has no cells; its first row must name the columns.", field="file"
        )
    if filled[0].name == _OWN_SHEETS[0] and {each.name for each in filled} <= {*_OWN_SHEETS}:
        return filled[0]
    if len(filled) > 1:
        raise Invalid(
            f"The workbook has {len(filled)} sheets:"
            f" {', '.join(sheet.name for sheet in filled)[:300]}; choose the sheet (--sheet).",
            field="sheet",
        )
    return filled[0]


def _records(sheet: CalamineSheet) -> Iterator[Row]:
    before = [""] * (sheet.start[1] if sheet.start else 0)
    for number, values in enumerate(sheet.iter_rows(), start=1):
        yield Row(number, [*before, *map(text_of, values)])
