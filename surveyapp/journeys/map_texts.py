"""The texts of a map's cells, wherever they are stored: read and written alike."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.journeys import actions
from surveyapp.journeys.map_lanes import CELL_LANES, FEELINGS, OWN
from surveyapp.journeys.map_own_lanes import own_lane, rename_lane
from surveyapp.store.audit import record
from surveyapp.store.models import Journey, MapCell, MapLane, Stage, Touchpoint

YES = "yes"
NAME, GOAL, FEELING = "name", "goal", "assumed_feeling"
_OF_A_TOUCHPOINT = ("name", "channel", "ownership", "partner", "front_stage", "backstage")
_TRUTH = "moment_of_truth"
_LONGEST = 5000


@dataclass(frozen=True)
class TextPlace:
    """A field of a stage, touchpoint or own lane; ``lane`` is the own lane of a stage's cell."""

    of: Stage | Touchpoint | MapLane
    field: str
    lane: int = 0


def tidy(text: str) -> str:
    """A text as it is stored: line breaks of one kind, nothing around it."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def read(session: Session, place: TextPlace) -> str:
    """What stands there; a feeling as "-2" to "2", a box as "yes" or "". Raises Invalid for no field."""
    of, field = place.of, place.field
    if isinstance(of, MapLane):
        if field == NAME:
            return of.name
    elif _is_cell(of, field):
        cell = _cell(of, place)
        return cell.text if cell else ""
    elif isinstance(of, Stage):
        if field in (NAME, GOAL):
            return tidy(of.name if field == NAME else of.goal)
    elif field == _TRUTH:
        return YES if of.moment_of_truth else ""
    elif field in _OF_A_TOUCHPOINT:
        return tidy({name: str(getattr(of, name)) for name in _OF_A_TOUCHPOINT}[field])
    raise Invalid(f"{field[:40]!r} is no field of a map.", field=field)


def write(session: Session, place: TextPlace, text: str, *, user_id: int | None) -> None:
    """Write a text there by the action that every form uses, which audits it. Raises Invalid."""
    of, field = place.of, place.field
    if isinstance(of, MapLane):
        journey = session.get_one(Journey, of.journey_id)
        rename_lane(session, journey, of, name=text, user_id=user_id)
    elif _is_cell(of, field):
        _write_cell(session, of, place, text, user_id)
    elif isinstance(of, Touchpoint):
        _describe(session, of, field, text, user_id)
    else:
        described = {"name": of.name, "goal": of.goal} | {field: text}
        actions.edit_stage(session, of, **described, user_id=user_id)


def _describe(
    session: Session, point: Touchpoint, field: str, text: str, user_id: int | None
) -> None:
    known = {name: str(getattr(point, name)) for name in _OF_A_TOUCHPOINT}
    truth = point.moment_of_truth
    if field == _TRUTH:
        truth = _yes(text)
    else:
        known[field] = text
    actions.edit_touchpoint(session, point, **known, moment_of_truth=truth, user_id=user_id)


def _yes(text: str) -> bool:
    if text not in (YES, ""):
        raise Invalid(f"{text[:20]!r} is neither {YES!r} nor empty.", field=_TRUTH)
    return text == YES


def _write_cell(
    session: Session, of: Stage | Touchpoint, place: TextPlace, text: str, user_id: int | None
) -> None:
    if len(text) > _LONGEST:
        raise Invalid(f"The text has {len(text)} characters; use at most {_LONGEST}.", field="text")
    known = [str(value) for value, _ in FEELINGS]
    if place.field == FEELING and text and text not in known:
        raise Invalid(
            f"{text[:20]!r} is no feeling; use {', '.join(known)} or nothing.", field=FEELING
        )
    journey = of.journey if isinstance(of, Stage) else of.stage.journey
    named = place.field
    if place.field == OWN:
        named = own_lane(session, journey, place.lane).name
    cell = _cell(of, place)
    if cell is not None:
        cell.text = text
    else:
        lane_id = place.lane if place.field == OWN else None
        of.cells.append(
            MapCell(journey_id=journey.id, lane=place.field, lane_id=lane_id, text=text)
        )
    session.flush()
    record(session, user_id, "write on map", _subject(of), lane=named.replace("_", " "))


def _is_cell(of: Stage | Touchpoint, field: str) -> bool:
    return field == FEELING or (isinstance(of, Stage) and (field == OWN or field in CELL_LANES))


def _cell(of: Stage | Touchpoint, place: TextPlace) -> MapCell | None:
    lane_id = place.lane if place.field == OWN else None
    return next(
        (e for e in of.cells if e.lane == place.field and e.lane_id == lane_id),
        None,
    )


def _subject(of: Stage | Touchpoint) -> str:
    if isinstance(of, Stage):
        return f"stage {of.journey.code}/{of.code}"
    return f"touchpoint {of.stage.journey.code}/{of.stage.code}/{of.code}"


def assumed_feelings(session: Session, journey_id: int) -> tuple[dict[int, int], dict[int, int]]:
    """What staff assume that customers feel: by the numbers of the journey's stages, then touchpoints."""
    query = select(MapCell).where(
        MapCell.journey_id == journey_id, MapCell.lane == FEELING, MapCell.text != ""
    )
    stages, points = {}, {}
    for cell in session.scalars(query):
        if cell.stage_id is not None:
            stages[cell.stage_id] = int(cell.text)
        elif cell.touchpoint_id is not None:
            points[cell.touchpoint_id] = int(cell.text)
    return stages, points
