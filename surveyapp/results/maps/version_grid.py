"""A saved version of a map as the grid that draws it: what was typed, without scores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from surveyapp.journeys.map_lanes import OWN, Grain, Kind, Lane
from surveyapp.journeys.map_snapshots import MapSnapshot, SnapshotLane, SnapshotStage, lanes_in
from surveyapp.journeys.map_steps import STAGE, TOUCHPOINT
from surveyapp.journeys.map_texts import NAME
from surveyapp.results.maps.grid import GridCell, GridPoint, GridRow, GridStage, is_from_right


@dataclass(frozen=True)
class VersionGrid:
    """What the drawing of a map takes of a ``MapGrid``."""

    stages: tuple[GridStage, ...]
    rows: tuple[GridRow, ...]
    seen: str = ""

    @property
    def columns(self) -> int:
        return sum(len(stage.points) + 1 for stage in self.stages)

    @property
    def from_right(self) -> bool:
        return is_from_right(self.stages)


def version_grid(of: MapSnapshot) -> VersionGrid:
    """The stages, touchpoints and texts of a version; the lanes made of records and answers are not in it."""
    stages = tuple(
        GridStage(
            GridCell(STAGE, at, NAME, stage.name, stage.name),
            tuple(
                GridPoint(each.id, each.name, bool(each.texts.get("moment_of_truth")), ())
                for each in stage.touchpoints
            ),
        )
        for at, stage in enumerate(of.stages, start=1)
    )
    return VersionGrid(stages, tuple(_rows(of)))


def _rows(of: MapSnapshot) -> Iterator[GridRow]:
    for lane in lanes_in(of.order):
        if lane.kind is not Kind.SHOWN:
            yield GridRow(lane, tuple(tuple(_cells(stage, lane)) for stage in of.stages))
    for own in of.lanes:
        cells = tuple((_own(stage, own),) for stage in of.stages)
        yield GridRow(Lane(OWN, own.name, Grain.STAGE), cells)


def _cells(stage: SnapshotStage, lane: Lane) -> Iterator[GridCell]:
    if lane.grain is Grain.STAGE:
        yield GridCell(STAGE, 0, lane.field, stage.texts.get(lane.field, ""), lane.title)
        return
    for point in stage.touchpoints:
        text = point.name if lane.field == NAME else point.texts.get(lane.field, "")
        yield GridCell(TOUCHPOINT, point.id, lane.field, text, lane.title)


def _own(stage: SnapshotStage, lane: SnapshotLane) -> GridCell:
    return GridCell(STAGE, 0, OWN, stage.own.get(lane.id, ""), lane.name, lane.id)
