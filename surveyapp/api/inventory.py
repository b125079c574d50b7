"""The inventory in: another program names touchpoints, which are added to their maps or changed there."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from surveyapp.api.bodies import Blueprint, Strict
from surveyapp.api.callers import caller, installation, needs
from surveyapp.api.problems import Fault, Problem
from surveyapp.api.received import text
from surveyapp.auth.api_keys import KeyScope
from surveyapp.journeys.actions import OWNERSHIPS
from surveyapp.journeys.inventory_actions import bring_inventory
from surveyapp.journeys.inventory_plan import (
    Fate,
    InventoryAccess,
    InventoryPlan,
    plan_inventory,
)
from surveyapp.journeys.inventory_rows import InventoryRow, InventorySheet
from surveyapp.journeys.refused_cells import RefusedCell
from surveyapp.problem_types import NOTHING_ACCEPTED

MOST = 1000  # in one request
# By the name of a field here, the column of a file.
_COLUMNS = {
    "journey": "journey_code",
    "stage": "stage_code",
    "touchpoint": "touchpoint_code",
    "name": "touchpoint",
    "channel": "channel",
    "ownership": "ownership",
    "partner": "partner",
    "moment_of_truth": "moment_of_truth",
}
_FIELDS = {column: name for name, column in _COLUMNS.items()}

inventory = Blueprint(
    "inventory", __name__, url_prefix="/api/v1", description="Touchpoints of your journeys."
)


class InventoryTouchpointSchema(Strict):
    """A touchpoint and what is said of it; a field that is left out stays what it is."""

    journey = text("The journey's code.", required=True)
    stage = text("The stage's code.", required=True)
    touchpoint = text("The touchpoint's code. Without it the name is looked up in the stage.", 60)
    name = text("Its name; required of a new one.")
    channel = text("In your own words, such as branch.", 60)
    ownership = ma.fields.String(
        validate=ma.validate.OneOf(OWNERSHIPS), metadata={"description": "Who runs it."}
    )
    partner = text("The partner that runs it, where the ownership is partner.")
    moment_of_truth = ma.fields.Boolean()


class InventoryBatchSchema(Strict):
    """Up to a thousand touchpoints, in any order."""

    touchpoints = ma.fields.List(
        ma.fields.Nested(InventoryTouchpointSchema),
        required=True,
        validate=ma.validate.Length(min=1, max=MOST),
    )
    dry_run = ma.fields.Boolean(
        load_default=False, metadata={"description": "Only say what would be done."}
    )


class RefusedTouchpointSchema(ma.Schema):
    """A touchpoint that was rejected, and why; the others were accepted."""

    place = ma.fields.Integer(
        required=True, metadata={"description": "Its place in the list, from 0."}
    )
    field = ma.fields.String(required=True, metadata={"description": "Empty for all of it."})
    reason = ma.fields.String(required=True)
    cure = ma.fields.String(required=True)


class InventoryBroughtSchema(ma.Schema):
    """How many touchpoints were added, changed, left as they were, and rejected."""

    added = ma.fields.Integer(required=True)
    changed = ma.fields.Integer(required=True)
    unchanged = ma.fields.Integer(required=True)
    refused = ma.fields.List(ma.fields.Nested(RefusedTouchpointSchema), required=True)


_SENT = {
    "touchpoints": [
        {
            "journey": "onboarding",
            "stage": "apply",
            "name": "Branch visit",
            "channel": "branch",
            "ownership": "provider",
            "moment_of_truth": True,
        }
    ]
}
_BROUGHT = {"added": 1, "changed": 0, "unchanged": 0, "refused": []}


@inventory.route("/inventory", methods=["POST"])
@needs(KeyScope.EDIT_JOURNEYS)
@inventory.arguments(InventoryBatchSchema, example=_SENT)
@inventory.response(200, InventoryBroughtSchema, example=_BROUGHT)
def import_inventory(batch: dict[str, Any]) -> dict[str, Any]:
    """Add and change touchpoints

    Each touchpoint is checked on its own: valid ones are added or changed, and `refused` lists the
    others. If none is valid, the answer is 422 with the same reasons. Requests can be repeated safely:
    the same touchpoints again change nothing. None is moved or removed.
    """
    sheet, only = _sheet(batch["touchpoints"]), caller().journey_id
    allowed = None if only is None else frozenset({only})
    access, store = InventoryAccess(allowed, allowed), installation().store
    if batch["dry_run"]:
        with store.reading() as session:
            plan = plan_inventory(session, sheet, access)
        added, changed, unchanged = (
            len(plan.of(fate)) for fate in (Fate.ADDED, Fate.CHANGED, Fate.UNCHANGED)
        )
    else:
        counts, plan = bring_inventory(store, sheet, access, user_id=None)
        added, changed, unchanged = counts.added, counts.changed, counts.unchanged
    refused = _refused(plan)
    if len(refused) == len(sheet.rows):
        raise Problem(
            NOTHING_ACCEPTED,
            f"{len(refused)} rejected; the first: {refused[0]['reason']}",
            tuple(
                Fault(
                    f"touchpoints.{each['place']}" + (f".{each['field']}" if each["field"] else ""),
                    f"{each['reason']} {each['cure']}".strip(),
                )
                for each in refused
            ),
        )
    return {"added": added, "changed": changed, "unchanged": unchanged, "refused": refused}


def _sheet(touchpoints: list[dict[str, Any]]) -> InventorySheet:
    rows = []
    for number, each in enumerate(touchpoints):
        cells = {_COLUMNS[name]: value for name, value in each.items()}
        if "moment_of_truth" in cells:
            cells["moment_of_truth"] = "yes" if cells["moment_of_truth"] else "no"
        rows.append(InventoryRow(number, cells))
    return InventorySheet({}, rows, is_list=True)


def _refused(plan: InventoryPlan) -> list[dict[str, Any]]:
    return [_told(each.number, each.refused) for each in plan.rows if each.refused is not None]


def _told(place: int, cell: RefusedCell) -> dict[str, Any]:
    field = _FIELDS.get(cell.column, "")
    return {"place": place, "field": field, "reason": cell.reason, "cure": cell.cure}
