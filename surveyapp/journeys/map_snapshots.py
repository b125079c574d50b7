"""A map as one document: stages with their touchpoints, own lanes, and every text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from surveyapp.journeys.map_history import whole_map
from surveyapp.journeys.map_lanes import LANES, OWN, Grain, Kind, Lane
from surveyapp.journeys.map_own_lanes import own_lanes
from surveyapp.journeys.map_texts import NAME, TextPlace, read
from surveyapp.store.models import Stage, Touchpoint


@dataclass(frozen=True)
class SnapshotLane:
    """A lane that staff named; ``id`` as it was on the map."""

    id: int
    name: str


@dataclass(frozen=True)
class SnapshotPoint:
    """A touchpoint; ``texts`` by field, without empty ones."""

    id: int
    code: str
    name: str
    texts: Mapping[str, str]


@dataclass(frozen=True)
class SnapshotStage:
    """A stage; ``own`` are the texts in lanes that staff named, by the lane's id."""

    code: str
    name: str
    texts: Mapping[str, str]
    own: Mapping[int, str] = field(default_factory=dict)
    touchpoints: tuple[SnapshotPoint, ...] = ()


@dataclass(frozen=True)
class MapSnapshot:
    """A whole map, its stages, touchpoints and own lanes in their order."""

    stages: tuple[SnapshotStage, ...]
    lanes: tuple[SnapshotLane, ...]

    @property
    def touchpoints(self) -> int:
        return sum(len(stage.touchpoints) for stage in self.stages)

    def to_json(self) -> dict[str, Any]:
        """The document that is stored; keys of JSON objects are texts."""
        said = asdict(self)
        for stage in said["stages"]:
            stage["own"] = {str(number): text for number, text in stage["own"].items()}
        return said

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> MapSnapshot:
        """What ``to_json`` wrote."""
        stages = tuple(
            SnapshotStage(
                **{name: each[name] for name in ("code", "name", "texts")},
                own={int(number): text for number, text in each["own"].items()},
                touchpoints=tuple(SnapshotPoint(**point) for point in each["touchpoints"]),
            )
            for each in said["stages"]
        )
        return cls(stages, tuple(SnapshotLane(**each) for each in said["lanes"]))


def snapshot_of(session: Session, journey_id: int) -> MapSnapshot:
    """A journey's map as it is now. Raises NotFound."""
    journey = whole_map(session, journey_id)
    lanes = tuple(SnapshotLane(each.id, each.name) for each in own_lanes(session, journey_id))
    return MapSnapshot(tuple(_stage(session, each, lanes) for each in journey.stages), lanes)


def typed_lanes(grain: Grain) -> Iterator[Lane]:
    """The lanes that every map has and in which something is typed, names aside."""
    for lane in LANES:
        if lane.grain is grain and lane.kind is not Kind.SHOWN and lane.code != NAME:
            yield lane


def _stage(session: Session, stage: Stage, lanes: tuple[SnapshotLane, ...]) -> SnapshotStage:
    own = {each.id: read(session, TextPlace(stage, OWN, each.id)) for each in lanes}
    points = tuple(
        SnapshotPoint(each.id, each.code, each.name, _texts(session, each, Grain.TOUCHPOINT))
        for each in stage.touchpoints
    )
    return SnapshotStage(
        stage.code,
        stage.name,
        _texts(session, stage, Grain.STAGE),
        {number: text for number, text in own.items() if text},
        points,
    )


def _texts(session: Session, of: Stage | Touchpoint, grain: Grain) -> dict[str, str]:
    found = {each.field: read(session, TextPlace(of, each.field)) for each in typed_lanes(grain)}
    return {name: text for name, text in found.items() if text}
