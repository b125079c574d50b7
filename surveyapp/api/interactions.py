"""Interactions in: other programs report whom a touchpoint has met, so that they can be asked."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from surveyapp.api.bodies import Blueprint, Strict, attributes
from surveyapp.api.callers import caller, installation, needs
from surveyapp.api.problems import Fault, Problem
from surveyapp.auth.api_keys import KeyScope
from surveyapp.problem_types import NOTHING_ACCEPTED
from surveyapp.sampling.interactions import receive

MOST = 1000  # in one request

interactions = Blueprint(
    "interactions", __name__, url_prefix="/api/v1", description="Events at your touchpoints."
)


def text(description: str, longest: int = 200, **other: Any) -> ma.fields.String:
    """A field of text with its limits, not empty where it is required."""
    shortest = 1 if other.get("required") else None
    return ma.fields.String(
        validate=ma.validate.Length(min=shortest, max=longest),
        metadata={"description": description},
        **other,
    )


def _short(told: str) -> None:
    """A limit that the document does not tell: generated clients would apply it to a time."""
    ma.validate.Length(min=1, max=60)(told)


class InteractionSchema(Strict):
    """An event: what happened to a customer at a touchpoint, and when."""

    journey = text("The journey's code.", required=True)
    touchpoint = text("The touchpoint's code, or stage/touchpoint.", required=True)
    customer_ref = text(
        "Your reference for the customer. Only a keyed hash of it is stored.", required=True
    )
    at = ma.fields.String(  # read event by event, so that a wrong one leaves the others alone
        required=True,
        validate=_short,
        metadata={
            "format": "date-time",
            "description": "When it happened, with UTC offset: 2026-03-29T14:05:00+03:00.",
        },
    )
    external_id = text(
        "Your ID for the event. An event reported again with the same ID is counted"
        " as already known and changes nothing; without an ID, events with the same"
        " customer, time, outcome and channel are the same."
    )
    run = text("Your ID for the journey run that the event belongs to.")
    channel = text("As your systems name it, such as branch.", 60)
    outcome = text("As your systems name it, such as approved.", 60)
    language = text("The customer's language: en, pt-BR.", 20)
    attributes = attributes("Customer attributes, used in segments, such as {'region': 'North'}.")
    email = text("The customer's email address. Stored apart from answers.", 254)
    phone = text("With country code, for messages that another system sends.", 40)
    zone = text("The customer's time zone as an IANA name, for quiet hours.", 60)


class BatchSchema(Strict):
    """Up to a thousand events, in any order."""

    interactions = ma.fields.List(
        ma.fields.Nested(InteractionSchema),
        required=True,
        validate=ma.validate.Length(min=1, max=MOST),
    )


class RefusedSchema(ma.Schema):
    """An event or outcome that was rejected, and why; the others were accepted."""

    place = ma.fields.Integer(
        required=True, metadata={"description": "Position in the batch, from 0.", "minimum": 0}
    )
    field = ma.fields.String(
        required=True, metadata={"description": "Empty if all of it is invalid."}
    )
    reason = ma.fields.String(required=True)
    cure = ma.fields.String(required=True, metadata={"description": "How to fix it."})


class ReceivedSchema(ma.Schema):
    """The result of the batch."""

    stored = ma.fields.Integer(required=True)
    already = ma.fields.Integer(
        required=True, metadata={"description": "Already reported, and unchanged."}
    )
    refused = ma.fields.List(ma.fields.Nested(RefusedSchema), required=True)


_SENT = {
    "interactions": [
        {
            "journey": "onboarding",
            "touchpoint": "apply/form",
            "customer_ref": "C-1042",
            "at": "2026-03-29T14:05:00+03:00",
            "external_id": "7781",
            "outcome": "approved",
            "email": "anna@example.org",
            "language": "en",
            "attributes": {"region": "North", "tenure": 3},
        },
        {
            "journey": "onboarding",
            "touchpoint": "apply/video",
            "customer_ref": "C-1043",
            "at": "2026-03-29T11:20:00Z",
        },
    ]
}
_RECEIVED = {
    "stored": 1,
    "already": 0,
    "refused": [
        {
            "place": 1,
            "field": "touchpoint",
            "reason": "onboarding has no touchpoint 'apply/video'",
            "cure": "Use a code from the journey's map.",
        }
    ],
}


@interactions.route("/interactions", methods=["POST"])
@needs(KeyScope.WRITE_INTERACTIONS)
@interactions.arguments(BatchSchema, example=_SENT)
@interactions.response(200, ReceivedSchema, example=_RECEIVED)
def report_interactions(batch: dict[str, Any]) -> dict[str, Any]:
    """Report events

    A malformed batch (an unknown field, a number in place of a text) is rejected as a whole with 422.
    Otherwise each event is checked on its own: valid events are stored, and `refused` lists the others.
    If no event is valid, the answer is 422 with the same reasons. Requests can be repeated safely:
    nothing is stored twice.
    """
    with installation().store.writing() as session:
        received = receive(
            session,
            batch["interactions"],
            secret_key=installation().secret_key,
            source="api",
            journey_id=caller().journey_id,
            now=installation().now(),
        )
    if not received.stored and not received.already:
        raise Problem(
            NOTHING_ACCEPTED,
            f"{received.refused_reports} rejected; the first: {received.refused[0].reason}",
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
