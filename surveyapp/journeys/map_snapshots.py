"""A map as one document: stages with their touchpoints, own lanes, and every text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.journeys.journey_kinds import lanes_of
from surveyapp.journeys.map_evidence import QUOTE, file_kind
from surveyapp.journeys.map_history import whole_map
from surveyapp.journeys.map_lanes import LANES, OWN, Grain, Kind, Lane
from surveyapp.journeys.map_own_lanes import own_lanes
from surveyapp.journeys.map_texts import NAME, TextPlace, read
from surveyapp.store.models import File, MapEvidence, Stage, Touchpoint


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
class SnapshotEvidence:
    """That a quote, picture or document stood at a stage: ``id`` as it was on the map.

    What it says is not kept here, as a version never changes: a quote is read where it is stored for as
    long as its customer allows it. ``title`` is a file's, of a quote empty.
    """

    id: int
    kind: str
    title: str = ""


@dataclass(frozen=True)
class SnapshotStage:
    """A stage; ``own`` are the texts in lanes that staff named, by the lane's id."""

    code: str
    name: str
    texts: Mapping[str, str]
    own: Mapping[int, str] = field(default_factory=dict)
    touchpoints: tuple[SnapshotPoint, ...] = ()
    evidence: tuple[SnapshotEvidence, ...] = ()


@dataclass(frozen=True)
class MapSnapshot:
    """A whole map, its stages, touchpoints and own lanes in their order.

    ``order`` are the codes of the lanes that every map has, as they stood: empty in versions of before
    it was kept, which did not list evidence either.
    """

    stages: tuple[SnapshotStage, ...]
    lanes: tuple[SnapshotLane, ...]
    order: tuple[str, ...] = ()

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
                evidence=tuple(SnapshotEvidence(**piece) for piece in each.get("evidence", ())),
            )
            for each in said["stages"]
        )
        lanes = tuple(SnapshotLane(**each) for each in said["lanes"])
        return cls(stages, lanes, tuple(said.get("order", ())))


def snapshot_of(session: Session, journey_id: int) -> MapSnapshot:
    """A journey's map as it is now. Raises NotFound."""
    journey = whole_map(session, journey_id)
    lanes = tuple(SnapshotLane(each.id, each.name) for each in own_lanes(session, journey_id))
    evidence = _evidence(session, journey_id)
    stages = tuple(
        _stage(session, each, lanes, tuple(evidence.get(each.id, ()))) for each in journey.stages
    )
    return MapSnapshot(stages, lanes, tuple(each.code for each in lanes_of(journey)))


def typed_lanes(grain: Grain) -> Iterator[Lane]:
    """The lanes that every map has and in which something is typed, names aside."""
    for lane in LANES:
        if lane.grain is grain and lane.kind is not Kind.SHOWN and lane.code != NAME:
            yield lane


def lanes_in(order: tuple[str, ...]) -> list[Lane]:
    """The lanes that every map has, as they stood; those that came later at the end."""
    known = {each.code: each for each in LANES}
    then = [known[code] for code in order if code in known]
    return [*then, *(each for each in LANES if each not in then)]


def _evidence(session: Session, journey_id: int) -> dict[int, list[SnapshotEvidence]]:
    """What stands in the lane of evidence, by stage, in the order in which it was added."""
    query = (
        select(MapEvidence, File.media_type)
        .outerjoin(File, File.id == MapEvidence.file_id)
        .where(MapEvidence.journey_id == journey_id, MapEvidence.removed_at.is_(None))
        .order_by(MapEvidence.id)
    )
    found: dict[int, list[SnapshotEvidence]] = {}
    for row, media_type in session.execute(query):
        kind = file_kind(media_type) if media_type else QUOTE
        piece = SnapshotEvidence(row.id, kind, row.title if media_type else "")
        found.setdefault(row.stage_id or 0, []).append(piece)
    return found


def _stage(
    session: Session,
    stage: Stage,
    lanes: tuple[SnapshotLane, ...],
    evidence: tuple[SnapshotEvidence, ...],
) -> SnapshotStage:
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
        evidence,
    )


def _texts(session: Session, of: Stage | Touchpoint, grain: Grain) -> dict[str, str]:
    found = {each.field: read(session, TextPlace(of, each.field)) for each in typed_lanes(grain)}
    return {name: text for name, text in found.items() if text}
