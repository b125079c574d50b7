"""Surveys: which surveys there are, and single-use links into them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from sqlalchemy.orm import Session

from instruments.loader import InstrumentError
from surveyapp.api.bodies import Blueprint, Moment, Strict, attributes
from surveyapp.api.callers import caller, installation, needs
from surveyapp.auth.api_keys import KeyScope
from surveyapp.errors import Invalid
from surveyapp.journeys.codes import read_code
from surveyapp.store.audit import record
from surveyapp.surveys import actions, links, queries
from surveyapp.surveys.survey import Survey

MOST_CUSTOMERS = 1000  # in one request

surveys = Blueprint(
    "surveys", __name__, url_prefix="/api/v1", description="Surveys and their links."
)


class SurveySchema(ma.Schema):
    """A survey at a touchpoint, or at a journey's end."""

    code = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    journey = ma.fields.String(required=True, metadata={"description": "The journey's code."})
    touchpoint = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": (
                "The touchpoint as stage/touchpoint codes; null for the survey at the"
                " journey's end."
            )
        },
    )
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(["draft", "open", "closed"]))
    anonymity = ma.fields.String(
        required=True, validate=ma.validate.OneOf(["pseudonymous", "anonymous"])
    )
    language = ma.fields.String(
        required=True,
        metadata={
            "description": "The language of its own texts, and the default where the customer's is not known."
        },
    )
    languages = ma.fields.List(
        ma.fields.String(),
        required=True,
        metadata={
            "description": (
                "Languages that customers can choose; any of them can be the value of"
                " lang in a link."
            )
        },
    )
    instruments = ma.fields.List(ma.fields.String(), required=True)
    url = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={
            "format": "uri",
            "description": "The open link; null if only single-use links accept answers.",
        },
    )
    opens_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    closes_at = ma.fields.AwareDateTime(required=True, allow_none=True)


class SurveysSchema(ma.Schema):
    """All surveys, by journey."""

    surveys = ma.fields.List(ma.fields.Nested(SurveySchema), required=True)


class DeploymentsSchema(ma.Schema):
    """All surveys, by journey, under the word that they had before."""

    deployments = ma.fields.List(ma.fields.Nested(SurveySchema), required=True)


