"""Results: a journey's scores, with the same intervals and suppression as on every page."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from surveyapp.api.bodies import Blueprint, Strict
from surveyapp.api.callers import installation, needs
from surveyapp.auth.api_keys import KeyScope
from surveyapp.errors import Invalid, NotFound
from surveyapp.journeys.codes import read_code
from surveyapp.journeys.queries import journey_by_code, segment_by_code
from surveyapp.results import dashboards
from surveyapp.results.scope import read_scope
from surveyapp.results.view_models import Figure, JourneyOverview

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


class FigureSchema(ma.Schema):
    """A score with its 95% interval. When `hidden` is set, every number is null."""

    scale = ma.fields.String(required=True)
    label = ma.fields.String(required=True)
    unit = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(["percent", "nps", "index", "mean"]),
        metadata={"description": "percent 0 to 100, nps -100 to 100, index 0 to 100, or mean."},
    )
    interval = ma.fields.String(required=True, metadata={"description": "How it is calculated."})
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


class TouchpointSchema(ma.Schema):
    """A touchpoint and its scores."""

    code = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    figures = ma.fields.List(ma.fields.Nested(FigureSchema), required=True)


class StageSchema(ma.Schema):
    """A stage of the journey."""

    code = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
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
    segment = ma.fields.String(required=True, allow_none=True)
    first_day = ma.fields.Date(required=True, allow_none=True)
    last_day = ma.fields.Date(required=True, allow_none=True)
    responses = ma.fields.Integer(required=True, allow_none=True)
    minimum_cell = ma.fields.Integer(
        required=True, metadata={"description": "Smaller groups are hidden."}
    )
    end = ma.fields.List(
        ma.fields.Nested(FigureSchema),
        required=True,
        metadata={"description": "Scores from the survey at the journey's end."},
    )
    stages = ma.fields.List(ma.fields.Nested(StageSchema), required=True)


@results.route("/journeys/<string:code>/results", methods=["GET"])
@needs(KeyScope.READ_RESULTS)
@results.arguments(ResultsQuery, location="query")
@results.response(200, ResultsSchema)
def journey_results(query: dict[str, Any], code: str) -> dict[str, Any]:
    """Read a journey's scores

    The scores of the journey's page: by stage, by touchpoint and at its end, each with its interval.
    Groups with fewer answers than the smallest allowed are hidden, as are scores from which they could
    be derived. While responses are still being assigned to the segment, the answer is 409.
    """
    settings = installation().settings
    with installation().store.reading() as session:
        journey = journey_by_code(session, _code(code, "journey"))
        segment_id = ""
        if "segment" in query:
            segment_id = str(segment_by_code(session, _code(query["segment"], "segment")).id)
        months = {"from": query.get("since", ""), "to": query.get("until", "")}
        overview = dashboards.journey_overview(
            session,
            read_scope(journey.id, {"segment": segment_id, **months}),
            minimum_cell=settings.minimum_cell,
            library=installation().library,
        )
    return _shown(overview)


def _shown(overview: JourneyOverview) -> dict[str, Any]:
    return {
        "journey": overview.code,
        "name": overview.name,
        "segment": overview.segment.code if overview.segment else None,
        "first_day": overview.first_day,
        "last_day": overview.last_day,
        "responses": overview.responses,
        "minimum_cell": overview.minimum_cell,
        "end": [_figure(each) for each in overview.end],
        "stages": [
            {
                "code": stage.code,
                "name": stage.name,
                "figures": [_figure(each) for each in stage.figures],
                "touchpoints": [
                    {
                        "code": point.code,
                        "name": point.name,
                        "figures": [_figure(each) for each in point.figures],
                    }
                    for point in stage.touchpoints
                ],
            }
            for stage in overview.stages
        ],
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "scale": figure.definition.scale,
        "label": figure.definition.label,
        "unit": str(figure.definition.unit),
        "interval": figure.definition.interval,
        "n": figure.n,
        "estimate": figure.estimate,
        "low": figure.low,
        "high": figure.high,
        "hidden": str(figure.hidden),
    }


def _code(text: str, what: str) -> str:
    try:
        return read_code(text)
    except Invalid as error:
        raise NotFound(f"There is no {what} {text[:60]!r}.") from error
