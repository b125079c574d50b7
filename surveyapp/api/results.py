"""Results: a journey's scores, with the same intervals and suppression as on every page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.api.bodies import Blueprint, Strict
from surveyapp.api.callers import caller, installation, needs
from surveyapp.auth.api_keys import KeyScope
from surveyapp.errors import Invalid, NotFound
from surveyapp.journeys.codes import read_code
from surveyapp.journeys.journey_kinds import KINDS
from surveyapp.journeys.queries import journey_by_code, segment_by_code
from surveyapp.journeys.target_journeys import kind_to_json
from surveyapp.responses.facets import Channel
from surveyapp.results import dashboards
from surveyapp.results.invariance.comparability import Verdicts
from surveyapp.results.journey_json import overview_to_json
from surveyapp.results.scope import Comparison, Scope, read_scope
from surveyapp.results.targets.standing import Standing
from surveyapp.results.view_models import State
from surveyapp.store.models import Journey

results = Blueprint("results", __name__, url_prefix="/api/v1", description="A journey's scores.")


class ResultsQuery(Strict):
    segment = ma.fields.String(
        validate=ma.validate.Length(max=60), metadata={"description": "A segment's code."}
    )
    since = ma.fields.String(
        data_key="from",
        validate=ma.validate.Regexp(r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$"),
        metadata={"description": "First month, such as 2026-03."},
    )
    until = ma.fields.String(
        data_key="to",
        validate=ma.validate.Regexp(r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$"),
        metadata={"description": "Last month, such as 2026-05."},
    )

    compare = ma.fields.String(
        validate=ma.validate.OneOf([each.value for each in Comparison]),
        metadata={
            "description": "What the scores of a period with a first and a last month are compared"
            " with: as many months just before (the default), the same months of the year before, or"
            " none."
        },
    )
    channel = ma.fields.String(
        validate=ma.validate.OneOf([each.value for each in Channel]),
        metadata={"description": "Only answers that came in by this channel."},
    )
    language = ma.fields.String(
        validate=ma.validate.Regexp(r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,2}$"),
        metadata={"description": "Only answers given in this language, such as fi."},
    )
    flagged = ma.fields.Boolean(
        metadata={
            "description": "Whether answers that came in an unusual way, of which one person may have"
            " sent many, count too; by default they do not."
        },
    )


def weighted_field() -> ma.fields.Boolean:
    """Whether scores are weighted too, as a field of a query."""
    return ma.fields.Boolean(
        metadata={
            "description": "Whether each score is given with weights by population shares, too, in"
            " `weighted`."
        },
    )


class WeightedResultsQuery(ResultsQuery):
    weighted = weighted_field()


def _state(description: str) -> ma.fields.String:
    return ma.fields.String(
        required=True,
        validate=ma.validate.OneOf([str(each) for each in State]),
        metadata={"description": description},
    )


def kind_field() -> ma.fields.String:
    """What a journey's map shows, as a field of a document."""
    return ma.fields.String(
        required=True,
        validate=ma.validate.OneOf([each.code for each in KINDS]),
        metadata={
            "description": "What its map shows: `journey`, `day` (a day in the life) or `blueprint` (a"
            " service blueprint)."
        },
    )


def target_of_field() -> ma.fields.String:
    """The journey that one is the target of, as a field of a document."""
    return ma.fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "The code of the journey whose target state this one is; null if it is none,"
            " or of a journey that the key may not read."
        },
    )


class NumbersSchema(ma.Schema):
    """The numbers of a score. When `hidden` is set, every number is null."""

    n = ma.fields.Integer(required=True, allow_none=True)
    estimate = ma.fields.Float(required=True, allow_none=True)
    low = ma.fields.Float(required=True, allow_none=True)
    high = ma.fields.Float(required=True, allow_none=True)
    hidden = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(["", "few", "complement", "period"]),
        metadata={
            "description": "Empty, or the reason it is not shown: too few answers, or a score from"
            " which a small group's could be derived."
        },
    )
    state = _state("Three kinds of number that is not there are told apart.")
    reason = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why a number is null, in words; null if every number is there."},
    )


class DifferenceSchema(ma.Schema):
    """A difference. Null numbers come with a reason."""

    difference = ma.fields.Float(required=True, allow_none=True)
    low = ma.fields.Float(required=True, allow_none=True)
    high = ma.fields.Float(required=True, allow_none=True)
    p = ma.fields.Float(required=True, allow_none=True)
    significant = ma.fields.Boolean(required=True, allow_none=True)
    reason = ma.fields.String(required=True, allow_none=True)


class ChangeSchema(DifferenceSchema):
    """How a score differs from that of the months compared with; p after Holm correction for all."""

    before = ma.fields.Nested(NumbersSchema, required=True)


