"""Outcomes out: what became of customers beside what they answered, proposed segments, lifetime value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from surveyapp.api.bodies import Blueprint, Strict
from surveyapp.api.callers import caller, installation, needs
from surveyapp.api.results import code_in
from surveyapp.auth.api_keys import KeyScope
from surveyapp.journeys.queries import journey_by_code
from surveyapp.results.outcomes.actions import FoundOutcomes, found_outcomes
from surveyapp.results.outcomes.customer_values import (
    NOTE,
    StatedMoney,
    customer_values,
    values_to_json,
)
from surveyapp.results.outcomes.phrases import LIMITS, outcomes_to_json
from surveyapp.sampling.outcomes import OutcomeKind

outcome_analysis = Blueprint(
    "outcome_analysis",
    __name__,
    url_prefix="/api/v1",
    description="What became of customers, beside what they answered.",
)

_MOST = 1e12


def _number(description: str) -> ma.fields.Float:
    return ma.fields.Float(required=True, allow_none=True, metadata={"description": description})


def _count(description: str) -> ma.fields.Integer:
    return ma.fields.Integer(required=True, allow_none=True, metadata={"description": description})


def _reason(description: str) -> ma.fields.String:
    return ma.fields.String(required=True, allow_none=True, metadata={"description": description})


def _document(description: str) -> ma.fields.Dict:
    return ma.fields.Dict(
        keys=ma.fields.String(),
        required=True,
        allow_none=True,
        metadata={"description": description},
    )


class OutcomeBandSchema(ma.Schema):
    """An outcome of the customers in a band of a score."""

    band = ma.fields.String(required=True)
    n = ma.fields.Integer(required=True)
    estimate = _number("A rate from 0 to 1, or a mean.")
    low = _number("95% interval.")
    high = _number("95% interval.")


class OutcomeByScaleSchema(ma.Schema):
    """An outcome by the bands of a score."""

    scale = ma.fields.String(required=True)
    label = ma.fields.String(required=True)
    bands = ma.fields.List(
        ma.fields.Nested(OutcomeBandSchema),
        required=True,
        allow_none=True,
        metadata={"description": "From the lowest up; null where they are hidden."},
    )
    trend = _document("`z`, `p` and `method` of a test for a trend across bands.")
    hidden = _reason("Why the bands are hidden.")


class AnalysedOutcomeSchema(ma.Schema):
    """One kind of outcome beside customers' scores."""

    kind = ma.fields.String(
        required=True, validate=ma.validate.OneOf([str(each) for each in OutcomeKind])
    )
    label = ma.fields.String(required=True)
    is_event = ma.fields.Boolean(
        required=True, metadata={"description": "Else it is an amount, told as a mean."}
    )
    n = _count("Customers of whom it is known; null for fewer than may be shown.")
    scales = ma.fields.List(ma.fields.Nested(OutcomeByScaleSchema), required=True)
    survival = _document(
        "Kaplan-Meier `curves` by band and month, `log_rank`, and `cox` models; null for amounts."
    )
    prediction = _document("Cross-validated `auc`, `average_precision` and calibration.")
    attribution = _document("Shares of touchpoints by rule under `models`, or a `reason`.")


class CreditedScoreSchema(ma.Schema):
    """Which touchpoints customers with a high score had met before they answered."""

    scale = ma.fields.String(required=True)
    label = ma.fields.String(required=True)
    band = ma.fields.String(
        required=True, metadata={"description": "The band that counts as high."}
    )
    attribution = _document("Shares of touchpoints by rule under `models`, or a `reason`.")


class GroupScoreSchema(ma.Schema):
    """The mean of a score in a group."""

    scale = ma.fields.String(required=True)
    label = ma.fields.String(required=True)
    mean = _number("In the score's own unit.")
    low = _number("95% interval.")
    high = _number("95% interval.")


class CustomerGroupSchema(ma.Schema):
    """Customers who answered alike."""

    n = ma.fields.Integer(required=True)
    share = ma.fields.Float(required=True)
    jaccard = ma.fields.Float(
        required=True, metadata={"description": "Mean likeness to the group in resamples, 0 to 1."}
    )
    stability = ma.fields.String(
        required=True, validate=ma.validate.OneOf(["stable", "doubtful", "unstable"])
    )
    scores = ma.fields.List(ma.fields.Nested(GroupScoreSchema), required=True)
    rule = _document(
        "The rule over attributes that agrees best: `text`, `describes`, `kappa`, `precision`, `recall`;"
        " or a `reason`."
    )


