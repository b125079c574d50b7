"""Responses out: what customers answered, page by page."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from surveyapp.api import feed
from surveyapp.api.bodies import Blueprint
from surveyapp.api.callers import caller, installation, needs
from surveyapp.api.surveys import OfSurvey, survey_named
from surveyapp.auth.api_keys import KeyScope
from surveyapp.responses import numbers
from surveyapp.store.audit import record
from surveyapp.surveys.survey import Survey

MOST = 500  # in one page

responses = Blueprint(
    "responses", __name__, url_prefix="/api/v1", description="Customers' responses."
)


class ResponsesQuery(OfSurvey):
    after = ma.fields.String(
        validate=ma.validate.Length(max=40),
        metadata={
            "description": "`next` from the previous page; omit it to start from the beginning."
        },
    )
    corrected = ma.fields.Boolean(
        load_default=False,
        metadata={
            "description": "Responses that customers have changed, in order of the last change: a"
            " separate list with its own `next`."
        },
    )
    unflagged = ma.fields.Boolean(
        load_default=False,
        metadata={"description": "Only responses without `flags`."},
    )
    limit = ma.fields.Integer(
        load_default=100,
        validate=ma.validate.Range(min=1, max=MOST),
        metadata={
            "description": "Responses per page; a page always holds whole days and can exceed this."
        },
    )


class CarelessSchema(ma.Schema):
    """Signs of careless answers to one questionnaire; null where one could not be computed."""

    longstring = ma.fields.Boolean(
        allow_none=True, metadata={"description": "The same answer many times in a row."}
    )
    irv = ma.fields.Boolean(
        allow_none=True, metadata={"description": "Hardly any variability between the answers."}
    )
    mahalanobis = ma.fields.Boolean(
        allow_none=True, metadata={"description": "A pattern far from that of everybody else."}
    )
    speed = ma.fields.Boolean(
        allow_none=True, metadata={"description": "Too little time for each question."}
    )
    validation = ma.fields.Integer(
        required=True, metadata={"description": "The number of the validation that looked."}
    )


class ResponseSchema(ma.Schema):
    """One response. In an anonymous survey, only language, answers, scores and careless."""

    response_id = ma.fields.UUID(
        metadata={"description": "The response's ID, also used in webhooks and exports."}
    )
    response = ma.fields.Integer(
        metadata={
            "description": "Its number, for systems that stored responses by number. Numbers are"
            " never reused."
        }
    )
    submitted_at = ma.fields.AwareDateTime()
    corrected_at = ma.fields.AwareDateTime(
        allow_none=True, metadata={"description": "When the customer last changed an answer."}
    )
    customer = ma.fields.String(
        allow_none=True,
        metadata={
            "description": "A pseudonym: the same customer has the same one in every journey."
        },
    )
    run = ma.fields.Integer(allow_none=True, metadata={"description": "The journey run."})
    source = ma.fields.String()
    language = ma.fields.String(required=True)
    consent_version = ma.fields.String()
    flags = ma.fields.List(
        ma.fields.String(),
        metadata={
            "description": "How it came, where that is unusual: `burst` (one of many within a minute"
            " from one address, or from one page of a kiosk), `same_device` (one of many within a day)."
        },
    )
    attributes = ma.fields.Dict(keys=ma.fields.String())
    answers = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Dict(keys=ma.fields.String()),
        required=True,
        metadata={"description": "By instrument and question."},
    )
    scores = ma.fields.Dict(
        keys=ma.fields.String(), values=ma.fields.Float(allow_none=True), required=True
    )
    careless = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Nested(CarelessSchema),
        metadata={
            "description": "By instrument: signs of careless answers, as the newest validation of all"
            " customers sees them. A later validation changes them without a correction."
        },
    )


class ResponsesSchema(ma.Schema):
    """A page of responses. Pass `next` as `after` to continue; keep it to read new responses later."""

    responses = ma.fields.List(ma.fields.Nested(ResponseSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)
    first_day = ma.fields.Date(
        required=True, allow_none=True, metadata={"description": "For anonymous surveys."}
    )
    last_day = ma.fields.Date(required=True, allow_none=True)


class ErasuresQuery(OfSurvey):
    after = ma.fields.String(
        validate=ma.validate.Length(max=40),
        metadata={
            "description": "`next` from the previous page; omit it to start at the beginning."
        },
    )
    limit = ma.fields.Integer(load_default=100, validate=ma.validate.Range(min=1, max=MOST))


class ErasureSchema(ma.Schema):
    """A response that no longer exists. Delete your copy of it."""

    response_id = ma.fields.UUID(required=True)
    response = ma.fields.Integer(required=True)
    erased_at = ma.fields.AwareDateTime(required=True)


class ErasuresSchema(ma.Schema):
    """A page of erasures. Pass `next` as `after` to continue; keep it to read new ones later."""

    erasures = ma.fields.List(ma.fields.Nested(ErasureSchema), required=True)
    next = ma.fields.String(required=True, allow_none=True)


_PAGE: dict[str, Any] = {
    "responses": [
        {
            "response_id": "0199c2b4-6f0e-7c51-9a3e-5d6f7a8b9c0d",
            "response": 4711,
            "submitted_at": "2026-03-29T12:31:07+00:00",
            "corrected_at": None,
            "customer": "5f0c9f1b2a7d4e38",
            "run": 812,
            "source": "link",
            "language": "en",
            "consent_version": "1",
            "flags": [],
            "attributes": {"region": "North", "tenure": 3},
            "answers": {"nps": {"nps": 9, "nps_reason": "Quick and friendly."}},
            "scores": {"nps": 9.0},
            "careless": {
                "sjq": {
                    "longstring": False,
                    "irv": False,
                    "mahalanobis": True,
                    "speed": None,
                    "validation": 12,
                }
            },
        }
    ],
    "next": "4711",
    "first_day": None,
    "last_day": None,
}
_ERASED = {
    "erasures": [
        {
            "response_id": "0199c2b4-6f0e-7c51-9a3e-5d6f7a8b9c0d",
            "response": 4711,
            "erased_at": "2026-04-02T08:15:00+00:00",
        }
    ],
    "next": "e17",
}


@responses.route("/responses", methods=["GET"])
@needs(KeyScope.READ_RESPONSES)
@responses.arguments(ResponsesQuery, location="query")
@responses.response(200, ResponsesSchema, example=_PAGE)
@responses.alt_response(404, "NOT_FOUND")
def list_responses(query: dict[str, Any]) -> dict[str, Any]:
    """Read responses

    Responses to a pseudonymous survey are listed in the order of arrival, with the customer as a
    pseudonym and without addresses. A response can be read as soon as it is stored, and none is
    skipped: a page ends before a response that is still being stored. Responses to an anonymous survey
    are listed by whole past days, in no particular order, without numbers, times or attributes, and
    never fewer than the smallest group; until there are enough, the page is empty. An empty page means
    that there is nothing new.

    Customers can change or erase their answers. To keep a copy current, also read the list of
    `corrected` responses and `GET /api/v1/erasures`, or have a webhook report each change.
    """
    with installation().store.reading() as session:
        settled = numbers.settled(session.connection())
    with installation().store.reading() as session:
        survey = survey_named(session, query["survey"])
        after, limit = query.get("after"), query["limit"]
        if query["corrected"]:
            found = feed.corrected(
                session, survey, after=after, limit=limit, without_flagged=query["unflagged"]
            )
        else:
            found = feed.page(
                session,
                survey,
                after=after,
                limit=limit,
                settled=settled,
                without_flagged=query["unflagged"],
                minimum_cell=installation().settings.minimum_cell,
                now=installation().now(),
            )
    if found.responses:
        corrected = {"corrected": True} if query["corrected"] else {}
        _note_read("read responses by API key", survey, found, **corrected)
    return vars(found)


def _note_read(action: str, survey: Survey, found: feed.Page, **filters: bool) -> None:
    """Write into the audit log that the caller's key reads this page."""
    key, count = f"API key {caller().name}", len(found.responses)
    with installation().store.writing() as session:
        record(session, None, action, key, survey=survey.code, responses=count, **filters)


@responses.route("/erasures", methods=["GET"])
@needs(KeyScope.READ_RESPONSES)
@responses.arguments(ErasuresQuery, location="query")
@responses.response(200, ErasuresSchema, example=_ERASED)
@responses.alt_response(404, "NOT_FOUND")
def list_erasures(query: dict[str, Any]) -> dict[str, Any]:
    """Read erasures

    Responses that were erased, in the order of their erasure; none is skipped. Delete your copies of
    them. Erasures from before this list existed, and those of anonymous surveys, are not listed.
    """
    with installation().store.reading() as session:
        survey = survey_named(session, query["survey"])
        found = feed.erased(session, survey, after=query.get("after"), limit=query["limit"])
    if found.responses:
        _note_read("read erasures by API key", survey, found)
    return {"erasures": found.responses, "next": found.next}
