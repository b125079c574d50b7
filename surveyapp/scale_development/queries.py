"""Reads of scales under development."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer, joinedload

from surveyapp.errors import NotFound
from surveyapp.journeys.record_removals import KEPT
from surveyapp.store.models import (
    InterviewFinding,
    ItemTranslation,
    Judge,
    JudgingRound,
    ScaleConstruct,
    ScaleDevelopment,
    ScaleItem,
    ScaleItemChange,
    ScalePilot,
    ScaleVersion,
)

_LISTED = 20  # removed ones


def scales_of(session: Session, journey_id: int) -> list[ScaleDevelopment]:
    """The journey's scales, newest first."""
    query = select(ScaleDevelopment).where(
        ScaleDevelopment.journey_id == journey_id, ScaleDevelopment.removed_at.is_(None)
    )
    return list(session.scalars(query.order_by(ScaleDevelopment.id.desc())))


def removed_scales(session: Session, journey_id: int, now: datetime) -> list[ScaleDevelopment]:
    """Scales that were removed and can be restored."""
    query = select(ScaleDevelopment).where(
        ScaleDevelopment.journey_id == journey_id, ScaleDevelopment.removed_at >= now - KEPT
    )
    query = query.order_by(ScaleDevelopment.removed_at.desc())
    return list(session.scalars(query.limit(_LISTED)))


def scale_of(
    session: Session, journey_id: int, scale_id: int, *, to_change: bool = False
) -> ScaleDevelopment:
    """A scale of this journey; NotFound also when it is another one's, or was removed.

    ``to_change`` lets nobody else change it until the caller's transaction is over.
    """
    found = session.get(ScaleDevelopment, scale_id, with_for_update=to_change or None)
    if found is None or found.journey_id != journey_id or found.removed_at is not None:
        raise NotFound("There is no such scale on this journey; it may have been removed.")
    return found


def item_counts(session: Session, scales: Sequence[ScaleDevelopment]) -> dict[int, dict[str, int]]:
    """How many items each scale has in each state."""
    query = select(ScaleItem.scale_id, ScaleItem.state, func.count()).group_by(
        ScaleItem.scale_id, ScaleItem.state
    )
    query = query.where(ScaleItem.scale_id.in_([each.id for each in scales]))
    found: dict[int, dict[str, int]] = {each.id: {} for each in scales}
    for scale_id, state, count in session.execute(query):
        found[scale_id][state] = count
    return found


def constructs_of(session: Session, scale_id: int, kind: str = "") -> list[ScaleConstruct]:
    """The scale's dimensions and then its neighbours, or those of one kind, as they were added."""
    query = select(ScaleConstruct).where(ScaleConstruct.scale_id == scale_id)
    if kind:
        query = query.where(ScaleConstruct.kind == kind)
    return list(session.scalars(query.order_by(ScaleConstruct.kind, ScaleConstruct.id)))


def construct_of(session: Session, scale_id: int, construct_id: int) -> ScaleConstruct:
    """A construct of this scale, or NotFound."""
    found = session.get(ScaleConstruct, construct_id)
    if found is None or found.scale_id != scale_id:
        raise NotFound("There is no such construct in this scale; it may have been removed.")
    return found


def items_of(session: Session, scale_id: int, *states: str) -> list[ScaleItem]:
    """The pool by dimension, then as items were added; only those in these states, if any are named."""
    query = select(ScaleItem).where(ScaleItem.scale_id == scale_id)
    if states:
        query = query.where(ScaleItem.state.in_(states))
    return list(session.scalars(query.order_by(ScaleItem.construct_id, ScaleItem.id)))


def item_of(session: Session, scale_id: int, item_id: int) -> ScaleItem:
    """An item of this scale's pool, or NotFound."""
    found = session.get(ScaleItem, item_id)
    if found is None or found.scale_id != scale_id:
        raise NotFound("There is no such item in this scale's pool.")
    return found


