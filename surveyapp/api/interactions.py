"""Interactions in: other programs report whom a touchpoint has met, so that they can be asked."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from surveyapp.api.bodies import Blueprint, Strict
from surveyapp.api.callers import needs, storage
from surveyapp.api.problems import Fault, Problem
from surveyapp.asking.interactions import receive
from surveyapp.auth.api_keys import Scope
from surveyapp.store.columns import utc_now

MOST = 1000  # in one request

interactions = Blueprint(
    "interactions", __name__, url_prefix="/api/v1", description="Whom your touchpoints have met."
)


def _text(description: str, longest: int = 200, **other: Any) -> ma.fields.String:
    shortest = 1 if other.get("required") else None
    return ma.fields.String(
        validate=ma.validate.Length(min=shortest, max=longest),
        metadata={"description": description},
        **other,
    )


class InteractionSchema(Strict):
    """A customer met a touchpoint at a time."""

    journey = _text("The journey's code.", required=True)
    touchpoint = _text("The touchpoint's code, or stage/touchpoint.", required=True)
    customer_ref = _text(
        "By which you know the customer. Only a keyed hash of it is kept.", required=True
    )
    at = _text("When it happened, with its offset: 2026-03-29T14:05:00+03:00.", 60, required=True)
    external_id = _text(
        "Your number of the interaction. Reported again with it, it is counted and changes nothing;"
        " without one, the same customer, time, outcome and channel count as the same."
    )
    run = _text("Your number of the passage through the journey that it belongs to.")
    channel = _text("As you call it, such as branch.", 60)
    outcome = _text("As you call it, such as approved.", 60)
    language = _text("In which the customer is asked: en, pt-BR.", 20)
    attributes = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Raw(
            metadata={"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]}
        ),
        metadata={"description": "What segments are made of, such as {'region': 'North'}."},
    )
    email = _text("Where the customer is asked. Kept apart from every answer.", 254)
    phone = _text("With its country code, for messages that another program sends.", 40)
    zone = _text("The customer's time zone by its IANA name, for quiet hours.", 60)


class BatchSchema(Strict):
    """Up to a thousand interactions, in any order."""

    interactions = ma.fields.List(
        ma.fields.Nested(InteractionSchema),
        required=True,
        validate=ma.validate.Length(min=1, max=MOST),
    )


class RefusedSchema(ma.Schema):
    """One interaction that was not taken, and why; the others were."""

    place = ma.fields.Integer(
        required=True, metadata={"description": "In the batch, from 0.", "minimum": 0}
    )
    field = ma.fields.String(required=True, metadata={"description": "Empty: the whole of it."})
    reason = ma.fields.String(required=True)
    cure = ma.fields.String(required=True, metadata={"description": "What to do about it."})


class ReceivedSchema(ma.Schema):
    """What became of the batch."""

    stored = ma.fields.Integer(required=True)
    already = ma.fields.Integer(
        required=True, metadata={"description": "Reported before, and unchanged."}
    )
    refused = ma.fields.List(ma.fields.Nested(RefusedSchema), required=True)


@interactions.route("/interactions", methods=["POST"])
@needs(Scope.WRITE_INTERACTIONS)
@interactions.arguments(BatchSchema)
@interactions.response(200, ReceivedSchema)
def report_interactions(batch: dict[str, Any]) -> dict[str, Any]:
    """Report interactions

    A batch of a wrong form (an unknown field, a number for a text) is refused as a whole with 422.
    Otherwise each interaction is judged alone: what can be taken is stored, and `refused` lists the
    rest. When none can be taken the answer is 422 with the same reasons. Sending a batch again is
    safe: nothing is stored twice.
    """
    with storage().store.writing() as session:
        received = receive(
            session,
            batch["interactions"],
            secret_key=storage().secret_key,
            source="api",
            now=utc_now(),
        )
    if not received.stored and not received.already:
        raise Problem(
            422,
            "None of the interactions can be taken",
            f"{received.refused_reports} refused; the first: {received.refused[0].reason}",
            tuple(
                Fault(
                    f"interactions.{each.place - 1}" + (f".{each.field}" if each.field else ""),
                    f"{each.reason} {each.cure}".strip(),
                )
                for each in received.refused
            ),
        )
    refused = [{**vars(each), "place": each.place - 1} for each in received.refused]
    return {"stored": received.stored, "already": received.already, "refused": refused}
