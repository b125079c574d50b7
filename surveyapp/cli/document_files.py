"""``--tables`` and ``--figures`` of every command that makes a document with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from surveyapp.cli.outputs import File
from surveyapp.errors import Invalid
from surveyapp.reports.document import Document
from surveyapp.reports.files.table_files import FORMS, csv_files, figure_files_of

Command = Callable[..., Any]
_FILES = {".docx": FORMS["docx"], ".tex": FORMS["tex"]}


@dataclass(frozen=True)
class DocumentFiles:
    """Where a document's tables and figures go.

    Raises Invalid, before the work that makes them, for a place that cannot take them.
    """

    tables: Path | None
    figures: Path | None

    def __post_init__(self) -> None:
        if self.tables is not None and self.tables.suffix.lower() not in _FILES:
            if self.tables.suffix and not self.tables.is_dir():
                raise Invalid(
                    f"--tables {self.tables}: tables are not written as {self.tables.suffix}; name a"
                    " .docx or .tex file, or a folder for CSV files"
                )
            _refuse_file("--tables", self.tables)
        if self.figures is not None:
            _refuse_file("--figures", self.figures)

    def __bool__(self) -> bool:
        return self.tables is not None or self.figures is not None

    def of(self, document: Document) -> list[File]:
        """The files with their contents; their folders are made."""
        found: list[File] = []
        if self.tables is not None:
            form = _FILES.get(self.tables.suffix.lower())
            if form is not None:
                found.append((self.tables, form.make(document)))
            else:
                self.tables.mkdir(parents=True, exist_ok=True)
                found += [(self.tables / name, data) for name, data in csv_files(document)]
        if self.figures is not None:
            self.figures.mkdir(parents=True, exist_ok=True)
            found += [(self.figures / name, data) for name, data in figure_files_of(document)]
        return found


def document_files(command: Command) -> Command:
    """The options, given to the command as ``beside``."""

    @click.option(
        "--tables",
        type=click.Path(path_type=Path),
        help="Write every table to this .docx or .tex file, or as CSV files to this folder.",
    )
    @click.option(
        "--figures",
        type=click.Path(path_type=Path),
        help="Write every figure as SVG and as PNG of 300 dpi to this folder.",
    )
    @wraps(command)
    def run(*args: Any, tables: Path | None, figures: Path | None, **rest: Any) -> Any:
        return command(*args, beside=DocumentFiles(tables, figures), **rest)

    return run


def _refuse_file(option: str, folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise Invalid(f"{option} {folder}: is a file; name a folder")