class SegmentInvarianceSchema(ma.Schema):
    """Whether a score of several questions means the same in the segment and in all other customers."""

    verdict = ma.fields.String(
        required=True, validate=ma.validate.OneOf([str(each) for each in Verdicts])
    )
    comparable = ma.fields.Boolean(
        required=True,
        metadata={"description": "If not, no difference is called significant."},
    )
    sentence = ma.fields.String(required=True)
    released = ma.fields.List(
        ma.fields.String(),
        required=True,
        metadata={"description": "Parameters that differ, where the verdict is a partial one."},
    )
    n = ma.fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Complete answers of the segment; null where it was not tested."},
    )
    n_others = ma.fields.Integer(required=True, allow_none=True)
    needed = ma.fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Complete answers that are needed on either side."},
    )
    tested_at = ma.fields.DateTime(required=True, allow_none=True)
    stale = ma.fields.Boolean(required=True)


class OthersSchema(NumbersSchema):
    """The score of all customers outside the segment, and the segment's minus it."""

    difference = ma.fields.Nested(DifferenceSchema, required=True)
    invariance = ma.fields.Nested(
        SegmentInvarianceSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Null for a score of a single question."},
    )


class StandingSchema(ma.Schema):
    """The score minus its target with the score's 95% interval."""

    gap = ma.fields.Float(required=True, allow_none=True)
    low = ma.fields.Float(required=True, allow_none=True)
    high = ma.fields.Float(required=True, allow_none=True)
    standing = ma.fields.String(
        required=True,
        allow_none=True,
        validate=ma.validate.OneOf([str(each) for each in Standing]),
        metadata={
            "description": "`reached` if the whole interval lies at the target or above, `not reached` if"
            " it lies below, `open` if it holds the target. Null if the score is not shown."
        },
    )


class TargetSchema(StandingSchema):
    """A target, and the score minus it with the score's 95% interval."""

    value = ma.fields.Float(required=True)
    due = ma.fields.Date(required=True, allow_none=True)
    owner = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Who answers for it, by name."}
    )
    weighted = ma.fields.Nested(
        StandingSchema,
        required=True,
        allow_none=True,
        metadata={"description": "The same of the score with weights; null where it has none."},
    )


class WeightedSchema(ma.Schema):
    """A score as it would be if the answers had the population shares, with its 95% interval."""

    n = ma.fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Answers with a weight."},
    )
    estimate = ma.fields.Float(required=True, allow_none=True)
    low = ma.fields.Float(required=True, allow_none=True)
    high = ma.fields.Float(required=True, allow_none=True)
    interval = ma.fields.String(required=True, allow_none=True)
    design_effect = ma.fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "By how much unequal weights raise the variance (Kish)."},
    )
    effective_n = ma.fields.Float(required=True, allow_none=True)
    left_out = ma.fields.Integer(
        required=True,
        allow_none=True,
        metadata={
            "description": "Answers whose value of an attribute is not known or has no share."
        },
    )
    refused = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why the score has no weights, with the cure."},
    )
    change = ma.fields.Nested(
        ChangeSchema,
        required=True,
        allow_none=True,
        metadata={
            "description": "The change of the score with weights, tested together with those of all other"
            " weighted scores. Null where nothing is compared with."
        },
    )


class FigureSchema(NumbersSchema):
    """A score with its 95% interval. When `hidden` is set, every number is null."""

    scale = ma.fields.String(required=True)
    label = ma.fields.String(required=True)
    unit = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(["percent", "nps", "index", "mean"]),
        metadata={"description": "percent 0 to 100, nps -100 to 100, index 0 to 100, or mean."},
    )
    interval = ma.fields.String(required=True, metadata={"description": "How it is calculated."})
    change = ma.fields.Nested(
        ChangeSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Null where nothing is compared with."},
    )

    other_customers = ma.fields.Nested(
        OthersSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Null without a segment."},
    )

    target = ma.fields.Nested(
        TargetSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Null where none is set."},
    )

    weighted = ma.fields.Nested(
        WeightedSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Null where weights are not asked for."},
    )


class ComparedSchema(ma.Schema):
    """The months that scores are compared with."""

    first = ma.fields.String(attribute="from", data_key="from", required=True)
    last = ma.fields.String(attribute="to", data_key="to", required=True)
    changes_tested = ma.fields.Integer(required=True)


class TouchpointSchema(ma.Schema):
    """A touchpoint and its scores."""

    code = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    state = _state("Whether any of its scores is shown; `not asked here` without a survey.")
    figures = ma.fields.List(ma.fields.Nested(FigureSchema), required=True)


class StageSchema(ma.Schema):
    """A stage of the journey."""

    code = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    state = _state("That of its touchpoints together.")
    figures = ma.fields.List(
        ma.fields.Nested(FigureSchema),
        required=True,
        metadata={"description": "All touchpoints of the stage combined."},
    )
    touchpoints = ma.fields.List(ma.fields.Nested(TouchpointSchema), required=True)


