"""The tables and figures of a document in their order, numbered and named as files."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from surveyapp.reports.document import Block, Chart, Pair, Table

_LONGEST = 60  # characters of a title in a file's name


@dataclass(frozen=True)
class Figure:
    """A drawing with its number."""

    number: int
    chart: Chart

    @property
    def name(self) -> str:
        return _name("figure", self.number, self.chart.title)


def tables(blocks: Sequence[Block]) -> list[Table]:
    """Every table with its number, also where its document gives none."""
    found = [block for block in blocks if isinstance(block, Table)]
    return [replace(table, number=number) for number, table in enumerate(found, start=1)]


def figures(blocks: Sequence[Block]) -> list[Figure]:
    """Every drawing with its number, those of a pair one after the other."""
    found: list[Chart] = []
    for block in blocks:
        if isinstance(block, Chart):
            found.append(block)
        elif isinstance(block, Pair):
            found += [chart for chart in (block.left, block.right) if chart is not None]
    return [Figure(number, chart) for number, chart in enumerate(found, start=1)]


def table_name(table: Table) -> str:
    """A file's name without its ending: "table-03-discriminant-validity"."""
    return _name("table", table.number or 0, table.title)


def _name(kind: str, number: int, title: str) -> str:
    """Letters that every file system has; of a title in another script the number is left."""
    bare = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", bare)
    name = f"{kind}-{number:02d}"
    for word in words:
        if len(name) + len(word) > _LONGEST:
            break
        name += f"-{word}"
    return name
