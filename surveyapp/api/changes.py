"""Changes: what was changed in a journey and when, to draw beside its scores."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from surveyapp.api.bodies import Blueprint
from surveyapp.api.callers import caller, installation, needs
from surveyapp.api.results import code_in
from surveyapp.auth.api_keys import KeyScope
from surveyapp.journeys import change_queries
from surveyapp.journeys.change_json import change_to_json
from surveyapp.journeys.queries import journey_by_code

changes = Blueprint(
    "changes", __name__, url_prefix="/api/v1", description="What was changed in a journey."
)


def _words(description: str) -> ma.fields.String:
    return ma.fields.String(required=True, allow_none=True, metadata={"description": description})


class RegisteredChangeSchema(ma.Schema):
    """A change. Without stages and touchpoints it is of the journey as a whole."""

    id = ma.fields.Integer(required=True)
    title = ma.fields.String(required=True)
    first = ma.fields.Date(
        required=True, data_key="from", attribute="from", metadata={"description": "First day."}
    )
    last = ma.fields.Date(
        required=True,
        allow_none=True,
        data_key="to",
        attribute="to",
        metadata={"description": "Last day of something temporary; null for what stays."},
    )
    stages = ma.fields.List(
        ma.fields.String(), required=True, metadata={"description": "Codes of whole stages."}
    )
    touchpoints = ma.fields.List(
        ma.fields.String(), required=True, metadata={"description": "Codes of touchpoints."}
    )
    made_by = _words("A member of staff, somebody else, or both.")
    cost = _words("In money, work or both, as it was written down.")
    description = _words("What was done.")
    expected_effect = _words("What was expected of it.")


class RegisteredChangesSchema(ma.Schema):
    """The changes of a journey, the latest first."""

    journey = ma.fields.String(required=True)
    changes = ma.fields.List(ma.fields.Nested(RegisteredChangeSchema), required=True)


_CHANGES = {
    "journey": "onboarding",
    "changes": [
        {
            "id": 3,
            "title": "New sign-in to the app",
            "from": "2026-07-31",
            "to": None,
            "stages": [],
            "touchpoints": ["signin"],
            "made_by": "App team",
            "cost": "EUR 40,000",
            "description": None,
            "expected_effect": "CSAT of the first sign-in up by ten points",
        }
    ],
}


@changes.route("/journeys/<string:code>/changes", methods=["GET"])
@needs(KeyScope.READ_RESULTS)
@changes.response(200, RegisteredChangesSchema, example=_CHANGES)
@changes.alt_response(404, "NOT_FOUND")
def list_journey_changes(code: str) -> dict[str, Any]:
    """List a journey's changes

    What was changed when, at which stages and touchpoints, by whom and at what cost.
    """
    with installation().store.reading() as session:
        journey = journey_by_code(session, code_in(code, "journey"), caller().journey_id)
        found = change_queries.changes(session, journey.id)
        return {"journey": journey.code, "changes": [change_to_json(each) for each in found]}
