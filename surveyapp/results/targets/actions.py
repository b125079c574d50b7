"""Changes to targets, and what targets can be set for."""

from __future__ import annotations

import math
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.auth.grants import able
from surveyapp.auth.permissions import Permission
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.results import phrases
from surveyapp.results.targets.states import targetable
from surveyapp.results.view_models import Definition
from surveyapp.store.audit import record
from surveyapp.store.models import EVERYBODY, RESPONSE_RATE, Journey, Segment, Target


def set_target(
    session: Session,
    journey: Journey,
    *,
    place: str,
    metric: str,
    value: float,
    segment_id: int = EVERYBODY,
    due: date | None = None,
    owner_id: int | None = None,
    user_id: int | None,
    library: Library,
) -> Target:
    """Set the first target of a metric at a place, for all customers or a segment.

    ``value`` is in the unit in which the metric is reported. Raises Invalid naming the field: for a
    metric that is not asked there, a value outside its range, a segment that does not exist, an owner
    who may not read the journey; Conflict where there is one already.
    """
    definition = _definition(session, journey, place, metric, segment_id, library)
    _check_segment(session, segment_id)
    # Two who set the same at once: the second waits here, and finds the first one's.
    session.refresh(journey, with_for_update=True)
    same = select(Target.id).where(
        Target.journey_id == journey.id,
        Target.place == place,
        Target.segment_id == segment_id,
        Target.metric == metric,
    )
    if session.scalar(same) is not None:
        raise Conflict(
            f"{definition.short} has a target there already; change that one instead of setting a"
            " second."
        )
    target = Target(
        journey_id=journey.id,
        place=place,
        segment_id=segment_id,
        metric=metric,
        value=_value(definition, value),
        due=due,
        owner_id=_owner(session, journey.id, owner_id),
        set_by=user_id,
    )
    session.add(target)
    session.flush()
    record(session, user_id, "set target", _subject(journey), **_said(target))
    return target


def change_target(
    session: Session,
    journey: Journey,
    target: Target,
    *,
    value: float,
    due: date | None,
    owner_id: int | None,
    user_id: int | None,
    library: Library,
) -> None:
    """Give a target another value, day or owner; as ``set_target``."""
    definition = _definition(
        session, journey, target.place, target.metric, target.segment_id, library
    )
    before = _said(target)
    target.value = _value(definition, value)
    target.due = due
    if owner_id != target.owner_id:  # who lost access stays until somebody else is chosen
        target.owner_id = _owner(session, journey.id, owner_id)
    target.set_by = user_id
    session.flush()
    record(session, user_id, "change target", _subject(journey), **_said(target), before=before)


def remove_target(
    session: Session, journey: Journey, target: Target, *, user_id: int | None
) -> None:
    """Remove a target; figures stay as they are."""
    record(session, user_id, "remove target", _subject(journey), **_said(target))
    session.delete(target)


def target_row(session: Session, journey_id: int, target_id: int) -> Target:
    """A target of this journey, to change it; NotFound also when it is another one's."""
    found = session.get(Target, target_id)
    if found is None or found.journey_id != journey_id:
        raise NotFound("There is no such target on this journey; it may have been removed.")
    return found


def _definition(
    session: Session, journey: Journey, place: str, metric: str, segment_id: int, library: Library
) -> Definition:
    known = targetable(session, journey, library=library)
    asked = known.get(place, ())
    found = next((each for each in asked if each.scale == metric), None)
    if found is None:
        there = phrases.listed([each.short for each in asked]) or "nothing"
        raise Invalid(
            f"{metric[:120]} is not asked at {place[:121] or 'the end of the journey'}; asked there:"
            f" {there}.",
            field="metric",
        )
    if metric == RESPONSE_RATE and segment_id != EVERYBODY and place:
        raise Invalid(
            "The response rate of a segment is known for the whole journey only; choose it as the"
            " place, or all customers.",
            field="segment_id",
        )
    return found


def _check_segment(session: Session, segment_id: int) -> None:
    if segment_id != EVERYBODY and session.get(Segment, segment_id) is None:
        raise Invalid("There is no such segment; choose one from the list.", field="segment_id")


def _value(definition: Definition, value: float) -> float:
    low, high = definition.axis
    if not math.isfinite(value) or not low <= value <= high:
        raise Invalid(
            f"{value:g} is outside the range of {definition.short}; enter a number from"
            f" {phrases.number(low)} to {phrases.number(high)}.",
            field="value",
        )
    return value


def _owner(session: Session, journey_id: int, owner_id: int | None) -> int | None:
    if owner_id is None:
        return None
    if all(each.id != owner_id for each in able(session, Permission.READ_JOURNEYS, journey_id)):
        raise Invalid(
            "This user may not read the journey; choose another owner, or grant access first.",
            field="owner_id",
        )
    return owner_id


def _subject(journey: Journey) -> str:
    return f"journey {journey.code}"


def _said(target: Target) -> dict[str, object]:
    return {
        "place": target.place,
        "metric": target.metric,
        "segment_id": target.segment_id or None,
        "value": target.value,
        "due": target.due.isoformat() if target.due else None,
        "owner_id": target.owner_id,
    }
