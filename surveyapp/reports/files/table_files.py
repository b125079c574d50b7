"""What can be taken away from a document: its tables and its figures as files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from surveyapp.i18n.words import Words
from surveyapp.reports import apa
from surveyapp.reports.document import Column, Document, Table
from surveyapp.reports.files import figure_files, numbered
from surveyapp.reports.files.csv_tables import csv_text
from surveyapp.reports.files.latex import tex
from surveyapp.reports.files.word import docx

Named = tuple[str, bytes]  # of a file: its name and its bytes


@dataclass(frozen=True)
class Form:
    """A file that a document gives; ``ending`` follows the document's name."""

    title: str
    ending: str
    media_type: str
    make: Callable[[Document], bytes]


def csv_files(document: Document) -> Iterator[Named]:
    """Each table as CSV."""
    for table in numbered.tables(document.blocks):
        yield f"{numbered.table_name(table)}.csv", csv_text(table).encode()


def figure_files_of(document: Document) -> Iterator[Named]:
    """Each figure as SVG and PNG, and a table of what they show and how wide they are."""
    rows: list[list[str | int]] = []
    for figure in numbered.figures(document.blocks):
        drawn = figure_files.png(figure.chart.svg)
        width, height = figure_files.pixels(drawn)
        yield f"{figure.name}.svg", figure_files.svg_file(figure.chart.svg).encode()
        yield f"{figure.name}.png", drawn
        rows.append(
            [f"{figure.name}.png", figure.chart.title, figure.chart.note, width, height,
             figure_files.millimetres(width), figure_files.DPI]
        )  # fmt: skip
    if rows:
        yield "figures.csv", csv_text(_listing(rows, document.words)).encode()


def _listing(rows: list[list[str | int]], words: Words) -> Table:
    texts = (words.say("File"), words.say("Title"), words.say("Note"))
    numbers = (
        words.say("Width (px)"),
        words.say("Height (px)"),
        words.say("Width (mm)"),
        words.say("dpi"),
    )
    columns = [Column(head, 0.2) for head in texts]
    columns += [Column(head, 0.1, apa.count) for head in numbers]
    return Table(columns, rows, words.say("Figures"))


def zipped(files: Iterable[Named]) -> bytes:
    """The files in a ZIP, whose bytes depend on theirs alone."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files:
            entry = zipfile.ZipInfo(name)  # of 1980, the format's first day
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, content)
    return out.getvalue()


FORMS: Mapping[str, Form] = {
    "docx": Form(
        "Word",
        "-tables.docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        docx,
    ),
    "tex": Form(
        "LaTeX", "-tables.tex", "application/x-tex", lambda document: tex(document).encode()
    ),
    "csv": Form(
        "CSV", "-tables-csv.zip", "application/zip", lambda document: zipped(csv_files(document))
    ),
    "figures": Form(
        "SVG and PNG",
        "-figures.zip",
        "application/zip",
        lambda document: zipped(figure_files_of(document)),
    ),
}
