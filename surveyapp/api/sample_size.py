"""How many answers a score needs, and when they will be there."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from surveyapp.api.bodies import Blueprint, Strict
from surveyapp.api.callers import caller, installation, needs
from surveyapp.api.results import code_in
from surveyapp.auth.api_keys import KeyScope
from surveyapp.errors import Invalid
from surveyapp.journeys.calendar import calendar_of
from surveyapp.journeys.queries import journey_by_code
from surveyapp.results.answers_needed import (
    KINDS,
    LARGEST_POPULATION,
    METRICS,
    answer_size,
    read_size,
)
from surveyapp.results.outlook import read_wanted
from surveyapp.results.score_measures import chosen_measure, outlook_document, score_measures

sample_size = Blueprint(
    "sample_size", __name__, url_prefix="/api/v1", description="How many answers a score needs."
)


def _between(low: float, high: float, description: str) -> ma.fields.Float:
    return ma.fields.Float(
        validate=ma.validate.Range(min=low, max=high), metadata={"description": description}
    )


class SampleSizeQuery(Strict):
    """A score, and what is to be known of it."""

    measure = ma.fields.String(
        validate=ma.validate.Length(max=200),
        metadata={"description": "One of `measures`; without it the first."},
    )
    margin = _between(0.1, 100, "Half of the wanted 95% interval, in points; by default 5.")
    difference = _between(
        0.1, 200, "A difference of two groups or periods, in points; by default 5."
    )
    power = _between(50, 99.9, "To find that difference, in percent; by default 80.")
    population = ma.fields.Integer(
        validate=ma.validate.Range(min=1, max=1_000_000_000),
        metadata={"description": "How many customers there are, where they are few."},
    )


class WantedSizeSchema(ma.Schema):
    """What is to be known, with what was not asked for as it usually is."""

    margin = ma.fields.Float(required=True)
    difference = ma.fields.Float(required=True)
    power = ma.fields.Float(required=True, metadata={"description": "From 0 to 1."})
    population = ma.fields.Integer(required=True, allow_none=True)


class ArrivalRateSchema(ma.Schema):
    """Answers in a month, from the complete months that are shown, with a 95% interval."""

    days = ma.fields.Float(required=True, metadata={"description": "How long such a month is."})
    estimate = ma.fields.Float(required=True)
    low = ma.fields.Float(required=True)
    high = ma.fields.Float(required=True)
    periods = ma.fields.Integer(required=True, metadata={"description": "How many months."})
    dispersion = ma.fields.Float(
        required=True, metadata={"description": "Above 1, months differ by more than chance."}
    )


class DifferenceSizeSchema(ma.Schema):
    """How many answers each of two groups needs, and the power with those there are."""

    points = ma.fields.Float(required=True)
    needed_each = ma.fields.Integer(required=True, allow_none=True)
    power_with_present_answers = ma.fields.Float(required=True, allow_none=True)
    method = ma.fields.String(required=True)


class ScoreOutlookSchema(ma.Schema):
    """How many answers the score needs. What is hidden, or cannot be told, is null."""

    scale = ma.fields.String(required=True)
    answers = ma.fields.Integer(required=True, allow_none=True)
    wanted = ma.fields.Nested(WantedSizeSchema, required=True)
    sd = ma.fields.Float(required=True, metadata={"description": "Of one answer, in points."})
    sd_from = ma.fields.String(required=True)
    needed = ma.fields.Integer(required=True)
    missing = ma.fields.Integer(required=True, allow_none=True)
    rate = ma.fields.Nested(ArrivalRateSchema, required=True, allow_none=True)
    expected = ma.fields.Date(
        required=True, allow_none=True, metadata={"description": "The day, at this rate."}
    )
    soonest = ma.fields.Date(required=True, allow_none=True)
    latest = ma.fields.Date(required=True, allow_none=True)
    difference = ma.fields.Nested(DifferenceSizeSchema, required=True)


class SampleSizeSchema(ma.Schema):
    """A score of the journey, and how many answers it needs; null where nothing is asked."""

    journey = ma.fields.String(required=True)
    measure = ma.fields.String(required=True, allow_none=True)
    measures = ma.fields.List(ma.fields.String(), required=True)
    outlook = ma.fields.Nested(ScoreOutlookSchema, required=True, allow_none=True)


_OUTLOOK = {
    "scale": "nps",
    "answers": 246,
    "wanted": {"margin": 5.0, "difference": 5.0, "power": 0.8, "population": None},
    "sd": 78.4,
    "sd_from": "answers so far",
    "needed": 945,
    "missing": 699,
    "rate": {
        "days": 30.436875,
        "estimate": 41.0,
        "low": 36.0,
        "high": 46.5,
        "periods": 6,
        "dispersion": 1.0,
    },
    "expected": "2028-05-02",
    "soonest": "2028-03-02",
    "latest": "2028-07-13",
    "difference": {
        "points": 5.0,
        "needed_each": 3860,
        "power_with_present_answers": 0.11,
        "method": "z test of two scores",
    },
}


@sample_size.route("/journeys/<string:code>/sample-size", methods=["GET"])
@needs(KeyScope.READ_RESULTS)
@sample_size.arguments(SampleSizeQuery, location="query")
@sample_size.response(
    200,
    SampleSizeSchema,
    example={
        "journey": "onboarding",
        "measure": "nps",
        "measures": ["nps", "3:csat"],
        "outlook": _OUTLOOK,
    },
)
@sample_size.alt_response(404, "NOT_FOUND")
def read_sample_size(query: dict[str, Any], code: str) -> dict[str, Any]:
    """Read how many answers a score needs

    For a margin, and for a difference of two groups or periods; and when they are expected at the
    rate of the complete months that are shown.
    """
    wanted = read_wanted({name: f"{value}" for name, value in query.items() if name != "measure"})
    with installation().store.reading() as session:
        journey = journey_by_code(session, code_in(code, "journey"), caller().journey_id)
        today = calendar_of(journey).day(installation().now())
        measures = score_measures(
            session,
            journey.id,
            today=today,
            minimum_cell=installation().settings.minimum_cell,
            library=installation().library,
        )
        chosen = chosen_measure(measures, query.get("measure", ""))
        return {
            "journey": journey.code,
            **outlook_document(measures, chosen, wanted, today=today),
        }


class PlannedSizeQuery(Strict):
    """A margin of a share, mean or Net Promoter Score, or a difference of two groups; no answers needed."""

    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(KINDS))
    metric = ma.fields.String(
        validate=ma.validate.OneOf(list(METRICS)),
        metadata={
            "description": "What is measured; by default `share`. Of `nps` always the score."
        },
    )
    margin = _between(0.1, 100, "Half of the wanted interval, in points.")
    difference = _between(0.1, 200, "True difference of two groups to find, in points.")
    base = _between(0, 100, "Share in the one group, for a difference of shares; by default 50.")
    sd = _between(0.01, 1_000, "Standard deviation of one answer, in points.")
    promoters = _between(0, 100, "Percentage of promoters, for the score's variance.")
    detractors = _between(0, 100, "Percentage of detractors.")
    population = ma.fields.Integer(
        validate=ma.validate.Range(min=1, max=LARGEST_POPULATION),
        metadata={"description": "Size of a finite population; for a margin only."},
    )
    response_rate = _between(0.1, 100, "Expected response rate in percent; for a margin only.")
    confidence = _between(50, 99.99, "In percent; by default 95.")
    power = _between(50, 99.9, "Of a difference, in percent; by default 80.")


class PlannedSizeSchema(ma.Schema):
    """The answer in sentences, and in numbers as the command `samplesize` writes them."""

    said = ma.fields.List(ma.fields.String(), required=True)
    answer = ma.fields.Dict(keys=ma.fields.String(), required=True)


@sample_size.route("/journeys/<string:code>/sample-size/planned", methods=["GET"])
@needs(KeyScope.READ_RESULTS)
@sample_size.arguments(PlannedSizeQuery, location="query")
@sample_size.response(
    200,
    PlannedSizeSchema,
    example={
        "said": [
            "385 answers give an interval of about +-5 points at 95% confidence, if one answer has a"
            " standard deviation of 50 points."
        ],
        "answer": {
            "kind": "margin",
            "metric": "share",
            "n": 385,
            "margin": 5.0,
            "confidence": 0.95,
        },
    },
)
@sample_size.alt_response(404, "NOT_FOUND")
def plan_sample_size(query: dict[str, Any], code: str) -> dict[str, Any]:
    """Read how many answers a plan needs

    For a margin or a difference of any score, before there are answers: nothing is read of answers, and
    nothing is stored. What would not be used is refused.
    """
    with installation().store.reading() as session:
        journey_by_code(session, code_in(code, "journey"), caller().journey_id)
    asked = read_size({name: f"{value}" for name, value in query.items()})
    if asked is None:
        raise Invalid("Say what is asked.", field="kind")
    found = answer_size(asked)
    return {"said": list(found.said), "answer": dict(found.document)}
