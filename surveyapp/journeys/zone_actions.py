"""Changes of the time zone by which a journey's days are counted; each asks for a job that counts anew."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session

from surveyapp.jobs.kinds import COUNT_DAYS, JourneyPayload
from surveyapp.store.audit import record
from surveyapp.store.models import NOTHING_SORTED, Job, Journey
from surveyapp.tables.dates import zone_named


def read_zone(zone: str) -> str:
    """An IANA time zone's name, or nothing; Invalid (field "own_zone") for what is neither."""
    zone = zone.strip()
    if zone:
        zone_named(zone, field="own_zone")
    return zone


def set_zone(
    session: Session, journey: Journey, zone: str, *, default: str, user_id: int | None
) -> Job | None:
    """Give the journey a zone of its own, or with "" the installation's ``default``.

    The job counts its responses by the new days; pages keep to the old ones until it is done. None
    where nothing is to be counted. Saved as it is, a journey that has not been counted to the end asks
    for a job again: the one before may have failed.
    """
    zone = read_zone(zone)
    if zone != journey.own_zone:
        record(session, user_id, "set time zone", f"journey {journey.code}", zone=zone or default)
    journey.own_zone = zone
    return _follow(session, journey, default, user_id=user_id)


def follow_default(session: Session, default: str) -> int:
    """Ask for jobs for journeys without a zone of their own that another default counted; how many."""
    behind = select(Journey).where(*_behind(default)).order_by(Journey.id)
    asked = 0
    for journey in session.scalars(behind).all():
        _lock_counts(session, journey)
        if (journey.next_zone or journey.zone) != default:  # else another worker was first
            _follow(session, journey, default, user_id=None)
            asked += 1
    return asked


def count_anew(session: Session, journey: Journey, *, user_id: int | None) -> Job:
    """Have the journey's responses counted from the first on, by the zone that is shown or on its way;
    pages keep to the present counts until that is done.
    """
    _lock_counts(session, journey)
    journey.next_zone, journey.counted_to = journey.next_zone or journey.zone, NOTHING_SORTED
    record(session, user_id, "rebuild rollups", f"journey {journey.code}")
    return _ask(session, journey, user_id)


def is_behind(session: Session, default: str) -> bool:
    """Whether ``follow_default`` would do anything."""
    return session.scalar(select(Journey.id).where(*_behind(default)).limit(1)) is not None


def _behind(default: str) -> tuple[ColumnElement[bool], ...]:
    return (Journey.own_zone == "", func.coalesce(Journey.next_zone, Journey.zone) != default)


def _follow(session: Session, journey: Journey, default: str, *, user_id: int | None) -> Job | None:
    _lock_counts(session, journey)
    wanted = journey.own_zone or default
    if wanted == (journey.next_zone or journey.zone) and journey.next_zone is None:
        return None
    if wanted == journey.zone != journey.next_zone:
        journey.next_zone = journey.counted_to = None
    elif wanted != journey.next_zone:
        journey.next_zone, journey.counted_to = wanted, NOTHING_SORTED
    return _ask(session, journey, user_id)


def _lock_counts(session: Session, journey: Journey) -> None:
    if session.get_bind().dialect.name == "postgresql":
        # Waits for whoever is counting responses, who may have read how far the counting had got.
        session.execute(text("LOCK TABLE rollups IN EXCLUSIVE MODE"))
    session.flush()
    session.refresh(journey, with_for_update=True)


def _ask(session: Session, journey: Journey, user_id: int | None) -> Job:
    payload = JourneyPayload(journey.id)
    return COUNT_DAYS.ask(session, payload, journey_id=journey.id, user_id=user_id)
