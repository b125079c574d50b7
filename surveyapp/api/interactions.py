"""Interactions in: other programs report whom a touchpoint has met, so that they can be asked."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from surveyapp.api.bodies import Blueprint, Strict, attributes
from surveyapp.api.callers import caller, installation, needs
from surveyapp.api.received import ReceivedSchema, as_answer, moment, text
from surveyapp.auth.api_keys import KeyScope
from surveyapp.sampling.interactions import receive

MOST = 1000  # in one request

interactions = Blueprint(
    "interactions", __name__, url_prefix="/api/v1", description="Events at your touchpoints."
)


class InteractionSchema(Strict):
    """An event: what happened to a customer at a touchpoint, and when."""

    journey = text("The journey's code.", required=True)
    touchpoint = text("The touchpoint's code, or stage/touchpoint.", required=True)
    customer_ref = text(
        "Your reference for the customer. Only a keyed hash of it is stored.", required=True
    )
    at = moment("When it happened, with UTC offset: 2026-03-29T14:05:00+03:00.")
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
    return as_answer(received, "interactions")
