"""The same small table in every kind of file that is read, written by other programs than the reader."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.sax.saxutils import escape

import pandas as pd
import pyreadstat
import xlsxwriter

Rows = Sequence[Sequence[Any]]


def csv_bytes(rows: Rows, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def xlsx_bytes(rows: Rows, name: str = "Answers", **more: Rows) -> bytes:
    """A workbook with this sheet and ``more`` of them; a text that begins with = is a cell of error."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    moment = book.add_format({"num_format": "dd.mm.yyyy hh:mm:ss"})
    for title, content in {name: rows, **more}.items():
        sheet = book.add_worksheet(title)
        for at, row in enumerate(content):
            for column, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(at, column, value, moment)
                elif isinstance(value, str) and value.startswith("="):
                    sheet.write_formula(at, column, value, None, "#DIV/0!")
                elif isinstance(value, str):
                    sheet.write_string(at, column, value)
                elif value is not None:
                    sheet.write(at, column, value)
    book.close()
    return out.getvalue()


def ods_bytes(rows: Rows) -> bytes:
    """An OpenDocument sheet, as its standard says."""
    table = "".join(
        f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows
    )
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {names}><office:body>'
        f'<office:spreadsheet><table:table table:name="Answers">{table}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("content.xml", content)
        packed.writestr("META-INF/manifest.xml", "<manifest/>")
    return out.getvalue()


def _ods_cell(value: Any) -> str:
    if value is None or value == "":
        return "<table:table-cell/>"
    if isinstance(value, datetime):
        kind = f'office:value-type="date" office:date-value="{value.isoformat()}"'
    elif isinstance(value, int | float):
        kind = f'office:value-type="float" office:value="{value}"'
    else:
        kind = 'office:value-type="string"'
    return f"<table:table-cell {kind}><text:p>{escape(str(value))}</text:p></table:table-cell>"


def frame_of(rows: Rows) -> pd.DataFrame:
    heading, *body = rows
    columns = zip(*body, strict=True)
    return pd.DataFrame(
        {
            str(name): pd.Series([None if v == "" else v for v in values])
            for name, values in zip(heading, columns, strict=True)
        }
    )


def labelled_bytes(rows: Rows, kind: str, **options: Any) -> bytes:
    """A file of SPSS or Stata; ``kind`` is its suffix."""
    write = {
        "sav": pyreadstat.write_sav,
        "zsav": pyreadstat.write_sav,
        "por": pyreadstat.write_por,
        "dta": pyreadstat.write_dta,
    }[kind]
    if kind == "zsav":
        options["compress"] = True
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"file.{kind}"
        write(frame_of(rows), str(path), **options)
        return path.read_bytes()


def parquet_bytes(rows: Rows) -> bytes:
    out = io.BytesIO()
    frame_of(rows).to_parquet(out)
    return out.getvalue()


WRITERS: Mapping[str, Callable[[Rows], bytes]] = {
    "csv": csv_bytes,
    "tsv": lambda rows: csv_bytes(rows, "\t", "utf-16"),
    "xlsx": xlsx_bytes,
    "ods": ods_bytes,
    "sav": lambda rows: labelled_bytes(rows, "sav"),
    "zsav": lambda rows: labelled_bytes(rows, "zsav"),
    "por": lambda rows: labelled_bytes(rows, "por"),
    "dta": lambda rows: labelled_bytes(rows, "dta"),
    "parquet": parquet_bytes,
}
