"""A map as a table: a row for each stage, each touchpoint and each text, as the import reads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surveyapp.exports.table import Table
from surveyapp.exports.variable import Cell, Kind, Variable
from surveyapp.journeys.map_draft import own_lane_said
from surveyapp.journeys.map_snapshots import MapSnapshot, SnapshotStage

_VARIABLES = (
    Variable("stage_code", "Code of the stage", Kind.TEXT),
    Variable("stage", "Stage", Kind.TEXT),
    Variable("touchpoint_code", "Code of the touchpoint", Kind.TEXT),
    Variable("touchpoint", "Touchpoint", Kind.TEXT),
    Variable("lane", "Lane", Kind.TEXT),
    Variable("text", "Text", Kind.TEXT),
)


def map_table(content: MapSnapshot) -> Table:
    """The cells of a map in its order; scores, pain points and opportunities are not in it."""
    rows = list(_rows(content))
    return Table(_VARIABLES, len(rows), iter(rows))


def _rows(content: MapSnapshot) -> Iterator[Sequence[Cell]]:
    own = {each.id: own_lane_said(each.name) for each in content.lanes}
    for at, stage in enumerate(content.stages):
        here = (stage.code, stage.name)
        yield (*here, "", "", "", "")
        if at == 0:  # each lane once, in its order, also where nothing stands in it
            for name in own.values():
                yield (*here, "", "", name, "")
        for field, text in stage.texts.items():
            yield (*here, "", "", field, text)
        for number, text in stage.own.items():
            yield (*here, "", "", own[number], text)
        yield from _points(stage)


def _points(stage: SnapshotStage) -> Iterator[Sequence[Cell]]:
    for point in stage.touchpoints:
        here = (stage.code, stage.name, point.code, point.name)
        yield (*here, "", "")
        for field, text in point.texts.items():
            yield (*here, field, text)
