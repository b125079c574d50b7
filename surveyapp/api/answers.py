"""Answers: how many customers gave which answer to each question of a journey."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from surveyapp.api.bodies import Blueprint
from surveyapp.api.callers import caller, installation, needs
from surveyapp.api.portfolio import ShareSchema
from surveyapp.api.results import WeightedResultsQuery, code_in, scope_in
from surveyapp.auth.api_keys import KeyScope
from surveyapp.errors import NotFound
from surveyapp.journeys.queries import journey_by_code
from surveyapp.results.answers.answer_shares import answer_shares
from surveyapp.results.answers.answer_shares_json import answer_shares_to_json
from surveyapp.store.models import Journey

answers = Blueprint(
    "answers", __name__, url_prefix="/api/v1", description="Answers to each question."
)


class AnswersQuery(WeightedResultsQuery):
    class Meta:
        exclude = ("compare",)

    touchpoint = ma.fields.String(
        validate=ma.validate.Length(max=121),
        metadata={
            "description": "A touchpoint's code after its stage's, such as apply/form; without it the"
            " questions of the journey's end."
        },
    )


class WeightedShareSchema(ma.Schema):
    """A share as it would be if the answers had the population shares, with its 95% interval."""

    estimate = ma.fields.Float(required=True)
    low = ma.fields.Float(required=True)
    high = ma.fields.Float(required=True)
    effective_n = ma.fields.Float(required=True)


class GivenAnswerSchema(ma.Schema):
    """An answer, or several taken together."""

    answer = ma.fields.String(required=True)
    n = ma.fields.Integer(required=True)
    percent = ma.fields.Integer(
        required=True, metadata={"description": "Rounded so that the answers add up to 100."}
    )
    share = ma.fields.Nested(ShareSchema, required=True)
    weighted = ma.fields.Nested(
        WeightedShareSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Null where it has no weights, or none are asked for."},
    )


class QuestionSchema(ma.Schema):
    """A question with its answers, from the first to the last that can be given."""

    stage = ma.fields.String(required=True, allow_none=True)
    touchpoint = ma.fields.String(required=True, allow_none=True)
    item = ma.fields.String(required=True)
    questionnaire = ma.fields.String(required=True)
    question = ma.fields.String(required=True)
    n = ma.fields.Integer(required=True, allow_none=True)
    hidden = ma.fields.String(required=True)
    state = ma.fields.String(required=True)
    reason = ma.fields.String(required=True, allow_none=True)
    answers = ma.fields.List(ma.fields.Nested(GivenAnswerSchema), required=True)
    groups = ma.fields.List(
        ma.fields.Nested(GivenAnswerSchema),
        required=True,
        metadata={"description": "Detractors, passives and promoters."},
    )
    not_weighted = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why its shares have no weights, where these are asked for."},
    )


class AnswersSchema(ma.Schema):
    """The questions that are asked at the journey's end, or at a touchpoint."""

    journey = ma.fields.String(required=True)
    minimum_cell = ma.fields.Integer(required=True)
    questions = ma.fields.List(ma.fields.Nested(QuestionSchema), required=True)


_PART = {
    "answer": "Promoters (9 and 10)",
    "n": 98,
    "percent": 40,
    "share": {"estimate": 39.8, "low": 33.9, "high": 46.1, "reason": None},
    "weighted": None,
}
_ANSWERS = {
    "journey": "onboarding",
    "minimum_cell": 5,
    "questions": [
        {
            "stage": None,
            "touchpoint": None,
            "item": "nps.nps",
            "questionnaire": "Recommendation",
            "question": "How likely are you to recommend Northbank?",
            "n": 246,
            "hidden": "",
            "state": "shown",
            "reason": None,
            "answers": [{**_PART, "answer": "10: Extremely likely"}],
            "groups": [_PART],
            "not_weighted": None,
        }
    ],
}


@answers.route("/journeys/<string:code>/answers", methods=["GET"])
@needs(KeyScope.READ_RESULTS)
@answers.arguments(AnswersQuery, location="query")
@answers.response(200, AnswersSchema, example=_ANSWERS)
@answers.alt_response(404, "NOT_FOUND")
@answers.alt_response(409, "CONFLICT")
def read_journey_answers(query: dict[str, Any], code: str) -> dict[str, Any]:
    """Read the answers to each question

    How many customers gave which answer, at the journey's end or at a touchpoint. A question is hidden
    wherever a score made of it is. Without months they are of all time.
    """
    few = installation().settings.minimum_cell
    with installation().store.reading() as session:
        journey = journey_by_code(session, code_in(code, "journey"), caller().journey_id)
        place = _touchpoint(journey, query["touchpoint"]) if "touchpoint" in query else None
        found = answer_shares(
            session,
            scope_in(session, journey.id, query),
            place,
            minimum_cell=few,
            library=installation().library,
        )
    return {
        "journey": journey.code,
        "minimum_cell": few,
        "questions": answer_shares_to_json(found, few=few),
    }


def _touchpoint(journey: Journey, named: str) -> int:
    """The id of "stage/touchpoint". Raises NotFound."""
    for stage in journey.stages:
        for touchpoint in stage.touchpoints:
            if f"{stage.code}/{touchpoint.code}" == named:
                return touchpoint.id
    raise NotFound(f"There is no touchpoint {named}; write it as stage/touchpoint, by their codes.")
