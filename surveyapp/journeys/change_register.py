"""The register of changes: what was changed when, at which touchpoints, by whom, at what cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from surveyapp.errors import Invalid, NotFound
from surveyapp.store.audit import record
from surveyapp.store.columns import utc_now
from surveyapp.store.models import ChangedPlace, Journey, RegisteredChange, User

KEPT = timedelta(days=90)  # a removed change can be restored for so long
LONGEST_TITLE = 200
LONGEST_TEXT = 5000
_FIRST, _LAST = date(1990, 1, 1), date(2100, 12, 31)


@dataclass(frozen=True)
class ChangeText:
    """What somebody says of a change; without a stage or touchpoint it is at the whole journey.

    ``maker_id`` is a member of staff; ``made_by`` whoever else made it, in words.
    """

    title: str
    started_on: date
    ended_on: date | None = None
    stage_ids: Sequence[int] = ()
    touchpoint_ids: Sequence[int] = ()
    maker_id: int | None = None
    made_by: str = ""
    cost: str = ""
    description: str = ""
    expected: str = ""


def register_change(
    session: Session, journey: Journey, text: ChangeText, *, user_id: int | None
) -> RegisteredChange:
    """Add a change to a journey's register. Raises Invalid, which names the field."""
    change = RegisteredChange(journey_id=journey.id, created_by=user_id)
    _describe(session, journey, change, text)
    session.add(change)
    session.flush()
    record(session, user_id, "register change", _subject(journey, change), title=change.title)
    return change


def edit_change(
    session: Session,
    journey: Journey,
    change: RegisteredChange,
    text: ChangeText,
    *,
    user_id: int | None,
) -> RegisteredChange:
    """Describe a change anew. Raises Invalid, which names the field."""
    _describe(session, journey, change, text)
    session.flush()
    record(session, user_id, "edit change", _subject(journey, change), title=change.title)
    return change


def remove_change(
    session: Session, journey: Journey, change: RegisteredChange, *, user_id: int | None
) -> None:
    """Take a change out of the register; it can be restored for ``KEPT``. Older ones go for good."""
    session.execute(delete(RegisteredChange).where(RegisteredChange.removed_at < utc_now() - KEPT))
    change.removed_at, change.removed_by = utc_now(), user_id
    record(session, user_id, "remove change", _subject(journey, change), title=change.title)


def restore_change(
    session: Session, journey: Journey, change_id: int, *, user_id: int | None
) -> str:
    """Put a removed change back; its title. Raises NotFound for one that is there, or gone for good."""
    change = session.get(RegisteredChange, change_id)
    if change is None or change.journey_id != journey.id or change.removed_at is None:
        raise NotFound("This has been restored already, or its time to restore it is over.")
    change.removed_at, change.removed_by = None, None
    record(session, user_id, "restore change", _subject(journey, change), title=change.title)
    return change.title


def _describe(
    session: Session, journey: Journey, change: RegisteredChange, text: ChangeText
) -> None:
    title = " ".join(text.title.split())
    if not 1 <= len(title) <= LONGEST_TITLE:
        raise Invalid(
            f"The title has {len(title)} characters; use 1 to {LONGEST_TITLE}.", field="title"
        )
    change.title = title
    change.started_on, change.ended_on = _days(text)
    if text.maker_id is not None and session.get(User, text.maker_id) is None:
        raise Invalid("There is no such user; choose one from the list.", field="maker_id")
    change.maker_id = text.maker_id
    change.made_by = _words(text.made_by, "made_by", LONGEST_TITLE)
    change.cost = _words(text.cost, "cost", LONGEST_TITLE)
    change.description = _words(text.description, "description", LONGEST_TEXT)
    change.expected = _words(text.expected, "expected", LONGEST_TEXT)
    change.places = _places(journey, text)


def _days(text: ChangeText) -> tuple[date, date | None]:
    for field, day in (("started_on", text.started_on), ("ended_on", text.ended_on)):
        if day is not None and not _FIRST <= day <= _LAST:
            raise Invalid(
                f"{day} is not a day from {_FIRST} to {_LAST}; enter the day of the change.",
                field=field,
            )
    if text.ended_on is not None and text.ended_on < text.started_on:
        raise Invalid("The last day is before the first.", field="ended_on")
    return text.started_on, text.ended_on


def _places(journey: Journey, text: ChangeText) -> list[ChangedPlace]:
    stages = {stage.id for stage in journey.stages}
    touchpoints = {point.id for stage in journey.stages for point in stage.touchpoints}
    if not (set(text.stage_ids) <= stages and set(text.touchpoint_ids) <= touchpoints):
        raise Invalid(
            "A chosen stage or touchpoint is not in this journey; choose from the list.",
            field="places",
        )
    return [
        *(ChangedPlace(stage_id=number) for number in dict.fromkeys(text.stage_ids)),
        *(ChangedPlace(touchpoint_id=number) for number in dict.fromkeys(text.touchpoint_ids)),
    ]


def _words(text: str, field: str, longest: int) -> str:
    text = text.strip()
    if len(text) > longest:
        noun = field.replace("_", " ")
        raise Invalid(f"The {noun} has {len(text)} characters; use at most {longest}.", field=field)
    return text


def _subject(journey: Journey, change: RegisteredChange) -> str:
    return f"change {journey.code}/{change.id}"
