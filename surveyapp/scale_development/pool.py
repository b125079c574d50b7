"""Writes of a scale's construct and item pool: each wording and state stays on record with its reason."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.i18n.languages import OWN_NAMES
from surveyapp.journeys.record_removals import KEPT
from surveyapp.questionnaires.presets import scale_presets
from surveyapp.scale_development.queries import constructs_of, items_of, scales_of
from surveyapp.store.audit import record
from surveyapp.store.models import (
    InterviewFinding,
    ItemTranslation,
    Journey,
    Judge,
    JudgingRound,
    ScaleConstruct,
    ScaleDevelopment,
    ScaleItem,
    ScaleItemChange,
    ScalePilot,
    ScaleVersion,
)

LONGEST_NAME, LONGEST_CODE, LONGEST_REASON, LONGEST_TEXT = 200, 36, 500, 1_000
LONGEST_DEFINITION = 4_000
MOST_SCALES, MOST_CONSTRUCTS, MOST_ITEMS = 100, 20, 200
DIMENSION, NEIGHBOUR = "dimension", "neighbour"
DRAFT, JUDGING, KEPT_ITEM, DROPPED = "draft", "judging", "kept", "dropped"
# What instruments, files and model texts can all call an item.
_CODE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
STATES = (DRAFT, JUDGING, KEPT_ITEM, DROPPED)


@dataclass(frozen=True)
class ScaleWanted:
    """What somebody writes about a scale as a whole."""

    name: str
    definition: str
    population: str
    language: str
    answer_scale: str


@dataclass(frozen=True)
class ConstructWanted:
    """What somebody writes about a dimension or a neighbour; ``relation`` is expected of a neighbour."""

    kind: str
    code: str
    name: str
    definition: str
    relation: str = ""


@dataclass(frozen=True)
class ItemWanted:
    """What somebody writes about an item; ``reason`` says why its wording changes."""

    code: str
    text: str
    construct_id: int
    reverse: bool = False
    source: str = ""
    reason: str = ""


def make_scale(
    session: Session, journey: Journey, wanted: ScaleWanted, *, user_id: int | None
) -> ScaleDevelopment:
    """A scale without dimensions or items. Raises Invalid with the field, Conflict for one too many."""
    known = scales_of(session, journey.id)
    if len(known) >= MOST_SCALES:
        raise Conflict(f"This journey has {len(known)} scales, as many as may be; remove one.")
    _refuse_scale(wanted, known)
    scale = ScaleDevelopment(journey_id=journey.id, created_by=user_id, **_plain(wanted))
    session.add(scale)
    session.flush()
    note(session, user_id, "make scale", scale, name=scale.name)
    return scale


def change_scale(
    session: Session, scale: ScaleDevelopment, wanted: ScaleWanted, *, user_id: int | None
) -> None:
    """Write a scale's name, definition and so on anew. Raises Invalid with the field."""
    others = [each for each in scales_of(session, scale.journey_id) if each.id != scale.id]
    _refuse_scale(wanted, others)
    before = {name: getattr(scale, name) for name in vars(wanted)}
    for name, value in _plain(wanted).items():
        setattr(scale, name, value)
    changed = [name for name, value in before.items() if getattr(scale, name) != value]
    if changed:
        note(session, user_id, "change scale", scale, changed=changed)


def remove_scale(
    session: Session, scale: ScaleDevelopment, *, user_id: int | None, now: datetime
) -> None:
    """Take a scale off the list; it can be restored for ``KEPT``, its judges' links open nothing meanwhile.

    Those removed longer ago go for good, with the answers that were uploaded for their pilots.
    """
    _forget(session, scale.journey_id, now - KEPT)
    scale.removed_at, scale.removed_by = now, user_id
    note(session, user_id, "remove scale", scale)


def restore_scale(
    session: Session, journey: Journey, scale_id: int, *, user_id: int | None, now: datetime
) -> ScaleDevelopment:
    """Put a removed scale back. Raises NotFound, Conflict where its name is taken."""
    scale = session.get(ScaleDevelopment, scale_id)
    gone = scale is None or scale.journey_id != journey.id or scale.removed_at is None
    if scale is None or gone or scale.removed_at < now - KEPT:  # type: ignore[operator]
        raise NotFound("This has been restored already, or its time to restore it is over.")
    taken = {each.name.casefold() for each in scales_of(session, journey.id)}
    if scale.name.casefold() in taken:
        raise Conflict(f"There is another scale “{scale.name}” by now; remove that one first.")
    scale.removed_at, scale.removed_by = None, None
    note(session, user_id, "restore scale", scale)
    return scale


