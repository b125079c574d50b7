"""A project's codebook: every item and attribute, as a table that any program reads."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

from surveyapp.results.projects.variables import Variables
from surveyapp.store.models import Project
from surveyapp.tables.guard import guarded

_NUMBERS = ("n", "missing", "mean", "sd", "skew", "kurtosis")
_HEAD = (
    "name",
    "kind",
    "questionnaire",
    "column",
    "text",
    "lowest",
    "highest",
    "labels",
    *_NUMBERS,
)


def codebook_csv(project: Project, known: Variables) -> str:
    """CSV with a row an item, in the order asked, then one an attribute.

    The numbers are those of the last description, empty before the first. Cells that a spreadsheet
    would compute are guarded.
    """
    described = {row["item"]: row for row in (project.description or {}).get("items", ())}
    columns = (project.file_columns or {}).get("columns", ())
    labels = {each["name"]: each.get("labels", {}) for each in columns}
    headings = {each["name"]: each["heading"] for each in columns}
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_HEAD)
    for item in known.items.values():
        row = described.get(item.name, {})
        said = "; ".join(f"{code} = {text}" for code, text in labels.get(item.name, {}).items())
        cells: list[Any] = [item.name, "item", item.instrument, headings.get(item.name, item.item)]
        cells += [item.text, f"{item.scale[0]:g}", f"{item.scale[1]:g}", said]
        writer.writerow([_cell(each) for each in (*cells, *(row.get(name) for name in _NUMBERS))])
    for name in known.groups:
        cells = [name, "attribute", "", headings.get(name, name)]
        writer.writerow([_cell(each) for each in cells] + [""] * (len(_HEAD) - len(cells)))
    return out.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return guarded(value) if isinstance(value, str) else f"{value:.10g}"
