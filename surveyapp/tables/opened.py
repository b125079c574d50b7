"""Any file with a table in it, opened by what it is and not by its name."""

from __future__ import annotations

from typing import BinaryIO

from surveyapp.tables.csv_file import open_csv
from surveyapp.tables.json_file import STARTS, open_json
from surveyapp.tables.labelled_file import kind_of, open_labelled
from surveyapp.tables.options import ReadOptions
from surveyapp.tables.parquet_file import SIGNATURE, open_parquet
from surveyapp.tables.table import DataTable
from surveyapp.tables.workbook import SIGNATURES, open_workbook

KINDS = "CSV, Excel (.xlsx), OpenDocument (.ods), SPSS (.sav, .zsav, .por), Stata (.dta), Parquet or JSON Lines"
ACCEPTED = ".csv,.tsv,.txt,.xlsx,.xlsb,.xls,.ods,.sav,.zsav,.por,.dta,.parquet,.jsonl,.ndjson"
_HEAD = 512  # bytes, by which a file is known


def open_table(file: BinaryIO, name: str = "", options: ReadOptions | None = None) -> DataTable:
    """The table in a file of any of the KINDS; its rows are read from ``file`` when asked for.

    ``name`` tells old files of Stata and SPSS, which do not say what they are. Raises Invalid for what
    cannot be read, naming what was found and the cure.
    """
    options = options or ReadOptions()
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(0)
    labelled = kind_of(head, name)
    if labelled:
        return open_labelled(file, labelled, options)
    if head.startswith(SIGNATURE):
        return open_parquet(file)
    if head.startswith(SIGNATURES):
        return open_workbook(file, options)
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(STARTS):
        return open_json(file)
    return open_csv(file, options)
