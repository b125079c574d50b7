"""The portfolio: every journey with its scores, the lowest first, as on the start page."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from sqlalchemy import select

from surveyapp.api.bodies import Blueprint, Strict
from surveyapp.api.callers import caller, installation, needs
from surveyapp.api.results import (
    ComparedSchema,
    FigureSchema,
    NumbersSchema,
    kind_field,
    target_of_field,
    weighted_field,
)
from surveyapp.auth.api_keys import KeyScope
from surveyapp.journeys.portfolio import Search, listed
from surveyapp.results.invariance.comparability import Verdicts
from surveyapp.results.portfolio.portfolio import ORDERS, Asked
from surveyapp.results.portfolio.portfolio import portfolio as read_page
from surveyapp.results.portfolio.portfolio_json import portfolio_to_json
from surveyapp.results.scope import Comparison, read_scope, recent
from surveyapp.store.models import Journey

portfolio = Blueprint(
    "portfolio", __name__, url_prefix="/api/v1", description="All journeys with their scores."
)

_MONTH = r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$"
_LARGEST = 1_000_000


class PortfolioQuery(Strict):
    name = ma.fields.String(
        validate=ma.validate.Length(max=200), metadata={"description": "A part of the name."}
    )
    group = ma.fields.String(validate=ma.validate.Length(max=60))
    tag = ma.fields.String(validate=ma.validate.Length(max=60))
    since = ma.fields.String(
        data_key="from",
        validate=ma.validate.Regexp(_MONTH),
        metadata={"description": "First month, such as 2026-03."},
    )
    until = ma.fields.String(
        data_key="to",
        validate=ma.validate.Regexp(_MONTH),
        metadata={"description": "Last month, such as 2026-05."},
    )
    compare = ma.fields.String(
        validate=ma.validate.OneOf([each.value for each in Comparison]),
        metadata={"description": "What scores are compared with; by default the period before."},
    )
    order = ma.fields.String(
        validate=ma.validate.OneOf(list(ORDERS)),
        metadata={"description": "By default the score that most journeys have, the lowest first."},
    )
    page = ma.fields.Integer(validate=ma.validate.Range(min=1, max=_LARGEST))
    weighted = weighted_field()


class RankSchema(ma.Schema):
    """Which ranks are open; rank 1 is the lowest score. From all pairs of journeys (Holm)."""

    first = ma.fields.Integer(required=True)
    last = ma.fields.Integer(required=True)
    among = ma.fields.Integer(attribute="of", data_key="of", required=True)


class ShareSchema(ma.Schema):
    """A rate, 0 to 100, with its 95% interval."""

    estimate = ma.fields.Float(required=True, allow_none=True)
    low = ma.fields.Float(required=True, allow_none=True)
    high = ma.fields.Float(required=True, allow_none=True)
    reason = ma.fields.String(required=True, allow_none=True)


class WeakestStageSchema(ma.Schema):
    """The stage that scores significantly lower than every other one, if there is one."""

    name = ma.fields.String(required=True, allow_none=True)
    reason = ma.fields.String(required=True, allow_none=True)
    figure = ma.fields.Nested(FigureSchema, required=True, allow_none=True)


class TrendMonthSchema(NumbersSchema):
    """A month's score."""

    month = ma.fields.String(required=True)


class PortfolioJourneySchema(ma.Schema):
    """A journey and its scores."""

    id = ma.fields.Integer(required=True)
    code = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    state = ma.fields.String(required=True)
    kind = kind_field()
    target_of = target_of_field()
    group = ma.fields.String(required=True, allow_none=True)
    tags = ma.fields.List(ma.fields.String(), required=True)
    owner = ma.fields.String(required=True, allow_none=True)
    next_review = ma.fields.Date(required=True, allow_none=True)
    review_every = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "monthly, quarterly, half-yearly or yearly."},
    )
    reviewed_on = ma.fields.Date(required=True, allow_none=True)
    stages = ma.fields.Integer(required=True)
    touchpoints = ma.fields.Integer(required=True)
    responses = ma.fields.Integer(
        required=True, metadata={"description": "At the places whose number can be shown."}
    )
    places_hidden = ma.fields.Integer(required=True)
    response_rate = ma.fields.Nested(ShareSchema, required=True)
    overdue_cases = ma.fields.Integer(required=True)
    rank = ma.fields.Nested(
        RankSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Null without a score that ranks."},
    )
    figures = ma.fields.List(ma.fields.Nested(FigureSchema), required=True)
    weakest_stage = ma.fields.Nested(WeakestStageSchema, required=True, allow_none=True)
    trend = ma.fields.List(
        ma.fields.Nested(TrendMonthSchema),
        required=True,
        metadata={"description": "The last twelve months of the score that ranks."},
    )


class GapSchema(ma.Schema):
    """A difference with its 95% interval, and p after Holm correction."""

    difference = ma.fields.Float(required=True)
    low = ma.fields.Float(required=True)
    high = ma.fields.Float(required=True)
    p = ma.fields.Float(required=True)


