"""Named versions of a map: saved, listed, removed and restored, and never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.journeys.calendar import calendar_of
from surveyapp.journeys.change_register import LONGEST_TEXT, LONGEST_TITLE
from surveyapp.journeys.map_snapshots import snapshot_of
from surveyapp.journeys.record_removals import KEPT, put_back, take_off
from surveyapp.store.audit import record
from surveyapp.store.models import Journey, MapVersion

MOST = 100
_LISTED = 10


@dataclass(frozen=True)
class VersionText:
    """What somebody says of a version; on ``day`` the map was like this."""

    title: str
    day: date
    note: str = ""


def versions_of(session: Session, journey_id: int) -> list[MapVersion]:
    """The versions of a journey's map, the newest day first, without their documents."""
    query = select(MapVersion).where(
        MapVersion.journey_id == journey_id, MapVersion.removed_at.is_(None)
    )
    order = (MapVersion.day.desc(), MapVersion.id.desc())
    return list(session.scalars(query.options(defer(MapVersion.content)).order_by(*order)))


def removed_versions(session: Session, journey_id: int, now: datetime) -> list[MapVersion]:
    """Versions that were removed and can be restored."""
    query = select(MapVersion).where(
        MapVersion.journey_id == journey_id, MapVersion.removed_at >= now - KEPT
    )
    query = query.options(defer(MapVersion.content)).order_by(MapVersion.id.desc())
    return list(session.scalars(query.limit(_LISTED)))


def version_of(session: Session, journey_id: int, version_id: int) -> MapVersion:
    """A version of this journey's map; NotFound also when it is another one's, or was removed."""
    found = session.get(MapVersion, version_id)
    if found is None or found.journey_id != journey_id or found.removed_at is not None:
        raise NotFound("There is no such version of this map; it may have been removed.")
    return found


def save_version(
    session: Session, journey: Journey, text: VersionText, *, user_id: int | None, now: datetime
) -> MapVersion:
    """Save the map as it is. Raises Invalid, which names the field, Conflict for one too many.

    A name is given once, so that a form sent twice saves one version; the caller holds the journey.
    """
    title, note = " ".join(text.title.split()), text.note.strip()
    if not 1 <= len(title) <= LONGEST_TITLE:
        raise Invalid(
            f"The name has {len(title)} characters; use 1 to {LONGEST_TITLE}.", field="title"
        )
    if len(note) > LONGEST_TEXT:
        raise Invalid(
            f"The note has {len(note)} characters; use at most {LONGEST_TEXT}.", field="note"
        )
    today = calendar_of(journey).day(now)
    if text.day > today:
        raise Invalid(f"{text.day} has not come yet; use a day up to {today}.", field="day")
    _refuse_name(session, journey, title)
    content = snapshot_of(session, journey.id)
    if not content.stages:
        raise Invalid("This map has no stages yet; draw the map first.", field="title")
    version = MapVersion(
        journey_id=journey.id,
        title=title,
        note=note,
        day=text.day,
        content=content.to_json(),
        created_by=user_id,
        created_at=now,
    )
    session.add(version)
    session.flush()
    _record(session, user_id, "save map version", journey, version)
    return version


def remove_version(
    session: Session, journey: Journey, version: MapVersion, *, user_id: int | None, now: datetime
) -> None:
    """Take a version off the list; it can be restored for ``KEPT``."""
    take_off(session, version, user_id=user_id, now=now)
    _record(session, user_id, "remove map version", journey, version)


def restore_version(
    session: Session, journey: Journey, version_id: int, *, user_id: int | None
) -> str:
    """Put a removed version back; its name. Raises NotFound, Conflict where its name is taken."""
    version = put_back(session, MapVersion, journey.id, version_id)
    with session.no_autoflush:
        if _named(session, journey.id, version.title):
            raise Conflict(
                f"There is a version named {version.title!r} already; remove that one first."
            )
    _record(session, user_id, "restore map version", journey, version)
    return version.title


def _refuse_name(session: Session, journey: Journey, title: str) -> None:
    if _named(session, journey.id, title):
        raise Invalid(
            f"There is a version named {title!r} already; choose another name.", field="title"
        )
    count = select(func.count()).select_from(MapVersion)
    count = count.where(MapVersion.journey_id == journey.id, MapVersion.removed_at.is_(None))
    if (session.scalar(count) or 0) >= MOST:
        raise Conflict(f"This map has {MOST} versions, the most it can have; remove one first.")


def _named(session: Session, journey_id: int, title: str) -> bool:
    query = select(MapVersion.id).where(
        MapVersion.journey_id == journey_id,
        MapVersion.title == title,
        MapVersion.removed_at.is_(None),
    )
    return session.scalar(query.limit(1)) is not None


def _record(
    session: Session, user_id: int | None, said: str, journey: Journey, version: MapVersion
) -> None:
    record(
        session, user_id, said, f"journey {journey.code}", number=version.id, title=version.title
    )