class ProposedSegmentsSchema(ma.Schema):
    """Groups of customers who answered alike, or the reason why there are none."""

    reason = _reason("Why no groups are shown.")
    n = _count("Customers with all scores.")
    left_out = _count("Customers without one of them.")
    sampled = _count("Customers by whom the number of groups and their stability were found.")
    silhouette = _number("Mean silhouette, -1 to 1.")
    resamples = _count("Of customers, for the stability.")
    seed = _count("Of the generator.")
    method = _reason("How the groups were made.")
    clusters = ma.fields.List(ma.fields.Nested(CustomerGroupSchema), required=True)


class OutcomeResultSchema(ma.Schema):
    """The newest analysis, of all customers and all time."""

    minimum = ma.fields.Integer(
        required=True, metadata={"description": "Smaller groups are hidden."}
    )
    answered = ma.fields.Integer(required=True)
    outcomes = ma.fields.List(ma.fields.Nested(AnalysedOutcomeSchema), required=True)
    scores = ma.fields.List(ma.fields.Nested(CreditedScoreSchema), required=True)
    segments = ma.fields.Nested(
        ProposedSegmentsSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Null in a result that an earlier version made."},
    )
    flow = _document("How customers went from channel to channel.")


class JourneyOutcomesSchema(ma.Schema):
    """What became of a journey's customers."""

    journey = ma.fields.String(required=True)
    made_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    stale = ma.fields.Boolean(
        required=True,
        metadata={
            "description": "Whether answers, outcomes or events came, changed or went since."
        },
    )
    since = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "What changed since, in words; null where nothing did."},
    )
    running = ma.fields.Boolean(
        required=True, metadata={"description": "Whether a new analysis waits or runs."}
    )
    stored = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Integer(),
        required=True,
        metadata={"description": "Stored outcomes by kind."},
    )
    limits = ma.fields.String(
        required=True, metadata={"description": "What the result does not say."}
    )
    result = ma.fields.Nested(
        OutcomeResultSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Null before the first analysis."},
    )


class ValueQuery(Strict):
    margin = ma.fields.Float(
        required=True,
        validate=ma.validate.Range(min=0, max=_MOST),
        metadata={"description": "A customer's margin in a year. Required."},
    )
    discount = ma.fields.Float(
        load_default=10.0,
        validate=ma.validate.Range(min=0, max=1000),
        metadata={"description": "Discount rate a year, in per cent."},
    )
    cost = ma.fields.Float(
        load_default=0.0,
        validate=ma.validate.Range(min=0, max=_MOST),
        metadata={"description": "What it costs to win a customer."},
    )
    retention = ma.fields.Float(
        validate=ma.validate.Range(min=0, max=100),
        metadata={"description": "A stated retention in a year, in per cent."},
    )


class EstimateSchema(ma.Schema):
    """An estimate with its 95% interval."""

    estimate = ma.fields.Float(required=True)
    low = _number("Null where there is no interval.")
    high = _number("Null where there is no interval.")


class BandValueSchema(ma.Schema):
    """The value of a customer in a band of a score."""

    band = ma.fields.String(required=True)
    n = ma.fields.Integer(required=True)
    followed = _count("Customers still followed after `months`.")
    months = _count("The month of the curve from which retention is taken.")
    retention = ma.fields.Nested(
        EstimateSchema,
        required=True,
        allow_none=True,
        metadata={"description": "In a year, 0 to 1."},
    )
    value = ma.fields.Nested(
        EstimateSchema,
        required=True,
        allow_none=True,
        metadata={"description": "In the unit of the margin."},
    )
    years = _number("How long a customer stays on average; null where nobody leaves.")
    reason = _reason("Why there is no value.")


class StatedValueSchema(ma.Schema):
    """The value of a customer at the stated retention."""

    value = ma.fields.Float(required=True)
    years = _number("How long a customer stays on average; null where nobody leaves.")


class CustomerValuesSchema(ma.Schema):
    """Customer lifetime value by what customers answered."""

    journey = ma.fields.String(required=True)
    scale = _reason("Whose bands they are.")
    bands = ma.fields.List(ma.fields.Nested(BandValueSchema), required=True)
    reason = _reason("Why there are no bands.")
    stated = ma.fields.Nested(
        StatedValueSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Null without a stated retention."},
    )
    note = ma.fields.String(required=True, metadata={"description": "What is assumed."})