class FirstToDoSchema(ma.Schema):
    """A touchpoint significantly below the others of its journey."""

    journey = ma.fields.String(required=True)
    stage = ma.fields.String(required=True)
    touchpoint = ma.fields.String(required=True)
    figure = ma.fields.Nested(FigureSchema, required=True)
    below_others = ma.fields.Nested(GapSchema, required=True)


class InvarianceSchema(ma.Schema):
    """Whether a score of several questions measures the same in the journeys (measurement invariance)."""

    instrument = ma.fields.String(required=True)
    verdict = ma.fields.Enum(Verdicts, by_value=True, required=True)
    comparable = ma.fields.Boolean(required=True)
    sentence = ma.fields.String(required=True)
    journeys = ma.fields.List(
        ma.fields.Integer(), required=True, metadata={"description": "Those that were tested."}
    )
    released = ma.fields.List(
        ma.fields.String(),
        required=True,
        metadata={"description": "Parameters that differ between journeys, of a partial verdict."},
    )
    test = ma.fields.Integer(required=True, allow_none=True)
    tested_at = ma.fields.DateTime(required=True, allow_none=True)
    stale = ma.fields.Boolean(required=True)
    running = ma.fields.Boolean(required=True)


class PortfolioSchema(ma.Schema):
    """A page of the journeys."""

    sentence = ma.fields.String(required=True, allow_none=True)
    first = ma.fields.String(attribute="from", data_key="from", required=True, allow_none=True)
    last = ma.fields.String(attribute="to", data_key="to", required=True, allow_none=True)
    compared_with = ma.fields.Nested(ComparedSchema, required=True, allow_none=True)
    order = ma.fields.String(required=True)
    ranked_by = ma.fields.String(required=True)
    ranked = ma.fields.Integer(required=True)
    invariance = ma.fields.Nested(InvarianceSchema, required=True, allow_none=True)
    total = ma.fields.Integer(required=True)
    page = ma.fields.Integer(required=True)
    pages = ma.fields.Integer(required=True)
    minimum_cell = ma.fields.Integer(required=True)
    journeys = ma.fields.List(ma.fields.Nested(PortfolioJourneySchema), required=True)
    first_to_do = ma.fields.List(ma.fields.Nested(FirstToDoSchema), required=True)


_EXAMPLE = {
    "sentence": None,
    "from": "2026-03",
    "to": "2026-05",
    "compared_with": {"from": "2025-12", "to": "2026-02", "changes_tested": 0},
    "order": "sjq",
    "ranked_by": "sjq",
    "ranked": 0,
    "invariance": None,
    "total": 1,
    "page": 1,
    "pages": 1,
    "minimum_cell": 5,
    "journeys": [
        {
            "id": 1,
            "code": "mortgage",
            "name": "Get a mortgage",
            "state": "current",
            "kind": "journey",
            "target_of": None,
            "group": "Lending",
            "tags": ["home"],
            "owner": "Kim Berg",
            "next_review": "2026-06-30",
            "review_every": "quarterly",
            "reviewed_on": "2026-03-30",
            "stages": 3,
            "touchpoints": 6,
            "responses": 0,
            "places_hidden": 0,
            "response_rate": {
                **dict.fromkeys(("estimate", "low", "high")),
                "reason": "there is nothing to take a share of",
            },
            "overdue_cases": 0,
            "rank": None,
            "figures": [],
            "weakest_stage": None,
            "trend": [],
        }
    ],
    "first_to_do": [],
}


@portfolio.route("/portfolio", methods=["GET"])
@needs(KeyScope.READ_RESULTS)
@portfolio.arguments(PortfolioQuery, location="query")
@portfolio.response(200, PortfolioSchema, example=_EXAMPLE)
def read_portfolio(query: dict[str, Any]) -> dict[str, Any]:
    """Read all journeys with their scores

    The list of the start page: every journey that the key may read, the lowest score first, 25 on a
    page, all about the same months. Ranks come from the differences of all pairs of journeys after Holm
    correction; ranks by SJQ only where a test says that it measures the same in the journeys
    (``invariance``). With more than 25 journeys the scores may be a minute old.
    """
    at, only = installation(), caller().journey_id
    now, settings = at.now(), at.settings
    named = {"from": query.get("since"), "to": query.get("until"), "compare": query.get("compare")}
    named["weighted"] = "yes" if query.get("weighted") else None
    scope = read_scope(
        0,
        {name: text for name, text in named.items() if text},
        default=recent(now.date(), settings.period_months),
    )
    search = Search(
        name=query.get("name", ""), group=query.get("group", ""), tag=query.get("tag", "")
    )
    granted = None if only is None else select(Journey.id).where(Journey.id == only)
    with at.store.reading() as session:
        chosen = [each for each in listed(session, granted) if search.finds(each)]
        found = read_page(
            session,
            chosen,
            Asked(
                scope.period,
                scope.baseline,
                query.get("order", ""),
                query.get("page", 1),
                now.date(),
                scope.weighted,
            ),
            now=now,
            minimum_cell=settings.minimum_cell,
            library=at.library,
        )
    return portfolio_to_json(found, few=settings.minimum_cell)