class OfSurvey(Strict):
    """Names a survey as ``survey``, or by the field's deprecated name ``deployment``."""

    survey = ma.fields.String(
        validate=ma.validate.Length(min=1, max=60),
        metadata={"description": "The survey's code. Required."},
    )
    deployment = ma.fields.String(
        validate=ma.validate.Length(min=1, max=60),
        metadata={"description": "Use `survey`.", "deprecated": True},
    )

    @ma.validates_schema
    def one_survey(self, data: Mapping[str, Any], **_: Any) -> None:
        if len({"survey", "deployment"} & data.keys()) != 1:
            said = "Missing data for required field."
            if data.keys() >= {"survey", "deployment"}:
                said = "Give the survey once: deployment is the old name of this field."
            raise ma.ValidationError(said, "survey")

    @ma.post_load
    def under_one_name(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        if "deployment" in data:
            data["survey"] = data.pop("deployment")
        return data


class CustomerSchema(Strict):
    """A customer to invite."""

    customer_ref = ma.fields.String(
        allow_none=True,
        validate=ma.validate.Length(max=200),
        metadata={
            "description": "Your reference for the customer; signed into the link as a hash."
        },
    )
    attributes = attributes("Signed into the link; cannot be changed by anyone.")


class InviteSchema(OfSurvey):
    """The customers to create links for."""

    customers = ma.fields.List(
        ma.fields.Nested(CustomerSchema),
        required=True,
        validate=ma.validate.Length(min=1, max=MOST_CUSTOMERS),
    )
    expires_at = Moment(allow_none=True, metadata={"description": "When the links expire."})


class InvitationSchema(ma.Schema):
    """A link that accepts one response."""

    customer_ref = ma.fields.String(required=True, allow_none=True)
    url = ma.fields.String(required=True, metadata={"format": "uri"})


class InvitationsSchema(ma.Schema):
    """The links, in the order of the customers. They are shown only once."""

    invitations = ma.fields.List(ma.fields.Nested(InvitationSchema), required=True)


_SURVEYS = [
    {
        "code": "after-the-form",
        "name": "After the form",
        "journey": "onboarding",
        "touchpoint": "apply/form",
        "state": "open",
        "anonymity": "pseudonymous",
        "language": "en",
        "languages": ["en", "fi", "ar"],
        "instruments": ["nps"],
        "url": "https://ask.example.org/s/k7m2q9w4",
        "opens_at": None,
        "closes_at": "2026-12-31T21:59:59+00:00",
    }
]
_WANTED = {
    "survey": "after-the-form",
    "customers": [
        {"customer_ref": "C-1042", "attributes": {"region": "North", "tenure": 3}},
        {"customer_ref": "C-1043"},
    ],
    "expires_at": "2099-01-31T23:59:59+02:00",
}
_ISSUED = {
    "invitations": [
        {"customer_ref": "C-1042", "url": "https://ask.example.org/s/k7m2q9w4/Zx81kQ"},
        {"customer_ref": "C-1043", "url": "https://ask.example.org/s/k7m2q9w4/p0Lw7t"},
    ]
}


@surveys.route("/surveys", methods=["GET"])
@needs(KeyScope.READ_SURVEYS)
@surveys.response(200, SurveysSchema, example={"surveys": _SURVEYS})
def list_surveys() -> dict[str, Any]:
    """List surveys

    Every survey with its code, its touchpoint and its open link.
    """
    return {"surveys": _all()}


@surveys.route("/deployments", methods=["GET"])
@surveys.doc(deprecated=True)
@needs(KeyScope.READ_SURVEYS)
@surveys.response(200, DeploymentsSchema, example={"deployments": _SURVEYS})
def list_deployments() -> dict[str, Any]:
    """List surveys (deprecated)

    Use `GET /api/v1/surveys`.
    """
    return {"deployments": _all()}


@surveys.route("/invitations", methods=["POST"])
@needs(KeyScope.INVITE_CUSTOMERS)
@surveys.arguments(InviteSchema, example=_WANTED)
@surveys.response(201, InvitationsSchema, example=_ISSUED)
@surveys.alt_response(404, "NOT_FOUND")
def invite_customers(wanted: dict[str, Any]) -> dict[str, Any]:
    """Create single-use links

    One link per customer, for messages that you send yourself. Each request creates new links; earlier
    links stay valid until they are used or expire. Either all links are created or none: 422 lists what
    is wrong with which customer. An anonymous survey accepts only attributes that enough customers
    share.
    """
    with installation().store.writing() as session:
        survey = survey_named(session, wanted["survey"])
        issued = actions.invite(
            session,
            survey,
            wanted["customers"],
            installation=installation(),
            expires_at=wanted.get("expires_at"),
            user_id=None,
        )
        record(
            session,
            None,
            "invite by API key",
            f"API key {caller().name}",
            survey=survey.code,
            invitations=len(issued),
        )
        return {"invitations": [vars(each) for each in issued]}


def survey_named(session: Session, code: str) -> Survey:
    """The caller's survey of this code; Invalid for a text that is no code, NotFound when none has it."""
    try:
        return queries.survey_by_code(session, read_code(code), caller().journey_id)
    except Invalid as error:
        raise Invalid(str(error), field="survey") from error


def _all() -> list[dict[str, Any]]:
    with installation().store.reading() as session:
        journey_id = caller().journey_id
        found = (
            queries.all_surveys(session)
            if journey_id is None
            else queries.surveys_of(session, journey_id)
        )
        return [_shown(each) for each in found]


def _languages(survey: Survey) -> list[str]:
    try:
        return list(survey.offered(installation().library))
    except InstrumentError:  # a survey may be over for longer than its questions are there
        return [survey.language]


def _shown(survey: Survey) -> dict[str, Any]:
    base = installation().settings.base_url
    return {
        **{
            name: getattr(survey, name)
            for name in ("code", "name", "state", "anonymity", "language", "opens_at", "closes_at")
        },
        "journey": survey.journey_code,
        "touchpoint": f"{survey.stage_code}/{survey.touchpoint_code}"
        if not survey.at_end
        else None,
        "languages": _languages(survey),
        "instruments": [ask.instrument for ask in survey.asks],
        "url": links.open_url(base, survey.link) if survey.open_link else None,
    }
