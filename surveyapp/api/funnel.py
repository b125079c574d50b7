"""Funnel: how far customers came in a journey, cohorts by month, and what became of invitations."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from surveyapp.api.bodies import Blueprint
from surveyapp.api.callers import caller, installation, needs
from surveyapp.api.portfolio import ShareSchema
from surveyapp.api.results import ResultsQuery, code_in, scope_in
from surveyapp.auth.api_keys import KeyScope
from surveyapp.journeys.queries import journey_by_code
from surveyapp.results.funnels.cohorts import cohorts
from surveyapp.results.funnels.funnel_json import (
    cohorts_to_json,
    invitation_funnels_to_json,
    journey_funnel_to_json,
)
from surveyapp.results.funnels.invitation_funnels import invitation_funnels
from surveyapp.results.funnels.journey_funnel import journey_funnel
from surveyapp.results.funnels.passages import passages

funnel = Blueprint("funnel", __name__, url_prefix="/api/v1", description="How far customers came.")

_DAYS, _MOST_DAYS = 7, 90


class FunnelQuery(ResultsQuery):
    class Meta:
        exclude = ("compare", "channel", "language", "flagged")

    days = ma.fields.Integer(
        validate=ma.validate.Range(1, _MOST_DAYS),
        metadata={"description": "Within how many days a contact repeats one before it; 7."},
    )


class HiddenSchema(ma.Schema):
    """Whether something is hidden, and why."""

    hidden = ma.fields.String(required=True)
    reason = ma.fields.String(required=True, allow_none=True)


class FunnelStageSchema(HiddenSchema):
    """Customers who came to a stage, and those who were not seen at a later one."""

    stage = ma.fields.String(required=True)
    reached = ma.fields.Integer(required=True, allow_none=True)
    share = ma.fields.Nested(ShareSchema, required=True)
    last_seen = ma.fields.Integer(required=True, allow_none=True)
    dropped = ma.fields.Nested(ShareSchema, required=True)
    last_seen_reason = ma.fields.String(required=True, allow_none=True)


class RepeatedSchema(HiddenSchema):
    """Customers at a touchpoint, and those of them who came again within the days."""

    stage = ma.fields.String(required=True)
    touchpoint = ma.fields.String(required=True)
    customers = ma.fields.Integer(required=True, allow_none=True)
    again = ma.fields.Integer(required=True, allow_none=True)
    share = ma.fields.Nested(ShareSchema, required=True)


class FunnelSchema(HiddenSchema):
    """The customers whose first event lies in the months that are asked for."""

    customers = ma.fields.Integer(required=True, allow_none=True)
    repeated_within_days = ma.fields.Integer(required=True)
    stages = ma.fields.List(ma.fields.Nested(FunnelStageSchema), required=True)
    touchpoints = ma.fields.List(ma.fields.Nested(RepeatedSchema), required=True)


class CohortSchema(HiddenSchema):
    """The customers of a month; `reached` is of the same month, of one month later, and so on."""

    month = ma.fields.String(required=True)
    customers = ma.fields.Integer(required=True, allow_none=True)
    reached = ma.fields.List(ma.fields.Nested(ShareSchema), required=True)


class CohortsSchema(ma.Schema):
    """Customers by the month of their first event."""

    last_stage = ma.fields.String(required=True)
    months = ma.fields.List(ma.fields.Nested(CohortSchema), required=True)


class InvitationStepSchema(ma.Schema):
    """How many came this far, of those asked."""

    step = ma.fields.String(required=True)
    n = ma.fields.Integer(required=True)
    share = ma.fields.Nested(ShareSchema, required=True)


class InvitationFunnelSchema(HiddenSchema):
    """The invitations to a survey, or those of one channel."""

    survey = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    stage = ma.fields.String(required=True, allow_none=True)
    touchpoint = ma.fields.String(required=True, allow_none=True)
    channel = ma.fields.String(required=True, allow_none=True)
    steps = ma.fields.List(ma.fields.Nested(InvitationStepSchema), required=True)


class JourneyFunnelSchema(ma.Schema):
    """How far customers came, who came again, cohorts, and what became of invitations."""

    journey = ma.fields.String(required=True)
    minimum_cell = ma.fields.Integer(required=True)
    funnel = ma.fields.Nested(FunnelSchema, required=True)
    cohorts = ma.fields.Nested(CohortsSchema, required=True)
    invitations = ma.fields.List(ma.fields.Nested(InvitationFunnelSchema), required=True)


_ALL = {"estimate": 100.0, "low": 99.0, "high": 100.0, "reason": None}
_FUNNEL = {
    "journey": "onboarding",
    "minimum_cell": 5,
    "funnel": {
        "customers": 400,
        "hidden": "",
        "reason": None,
        "repeated_within_days": 7,
        "stages": [
            {
                "stage": "Apply",
                "reached": 400,
                "share": _ALL,
                "last_seen": 111,
                "dropped": {"estimate": 27.75, "low": 23.6, "high": 32.3, "reason": None},
                "hidden": "",
                "reason": None,
                "last_seen_reason": None,
            }
        ],
        "touchpoints": [],
    },
    "cohorts": {"last_stage": "Start", "months": []},
    "invitations": [],
}


@funnel.route("/journeys/<string:code>/funnel", methods=["GET"])
@needs(KeyScope.READ_RESULTS)
@funnel.arguments(FunnelQuery, location="query")
@funnel.response(200, JourneyFunnelSchema, example=_FUNNEL)
@funnel.alt_response(404, "NOT_FOUND")
@funnel.alt_response(409, "CONFLICT")
def read_journey_funnel(query: dict[str, Any], code: str) -> dict[str, Any]:
    """Read how far customers came

    From the events that were reported: of the customers who began in these months, how many came to
    each stage, where they were last seen, and who contacted a touchpoint again; cohorts by month; and
    what became of invitations. Small groups are hidden. Without months they are of all time.
    """
    few, library = installation().settings.minimum_cell, installation().library
    with installation().store.reading() as session:
        journey = journey_by_code(session, code_in(code, "journey"), caller().journey_id)
        scope = scope_in(session, journey.id, query)
        read = passages(session, scope, days=query.get("days", _DAYS), library=library)
        invited = invitation_funnels(session, scope, minimum_cell=few, library=library)
    return {
        "journey": journey.code,
        "minimum_cell": few,
        "funnel": journey_funnel_to_json(journey_funnel(read, minimum_cell=few), few=few),
        "cohorts": cohorts_to_json(cohorts(read, minimum_cell=few), few=few),
        "invitations": invitation_funnels_to_json(invited, few=few),
    }
