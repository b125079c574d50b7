"""The preview of an import, as a command shows it."""

from __future__ import annotations

from pathlib import Path

from surveyapp.cli.outputs import Table, finish, json_file
from surveyapp.errors import Invalid
from surveyapp.responses.previewed_columns import ColumnPreview
from surveyapp.responses.previews import FilePreview

_ROLES = {
    "item": "question",
    "about": "about the response",
    "kept": "about the response",
    "attribute": "attribute",
    "left_out": "left out",
    "unassigned": "not assigned",
}


def show_preview(found: FilePreview, to: Path | None) -> None:
    """Print a preview, and write it as JSON where a path is named.

    Raises Invalid, after that, for a file that would not be imported.
    """
    tables: list[Table] = [
        (
            "Columns",
            ("", "heading", "is", "as", "found", "type"),
            [_column(each) for each in found.columns],
        )
    ]
    if found.refused:
        rows = [(r.place, r.column, r.value, f"{r.reason} {r.cure}".strip()) for r in found.refused]
        more = found.counts.refused - len({r.row for r in found.refused})
        said = f"Rejected rows{f' (and {more:,} more)' if more > 0 else ''}"
        tables.append((said, ("cell", "column", "value", "reason"), rows))
    if found.conflicts:
        told = [
            (each.place, each.id, "; ".join(_difference(d) for d in each.differences))
            for each in found.conflicts
        ]
        more = found.counts.conflicts - len(told)
        said = f"Other answers under a known id{f' (and {more:,} more)' if more > 0 else ''}"
        tables.append((said, ("row", "id", "stored -> in the file"), told))
    shown = [table for table in tables if table[2]]
    finish(shown, _sentences(found), json_file(to, found.to_json()))
    if found.problem is not None:
        raise Invalid(found.problem.text)
    if found.overlap.text:
        raise Invalid(found.overlap.text)


def _column(each: ColumnPreview) -> tuple[str, ...]:
    way = each.reason or each.found
    return each.place, each.heading, _ROLES[each.role], each.target, way, each.type


def _difference(each: object) -> str:
    item, stored, given = (getattr(each, name) for name in ("item", "stored", "in_file"))
    return f"{item}: {_said(stored)} -> {_said(given)}"


def _said(value: object) -> str:
    return "no answer" if value is None else str(value)


def _sentences(found: FilePreview) -> list[str]:
    counts = found.counts
    said = ["", *(f"Note: {note}" for note in found.notes)]
    if found.overlap.same is not None:
        said.append(f"The rows without an id are those of import {found.overlap.same}.")
    if found.problem is None:
        months = (
            f" from {found.first_month} to {found.last_month}"
            if found.first_month != found.last_month
            else f" of {found.first_month}"
        )
        said.append(
            f"{counts.rows:,} {'row' if counts.rows == 1 else 'rows'}: {counts.to_store:,} to be"
            f" stored{months if counts.to_store else ''}, {counts.already:,} already stored,"
            f" {counts.to_correct:,} to be corrected, {counts.refused:,} to be rejected."
            " Nothing was stored."
        )
    return said