def changes_of(session: Session, scale_id: int) -> dict[int, list[ScaleItemChange]]:
    """What each item of the pool said and was, oldest first."""
    query = select(ScaleItemChange).join(ScaleItem, ScaleItem.id == ScaleItemChange.item_id)
    query = query.where(ScaleItem.scale_id == scale_id).order_by(ScaleItemChange.id)
    found: dict[int, list[ScaleItemChange]] = defaultdict(list)
    for each in session.scalars(query):
        found[each.item_id].append(each)
    return found


def rounds_of(session: Session, scale_id: int) -> list[JudgingRound]:
    """The scale's judging rounds, newest first."""
    query = select(JudgingRound).where(JudgingRound.scale_id == scale_id)
    return list(session.scalars(query.order_by(JudgingRound.id.desc())))


def round_of(session: Session, scale_id: int, round_id: int) -> JudgingRound:
    """A judging round of this scale, or NotFound."""
    found = session.get(JudgingRound, round_id)
    if found is None or found.scale_id != scale_id:
        raise NotFound("There is no such judging round of this scale.")
    return found


def judges_of(session: Session, round_id: int) -> list[Judge]:
    """The round's judges as they were invited."""
    query = select(Judge).where(Judge.round_id == round_id).order_by(Judge.id)
    return list(session.scalars(query))


def findings_of(session: Session, scale_id: int) -> dict[int, list[InterviewFinding]]:
    """What interviews showed about each item, oldest first."""
    query = select(InterviewFinding).join(ScaleItem, ScaleItem.id == InterviewFinding.item_id)
    query = query.where(ScaleItem.scale_id == scale_id).order_by(InterviewFinding.id)
    found: dict[int, list[InterviewFinding]] = defaultdict(list)
    for each in session.scalars(query):
        found[each.item_id].append(each)
    return found


def translations_of(session: Session, scale_id: int) -> dict[int, dict[str, list[ItemTranslation]]]:
    """The turns of each item's translation by language, oldest first."""
    query = select(ItemTranslation).join(ScaleItem, ScaleItem.id == ItemTranslation.item_id)
    query = query.where(ScaleItem.scale_id == scale_id).order_by(ItemTranslation.id)
    found: dict[int, dict[str, list[ItemTranslation]]] = defaultdict(dict)
    for each in session.scalars(query):
        found[each.item_id].setdefault(each.language, []).append(each)
    return found


def versions_of(session: Session, scale_id: int) -> list[ScaleVersion]:
    """The scale's versions, newest first."""
    query = select(ScaleVersion).where(ScaleVersion.scale_id == scale_id)
    query = query.options(joinedload(ScaleVersion.questionnaire))
    return list(session.scalars(query.order_by(ScaleVersion.number.desc())))


def version_of(session: Session, scale_id: int, number: int) -> ScaleVersion:
    """The scale's version of this number, or NotFound."""
    query = select(ScaleVersion).where(ScaleVersion.scale_id == scale_id)
    found = session.scalar(query.where(ScaleVersion.number == number))
    if found is None:
        raise NotFound(f"This scale has no version {number}.")
    return found


def pilots_of(session: Session, scale_id: int) -> list[ScalePilot]:
    """The scale's pilots, newest first, without uploaded answers."""
    query = select(ScalePilot).where(ScalePilot.scale_id == scale_id)
    query = query.options(defer(ScalePilot.uploaded)).order_by(ScalePilot.id.desc())
    return list(session.scalars(query))


def pilot_of(session: Session, scale_id: int, pilot_id: int) -> ScalePilot:
    """A pilot of this scale, or NotFound."""
    query = select(ScalePilot).where(ScalePilot.id == pilot_id, ScalePilot.scale_id == scale_id)
    found = session.scalar(query.options(defer(ScalePilot.uploaded)))
    if found is None:
        raise NotFound("There is no such pilot of this scale.")
    return found
