"""Outcomes in: other programs report what became of customers, to be set beside their answers."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from surveyapp.api.bodies import Blueprint, Strict
from surveyapp.api.callers import caller, installation, needs
from surveyapp.api.received import ReceivedSchema, as_answer, moment, text
from surveyapp.auth.api_keys import KeyScope
from surveyapp.sampling.outcomes import OutcomeKind, receive_outcomes

MOST = 1000  # in one request

outcomes = Blueprint(
    "outcomes", __name__, url_prefix="/api/v1", description="What became of your customers."
)


class OutcomeSchema(Strict):
    """What became of a customer of a journey, and when."""

    journey = text("The journey's code.", required=True)
    customer_ref = text(
        "Your reference for the customer. Only a keyed hash of it is stored.", required=True
    )
    kind = text(f"One of {', '.join(OutcomeKind)}.", 60, required=True)
    value = ma.fields.Float(
        metadata={
            "description": "1 for an event, 0 for a customer who was followed until that time without it;"
            " a sum of money, or a time in hours, of the other kinds. Left out, an event is 1."
        }
    )
    at = moment("When it happened, with UTC offset: 2026-03-29T14:05:00+03:00.")
    external_id = text(
        "Your ID for the outcome. One reported again with the same ID changes nothing; without an ID,"
        " outcomes of the same customer, kind, time and value are the same."
    )


class OutcomeBatchSchema(Strict):
    """Up to a thousand outcomes, in any order."""

    outcomes = ma.fields.List(
        ma.fields.Nested(OutcomeSchema), required=True, validate=ma.validate.Length(min=1, max=MOST)
    )


_SENT = {
    "outcomes": [
        {
            "journey": "onboarding",
            "customer_ref": "C-1042",
            "kind": "churn",
            "value": 1,
            "at": "2026-09-01T00:00:00Z",
            "external_id": "cancel-881",
        },
        {
            "journey": "onboarding",
            "customer_ref": "C-1043",
            "kind": "revenue",
            "value": 129.9,
            "at": "2026-09-03T11:20:00Z",
        },
    ]
}
_RECEIVED = {"stored": 2, "already": 0, "refused": []}


@outcomes.route("/outcomes", methods=["POST"])
@needs(KeyScope.WRITE_INTERACTIONS)
@outcomes.arguments(OutcomeBatchSchema, example=_SENT)
@outcomes.response(200, ReceivedSchema, example=_RECEIVED)
def report_outcomes(batch: dict[str, Any]) -> dict[str, Any]:
    """Report outcomes

    Each outcome is checked on its own: valid ones are stored, and `refused` lists the others. If none is
    valid, the answer is 422 with the same reasons. Requests can be repeated safely: nothing is stored
    twice. Outcomes are joined to answers of personal surveys alone, never to anonymous ones.
    """
    with installation().store.writing() as session:
        received = receive_outcomes(
            session,
            batch["outcomes"],
            secret_key=installation().secret_key,
            source="api",
            journey_id=caller().journey_id,
            now=installation().now(),
        )
    return as_answer(received, "outcomes")
