"""Changes of a map by one person after the other, undone and done again by whoever made them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, selectinload

from surveyapp.errors import Conflict, NotFound
from surveyapp.journeys.map_lanes import lane
from surveyapp.journeys.map_steps import (
    ADD,
    EVIDENCE,
    LANE,
    MOVE,
    REMOVE,
    RESTORE,
    SET,
    STAGE,
    Step,
    take,
)
from surveyapp.store.models import Journey, MapChange, Stage, Touchpoint, User

KEPT = 100  # changes of one person on one map


@dataclass(frozen=True)
class Done:
    """What a change did: in words, and the step that would take it back."""

    said: str
    back: Step


@dataclass(frozen=True)
class History:
    """What somebody can undo and do again next, in words; empty where there is nothing."""

    undo: str = ""
    redo: str = ""


def drawn_journey(session: Session, journey_id: int) -> Journey:
    """A journey with its whole map, which nobody else changes until the transaction ends. Raises NotFound."""
    session.execute(select(Journey.id).where(Journey.id == journey_id).with_for_update())
    return whole_map(session, journey_id)


def whole_map(session: Session, journey_id: int) -> Journey:
    """A journey with its stages, touchpoints and texts. Raises NotFound."""
    stages = selectinload(Journey.stages)
    query = select(Journey).options(
        stages.selectinload(Stage.touchpoints).selectinload(Touchpoint.cells),
        stages.selectinload(Stage.cells),
    )
    found = session.scalar(query.where(Journey.id == journey_id))
    if found is None:
        raise NotFound("There is no such journey; it may have been removed.")
    return found


def change(session: Session, journey: Journey, step: Step, *, user_id: int) -> Done:
    """Take a step and note how to undo it; what was undone before cannot be done again any more."""
    back = take(session, journey, step, user_id=user_id)
    said = _said(step)
    if step.do == SET and back.before == back.text:
        return Done(said, back)
    _note(
        session,
        journey,
        MapChange(said=said[:300], undo=back.to_json(), redo=step.to_json()),
        user_id,
    )
    return Done(said, back)


def note_evidence(
    session: Session, journey: Journey, evidence_id: int, name: str, *, user_id: int
) -> None:
    """Note evidence that was added on its own page, so that the map's undo takes it off again."""
    undo, redo = Step(REMOVE, EVIDENCE, id=evidence_id), Step(RESTORE, EVIDENCE, id=evidence_id)
    said = f"Add evidence {name}".strip()[:300]
    made = MapChange(said=said, undo=undo.to_json(), redo=redo.to_json())
    _note(session, journey, made, user_id)


def _note(session: Session, journey: Journey, made: MapChange, user_id: int) -> None:
    """Put a change on the person's list; what they had undone before is forgotten."""
    undone = (
        MapChange.journey_id == journey.id,
        MapChange.user_id == user_id,
        MapChange.undone.is_(True),
    )
    session.execute(delete(MapChange).where(*undone))
    made.journey_id, made.user_id = journey.id, user_id
    session.add(made)
    session.flush()
    _forget_old(session, journey, user_id)


def undo(session: Session, journey: Journey, *, user_id: int) -> Done:
    """Take the person's last change back. Raises Conflict where there is none, and as the step does."""
    found = _next(session, journey.id, user_id, undone=False)
    if found is None:
        raise Conflict("You have nothing to undo on this map.")
    back = take(session, journey, Step.from_json(found.undo), user_id=user_id)
    found.redo, found.undone = back.to_json(), True
    session.flush()
    return Done(found.said, back)


def redo(session: Session, journey: Journey, *, user_id: int) -> Done:
    """Do the change again that the person undid last. Raises as ``undo`` does."""
    found = _next(session, journey.id, user_id, undone=True)
    if found is None:
        raise Conflict("You have nothing to do again on this map.")
    back = take(session, journey, Step.from_json(found.redo), user_id=user_id)
    found.undo, found.undone = back.to_json(), False
    session.flush()
    return Done(found.said, back)


def history(session: Session, journey_id: int, user_id: int) -> History:
    """What the person can undo and do again next."""
    last = _next(session, journey_id, user_id, undone=False)
    undone = _next(session, journey_id, user_id, undone=True)
    return History(last.said if last else "", undone.said if undone else "")


def changed_by(session: Session, journey_id: int, step: Step) -> str:
    """Who wrote last what a step was to write; empty where it was not written on the map."""
    query = (
        select(MapChange, User.name)
        .join(User, User.id == MapChange.user_id)
        .where(MapChange.journey_id == journey_id)
        .order_by(MapChange.id.desc())
    )
    for made, name in session.execute(query.limit(KEPT)):
        if Step.from_json(made.redo).is_about(step):
            return str(name)
    return ""


def _next(session: Session, journey_id: int, user_id: int, *, undone: bool) -> MapChange | None:
    order = MapChange.id.asc() if undone else MapChange.id.desc()
    query = select(MapChange).where(
        MapChange.journey_id == journey_id,
        MapChange.user_id == user_id,
        MapChange.undone.is_(undone),
    )
    return session.scalar(query.order_by(order).limit(1))


def _forget_old(session: Session, journey: Journey, user_id: int) -> None:
    """Leave the person's last changes."""
    mine = (MapChange.journey_id == journey.id, MapChange.user_id == user_id)
    query = select(MapChange.id).where(*mine).order_by(MapChange.id.desc())
    oldest = session.scalar(query.offset(KEPT).limit(1))
    if oldest is not None:
        session.execute(delete(MapChange).where(*mine, MapChange.id <= oldest))


_VERBS = {ADD: "Add", MOVE: "Move", REMOVE: "Remove", RESTORE: "Restore"}


def _said(step: Step) -> str:
    """A change in words, as the buttons say it."""
    if step.do != SET:
        named = f" {step.text}" if step.text else ""
        return f"{_VERBS[step.do]} {step.of}{named}"
    known = lane(step.field)
    if step.of == LANE:
        return f"Rename lane to {step.text}"
    if step.of == STAGE and step.field == "name":
        return f"Rename stage to {step.text}"
    title = known.title if known else "Own lane"
    return f"{title}: {' '.join(step.text.split())[:80] or 'emptied'}"
