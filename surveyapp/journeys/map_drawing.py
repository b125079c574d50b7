"""A whole map drawn at once, on a journey that has none yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Invalid
from surveyapp.journeys import actions, map_texts
from surveyapp.journeys.map_draft import MOST_POINTS, MOST_STAGES
from surveyapp.journeys.map_lanes import OWN, Grain
from surveyapp.journeys.map_own_lanes import add_lane, own_lanes
from surveyapp.journeys.map_snapshots import MapSnapshot, SnapshotStage, typed_lanes
from surveyapp.journeys.map_texts import GOAL, TextPlace
from surveyapp.store.audit import record
from surveyapp.store.models import Journey, Stage

_OF_A_TOUCHPOINT = ("channel", "ownership", "partner", "front_stage", "backstage")


def snapshot_from(said: Mapping[str, Any]) -> MapSnapshot:
    """A map from the document of another one. Raises Invalid for anything else."""
    try:
        found = MapSnapshot.from_json(said)
        whole = [text for stage in found.stages for text in _texts(stage)]
        whole += [each.name for each in found.lanes]
        fields = {field for stage in found.stages for field in stage.texts}
        at_points = {
            field for stage in found.stages for point in stage.touchpoints for field in point.texts
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Invalid("The preview did not come back whole; upload the file again.") from None
    known = fields <= _fields(Grain.STAGE) and at_points <= _fields(Grain.TOUCHPOINT)
    if not known or not all(isinstance(text, str) and "\x00" not in text for text in whole):
        raise Invalid("The preview did not come back whole; upload the file again.")
    if not 1 <= len(found.stages) <= MOST_STAGES or found.touchpoints > MOST_POINTS:
        raise Invalid(
            f"A map has 1 to {MOST_STAGES} stages and up to {MOST_POINTS} touchpoints here."
        )
    return found


def _fields(grain: Grain) -> set[str]:
    return {each.field for each in typed_lanes(grain)}


def _texts(stage: SnapshotStage) -> list[str]:
    """Every text of a stage and its touchpoints."""
    found = [stage.code, stage.name, *stage.texts.values(), *stage.own.values()]
    for point in stage.touchpoints:
        found += [point.code, point.name, *point.texts.values()]
    return found


def refuse_drawn(session: Session, journey: Journey) -> None:
    """Raise Conflict for a journey that has stages or lanes: no map is drawn over another one."""
    if journey.stages or own_lanes(session, journey.id):
        raise Conflict(
            f"The map of {journey.name} is not empty. Import into a new journey, and compare the two."
        )


def draw_map(
    session: Session, journey: Journey, content: MapSnapshot, *, user_id: int | None
) -> None:
    """Draw the stages, touchpoints, lanes and texts of a map by the actions of every form.

    Raises Conflict for a journey that has stages or lanes, Invalid and Conflict as the actions do.
    """
    refuse_drawn(session, journey)
    lanes = {
        each.id: add_lane(session, journey, name=each.name, user_id=user_id).id
        for each in content.lanes
    }
    for each in content.stages:
        goal = each.texts.get(GOAL, "")
        stage = actions.add_stage(
            session, journey, name=each.name, goal=goal, code=each.code, user_id=user_id
        )
        for field, text in each.texts.items():
            if field != GOAL:
                map_texts.write(session, TextPlace(stage, field), text, user_id=user_id)
        for number, text in each.own.items():
            if number not in lanes:
                raise Invalid("The preview did not come back whole; upload the file again.")
            map_texts.write(session, TextPlace(stage, OWN, lanes[number]), text, user_id=user_id)
        _draw_points(session, stage, each, user_id)
    count = {"stages": len(content.stages), "touchpoints": content.touchpoints}
    record(session, user_id, "import map", f"journey {journey.code}", **count)


def _draw_points(
    session: Session, stage: Stage, content: SnapshotStage, user_id: int | None
) -> None:
    for each in content.touchpoints:
        texts = {name: each.texts.get(name, "") for name in _OF_A_TOUCHPOINT}
        point = actions.add_touchpoint(
            session,
            stage,
            name=each.name,
            channel=texts["channel"],
            ownership=texts["ownership"] or "provider",
            partner=texts["partner"],
            front_stage=texts["front_stage"],
            backstage=texts["backstage"],
            moment_of_truth=each.texts.get("moment_of_truth") == map_texts.YES,
            code=each.code,
            user_id=user_id,
        )
        feeling = each.texts.get(map_texts.FEELING)
        if feeling:
            map_texts.write(session, TextPlace(point, map_texts.FEELING), feeling, user_id=user_id)
