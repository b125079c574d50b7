"""An inventory carried out: the touchpoints that a preview named, added and changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from surveyapp.errors import Conflict
from surveyapp.journeys import actions
from surveyapp.journeys.inventory_plan import (
    Fate,
    InventoryAccess,
    InventoryPlan,
    PlannedRow,
    journeys_of,
    plan_inventory,
)
from surveyapp.journeys.inventory_rows import InventorySheet
from surveyapp.journeys.map_history import drawn_journey
from surveyapp.store.audit import record
from surveyapp.store.db import Store
from surveyapp.store.models import Journey

_BATCH = 100  # touchpoints a transaction: customers who answer meanwhile wait for its end


@dataclass(frozen=True)
class Brought:
    """How many touchpoints an import added and changed, left as they were, and refused."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0


class PreviewOutdated(Conflict):
    """The maps are not any more as the preview showed them; nothing was written."""


def bring_inventory(
    store: Store,
    sheet: InventorySheet,
    access: InventoryAccess,
    *,
    user_id: int | None,
    digest: str = "",
) -> tuple[Brought, InventoryPlan]:
    """Add and change what the sheet says, some touchpoints a transaction; the same again changes nothing.

    ``digest`` is that of the plan that somebody has seen; without one there was no preview. Raises
    PreviewOutdated where the maps would give another plan now.
    """
    with store.reading() as session:
        plan = plan_inventory(session, sheet, access)
    if digest and digest != plan.digest:
        raise PreviewOutdated(
            "A map was changed after this preview was made; look at what the file would do now."
        )
    todo = plan.to_do
    done: list[PlannedRow] = []
    for start in range(0, len(todo), _BATCH):
        if start:
            store.give_way()
        part = todo[start : start + _BATCH]
        with store.writing() as session:
            done += _bring_part(session, sheet, part, access, user_id)
    counts = Brought(
        added=sum(each.fate is Fate.ADDED for each in done),
        changed=sum(each.fate is Fate.CHANGED for each in done),
        unchanged=len(plan.of(Fate.UNCHANGED)) + len(todo) - len(done),
        refused=len(plan.of(Fate.REFUSED)),
    )
    return counts, plan


def _bring_part(
    session: Session,
    sheet: InventorySheet,
    part: Sequence[PlannedRow],
    access: InventoryAccess,
    user_id: int | None,
) -> list[PlannedRow]:
    """Carry out some rows on maps that nobody else changes meanwhile; those that changed something."""
    held = {number: drawn_journey(session, number) for number in journeys_of(part)}
    now = plan_inventory(session, sheet.of_rows(each.number for each in part), access).to_do
    for each in now:
        _carry_out(session, held[each.journey_id], each, user_id)
    for number in journeys_of(now):
        own = [each for each in now if each.journey_id == number]
        record(
            session,
            user_id,
            "import inventory",
            f"journey {held[number].code}",
            added=sum(each.fate is Fate.ADDED for each in own),
            changed=sum(each.fate is Fate.CHANGED for each in own),
        )
    return now


def _carry_out(session: Session, journey: Journey, row: PlannedRow, user_id: int | None) -> None:
    stage = next(each for each in journey.stages if each.id == row.stage_id)
    said, truth = row.said, row.said["moment_of_truth"] == "yes"
    if row.fate is Fate.ADDED:
        actions.add_touchpoint(
            session,
            stage,
            name=said["name"],
            channel=said["channel"],
            ownership=said["ownership"],
            partner=said["partner"],
            moment_of_truth=truth,
            code=row.code,
            user_id=user_id,
        )
        return
    point = next(each for each in stage.touchpoints if each.id == row.point_id)
    actions.edit_touchpoint(
        session,
        point,
        name=said["name"],
        channel=said["channel"],
        ownership=said["ownership"],
        partner=said["partner"],
        moment_of_truth=truth,
        front_stage=point.front_stage,
        backstage=point.backstage,
        user_id=user_id,
    )
