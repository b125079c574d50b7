"""Stages and touchpoints that were removed from a map, so that they can be put back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, NotFound
from surveyapp.journeys.codes import code_from
from surveyapp.journeys.map_evidence_removals import set_evidence_aside, take_evidence_back
from surveyapp.store.audit import record
from surveyapp.store.columns import utc_now
from surveyapp.store.models import (
    Journey,
    MapCell,
    MapComment,
    MapLane,
    MapRemoval,
    Stage,
    Touchpoint,
)

KEPT = timedelta(days=90)
_LISTED = 10
_OF_A_TOUCHPOINT = (
    *("code", "name", "channel", "ownership", "partner"),
    *("moment_of_truth", "front_stage", "backstage"),
)


def keep_stage(session: Session, stage: Stage, *, user_id: int | None) -> int:
    """Keep what a stage and its touchpoints are, before it goes; the number to restore it by."""
    content = {
        "id": stage.id,
        "code": stage.code,
        "name": stage.name,
        "goal": stage.goal,
        "position": _place(stage, stage.journey.stages),
        "cells": _texts(stage),
        "comments": _set_aside(session, MapComment.stage_id == stage.id),
        "evidence": set_evidence_aside(session, stage, user_id=user_id),
        "touchpoints": [_described(session, point) for point in stage.touchpoints],
    }
    return _keep(session, stage.journey_id, "stage", content, user_id)


def keep_touchpoint(session: Session, touchpoint: Touchpoint, *, user_id: int | None) -> int:
    """Keep what a touchpoint is and where it stands, before it goes; the number to restore it by."""
    stage = touchpoint.stage
    content = {
        **_described(session, touchpoint),
        "stage": stage.code,
        "position": _place(touchpoint, stage.touchpoints),
    }
    return _keep(session, stage.journey_id, "touchpoint", content, user_id)


def removals(session: Session, journey_id: int) -> Sequence[MapRemoval]:
    """What was removed from a journey's map and can be put back, the newest first."""
    query = select(MapRemoval).where(
        MapRemoval.journey_id == journey_id, MapRemoval.removed_at >= utc_now() - KEPT
    )
    return list(session.scalars(query.order_by(MapRemoval.id.desc()).limit(_LISTED)))


def restore(session: Session, journey: Journey, removal_id: int, *, user_id: int | None) -> str:
    """Put a stage or touchpoint back where it was; its name.

    Its code is another one where that was given to something new. Raises NotFound for what was put
    back already, Conflict for a touchpoint whose stage is gone.
    """
    kept = session.get(MapRemoval, removal_id)
    if kept is None or kept.journey_id != journey.id:
        raise NotFound("This has been restored already, or its time to restore it is over.")
    content = kept.content
    if kept.kind == "stage":
        where = _put_stage(session, journey, content)
    else:
        where = _put_touchpoint(session, journey, content)
    session.delete(kept)
    session.flush()
    record(session, user_id, f"restore {kept.kind}", f"{kept.kind} {journey.code}/{where}")
    return str(content["name"])


def _put_stage(session: Session, journey: Journey, content: Mapping[str, Any]) -> str:
    stage = Stage(
        id=_number(session, Stage, content),
        code=_free(content, {each.code for each in journey.stages}, "stage"),
        name=content["name"],
        goal=content["goal"],
        position=0,
        cells=list(_cells(session, journey, content)),
        touchpoints=[
            Touchpoint(
                **_of_a_touchpoint(point),
                id=_number(session, Touchpoint, point),
                cells=list(_cells(session, journey, point)),
                position=at,
            )
            for at, point in enumerate(content["touchpoints"])
        ],
    )
    _insert(journey.stages, stage, content["position"])
    _take_back(session, stage, content)
    take_evidence_back(session, stage, content)
    for point, kept in zip(stage.touchpoints, content["touchpoints"], strict=True):
        _take_back(session, point, kept)
    return stage.code