def add_construct(
    session: Session, scale: ScaleDevelopment, wanted: ConstructWanted, *, user_id: int | None
) -> ScaleConstruct:
    """A dimension or neighbour more. Raises Invalid with the field, Conflict for one too many."""
    known = constructs_of(session, scale.id)
    if len(known) >= MOST_CONSTRUCTS:
        raise Conflict(f"A scale has at most {MOST_CONSTRUCTS} dimensions and neighbours.")
    construct = ScaleConstruct(scale_id=scale.id, **_checked_construct(wanted, known))
    session.add(construct)
    session.flush()
    note(session, user_id, "add construct", scale, kind=construct.kind, code=construct.code)
    return construct


def change_construct(
    session: Session,
    scale: ScaleDevelopment,
    construct: ScaleConstruct,
    wanted: ConstructWanted,
    *,
    user_id: int | None,
) -> None:
    """Write a construct anew; what it is, a dimension or a neighbour, stays. Raises Invalid."""
    others = [each for each in constructs_of(session, scale.id) if each.id != construct.id]
    found = _checked_construct(wanted, others)
    if found.pop("kind") != construct.kind:
        raise Invalid("A dimension cannot become a neighbour; add it anew.", field="kind")
    for name, value in found.items():
        setattr(construct, name, value)
    note(session, user_id, "change construct", scale, code=construct.code)


def remove_construct(
    session: Session, scale: ScaleDevelopment, construct: ScaleConstruct, *, user_id: int | None
) -> None:
    """Remove a construct for which no item was written. Raises Conflict where there is one."""
    query = select(ScaleItem.code).where(ScaleItem.construct_id == construct.id)
    items = list(session.scalars(query))
    if items:
        raise Conflict(
            f"{construct.name} has {len(items)} items in the pool, such as {items[0]}; they stay on"
            " record. Write them for another dimension first."
        )
    note(session, user_id, "remove construct", scale, code=construct.code)
    session.delete(construct)


def add_item(
    session: Session,
    scale: ScaleDevelopment,
    wanted: ItemWanted,
    *,
    user_id: int | None,
    now: datetime,
) -> ScaleItem:
    """An item more, as a draft. Raises Invalid with the field, Conflict for one too many."""
    known = items_of(session, scale.id)
    if len(known) >= MOST_ITEMS:
        raise Conflict(f"A pool has at most {MOST_ITEMS} items, dropped ones included.")
    found = _checked_item(session, scale, wanted, known)
    item = ScaleItem(scale_id=scale.id, state=DRAFT, created_at=now, **found)
    session.add(item)
    session.flush()
    _keep(session, item, wanted.reason, user_id=user_id, now=now)
    note(session, user_id, "add scale item", scale, item=item.code)
    return item


def change_item(
    session: Session,
    scale: ScaleDevelopment,
    item: ScaleItem,
    wanted: ItemWanted,
    *,
    user_id: int | None,
    now: datetime,
) -> None:
    """Write an item anew; a new wording needs its reason, and the old one stays on record.

    Raises Invalid with the field.
    """
    others = [each for each in items_of(session, scale.id) if each.id != item.id]
    found = _checked_item(session, scale, wanted, others)
    reworded = found["text"] != item.text
    if reworded and not wanted.reason.strip():
        raise Invalid("Say why the wording changes; the reason stays on record.", field="reason")
    changed = [name for name, value in found.items() if getattr(item, name) != value]
    for name, value in found.items():
        setattr(item, name, value)
    session.flush()
    session.refresh(item)
    if reworded:
        _keep(session, item, wanted.reason, user_id=user_id, now=now)
    if changed:
        note(session, user_id, "change scale item", scale, item=item.code, changed=changed)


def set_state(
    session: Session,
    scale: ScaleDevelopment,
    item: ScaleItem,
    state: str,
    reason: str,
    *,
    user_id: int | None,
    now: datetime,
) -> None:
    """Decide about an item; dropping it needs a reason. Setting the same state again changes nothing.

    Raises Invalid with the field.
    """
    if state not in STATES:
        raise Invalid(f"{state[:20]!r} is no state; use {', '.join(STATES)}.", field="state")
    reason = one_line(reason, "reason", LONGEST_REASON)
    if state == DROPPED and not reason:
        raise Invalid("Say why the item is dropped; the reason stays on record.", field="reason")
    if (state, reason) == (item.state, item.reason):
        return
    item.state, item.reason = state, reason
    _keep(session, item, reason, user_id=user_id, now=now)
    note(session, user_id, "decide scale item", scale, item=item.code, state=state)


def note(
    session: Session, user_id: int | None, action: str, scale: ScaleDevelopment, **detail: Any
) -> None:
    """Record a change to a scale."""
    record(session, user_id, action, f"scale {scale.id}", **detail)


def one_line(text: str, field: str, longest: int, *, least: int = 0, name: str = "") -> str:
    """A text on one line. Raises Invalid with the field for a length out of bounds."""
    text = " ".join(text.split())
    if not least <= len(text) <= longest:
        raise Invalid(
            f"The {name or field} has {len(text)} characters; use {least} to {longest:,}.",
            field=field,
        )
    return text


