"""Records of a journey: pain points, insights, opportunities, personas and planned actions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import marshmallow as ma
from sqlalchemy.orm import Session

from surveyapp.api.bodies import Blueprint, Strict
from surveyapp.api.callers import caller, installation, needs
from surveyapp.api.results import code_in
from surveyapp.auth.api_keys import KeyScope
from surveyapp.comments.evidence import count_evidence
from surveyapp.comments.pain_point_json import pain_point_to_json
from surveyapp.comments.pain_points import SEVERITIES
from surveyapp.comments.pain_points import STATES as POINT_STATES
from surveyapp.journeys.action_json import action_to_json
from surveyapp.journeys.action_plan import STATES as ACTION_STATES
from surveyapp.journeys.calendar import calendar_of
from surveyapp.journeys.insight_json import insight_to_json, opportunity_to_json
from surveyapp.journeys.persona_json import persona_to_json
from surveyapp.journeys.queries import journey_by_code
from surveyapp.journeys.record_lists import records_after
from surveyapp.results.comments.affected_shares import AffectedShares, affected_share_to_json
from surveyapp.results.scope import Scope
from surveyapp.store.models import (
    Insight,
    Journey,
    Opportunity,
    PainPoint,
    Persona,
    PlannedAction,
)

MOST = 500  # in one page

Record = TypeVar("Record", Insight, Opportunity, PainPoint, Persona, PlannedAction)

records = Blueprint(
    "records",
    __name__,
    url_prefix="/api/v1",
    description="What was learnt of a journey, and what is planned.",
)


class RecordsQuery(Strict):
    after = ma.fields.String(
        validate=ma.validate.Length(max=40),
        metadata={
            "description": "`next` from the previous page; omit it to start from the beginning."
        },
    )
    limit = ma.fields.Integer(
        load_default=100,
        validate=ma.validate.Range(min=1, max=MOST),
        metadata={"description": "Records per page."},
    )


def _number(description: str) -> ma.fields.Integer:
    return ma.fields.Integer(required=True, metadata={"description": description})


def _words(description: str) -> ma.fields.String:
    return ma.fields.String(required=True, allow_none=True, metadata={"description": description})


def _one_of(known: Any, description: str, *, none: bool = False) -> ma.fields.String:
    return ma.fields.String(
        required=True,
        allow_none=none,
        validate=ma.validate.OneOf([*known, *([None] if none else [])]),
        metadata={"description": description},
    )


def _ids(description: str) -> ma.fields.List[Any]:
    return ma.fields.List(ma.fields.Integer(), required=True, metadata={"description": description})


class PagedSchema(ma.Schema):
    journey = ma.fields.String(required=True)
    next = _words("Pass it as `after` to continue; null on the last page.")


class PlacedSchema(ma.Schema):
    id = _number("Its number, which stays.")
    title = ma.fields.String(required=True)
    stage = _words("The code of a whole stage.")
    touchpoint = _words("The code of a touchpoint; with neither, it is of the journey as a whole.")
    owner = _words("Who sees to it, by name.")


class AffectedSchema(ma.Schema):
    """The share of customers whom a pain point affects, by their answers, with its 95% interval."""

    of = ma.fields.String(required=True, metadata={"description": "Whose answers count."})
    percent = ma.fields.Float(required=True, allow_none=True)
    low = ma.fields.Float(required=True, allow_none=True)
    high = ma.fields.Float(required=True, allow_none=True)
    n = ma.fields.Integer(required=True, allow_none=True)
    reason = _words("Why there is no share; null where there is one.")


class PainPointSchema(PlacedSchema):
    """Something that goes wrong for customers."""

    severity = _one_of(SEVERITIES, "How bad it is for a customer.", none=True)
    theme = _words("The theme of comments that tells of it.")
    whys = ma.fields.List(
        ma.fields.String(),
        required=True,
        metadata={"description": "Why, and why that: up to five."},
    )
    state = _one_of(POINT_STATES, "How far it is.")
    affected = ma.fields.Nested(
        AffectedSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Null where no answers say whom it affects."},
    )
    evidence = _number("How many responses, comments and cases are linked to it.")


class PainPointsSchema(PagedSchema):
    """A page of pain points, in the order of their numbers."""

    pain_points = ma.fields.List(ma.fields.Nested(PainPointSchema), required=True)


class InsightSchema(ma.Schema):
    """Something learnt about a journey."""

    id = _number("Its number, which stays.")
    title = ma.fields.String(required=True)
    text = _words("What it rests on.")
    pain_points = _ids("The numbers of the pain points that it rests on.")


class InsightsSchema(PagedSchema):
    """A page of insights, in the order of their numbers."""

    insights = ma.fields.List(ma.fields.Nested(InsightSchema), required=True)


class OpportunitySchema(PlacedSchema):
    """Something that could be better."""

    description = _words("In the words of staff.")
    effort = _number("From 1, very low, to 5, very high.")
    impact = _number("From 1, very low, to 5, very high.")
    driver = _words("The score from which a gain is expected, by its key.")
    state = _one_of(ACTION_STATES, "How far it is.")
    insights = _ids("The numbers of the insights that led to it.")


class OpportunitiesSchema(PagedSchema):
    """A page of opportunities, in the order of their numbers."""

    opportunities = ma.fields.List(ma.fields.Nested(OpportunitySchema), required=True)


class PersonaSchema(ma.Schema):
    """A described type of customer."""

    id = _number("Its number, which stays.")
    name = ma.fields.String(required=True)
    segment = _words("The code of the segment whose answers are its numbers.")
    demographics = _words("Age, household, work, devices.")
    goals = _words("What they want to reach.")
    needs = _words("What they need for it.")
    says = _words("From the empathy map.")
    thinks = _words("From the empathy map.")
    does = _words("From the empathy map.")
    feels = _words("From the empathy map.")
    hears = _words("From the empathy map.")
    picture = _words("What its picture shows; null without a picture, which is seen on its page.")


class PersonasSchema(PagedSchema):
    """A page of personas, in the order of their numbers."""

    personas = ma.fields.List(ma.fields.Nested(PersonaSchema), required=True)


class ActionSchema(PlacedSchema):
    """Something that is planned, being done, or was done."""

    due = ma.fields.Date(required=True, allow_none=True)
    overdue = ma.fields.Boolean(required=True)
    state = _one_of(ACTION_STATES, "How far it is.")
    reason = _words("Why it was planned.")
    opportunity = ma.fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "The number of the opportunity that it takes."},
    )
    change = ma.fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "The number of the registered change that came of it."},
    )


class ActionsSchema(PagedSchema):
    """A page of planned actions, in the order of their numbers."""

    actions = ma.fields.List(ma.fields.Nested(ActionSchema), required=True)


_PLACE: dict[str, Any] = {"stage": None, "touchpoint": "form", "owner": "Kim Berg"}
_POINT = {
    "id": 4,
    "title": "Same data asked twice",
    **_PLACE,
    "severity": "workaround",
    "theme": "Forms",
    "whys": ["Two systems"],
    "state": "open",
    "affected": {
        "of": "customers who gave a low answer to \u201cHow easy was it?\u201d",
        "percent": 31.4,
        "low": 26.2,
        "high": 37.1,
        "n": 280,
        "reason": None,
    },
    "evidence": 3,
}
_INSIGHT = {
    "id": 2,
    "title": "Customers do not know what comes next",
    "text": "Interviews in May.",
    "pain_points": [4],
}
_OPPORTUNITY = {
    "id": 3,
    "title": "Say what comes next",
    **_PLACE,
    "description": None,
    "effort": 2,
    "impact": 4,
    "driver": "2.csat",
    "state": "open",
    "insights": [2],
}
_PERSONA = {
    "id": 1,
    "name": "Mika, first account",
    "segment": "young",
    "demographics": "19, student",
    "goals": "An account before the term",
    "needs": None,
    "says": None,
    "thinks": None,
    "does": "Everything on a phone",
    "feels": None,
    "hears": None,
    "picture": "A student with a phone",
}
_ACTION = {
    "id": 6,
    "title": "Add a progress bar",
    **_PLACE,
    "due": "2026-09-30",
    "overdue": False,
    "state": "doing",
    "reason": "CSAT of the form is low",
    "opportunity": 3,
    "change": None,
}


def _page(name: str, one: dict[str, Any]) -> dict[str, Any]:
    return {"journey": "onboarding", name: [one], "next": None}


@records.route("/journeys/<string:code>/pain-points", methods=["GET"])
@needs(KeyScope.READ_RESULTS)
@records.arguments(RecordsQuery, location="query")
@records.response(200, PainPointsSchema, example=_page("pain_points", _POINT))
@records.alt_response(404, "NOT_FOUND")
def list_journey_pain_points(query: dict[str, Any], code: str) -> dict[str, Any]:
    """List a journey's pain points

    What goes wrong, where, how bad it is, which share of customers it affects of all time, and who sees to
    it. Evidence is counted and not listed: it is what customers said.
    """

    def teller(session: Session, journey: Journey) -> Callable[[PainPoint], dict[str, Any]]:
        shares = AffectedShares(
            session,
            Scope(journey.id),
            minimum_cell=installation().settings.minimum_cell,
            library=installation().library,
        )

        def told(point: PainPoint) -> dict[str, Any]:
            # Whoever reads results reads no comments, coded ones neither.
            affected = affected_share_to_json(shares.of(point, reads_comments=False))
            known = count_evidence(session, point)
            return {**pain_point_to_json(point), "affected": affected, "evidence": known}

        return told

    return _records(query, code, PainPoint, "pain_points", teller)


@records.route("/journeys/<string:code>/insights", methods=["GET"])
@needs(KeyScope.READ_RESULTS)
@records.arguments(RecordsQuery, location="query")
@records.response(200, InsightsSchema, example=_page("insights", _INSIGHT))
@records.alt_response(404, "NOT_FOUND")
def list_journey_insights(query: dict[str, Any], code: str) -> dict[str, Any]:
    """List a journey's insights

    What was learnt, and the pain points that it rests on.
    """
    return _records(query, code, Insight, "insights", lambda *_: insight_to_json)


@records.route("/journeys/<string:code>/opportunities", methods=["GET"])
@needs(KeyScope.READ_RESULTS)
@records.arguments(RecordsQuery, location="query")
@records.response(200, OpportunitiesSchema, example=_page("opportunities", _OPPORTUNITY))
@records.alt_response(404, "NOT_FOUND")
def list_journey_opportunities(query: dict[str, Any], code: str) -> dict[str, Any]:
    """List a journey's opportunities

    What could be better, with the effort and impact that staff expect, and the insights that led to it.
    """
    return _records(query, code, Opportunity, "opportunities", lambda *_: opportunity_to_json)


@records.route("/journeys/<string:code>/personas", methods=["GET"])
@needs(KeyScope.READ_RESULTS)
@records.arguments(RecordsQuery, location="query")
@records.response(200, PersonasSchema, example=_page("personas", _PERSONA))
@records.alt_response(404, "NOT_FOUND")
def list_journey_personas(query: dict[str, Any], code: str) -> dict[str, Any]:
    """List a journey's personas

    Who customers are pictured to be. The numbers of a persona are those of its segment: read the journey's
    results with `segment`.
    """
    return _records(query, code, Persona, "personas", lambda *_: persona_to_json)


@records.route("/journeys/<string:code>/actions", methods=["GET"])
@needs(KeyScope.READ_RESULTS)
@records.arguments(RecordsQuery, location="query")
@records.response(200, ActionsSchema, example=_page("actions", _ACTION))
@records.alt_response(404, "NOT_FOUND")
def list_journey_actions(query: dict[str, Any], code: str) -> dict[str, Any]:
    """List a journey's actions

    What is planned, being done and was done, by whom and until when, and the change that came of it.
    """

    def teller(_session: Session, journey: Journey) -> Callable[[PlannedAction], dict[str, Any]]:
        today = calendar_of(journey).day(installation().now())
        return partial(action_to_json, today=today)

    return _records(query, code, PlannedAction, "actions", teller)


def _records(
    query: dict[str, Any],
    code: str,
    table: type[Record],
    name: str,
    teller: Callable[[Session, Journey], Callable[[Record], dict[str, Any]]],
) -> dict[str, Any]:
    with installation().store.reading() as session:
        journey = journey_by_code(session, code_in(code, "journey"), caller().journey_id)
        found, following = records_after(
            session, table, journey.id, after=query.get("after"), limit=query["limit"]
        )
        told = teller(session, journey)
        rows = [told(each) for each in found]
    return {"journey": journey.code, name: rows, "next": following}
