"""Steps that draw a map: each changes one thing, and knows the step that takes it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.journeys import actions, map_texts, removals
from surveyapp.journeys.map_evidence_removals import put_evidence_back, take_evidence_off
from surveyapp.journeys.map_own_lanes import (
    add_lane,
    move_lane,
    own_lane,
    remove_lane,
    restore_lane,
)
from surveyapp.store.models import Journey, Stage, Touchpoint

SET, ADD, MOVE, REMOVE, RESTORE = "set", "add", "move", "remove", "restore"
STAGE, TOUCHPOINT, LANE, EVIDENCE = "stage", "touchpoint", "lane", "evidence"
_DOING = (SET, ADD, MOVE, REMOVE, RESTORE)
_OF = (STAGE, TOUCHPOINT, LANE, EVIDENCE)


@dataclass(frozen=True)
class Step:
    """One change of a map.

    ``do`` is done to the stage, touchpoint, lane or evidence (``of``) with the number ``id``; a restored
    stage or touchpoint is found by ``kept``. Evidence is removed and restored; its own page adds it. ``set`` writes ``text`` into ``field``, of an own lane's cell the
    one of ``lane``, where ``before`` still stands: None where whoever changes it has not seen it.
    ``add`` and ``move`` put it at place ``at``, 0 the first, a touchpoint into ``stage``; ``seen`` is
    the stage where the mover saw it.
    """

    do: str
    of: str
    id: int = 0
    field: str = ""
    lane: int = 0
    before: str | None = None
    text: str = ""
    stage: int = 0
    seen: int = 0
    at: int | None = None
    kept: int = 0

    def __post_init__(self) -> None:
        if self.do not in _DOING or self.of not in _OF:
            raise Invalid(f"{self.do[:20]!r} {self.of[:20]!r} is no change of a map.")
        if self.of == EVIDENCE and self.do not in (REMOVE, RESTORE):
            raise Invalid(f"Evidence is not {self.do} on the map; use the page Evidence.")

    def to_json(self) -> dict[str, Any]:
        """What is set of it."""
        usual = {each.name: each.default for each in fields(self)}
        return {name: value for name, value in asdict(self).items() if value != usual[name]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Step:
        return cls(**document)

    def is_about(self, other: Step) -> bool:
        """Whether both write the same field."""
        same = (self.do, self.of, self.id, self.field, self.lane)
        return same == (other.do, other.of, other.id, other.field, other.lane)


class Overtaken(Conflict):
    """Somebody else changed what a step was to change; nothing of it was done.

    ``theirs`` is what stands there now, ``mine`` what the step would have written.
    """

    def __init__(self, message: str, *, step: Step, theirs: str = "", mine: str = "") -> None:
        super().__init__(message)
        self.step, self.theirs, self.mine = step, theirs, mine


def take(session: Session, journey: Journey, step: Step, *, user_id: int | None) -> Step:
    """Take a step on a map that nobody else changes meanwhile; the step that takes it back.

    Raises Overtaken where something else stands there than was seen, NotFound for what is gone, Invalid
    and Conflict as the action does.
    """
    if step.do == SET:
        return _set(session, journey, step, user_id)
    if step.of == EVIDENCE:
        return _evidence_step(session, journey, step, user_id)
    if step.of == LANE:
        return _lane_step(session, journey, step, user_id)
    if step.do == ADD:
        return _add(session, journey, step, user_id)
    if step.do == MOVE:
        return _move(session, journey, step, user_id)
    if step.do == REMOVE:
        return _remove(session, journey, step, user_id)
    return _restore(session, journey, step, user_id)


def _set(session: Session, journey: Journey, step: Step, user_id: int | None) -> Step:
    target: Any
    target = own_lane(session, journey, step.id) if step.of == LANE else _placed(journey, step)
    place = map_texts.TextPlace(target, step.field, step.lane)
    stored = map_texts.read(session, place)
    written = map_texts.tidy(step.text)
    if step.before is not None and map_texts.tidy(step.before) != stored != written:
        raise Overtaken(
            "Somebody else has changed this meanwhile; both versions are kept until you choose.",
            step=step,
            theirs=stored,
            mine=written,
        )
    if stored != written:
        map_texts.write(session, place, written, user_id=user_id)
    return replace(step, before=map_texts.read(session, place), text=stored)


def _add(session: Session, journey: Journey, step: Step, user_id: int | None) -> Step:
    if step.of == STAGE:
        stage = actions.add_stage(session, journey, name=step.text, at=step.at, user_id=user_id)
        return Step(REMOVE, STAGE, id=stage.id)
    into = _stage(journey, step.stage)
    point = actions.add_touchpoint(session, into, name=step.text, at=step.at, user_id=user_id)
    return Step(REMOVE, TOUCHPOINT, id=point.id)


def _move(session: Session, journey: Journey, step: Step, user_id: int | None) -> Step:
    moved = _placed(journey, step)
    at = step.at or 0
    if isinstance(moved, Stage):
        before = actions.place_of(journey.stages, moved)
        actions.move_stage(session, moved, by=at - before, user_id=user_id)
        return replace(step, at=before)
    origin = moved.stage
    if step.seen not in (0, origin.id):
        raise Overtaken(
            f"Somebody else has moved {moved.name} to the stage {origin.name} meanwhile; it stays there.",
            step=step,
            theirs=origin.name,
        )
    before = actions.place_of(origin.touchpoints, moved)
    into = _stage(journey, step.stage or origin.id)
    actions.put_touchpoint(session, moved, into, at=at, user_id=user_id)
    return replace(step, stage=origin.id, seen=into.id, at=before)


def _remove(session: Session, journey: Journey, step: Step, user_id: int | None) -> Step:
    gone = _placed(journey, step)
    remove: Any = actions.remove_stage if isinstance(gone, Stage) else actions.remove_touchpoint
    return Step(RESTORE, step.of, id=step.id, kept=remove(session, gone, user_id=user_id))


def _restore(session: Session, journey: Journey, step: Step, user_id: int | None) -> Step:
    removals.restore(session, journey, step.kept, user_id=user_id)
    return Step(REMOVE, step.of, id=step.id)


def _lane_step(session: Session, journey: Journey, step: Step, user_id: int | None) -> Step:
    if step.do == ADD:
        lane = add_lane(session, journey, name=step.text, user_id=user_id)
        return Step(REMOVE, LANE, id=lane.id)
    if step.do == RESTORE:
        restore_lane(session, journey, step.id, user_id=user_id)
        return Step(REMOVE, LANE, id=step.id)
    lane = own_lane(session, journey, step.id)
    if step.do == MOVE:
        before = move_lane(session, journey, lane, at=step.at or 0, user_id=user_id)
        return replace(step, at=before)
    remove_lane(session, journey, lane, user_id=user_id)
    return Step(RESTORE, LANE, id=step.id)


def _evidence_step(session: Session, journey: Journey, step: Step, user_id: int | None) -> Step:
    if step.do == REMOVE:
        take_evidence_off(session, journey, step.id, user_id=user_id)
        return Step(RESTORE, EVIDENCE, id=step.id)
    put_evidence_back(session, journey, step.id, user_id=user_id)
    return Step(REMOVE, EVIDENCE, id=step.id)


def _placed(journey: Journey, step: Step) -> Stage | Touchpoint:
    if step.of == STAGE:
        return _stage(journey, step.id)
    for stage in journey.stages:
        for point in stage.touchpoints:
            if point.id == step.id:
                return point
    raise NotFound("There is no such touchpoint on this map; somebody may have removed it.")


def _stage(journey: Journey, stage_id: int) -> Stage:
    for stage in journey.stages:
        if stage.id == stage_id:
            return stage
    raise NotFound("There is no such stage on this map; somebody may have removed it.")