def paragraphs(text: str, field: str, longest: int, *, least: int = 0) -> str:
    """A text of several lines, each without blanks at its end. Raises Invalid with the field."""
    text = "\n".join(line.rstrip() for line in text.strip().splitlines())
    if not least <= len(text) <= longest:
        raise Invalid(
            f"The {field} has {len(text)} characters; use {least} to {longest:,}.", field=field
        )
    return text


def _forget(session: Session, journey_id: int, before: datetime) -> None:
    """Delete the journey's scales that were removed before this time, with all that is theirs."""
    query = select(ScaleDevelopment.id).where(
        ScaleDevelopment.journey_id == journey_id, ScaleDevelopment.removed_at < before
    )
    gone = list(session.scalars(query))
    if not gone:
        return
    items = select(ScaleItem.id).where(ScaleItem.scale_id.in_(gone))
    for table in (ScaleItemChange, InterviewFinding, ItemTranslation):
        session.execute(delete(table).where(table.item_id.in_(items)))
    rounds = select(JudgingRound.id).where(JudgingRound.scale_id.in_(gone))
    session.execute(delete(Judge).where(Judge.round_id.in_(rounds)))
    for owned in (JudgingRound, ScalePilot, ScaleVersion, ScaleItem, ScaleConstruct):
        session.execute(delete(owned).where(owned.scale_id.in_(gone)))
    session.execute(delete(ScaleDevelopment).where(ScaleDevelopment.id.in_(gone)))


def _plain(wanted: ScaleWanted) -> dict[str, str]:
    return {
        "name": one_line(wanted.name, "name", LONGEST_NAME, least=1),
        "definition": paragraphs(wanted.definition, "definition", LONGEST_DEFINITION, least=1),
        "population": one_line(wanted.population, "population", 500),
        "language": wanted.language,
        "answer_scale": wanted.answer_scale,
    }


def _refuse_scale(wanted: ScaleWanted, others: Iterable[ScaleDevelopment]) -> None:
    named = " ".join(wanted.name.split())
    if any(each.name.casefold() == named.casefold() for each in others):
        raise Invalid(f"There is a scale “{named}” already; choose another name.", field="name")
    if wanted.language not in OWN_NAMES:
        raise Invalid(f"{wanted.language[:20]!r} is no known language.", field="language")
    if wanted.answer_scale not in scale_presets():
        raise Invalid(
            f"{wanted.answer_scale[:40]!r} is no offered answer scale.", field="answer_scale"
        )


def _checked_construct(wanted: ConstructWanted, others: Iterable[ScaleConstruct]) -> dict[str, str]:
    if wanted.kind not in (DIMENSION, NEIGHBOUR):
        raise Invalid(f"{wanted.kind[:20]!r} is no kind of construct.", field="kind")
    return {
        "kind": wanted.kind,
        "code": _code(wanted.code, {each.code.casefold() for each in others}),
        "name": one_line(wanted.name, "name", LONGEST_NAME, least=1),
        "definition": paragraphs(wanted.definition, "definition", LONGEST_DEFINITION, least=1),
        "relation": one_line(wanted.relation, "relation", 500, name="expected relation"),
    }


def _checked_item(
    session: Session, scale: ScaleDevelopment, wanted: ItemWanted, others: Iterable[ScaleItem]
) -> dict[str, Any]:
    others = list(others)
    dimensions = {each.id for each in constructs_of(session, scale.id, DIMENSION)}
    if wanted.construct_id not in dimensions:
        raise Invalid("Choose the dimension that the item is written for.", field="construct_id")
    text = one_line(wanted.text, "text", LONGEST_TEXT, least=1, name="wording")
    same = next((each for each in others if each.text.casefold() == text.casefold()), None)
    if same is not None:
        raise Invalid(f"{same.code} says the same; the pool has each wording once.", field="text")
    one_line(wanted.reason, "reason", LONGEST_REASON)
    return {
        "code": _code(wanted.code, {each.code.casefold() for each in others}),
        "text": text,
        "construct_id": wanted.construct_id,
        "reverse": wanted.reverse,
        "source": one_line(wanted.source, "source", 500),
    }


def _code(code: str, taken: set[str]) -> str:
    """A code that questionnaires, files and model texts can use."""
    code = code.strip()
    if len(code) > LONGEST_CODE or not _CODE.fullmatch(code):
        raise Invalid(
            f"{code[:40]!r} is no code; use up to {LONGEST_CODE} small letters, digits and single"
            " underscores, a letter first, such as per1.",
            field="code",
        )
    if code.casefold() in taken:
        raise Invalid(f"{code} is the code of another one; choose another.", field="code")
    return code


def _keep(
    session: Session, item: ScaleItem, reason: str, *, user_id: int | None, now: datetime
) -> None:
    """Keep what an item says and is from now on."""
    row = ScaleItemChange(
        item_id=item.id,
        text=item.text,
        state=item.state,
        reason=" ".join(reason.split()),
        changed_by=user_id,
        changed_at=now,
    )
    session.add(row)
    session.flush()
