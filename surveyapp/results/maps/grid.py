"""A journey's map as a grid: stages across, lanes down, the same on the page, on paper and by a link."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.i18n.isolates import is_right_to_left
from surveyapp.journeys import map_texts
from surveyapp.journeys.journey_kinds import lanes_of
from surveyapp.journeys.map_history import whole_map
from surveyapp.journeys.map_lanes import OWN, Grain, Kind, Lane
from surveyapp.journeys.map_own_lanes import own_lanes
from surveyapp.journeys.map_steps import LANE, STAGE, TOUCHPOINT
from surveyapp.results.dashboards import journey_overview
from surveyapp.results.maps.emotion_line import EmotionLine, emotion_line
from surveyapp.results.scope import Scope
from surveyapp.results.targets import phrases as target_phrases
from surveyapp.results.targets.targets import place_of
from surveyapp.results.view_models import Figure, JourneyOverview
from surveyapp.store.models import Journey, MapLane, Stage, Touchpoint


@dataclass(frozen=True)
class GridCell:
    """What stands in a cell, and by which names a step writes it; ``label`` says where it is."""

    of: str
    id: int
    field: str
    text: str
    label: str
    lane: int = 0

    @property
    def key(self) -> str:
        """A name of its own among all cells of the map."""
        return f"{self.of}-{self.id}-{self.field}" + (f"-{self.lane}" if self.lane else "")


@dataclass(frozen=True)
class Aim:
    """A target without a score: what the metric is called, and the value in its unit."""

    short: str
    amount: str


@dataclass(frozen=True)
class GridPoint:
    """A touchpoint with its scores, totals without their dimensions; ``aims`` are targets of scores that
    nothing asks for yet.
    """

    id: int
    name: str
    moment_of_truth: bool
    figures: tuple[Figure, ...]
    aims: tuple[Aim, ...] = ()


@dataclass(frozen=True)
class GridStage:
    """``figures`` are the stage's own that have a target."""

    name: GridCell
    points: tuple[GridPoint, ...]
    figures: tuple[Figure, ...] = ()

    @property
    def id(self) -> int:
        return self.name.id


@dataclass(frozen=True)
class GridRow:
    """A lane; ``cells`` by stage, one of each stage or of each of its touchpoints. ``own`` is the name of
    a lane that staff named, and can change.
    """

    lane: Lane
    cells: tuple[tuple[GridCell, ...], ...]
    own: GridCell | None = None

    @property
    def is_empty(self) -> bool:
        return not any(cell.text for stage in self.cells for cell in stage)


@dataclass(frozen=True)
class MapGrid:
    """``seen`` tells one state of everything that is typed from another."""

    journey: Journey
    stages: tuple[GridStage, ...]
    rows: tuple[GridRow, ...]
    line: EmotionLine
    seen: str
    today: str = ""  # of a target state, the name of the journey whose scores these are
    flagged: int | None = 0  # flagged answers that are left out; None where it may not be told
    # On paper, by stage: quotes and the names of files, for whoever may read them.
    evidence: Mapping[int, Sequence[str]] = field(default_factory=dict)

    @property
    def from_right(self) -> bool:
        return is_from_right(self.stages)

    @property
    def columns(self) -> int:
        """Touchpoints, and a place for one more in each stage."""
        return sum(len(stage.points) + 1 for stage in self.stages)


def is_from_right(stages: Sequence[GridStage]) -> bool:
    """Whether most names are written from the right, so that the stages run from there, too."""
    names = [each.name.text for each in stages]
    names += [point.name for stage in stages for point in stage.points]
    return 2 * sum(is_right_to_left(each) for each in names) > len(names)


def map_grid(
    session: Session,
    scope: Scope,
    *,
    scale: str = "",
    overview: JourneyOverview | None = None,
    minimum_cell: int = 5,
    library: Library,
    today: JourneyOverview | None = None,
) -> MapGrid:
    """The map with the figures of a scope, its emotion line by ``scale``. Raises NotFound.

    ``overview`` of the same scope saves reading it once more. ``today`` is that of the journey that a
    target state is the target of, beside the target state's targets: places are the same by their codes.
    """
    journey = whole_map(session, scope.journey_id)
    if overview is None:
        overview = journey_overview(session, scope, minimum_cell=minimum_cell, library=library)
    shown = today or overview
    figures = {
        place_of(stage.code, point.code): _totals(point.figures)
        for stage in shown.stages
        for point in stage.touchpoints
    }
    aims = {
        stage.code: tuple(each for each in _totals(stage.figures) if each.target)
        for stage in shown.stages
    }
    line = emotion_line(session, scope, scale=scale, minimum_cell=minimum_cell, library=library)
    lanes = own_lanes(session, journey.id)
    rows = tuple(_rows(session, journey, lanes))
    stages = tuple(_stage(session, stage, figures, aims) for stage in journey.stages)
    if today is not None:
        places = {
            point.id: place_of(stage.code, point.code)
            for stage in journey.stages
            for point in stage.touchpoints
        }
        stages = tuple(_with_aims(stage, places, today) for stage in stages)
    seen_now = _digest(stages, rows)
    return MapGrid(
        *(journey, stages, rows, line, seen_now),
        today=today.name if today else "",
        flagged=shown.flagged,
    )


