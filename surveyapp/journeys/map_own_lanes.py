"""Lanes of a map that staff named themselves: added, moved, removed and put back."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.journeys import actions
from surveyapp.store.audit import record
from surveyapp.store.columns import utc_now
from surveyapp.store.models import Journey, MapLane

MOST_LANES = 20
_LONGEST_NAME = 200


def own_lanes(session: Session, journey_id: int) -> Sequence[MapLane]:
    """The journey's own lanes in their order."""
    query = select(MapLane).where(MapLane.journey_id == journey_id, MapLane.removed_at.is_(None))
    return list(session.scalars(query.order_by(MapLane.position, MapLane.id)))


def own_lane(session: Session, journey: Journey, lane_id: int) -> MapLane:
    """One of them; NotFound also when it was removed or belongs to another journey."""
    lane = session.get(MapLane, lane_id)
    if lane is None or lane.journey_id != journey.id or lane.removed_at is not None:
        raise NotFound("There is no such lane on this map; somebody may have removed it.")
    return lane


def add_lane(session: Session, journey: Journey, *, name: str, user_id: int | None) -> MapLane:
    """A lane below the others; Conflict for one too many."""
    lanes = own_lanes(session, journey.id)
    _refuse_too_many(lanes)
    position = max((each.position for each in lanes), default=-1) + 1
    lane = MapLane(journey_id=journey.id, name=lane_name(name), position=position)
    session.add(lane)
    session.flush()
    record(session, user_id, "add lane", _subject(journey, lane))
    return lane


def rename_lane(
    session: Session, journey: Journey, lane: MapLane, *, name: str, user_id: int | None
) -> None:
    lane.name = lane_name(name)
    record(session, user_id, "rename lane", _subject(journey, lane))


def move_lane(
    session: Session, journey: Journey, lane: MapLane, *, at: int, user_id: int | None
) -> int:
    """Give a lane the place ``at`` among the own ones; the place that it had."""
    lanes = list(own_lanes(session, journey.id))
    before = actions.place_of(lanes, lane)
    actions.place(lanes, lane, at)
    record(session, user_id, "move lane", _subject(journey, lane), by=at - before)
    return before


def remove_lane(session: Session, journey: Journey, lane: MapLane, *, user_id: int | None) -> None:
    """Take a lane off the map; its texts are kept."""
    lane.removed_at = utc_now()
    record(session, user_id, "remove lane", _subject(journey, lane))


def restore_lane(
    session: Session, journey: Journey, lane_id: int, *, user_id: int | None
) -> MapLane:
    """Put a removed lane back, with its texts."""
    lane = session.get(MapLane, lane_id)
    if lane is None or lane.journey_id != journey.id:
        raise NotFound("There is no such lane to restore.")
    if lane.removed_at is not None:
        _refuse_too_many(own_lanes(session, journey.id))
        lane.removed_at = None
        record(session, user_id, "restore lane", _subject(journey, lane))
    return lane


def lane_name(name: str) -> str:
    """A lane's name as it is stored. Raises Invalid."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise Invalid(
            f"The lane's name has {len(name)} characters; use 1 to {_LONGEST_NAME}.", field="name"
        )
    return name


def _refuse_too_many(lanes: Sequence[MapLane]) -> None:
    if len(lanes) >= MOST_LANES:
        raise Conflict(f"A map has at most {MOST_LANES} lanes of its own; remove one first.")


def _subject(journey: Journey, lane: MapLane) -> str:
    return f"lane {journey.code}/{lane.name}"
