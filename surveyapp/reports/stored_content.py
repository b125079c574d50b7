"""A report's tables and figures as JSON beside its PDF, and back: what files are made from later.

A benchmark's numbers change with every answer, so that its tables must be those of its day.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from analysis.json_values import to_json
from surveyapp.errors import Invalid
from surveyapp.i18n.report_languages import written_in
from surveyapp.reports.document import (
    Block,
    Cell,
    Chart,
    Column,
    Cover,
    Document,
    Estimate,
    Interval,
    Look,
    Quantity,
    Styled,
    Table,
    Text,
)
from surveyapp.reports.files import numbered

FORMAT = "report-content/1"
MEDIA_TYPE = "application/json"


def stored(document: Document) -> bytes:
    """Tables with their numbers, each also as it is shown, and figures."""
    found = {
        "format": FORMAT,
        "title": document.cover.title,
        "subject": document.subject,
        "author": document.author,
        "made": document.made.isoformat(),
        "language": document.language,
        "tables": [_table(table) for table in numbered.tables(document.blocks)],
        "figures": [
            {"title": figure.chart.title, "svg": figure.chart.svg, "note": figure.chart.note}
            for figure in numbered.figures(document.blocks)
        ],
    }
    return json.dumps(to_json(found), ensure_ascii=False, allow_nan=False).encode()


def read(content: bytes) -> Document:
    """The document that ``stored`` wrote, without what is neither table nor figure.

    Raises Invalid for another format.
    """
    found = json.loads(content)
    if found.get("format") != FORMAT:
        raise Invalid(
            f"this report's tables are of the format {found.get('format')!r}, and {FORMAT!r} can be"
            " read; create the report again"
        )
    blocks: list[Block] = [_read_table(table) for table in found["tables"]]
    blocks += [Chart(one["title"], one["svg"], one["note"]) for one in found["figures"]]
    return Document(
        cover=Cover("", found["title"], "", ()),
        blocks=blocks,
        subject=found["subject"],
        author=found["author"],
        running="",
        made=date.fromisoformat(found["made"]),
        words=written_in(found["language"]),
    )


def _table(table: Table) -> dict[str, Any]:
    return {
        "number": table.number,
        "title": table.title,
        "look": table.look.value,
        "note": _text(table.note),
        "columns": [
            {"head": _text(c.head), "share": c.share, "align": side, "name": c.name}
            for c, side in zip(table.columns, table.align, strict=True)
        ],
        "rows": [
            [_cell(cell, shown) for cell, shown in zip(cells, texts, strict=True)]
            for cells, texts in zip(table.cells, table.rows, strict=True)
        ],
        "strong": sorted(table.strong),
        "groups": sorted(table.groups),
        "together": table.together,
    }


def _read_table(found: Mapping[str, Any]) -> Table:
    return Table(
        columns=[
            Column(_read_text(c["head"]), c["share"], align=c["align"], name=c["name"])
            for c in found["columns"]
        ],
        cells=[[_read_cell(cell) for cell in row] for row in found["rows"]],
        title=found["title"],
        note=_read_text(found["note"]),
        look=Look(found["look"]),
        number=found["number"],
        strong=frozenset(found["strong"]),
        groups=frozenset(found["groups"]),
        together=found["together"],
    )


def _text(text: Text) -> list[str | list[str]]:
    """Plain parts as they are, styled ones with their style."""
    parts = (text,) if isinstance(text, str) else text
    return [[part.style, part.text] if isinstance(part, Styled) else part for part in parts]


def _read_text(parts: Sequence[Any]) -> Text:
    if all(isinstance(part, str) for part in parts):
        return "".join(parts)
    return tuple(p if isinstance(p, str) else Styled(p[1], p[0]) for p in parts)


def _cell(cell: Cell, shown: Text) -> dict[str, Any]:
    """What is shown; of a number also its value, of an interval its ends."""
    found: dict[str, Any] = {"shown": _text(shown)}
    if isinstance(cell, str | tuple):
        return found
    value = cell.value if isinstance(cell, Quantity) else cell
    if isinstance(value, Interval | Estimate):
        found |= {"low": value.low, "high": value.high}
    if not isinstance(value, Interval):
        found["value"] = value.value if isinstance(value, Estimate) else value
    return found


def _read_cell(found: Mapping[str, Any]) -> Cell:
    shown = _read_text(found["shown"])
    if "low" in found and "value" in found:
        return Quantity(Estimate(found["value"], found["low"], found["high"]), shown)
    if "low" in found:
        return Quantity(Interval(found["low"], found["high"]), shown)
    return Quantity(found["value"], shown) if "value" in found else shown
