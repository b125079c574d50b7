"""Personas: kinds of customers as staff picture them, linked to the segment that answers for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from surveyapp.errors import Invalid, NotFound
from surveyapp.installation import Installation
from surveyapp.journeys.change_register import LONGEST_TEXT, LONGEST_TITLE
from surveyapp.journeys.record_removals import KEPT, put_back, take_off
from surveyapp.store.audit import record
from surveyapp.store.models import File, Journey, Persona, PersonaEmotion, Segment

LEVELS = range(-2, 3)  # from very bad to very good
EMPATHY = ("says", "thinks", "does", "feels", "hears")
MOST = 100
PICTURE = "image/webp"
_LISTED = 10
_TEXTS = ("demographics", "goals", "needs", *EMPATHY)


@dataclass(frozen=True)
class PersonaText:
    """What somebody says of a persona; ``levels`` are assumed emotions by the stage's id."""

    title: str
    segment_id: int | None = None
    demographics: str = ""
    goals: str = ""
    needs: str = ""
    says: str = ""
    thinks: str = ""
    does: str = ""
    feels: str = ""
    hears: str = ""
    levels: Mapping[int, int] = field(default_factory=dict)


def personas_of(session: Session, journey_id: int) -> list[Persona]:
    """The personas of a journey by name."""
    query = select(Persona).options(joinedload(Persona.segment), selectinload(Persona.emotions))
    query = query.where(Persona.journey_id == journey_id, Persona.removed_at.is_(None))
    return list(session.scalars(query.order_by(Persona.title, Persona.id).limit(MOST)))


def removed_personas(session: Session, journey_id: int, now: datetime) -> list[Persona]:
    """Personas that were removed and can be restored."""
    query = select(Persona).where(
        Persona.journey_id == journey_id, Persona.removed_at >= now - KEPT
    )
    return list(session.scalars(query.order_by(Persona.id.desc()).limit(_LISTED)))


def persona_of(session: Session, journey_id: int, persona_id: int) -> Persona:
    """A persona of this journey; NotFound also when it is another one's, or was removed."""
    query = select(Persona).options(joinedload(Persona.segment), selectinload(Persona.emotions))
    found = session.scalar(query.where(Persona.id == persona_id))
    if found is None or found.journey_id != journey_id or found.removed_at is not None:
        raise NotFound("There is no such persona in this journey; it may have been removed.")
    return found


def write_persona(
    session: Session,
    journey: Journey,
    found: Persona | None,
    text: PersonaText,
    *,
    user_id: int | None,
    now: datetime,
) -> Persona:
    """Change a persona, or write a new one. Raises Invalid, which names the field."""
    persona = found or Persona(journey_id=journey.id, created_by=user_id, created_at=now)
    title = " ".join(text.title.split())
    if not 1 <= len(title) <= LONGEST_TITLE:
        raise Invalid(
            f"The name has {len(title)} characters; use 1 to {LONGEST_TITLE}.", field="title"
        )
    for name in (each.name for each in fields(text) if each.name in _TEXTS):
        said = str(getattr(text, name)).strip()
        if len(said) > LONGEST_TEXT:
            raise Invalid(
                f"The text has {len(said)} characters; use at most {LONGEST_TEXT}.", field=name
            )
        setattr(persona, name, said)
    if text.segment_id is not None and session.get(Segment, text.segment_id) is None:
        raise Invalid("There is no such segment; choose one from the list.", field="segment_id")
    persona.title, persona.segment_id = title, text.segment_id
    _feel(journey, persona, text.levels)
    session.add(persona)
    session.flush()
    said = "add persona" if found is None else "change persona"
    _record(session, user_id, said, journey, persona)
    return persona


def set_picture(
    installation: Installation,
    session: Session,
    journey: Journey,
    persona: Persona,
    data: bytes,
    *,
    alt: str,
    user_id: int | None,
) -> None:
    """Give a persona a picture in the place of the one it has. ``data`` is WebP, drawn anew; ``alt`` says
    what it shows. Raises Invalid.
    """
    alt = " ".join(alt.split())
    if not 1 <= len(alt) <= LONGEST_TITLE:
        raise Invalid(
            f"What the picture shows has {len(alt)} characters; use 1 to {LONGEST_TITLE}.",
            field="alt",
        )
    before = persona.picture_id
    name = f"{journey.code}-persona-{persona.id}.webp"
    put = installation.files.put(session, data, name=name, media_type=PICTURE)
    persona.picture_id, persona.picture_alt = put.id, alt
    session.flush()
    _delete_file(installation, session, before)
    _record(session, user_id, "set persona picture", journey, persona)


def remove_picture(
    installation: Installation,
    session: Session,
    journey: Journey,
    persona: Persona,
    *,
    user_id: int | None,
) -> None:
    """Delete a persona's picture for good; nothing where it has none."""
    if persona.picture_id is None:
        return
    before = persona.picture_id
    persona.picture_id, persona.picture_alt = None, ""
    session.flush()
    _delete_file(installation, session, before)
    _record(session, user_id, "remove persona picture", journey, persona)


def remove_persona(
    installation: Installation,
    session: Session,
    journey: Journey,
    persona: Persona,
    *,
    user_id: int | None,
    now: datetime,
) -> None:
    """Take a persona off the list; it can be restored for ``KEPT``, without its picture, which may show
    somebody and is deleted at once.
    """
    remove_picture(installation, session, journey, persona, user_id=user_id)
    take_off(session, persona, user_id=user_id, now=now)
    _record(session, user_id, "remove persona", journey, persona)


def restore_persona(
    session: Session, journey: Journey, persona_id: int, *, user_id: int | None
) -> str:
    """Put a removed persona back; its name. Raises NotFound."""
    persona = put_back(session, Persona, journey.id, persona_id)
    _record(session, user_id, "restore persona", journey, persona)
    return persona.title


def _delete_file(installation: Installation, session: Session, file_id: int | None) -> None:
    file = session.get(File, file_id) if file_id is not None else None
    if file is not None:
        installation.files.remove(session, file)


def _feel(journey: Journey, persona: Persona, levels: Mapping[int, int]) -> None:
    if not set(levels) <= {stage.id for stage in journey.stages}:
        raise Invalid("A stage is not in this journey; reload the page.", field="title")
    if not set(levels.values()) <= set(LEVELS):
        raise Invalid("An emotion is a whole number from -2 to 2.", field="title")
    there = {each.stage_id: each for each in persona.emotions}
    for stage, level in levels.items():
        if stage in there:
            there[stage].level = level
        else:
            persona.emotions.append(PersonaEmotion(stage_id=stage, level=level))
    for stage, each in there.items():
        if stage not in levels:
            persona.emotions.remove(each)


def _record(
    session: Session, user_id: int | None, said: str, journey: Journey, persona: Persona
) -> None:
    record(
        session, user_id, said, f"journey {journey.code}", number=persona.id, title=persona.title
    )
