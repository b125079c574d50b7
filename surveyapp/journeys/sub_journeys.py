"""Sub-journeys: stages and touchpoints that lead to another journey, and which journeys those are part of."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.store.audit import record
from surveyapp.store.models import Journey, Stage, SubJourney, Touchpoint

Granted = Select[int] | None  # ids of the journeys that whoever asks may read; None: all


@dataclass(frozen=True)
class JourneyLink:
    """That ``journey`` leads to ``leads_to`` at ``place``, a stage's name or a touchpoint's."""

    id: int
    journey_id: int
    journey: str
    stage_id: int | None
    touchpoint_id: int | None
    place: str
    leads_to_id: int
    leads_to: str


def lead_to(
    session: Session,
    journey: Journey,
    at: Stage | Touchpoint,
    sub_id: int,
    *,
    user_id: int | None,
) -> SubJourney:
    """Let a stage or touchpoint lead to another journey.

    Raises NotFound for no such journey, Conflict for one that the place leads to already, and Invalid
    where the other journey leads back: no journey is a part of itself.
    """
    # One at a time: two that each allow the other's link would close the circle together.
    session.execute(select(Journey.id).order_by(Journey.id).with_for_update())
    sub = session.get(Journey, sub_id)
    if sub is None:
        raise NotFound("There is no such journey; it may have been removed.")
    if journey.id in _reached(session, sub.id):
        raise Invalid(
            f"{sub.name} is {journey.name} itself."
            if sub.id == journey.id
            else f"{sub.name} leads to {journey.name} already, by itself or through others; a journey"
            " cannot be a part of itself.",
            field="leads_to",
        )
    stage_id = at.id if isinstance(at, Stage) else None
    point_id = at.id if isinstance(at, Touchpoint) else None
    same = select(SubJourney.id).where(
        SubJourney.leads_to_id == sub.id,
        SubJourney.stage_id == stage_id
        if point_id is None
        else SubJourney.touchpoint_id == point_id,
    )
    if session.scalar(same) is not None:
        raise Conflict(f"{at.name} leads to {sub.name} already.")
    row = SubJourney(
        journey_id=journey.id, stage_id=stage_id, touchpoint_id=point_id, leads_to_id=sub.id
    )
    session.add(row)
    session.flush()
    record(session, user_id, "add sub-journey", f"journey {journey.code}", leads_to=sub.code)
    return row


def lead_nowhere(session: Session, journey: Journey, link_id: int, *, user_id: int | None) -> None:
    """Take a link to another journey off. Raises NotFound."""
    row = session.get(SubJourney, link_id)
    if row is None or row.journey_id != journey.id:
        raise NotFound("There is no such link of this journey; somebody may have removed it.")
    code = session.get_one(Journey, row.leads_to_id).code
    session.delete(row)
    record(session, user_id, "remove sub-journey", f"journey {journey.code}", leads_to=code)


def sub_journeys(session: Session, journey_id: int, granted: Granted) -> list[JourneyLink]:
    """Where a journey leads to others that may be read, in the map's order."""
    links = _links(session, granted, SubJourney.journey_id == journey_id)
    order = _order(session, journey_id)
    return sorted(links, key=lambda each: order.get((each.stage_id, each.touchpoint_id), 0))


def part_of(session: Session, journey_id: int, granted: Granted) -> list[JourneyLink]:
    """Where other journeys that may be read lead to this one, by their names."""
    links = _links(session, granted, SubJourney.leads_to_id == journey_id)
    return sorted(links, key=lambda each: (each.journey, each.id))


def parents_of(
    session: Session, journey_ids: Collection[int], granted: Granted
) -> dict[int, list[JourneyLink]]:
    """By journey, where others that may be read lead to it."""
    found: dict[int, list[JourneyLink]] = {}
    for each in _links(session, granted, SubJourney.leads_to_id.in_(journey_ids)):
        found.setdefault(each.leads_to_id, []).append(each)
    return found


def refuse_if_leading(session: Session, at: Stage | Touchpoint) -> None:
    """Raise Conflict where a stage or touchpoint that is to be removed leads to another journey."""
    column = SubJourney.stage_id if isinstance(at, Stage) else SubJourney.touchpoint_id
    if session.scalar(select(SubJourney.id).where(column == at.id).limit(1)) is not None:
        # Not by its name: whoever removes may not be one who reads that journey.
        raise Conflict(
            f"{at.name} cannot be removed, because it leads to another journey; somebody who may read that"
            " one removes the link under Sub-journeys first."
        )


def _reached(session: Session, journey_id: int) -> set[int]:
    """The journey and every one that it leads to, directly or not."""
    leads: dict[int, list[int]] = {}
    for origin, to in session.execute(select(SubJourney.journey_id, SubJourney.leads_to_id)):
        leads.setdefault(origin, []).append(to)
    seen, waiting = {journey_id}, deque([journey_id])
    while waiting:
        for to in leads.get(waiting.popleft(), ()):
            if to not in seen:
                seen.add(to)
                waiting.append(to)
    return seen


def _links(session: Session, granted: Granted, *where: object) -> Iterator[JourneyLink]:
    query = select(SubJourney).where(*where)  # type: ignore[arg-type]
    if granted is not None:
        query = query.where(SubJourney.journey_id.in_(granted), SubJourney.leads_to_id.in_(granted))
    for row in list(session.scalars(query.order_by(SubJourney.id))):
        at: Stage | Touchpoint
        if row.touchpoint_id is not None:
            at = session.get_one(Touchpoint, row.touchpoint_id)
        else:
            at = session.get_one(Stage, row.stage_id)
        yield JourneyLink(
            row.id,
            row.journey_id,
            session.get_one(Journey, row.journey_id).name,
            row.stage_id,
            row.touchpoint_id,
            at.name,
            row.leads_to_id,
            session.get_one(Journey, row.leads_to_id).name,
        )


def _order(session: Session, journey_id: int) -> dict[tuple[int | None, int | None], int]:
    """The place of each stage and touchpoint on the map."""
    found: list[tuple[int | None, int | None]] = []
    for stage in session.get_one(Journey, journey_id).stages:
        found.append((stage.id, None))
        found += [(None, point.id) for point in stage.touchpoints]
    return {key: at for at, key in enumerate(found)}
