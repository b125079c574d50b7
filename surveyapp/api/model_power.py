"""How many respondents a planned model needs, or what those that there are can show."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from surveyapp.api.bodies import Blueprint, Strict
from surveyapp.api.callers import caller, installation, needs
from surveyapp.api.results import code_in
from surveyapp.auth.api_keys import KeyScope
from surveyapp.errors import Invalid
from surveyapp.journeys.queries import journey_by_code
from surveyapp.results.projects.model_power import (
    FIT,
    LONGEST,
    PATH,
    SIMULATION,
    answer_power,
    read_power,
)

model_power = Blueprint(
    "model_power", __name__, url_prefix="/api/v1", description="Planning before there are answers."
)


def _between(low: float, high: float, description: str) -> ma.fields.Float:
    return ma.fields.Float(
        validate=ma.validate.Range(min=low, max=high), metadata={"description": description}
    )


class PowerQuery(Strict):
    """A question about power: of the test of fit, of a path of PLS-SEM, or by simulation."""

    kind = ma.fields.String(required=True, validate=ma.validate.OneOf([FIT, PATH, SIMULATION]))
    n = ma.fields.Integer(
        validate=ma.validate.Range(min=3, max=1_000_000),
        metadata={"description": "Respondents; without it, how many are needed."},
    )
    power = _between(1, 99.9, "Wanted, in percent; by default 80.")
    df = ma.fields.Integer(
        validate=ma.validate.Range(min=1, max=1_000_000),
        metadata={"description": "The model's degrees of freedom, of `fit`."},
    )
    null = _between(0, 1, "The RMSEA that is to be rejected, of `fit`; by default .05.")
    true = _between(0, 1, "The RMSEA that there is, of `fit`; by default .08.")
    path = _between(0.01, 0.99, "The smallest path, of `path`.")
    population = ma.fields.String(
        validate=ma.validate.Length(min=1, max=LONGEST),
        metadata={
            "description": "A model with a value for every path, of `simulation`. With thresholds"
            " (`a | -.5*t1 + .6*t2`) for every item answers are ordinal."
        },
    )
    missing = _between(
        0,
        90,
        "Answers missing at random, in percent, of `simulation` without thresholds; by default 0.",
    )


class PowerSchema(ma.Schema):
    """The answer in a sentence and in numbers."""

    said = ma.fields.String(required=True)
    answer = ma.fields.Dict(keys=ma.fields.String(), required=True)
    parameters = ma.fields.List(
        ma.fields.Dict(keys=ma.fields.String()),
        required=True,
        metadata={"description": "Of a simulation, power, bias and coverage of each."},
    )
    notes = ma.fields.List(ma.fields.String(), required=True)


@model_power.route("/journeys/<string:code>/model-power", methods=["GET"])
@needs(KeyScope.MODEL_ANSWERS)
@model_power.arguments(PowerQuery, location="query")
@model_power.response(
    200,
    PowerSchema,
    example={
        "said": "155 respondents find a path of 0.2 with a power of 80% at the level 0.05.",
        "answer": {"path": 0.2, "n": 155, "power": 0.8},
        "parameters": [],
        "notes": [],
    },
)
@model_power.alt_response(404, "NOT_FOUND")
def read_model_power(query: dict[str, Any], code: str) -> dict[str, Any]:
    """Read the power of a planned model

    Or how many respondents it needs. Nothing is read of answers, and nothing is stored.
    """
    with installation().store.reading() as session:
        journey_by_code(session, code_in(code, "journey"), caller().journey_id)
    asked = read_power({name: f"{value}" for name, value in query.items()})
    if asked is None:
        raise Invalid("Say what is asked.", field="kind")
    found = answer_power(asked)
    return {
        "said": found.said,
        "answer": dict(found.document),
        "parameters": [dict(each) for each in found.rows],
        "notes": list(found.notes),
    }
