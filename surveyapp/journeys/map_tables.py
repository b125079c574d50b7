"""A map from a file: a list of cells as the export writes it, or a grid with stages across, lanes down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from surveyapp.errors import Invalid
from surveyapp.journeys.map_draft import (
    DraftPoint,
    DraftStage,
    LaneName,
    MapDraft,
    is_known_lane,
    lane_named,
)
from surveyapp.journeys.map_lanes import Grain
from surveyapp.journeys.map_snapshots import MapSnapshot
from surveyapp.journeys.refused_cells import RefusedCell
from surveyapp.tables.guard import unguarded
from surveyapp.tables.opened import open_table
from surveyapp.tables.options import ReadOptions
from surveyapp.tables.table import DataTable, Row, refuse_unclear

MOST_ROWS = 20_000
COLUMNS = ("stage_code", "stage", "touchpoint_code", "touchpoint", "lane", "text")
LIST, GRID = "list", "grid"


@dataclass(frozen=True)
class MapTable:
    """What a file holds: the map, the cells that cannot be taken, and how it was understood."""

    shape: str
    content: MapSnapshot
    refused: Sequence[RefusedCell]
    notes: Sequence[str]


def read_map(file: BinaryIO, *, name: str = "", options: ReadOptions | None = None) -> MapTable:
    """The map in a file of any kind that holds a table.

    A file with a column ``stage`` and a column ``lane`` or ``touchpoint`` is a list: a row a cell, or a
    row a touchpoint with a column for each lane. Any other one is a grid: its first row names stages,
    its first column lanes. Raises Invalid for a file without a stage, and one that is too large.
    """
    table = open_table(file, name, options or ReadOptions())
    headings = [heading.strip().casefold() for heading in table.headings]
    draft = MapDraft()
    is_list = "stage" in headings and bool({"lane", "touchpoint"} & set(headings))
    (_read_list if is_list else _read_grid)(table, draft)
    content = draft.snapshot()
    if not content.stages:
        raise Invalid(
            "No stage was found. Write a column named stage, or the stages in the first row and the"
            " lanes in the first column.",
            field="file",
        )
    notes = (table.said(), *table.notes)
    return MapTable(LIST if is_list else GRID, content, draft.refused, notes)


def _rows(table: DataTable, draft: MapDraft) -> Sequence[tuple[Row, Sequence[str]]]:
    """The rows that could be read, with their cells as they were before an export guarded them."""
    found = []
    for number, row in enumerate(table.rows):
        if number == MOST_ROWS:
            raise Invalid(f"The file has more than {MOST_ROWS:,} rows.", field="file")
        if row.fault:
            draft.refuse(table.place(row.number), "", "", row.fault, row.cure)
        elif table.separator == "none":
            found.append((row, row.cells))
        else:
            found.append((row, [unguarded(cell) if "'" in cell else cell for cell in row.cells]))
    return found


def _read_list(table: DataTable, draft: MapDraft) -> None:
    refuse_unclear(table.headings)
    at: dict[str, int] = {}
    lanes: dict[int, LaneName] = {}
    for place, heading in enumerate(table.headings):
        column = heading.strip().casefold()
        if column in COLUMNS:
            at[column] = place
        elif column and is_known_lane(column):
            lanes[place] = lane_named(column)
        elif column:
            raise Invalid(
                f"The column {heading[:60]!r} is not used. Take it out, or write its texts as rows with"
                f" its name in the column lane; columns are {', '.join(COLUMNS)} and the lanes of every"
                " map.",
                field="file",
            )
    before: tuple[str, str] = ("", "")
    for row, cells in _rows(table, draft):
        said = {column: cells[place].strip() for column, place in at.items()}
        named = (said.get("stage", ""), said.get("stage_code", ""))
        before = named if any(named) else before  # as where a cell goes on over several rows
        stage = draft.stage(*before, table.place(row.number, at["stage"]))
        if stage is None:
            continue
        point: DraftPoint | None = None
        called = (said.get("touchpoint", ""), said.get("touchpoint_code", ""))
        if any(called):
            column = "touchpoint" if "touchpoint" in at else "touchpoint_code"
            point = draft.point(stage, *called, table.place(row.number, at[column]))
            if point is None:
                continue
        _write_row(table, draft, row, cells, at, lanes, stage, point)


def _write_row(
    table: DataTable,
    draft: MapDraft,
    row: Row,
    cells: Sequence[str],
    at: Mapping[str, int],
    lanes: Mapping[int, LaneName],
    stage: DraftStage,
    point: DraftPoint | None,
) -> None:
    """Write what one row of a list says of a stage or touchpoint."""
    lane = cells[at["lane"]].strip() if "lane" in at else ""
    text = cells[at["text"]] if "text" in at else ""
    if lane:
        draft.write(
            stage,
            point,
            lane_named(lane),
            text,
            table.place(row.number, at.get("text", at["lane"])),
        )
    elif text.strip():
        place = table.place(row.number, at["text"])
        draft.refuse(place, "text", text, "The row names no lane.", "Write one in the column lane.")
    for column, own in lanes.items():
        whole = Grain.TOUCHPOINT not in own.grains
        draft.write(
            stage, None if whole else point, own, cells[column], table.place(row.number, column)
        )


@dataclass
class _Column:
    """A column of a grid; several of a stage stand beside each other."""

    at: int
    stage: DraftStage
    points: list[DraftPoint]


def _read_grid(table: DataTable, draft: MapDraft) -> None:
    columns = _columns(table, draft)
    rows = [
        (row, cells, lane_named(cells[0])) for row, cells in _rows(table, draft) if cells[0].strip()
    ]
    for row, cells, lane in rows:
        if lane.field == "name":
            for column in columns:
                _name_points(table, draft, row, cells[column.at], column)
    for row, cells, lane in rows:
        if lane.field == "name" or not draft.lane(lane, table.place(row.number, 0)):
            continue
        if Grain.TOUCHPOINT in lane.grains and any(column.points for column in columns):
            for column in columns:
                _write_points(table, draft, row, cells[column.at], column, lane)
        else:
            _write_stages(table, draft, row, cells, columns, lane)


def _columns(table: DataTable, draft: MapDraft) -> list[_Column]:
    """The columns of stages; one without a heading goes on with the stage before it."""
    columns: list[_Column] = []
    for at, heading in enumerate(table.headings):
        if at == 0:
            continue
        if not heading.strip() and columns:
            columns.append(_Column(at, columns[-1].stage, []))
            continue
        stage = draft.stage(heading, "", table.place(1, at))
        if stage is not None:
            columns.append(_Column(at, stage, []))
    return columns


def _name_points(table: DataTable, draft: MapDraft, row: Row, cell: str, column: _Column) -> None:
    """The touchpoints of a column: one a line of its cell."""
    for line in cell.splitlines():
        if line.strip():
            point = draft.point(column.stage, line, "", table.place(row.number, column.at))
            if point is not None:
                column.points.append(point)


def _write_points(
    table: DataTable, draft: MapDraft, row: Row, cell: str, column: _Column, lane: LaneName
) -> None:
    """Write a cell to the touchpoints of its column: whole to one, a line each to several."""
    place, lines = table.place(row.number, column.at), cell.strip().splitlines()
    if not lines:
        return
    if len(column.points) == 1:
        draft.write(column.stage, column.points[0], lane, cell, place)
    elif len(column.points) == len(lines):
        for point, line in zip(column.points, lines, strict=True):
            draft.write(column.stage, point, lane, line, place)
    elif not column.points and Grain.STAGE in lane.grains:
        draft.write(column.stage, None, lane, cell, place)
    else:
        count = len(column.points)
        draft.refuse(
            *(place, table.headings[column.at], cell),
            f"The cell has {len(lines)} line{'' if len(lines) == 1 else 's'}, and its column"
            f" {count or 'no'} touchpoint{'' if count == 1 else 's'}.",
            "Give each touchpoint a column of its own, or a line of the cell.",
        )


def _write_stages(
    table: DataTable,
    draft: MapDraft,
    row: Row,
    cells: Sequence[str],
    columns: Sequence[_Column],
    lane: LaneName,
) -> None:
    """Write a row of a lane of stages; the cells of a stage's columns are put together."""
    texts: dict[int, list[str]] = {}
    for column in columns:
        if cells[column.at].strip():
            texts.setdefault(id(column.stage), []).append(cells[column.at].strip())
    for column in columns:
        said = texts.pop(id(column.stage), None)
        if said:
            place = table.place(row.number, column.at)
            draft.write(column.stage, None, lane, "\n".join(said), place)