def _number(
    session: Session, table: type[Stage] | type[Touchpoint], content: Mapping[str, Any]
) -> int | None:
    """The number that it had, by which addresses and later steps name it, unless another one has it."""
    number = content.get("id")
    return number if number is None or session.get(table, number) is None else None


def _texts(of: Stage | Touchpoint) -> list[dict[str, Any]]:
    return [{"lane": each.lane, "lane_id": each.lane_id, "text": each.text} for each in of.cells]


def _cells(session: Session, journey: Journey, content: Mapping[str, Any]) -> Iterator[MapCell]:
    for each in content.get("cells", ()):
        if each["lane_id"] is None or session.get(MapLane, each["lane_id"]) is not None:
            yield MapCell(**each, journey_id=journey.id)


def _put_touchpoint(session: Session, journey: Journey, content: Mapping[str, Any]) -> str:
    stage = next((each for each in journey.stages if each.code == content["stage"]), None)
    if stage is None:
        raise Conflict(
            f"{content['name']} cannot be restored, because its stage is gone; restore the stage first."
        )
    described = _of_a_touchpoint(content)
    described["code"] = _free(content, {each.code for each in stage.touchpoints}, "touchpoint")
    number = _number(session, Touchpoint, content)
    cells = list(_cells(session, journey, content))
    new = Touchpoint(**described, id=number, cells=cells, position=0)
    _insert(stage.touchpoints, new, content["position"])
    _take_back(session, new, content)
    return f"{stage.code}/{described['code']}"


def _insert(siblings: list[Any], new: Any, position: int) -> None:
    order = sorted(siblings, key=lambda each: each.position)
    order.insert(position, new)
    siblings.append(new)
    for at, each in enumerate(order):
        each.position = at


def _free(content: Mapping[str, Any], taken: set[str], noun: str) -> str:
    code = str(content["code"])
    return code if code not in taken else code_from(code, taken, fallback=noun)


def _keep(
    session: Session, journey_id: int, kind: str, content: dict[str, Any], user_id: int | None
) -> int:
    session.execute(delete(MapRemoval).where(MapRemoval.removed_at < utc_now() - KEPT))
    kept = MapRemoval(journey_id=journey_id, kind=kind, content=content, removed_by=user_id)
    session.add(kept)
    session.flush()
    return kept.id


def _of_a_touchpoint(content: Mapping[str, Any]) -> dict[str, Any]:
    """What was kept of a touchpoint; one of before partners had names names none."""
    return {name: content.get(name, "") for name in _OF_A_TOUCHPOINT}


def _described(session: Session, touchpoint: Touchpoint) -> dict[str, Any]:
    described = {name: getattr(touchpoint, name) for name in ("id", *_OF_A_TOUCHPOINT)}
    comments = _set_aside(session, MapComment.touchpoint_id == touchpoint.id)
    return {**described, "cells": _texts(touchpoint), "comments": comments}


def _set_aside(session: Session, there: ColumnElement[bool]) -> list[int]:
    """Let comments name their place no more, before it goes; their numbers, to name it again."""
    numbers = list(session.scalars(select(MapComment.id).where(there).order_by(MapComment.id)))
    for each in session.scalars(select(MapComment).where(MapComment.id.in_(numbers))):
        each.stage_id = each.touchpoint_id = None
    session.flush()
    return numbers


def _take_back(session: Session, place: Stage | Touchpoint, content: Mapping[str, Any]) -> None:
    """Let the comments that were on a place name it again, now that it has a number."""
    session.flush()
    numbers = content.get("comments", ())
    for each in session.scalars(select(MapComment).where(MapComment.id.in_(numbers))):
        if isinstance(place, Stage):
            each.stage_id = place.id
        else:
            each.touchpoint_id = place.id


def _place(one: Any, siblings: Sequence[Any]) -> int:
    return sorted(siblings, key=lambda each: each.position).index(one)
