"""Judges of items: how many are needed, and the indices of what they answered elsewhere."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from sqlalchemy.orm import Session

from surveyapp.api.bodies import Blueprint, Strict
from surveyapp.api.callers import caller, installation, needs
from surveyapp.api.results import code_in
from surveyapp.auth.api_keys import KeyScope
from surveyapp.errors import Invalid
from surveyapp.journeys.queries import journey_by_code
from surveyapp.scale_development.judge_numbers import JUDGED, answer_judges, read_judges
from surveyapp.scale_development.judged_files import MOST_ITEMS, MOST_JUDGES, judge_rows
from surveyapp.scale_development.scale_json import judged_file_to_json

judges = Blueprint(
    "judges",
    __name__,
    url_prefix="/api/v1/journeys/<string:code>/judges",
    description="Judges of items, before any customer answers.",
)

_KIND = ma.validate.OneOf(list(JUDGED))


class JudgesQuery(Strict):
    """How many judges are needed, or what a number of them can tell."""

    kind = ma.fields.String(required=True, validate=_KIND)
    judges = ma.fields.Integer(
        validate=ma.validate.Range(min=1, max=300),
        metadata={"description": "Without it, the fewest for the power."},
    )
    true = ma.fields.Float(
        validate=ma.validate.Range(min=1, max=99.9),
        metadata={"description": "Judges who agree on a good item, in percent; by default 90."},
    )
    power = ma.fields.Float(
        validate=ma.validate.Range(min=1, max=99.9),
        metadata={"description": "Wanted, in percent; by default 80. Not beside `judges`."},
    )


class JudgesNeededSchema(ma.Schema):
    """The answer in a sentence and in numbers; `table` has what 3 to 30 judges can tell."""

    said = ma.fields.String(required=True)
    answer = ma.fields.Dict(
        keys=ma.fields.String(),
        required=True,
        allow_none=True,
        metadata={"description": "Null where no number of judges has the power."},
    )
    fewest = ma.fields.Integer(allow_none=True)
    always_from = ma.fields.Integer(
        allow_none=True, metadata={"description": "From here on every number has the power."}
    )
    table = ma.fields.List(ma.fields.Dict(keys=ma.fields.String()), required=True)


class JudgementsSchema(Strict):
    """A row for each judge, with the items that the judge answered."""

    kind = ma.fields.String(required=True, validate=_KIND)
    items = ma.fields.Dict(
        keys=ma.fields.String(validate=ma.validate.Length(min=1, max=200)),
        values=ma.fields.String(validate=ma.validate.Length(max=200)),
        required=True,
        validate=ma.validate.Length(min=1, max=MOST_ITEMS),
        metadata={
            "description": 'Each item with the construct it was written for; of ratings `""`.'
        },
    )
    judges = ma.fields.List(
        ma.fields.Dict(
            keys=ma.fields.String(validate=ma.validate.Length(max=200)),
            values=ma.fields.Raw(allow_none=True),
            validate=ma.validate.Length(max=MOST_ITEMS),
        ),
        required=True,
        validate=ma.validate.Length(min=1, max=MOST_JUDGES),
        metadata={
            "description": "By item the construct chosen, a rating from 1 to 4, or 1 for essential, else 0."
        },
    )


class JudgedElsewhereSchema(ma.Schema):
    """The indices of each item, and what the rule proposes."""

    kind = ma.fields.String(required=True)
    judges = ma.fields.Integer(required=True)
    agreement = ma.fields.Dict(
        keys=ma.fields.String(),
        required=True,
        allow_none=True,
        metadata={"description": "Krippendorff's alpha; null where too few judged."},
    )
    whole = ma.fields.Dict(
        keys=ma.fields.String(),
        required=True,
        allow_none=True,
        metadata={"description": "S-CVI/Ave and S-CVI/UA of relevance, else null."},
    )
    rule = ma.fields.String(required=True)
    items = ma.fields.List(ma.fields.Dict(keys=ma.fields.String()), required=True)
    notes = ma.fields.List(ma.fields.String(), required=True)


_ROW = {
    "judges": 8,
    "needed": 7,
    "share": 0.875,
    "ratio": 0.75,
    "kappa": None,
    "chance": 0.0352,
    "power": 0.813,
    "true": 0.9,
    "low": 0.556,
    "high": 0.985,
}


@judges.route("/needed", methods=["GET"])
@needs(KeyScope.READ_SURVEYS)
@judges.arguments(JudgesQuery, location="query")
@judges.response(
    200,
    JudgesNeededSchema,
    example={
        "said": "8 judges are the fewest with a power of 80% to keep an item on which each judge agrees with a"
        " probability of 90%: 7 of them have to sort an item to its construct (psa 0.88, csv 0.75).",
        "answer": _ROW,
        "fewest": 8,
        "always_from": 11,
        "table": [_ROW],
    },
)
@judges.alt_response(404, "NOT_FOUND")
def read_judges_needed(query: dict[str, Any], code: str) -> dict[str, Any]:
    """Read how many judges are needed

    And how many of them have to agree for an item to be kept. Nothing is read of answers, and nothing is
    stored.
    """
    with installation().store.reading() as session:
        _require_journey(session, code)
    asked = read_judges({name: f"{value}" for name, value in query.items()})
    if asked is None:
        raise Invalid("Say what judges are asked.", field="kind")
    found = answer_judges(asked)
    names = ("answer", "fewest", "always_from", "table")
    return {"said": found.said} | {
        name: found.document[name] for name in names if name in found.document
    }


@judges.route("/judgements", methods=["POST"])
@needs(KeyScope.READ_SURVEYS)
@judges.arguments(
    JudgementsSchema,
    example={
        "kind": "sort",
        "items": {"emp1": "empathy", "war1": "warmth"},
        "judges": [{"emp1": "empathy", "war1": "warmth"}, {"emp1": "warmth", "war1": "warmth"}],
    },
)
@judges.response(
    200,
    JudgedElsewhereSchema,
    example={
        "kind": "sort",
        "judges": 8,
        "agreement": {"estimate": 0.71, "low": 0.58, "high": 0.83, "observed": 0.84, "units": 12},
        "whole": None,
        "rule": "Keep: significantly more judges than chance sorted the item to its own construct.",
        "items": [
            {
                "code": "emp1",
                "construct": "empathy",
                "judges": 8,
                "numbers": {"psa": 1.0, "csv": 1.0, "critical": 7},
                "proposal": "keep",
            }
        ],
        "notes": [],
    },
)
@judges.alt_response(404, "NOT_FOUND")
def analyse_judgements(asked: dict[str, Any], code: str) -> dict[str, Any]:
    """Analyse what judges answered elsewhere

    Item sorts (psa, csv), relevance (I-CVI, kappa*, Aiken's V) and necessity (CVR), with the proposals of a
    judging round. Nothing is stored.
    """
    with installation().store.reading() as session:
        _require_journey(session, code)
    others = {name for row in asked["judges"] for name in row} - asked["items"].keys()
    if others:
        raise Invalid(f"{min(others)[:60]!r} is none of the items.", field="judges")
    found = judge_rows(
        asked["kind"], asked["items"], asked["judges"], now=installation().now(), field="judges"
    )
    return judged_file_to_json(found)


def _require_journey(session: Session, code: str) -> None:
    journey_by_code(session, code_in(code, "journey"), caller().journey_id)