_SHARE = {"estimate": 0.82, "low": 0.7, "high": 0.9, "n": 60}
_OUTCOMES = {
    "journey": "onboarding",
    "made_at": "2026-09-01T06:00:00+00:00",
    "stale": False,
    "since": None,
    "running": False,
    "stored": {"churn": 246},
    "limits": LIMITS,
    "result": {
        "minimum": 5,
        "answered": 246,
        "outcomes": [
            {
                "kind": "churn",
                "label": "Churn",
                "is_event": True,
                "n": 246,
                "scales": [
                    {
                        "scale": "sjq",
                        "label": "SJQ",
                        "bands": [
                            {"band": "Low (below 4.47)", "n": 80, "estimate": 0.31}
                            | {"low": 0.22, "high": 0.42}
                        ],
                        "trend": {"z": -4.1, "p": 0.0, "method": "Cochran-Armitage test"},
                        "hidden": None,
                    }
                ],
                **dict.fromkeys(("survival", "prediction", "attribution")),
            }
        ],
        "scores": [
            {"scale": "nps", "label": "NPS", "band": "Promoters (9 and 10)", "attribution": None}
        ],
        "segments": {
            "reason": None,
            "n": 246,
            "left_out": 0,
            "sampled": 246,
            "silhouette": 0.48,
            "resamples": 100,
            "seed": 1,
            "method": "k-means on standardised values",
            "clusters": [
                {
                    "n": 168,
                    "share": 0.68,
                    "jaccard": 0.97,
                    "stability": "stable",
                    "scores": [
                        {"scale": "sjq", "label": "SJQ", "mean": 5.3, "low": 5.2, "high": 5.4}
                    ],
                    "rule": {
                        "text": "tenure_years >= 2",
                        "describes": True,
                        "kappa": 0.64,
                        "precision": _SHARE,
                        "recall": _SHARE,
                    },
                }
            ],
        },
        "flow": None,
    },
}
_VALUES = {
    "journey": "onboarding",
    "scale": "SJQ",
    "bands": [
        {
            "band": "Low (below 4.47)",
            "n": 80,
            "followed": 31,
            "months": 12,
            "retention": {"estimate": 0.61, "low": 0.5, "high": 0.72},
            "value": {"estimate": 184.1, "low": 110.0, "high": 301.1},
            "years": 2.6,
            "reason": None,
        }
    ],
    "reason": None,
    "stated": None,
    "note": NOTE,
}


@outcome_analysis.route("/journeys/<string:code>/outcomes", methods=["GET"])
@needs(KeyScope.READ_RESULTS)
@outcome_analysis.response(200, JourneyOutcomesSchema, example=_OUTCOMES)
@outcome_analysis.alt_response(404, "NOT_FOUND")
def read_journey_outcomes(code: str) -> dict[str, Any]:
    """Read what became of a journey's customers

    The newest analysis of outcomes as its page shows it: by bands of each score, over time, by touchpoint,
    and the segments that it proposes. Analyses are asked for on the page, or by `surveyapp outcomes analyse`.
    """
    name, found = _found(code)
    told = outcomes_to_json(found)
    return {"journey": name, **told, "result": found.result and _result(found.result)}


@outcome_analysis.route("/journeys/<string:code>/customer-values", methods=["GET"])
@needs(KeyScope.READ_RESULTS)
@outcome_analysis.arguments(ValueQuery, location="query")
@outcome_analysis.response(200, CustomerValuesSchema, example=_VALUES)
@outcome_analysis.alt_response(404, "NOT_FOUND")
def read_customer_values(query: dict[str, Any], code: str) -> dict[str, Any]:
    """Read the lifetime value of a journey's customers

    By bands of what they answered: margin, discount and cost as stated, retention from the newest analysis of
    the outcome churn. Nothing is stored.
    """
    name, found = _found(code)
    kept = query.get("retention")
    money = StatedMoney(query["margin"], query["discount"] / 100, query["cost"])
    values = customer_values(found.result, money, None if kept is None else kept / 100)
    return {"journey": name, **values_to_json(values)}


def _found(code: str) -> tuple[str, FoundOutcomes]:
    with installation().store.reading() as session:
        journey = journey_by_code(session, code_in(code, "journey"), caller().journey_id)
        return journey.code, found_outcomes(session, journey.id)


def _result(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A stored result with every part that the document names, also of an earlier version."""
    proposed = stored.get("segments")
    empty = dict.fromkeys(
        ("reason", "n", "left_out", "sampled", "silhouette", "resamples", "seed", "method")
    )
    return {
        "minimum": stored["minimum"],
        "answered": stored["answered"],
        "outcomes": [{"attribution": None, **each} for each in stored["outcomes"]],
        "scores": stored.get("scores", []),
        "segments": proposed and {**empty, "clusters": [], **proposed},
        "flow": stored["flow"],
    }