class ResultsSchema(ma.Schema):
    """A journey's scores for all customers or a segment, in whole months."""

    journey = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    kind = kind_field()
    target_of = target_of_field()
    segment = ma.fields.String(required=True, allow_none=True)
    channel = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Null for all channels."}
    )
    language = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Null for all languages."}
    )
    flagged = ma.fields.Boolean(
        required=True, metadata={"description": "Whether flagged answers count."}
    )
    flagged_left_out = ma.fields.Integer(
        required=True,
        allow_none=True,
        metadata={
            "description": "How many flagged answers are left out; null if that would give a small"
            " group away."
        },
    )
    first_day = ma.fields.Date(required=True, allow_none=True)
    last_day = ma.fields.Date(required=True, allow_none=True)
    time_zone = ma.fields.String(
        required=True, metadata={"description": "By whose days and months answers are counted."}
    )
    responses = ma.fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Null if the number would give a small group away."},
    )
    responses_at_least = ma.fields.Integer(
        required=True, metadata={"description": "Those at the places whose number can be shown."}
    )
    responses_reason = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Why `responses` is null."}
    )
    minimum_cell = ma.fields.Integer(
        required=True, metadata={"description": "Smaller groups are hidden."}
    )
    compared_with = ma.fields.Nested(
        ComparedSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Null without a period of first and last month."},
    )
    end = ma.fields.List(
        ma.fields.Nested(FigureSchema),
        required=True,
        metadata={"description": "Scores from the survey at the journey's end."},
    )
    stages = ma.fields.List(ma.fields.Nested(StageSchema), required=True)


_NPS = {
    "scale": "nps",
    "label": "Net Promoter Score (NPS)",
    "unit": "nps",
    "interval": "Score interval, 95%",
    "n": 246,
    "estimate": 31.3,
    "low": 22.4,
    "high": 39.7,
    "hidden": "",
    "state": "shown",
    "reason": None,
    "change": None,
    "other_customers": None,
    "target": {
        "value": 40.0,
        "due": "2026-12-31",
        "owner": "Kim Berg",
        "gap": -8.7,
        "low": -17.6,
        "high": -0.3,
        "standing": "not reached",
        "weighted": None,
    },
    "weighted": None,
}
_FEW = {
    **_NPS,
    "target": None,
    **dict.fromkeys(("n", "estimate", "low", "high")),
    "hidden": "few",
    "state": "hidden",
    "reason": "hidden (fewer than 5)",
}
_RESULTS = {
    "journey": "onboarding",
    "name": "Onboarding",
    "kind": "journey",
    "target_of": None,
    "segment": "north",
    "first_day": "2026-03-02",
    "last_day": "2026-05-30",
    "channel": None,
    "language": None,
    "flagged": False,
    "flagged_left_out": 0,
    "time_zone": "Europe/Helsinki",
    "responses": None,
    "responses_at_least": 246,
    "responses_reason": "the number at one place is hidden to protect small groups",
    "minimum_cell": 5,
    "compared_with": None,
    "end": [_NPS],
    "stages": [
        {
            "code": "apply",
            "name": "Apply",
            "state": "hidden",
            "figures": [],
            "touchpoints": [
                {"code": "form", "name": "Form", "state": "hidden", "figures": [_FEW]},
                {"code": "call", "name": "Call", "state": "not asked here", "figures": []},
            ],
        }
    ],
}


@results.route("/journeys/<string:code>/results", methods=["GET"])
@needs(KeyScope.READ_RESULTS)
@results.arguments(WeightedResultsQuery, location="query")
@results.response(200, ResultsSchema, example=_RESULTS)
@results.alt_response(404, "NOT_FOUND")
@results.alt_response(409, "CONFLICT")
def read_journey_results(query: dict[str, Any], code: str) -> dict[str, Any]:
    """Read a journey's scores

    The scores of the journey's page: by stage, by touchpoint and at its end, each with its interval.
    Groups with fewer answers than the smallest allowed are hidden, as are scores from which they could
    be derived. Without months they are of all time. While responses are still being assigned to the
    segment, the answer is 409.
    """
    settings = installation().settings
    with installation().store.reading() as session:
        journey = journey_by_code(session, code_in(code, "journey"), caller().journey_id)
        overview = dashboards.journey_overview(
            session,
            scope_in(session, journey.id, query),
            minimum_cell=settings.minimum_cell,
            library=installation().library,
        )
        only = caller().journey_id
        granted = None if only is None else select(Journey.id).where(Journey.id == only)
        kind = kind_to_json(session, journey, granted)
    return {**overview_to_json(overview), **kind}


def scope_in(session: Session, journey_id: int, query: Mapping[str, Any]) -> Scope:
    """The answers that a query asks for, of all time where it names no month. Raises NotFound, Invalid."""
    segment_id = ""
    if "segment" in query:
        segment_id = str(segment_by_code(session, code_in(query["segment"], "segment")).id)
    months = {"from": query.get("since", ""), "to": query.get("until", "")}
    others = {name: query.get(name, "") for name in ("compare", "channel", "language")}
    others |= {name: "yes" if query.get(name) else "" for name in ("flagged", "weighted")}
    return read_scope(journey_id, {"segment": segment_id, **months, **others})


def code_in(text: str, what: str) -> str:
    """A code in an address; NotFound for what cannot be one."""
    try:
        return read_code(text)
    except Invalid as error:
        raise NotFound(f"There is no {what} {text[:60]!r}.") from error