def seen(session: Session, journey: Journey) -> str:
    """The state of everything that is typed on a map, as ``MapGrid.seen``."""
    rows = tuple(_rows(session, journey, own_lanes(session, journey.id)))
    return _digest([_stage(session, stage, {}, {}) for stage in journey.stages], rows)


def _with_aims(stage: GridStage, places: Mapping[int, str], today: JourneyOverview) -> GridStage:
    """A stage with the targets of its touchpoints whose scores nobody is asked for today."""
    every = [
        figure for part in today.stages for point in part.touchpoints for figure in point.figures
    ]
    known = {each.definition.scale: each.definition for each in (*today.end, *every)}

    def aims(point: GridPoint) -> Iterator[Aim]:
        asked = {each.definition.scale for each in point.figures}
        for target in today.targets:
            if target.place == places[point.id] and target.metric not in asked:
                definition = known.get(target.metric)
                amount = (
                    target_phrases.amount(definition, target) if definition else f"{target.value:g}"
                )
                yield Aim(definition.short if definition else target.metric, amount)

    points = tuple(replace(point, aims=tuple(aims(point))) for point in stage.points)
    return replace(stage, points=points)


def _totals(figures: Sequence[Figure]) -> tuple[Figure, ...]:
    return tuple(each for each in figures if each.definition.parent is None)


def _stage(
    session: Session,
    stage: Stage,
    figures: Mapping[str, tuple[Figure, ...]],
    aims: Mapping[str, tuple[Figure, ...]],
) -> GridStage:
    name = _cell(session, stage, map_texts.NAME, f"Stage {stage.position + 1}")
    points = tuple(
        GridPoint(
            *(point.id, point.name, point.moment_of_truth),
            figures.get(place_of(stage.code, point.code), ()),
        )
        for point in stage.touchpoints
    )
    return GridStage(name, points, aims.get(stage.code, ()))


def _rows(session: Session, journey: Journey, own: Sequence[MapLane]) -> Iterator[GridRow]:
    for lane in lanes_of(journey):
        if lane.kind is Kind.SHOWN:
            yield GridRow(lane, ())
            continue
        yield GridRow(lane, tuple(tuple(_cells(session, stage, lane)) for stage in journey.stages))
    for each in own:
        name = _cell(session, each, map_texts.NAME, "Name of the lane")
        cells = tuple(
            (_cell(session, stage, OWN, f"{each.name}: {stage.name}", each.id),)
            for stage in journey.stages
        )
        yield GridRow(Lane(OWN, each.name, Grain.STAGE), cells, name)


def _cells(session: Session, stage: Stage, lane: Lane) -> Iterator[GridCell]:
    if lane.grain is Grain.STAGE:
        yield _cell(session, stage, lane.field, f"{lane.title}: {stage.name}")
        return
    for point in stage.touchpoints:
        title = "Touchpoint" if lane.field == map_texts.NAME else lane.title
        yield _cell(session, point, lane.field, f"{title}: {point.name}, {stage.name}")


def _cell(
    session: Session,
    of: Stage | Touchpoint | MapLane,
    field: str,
    label: str,
    lane_id: int = 0,
) -> GridCell:
    noun = STAGE if isinstance(of, Stage) else LANE if isinstance(of, MapLane) else TOUCHPOINT
    text = map_texts.read(session, map_texts.TextPlace(of, field, lane_id))
    return GridCell(noun, of.id, field, text, label, lane_id)


def _digest(stages: Sequence[GridStage], rows: Sequence[GridRow]) -> str:
    told = [
        [[each.id, each.name.text, [point.id for point in each.points]] for each in stages],
        [
            [cell.key, cell.text]
            for row in rows
            for cell in (*((row.own,) if row.own else ()), *(c for part in row.cells for c in part))
        ],
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
