"""Journeys beside journeys, channels beside channels, partners beside partners."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import marshmallow as ma
from sqlalchemy import select

from surveyapp.api.bodies import Blueprint, Strict
from surveyapp.api.callers import caller, installation, needs
from surveyapp.api.portfolio import InvarianceSchema
from surveyapp.api.results import DifferenceSchema, NumbersSchema, code_in
from surveyapp.auth.api_keys import KeyScope
from surveyapp.errors import NotFound
from surveyapp.journeys.portfolio import Listed, listed
from surveyapp.results.scope import read_scope, recent
from surveyapp.results.side_by_side import Groups, most_journeys
from surveyapp.results.side_by_side import side_by_side as compare
from surveyapp.results.side_by_side_json import side_by_side_to_json
from surveyapp.store.models import Journey

side_by_side = Blueprint(
    "side_by_side", __name__, url_prefix="/api/v1", description="Groups set side by side."
)

_MONTH = r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$"


class SideBySideQuery(Strict):
    groups = ma.fields.String(
        validate=ma.validate.OneOf([str(each) for each in Groups]),
        metadata={
            "description": "What is set side by side; by default journeys. Channels and partners are of the"
            " touchpoints of the journeys."
        },
    )
    journeys = ma.fields.String(
        validate=ma.validate.Length(max=2000),
        metadata={
            "description": "Codes of journeys, separated by commas; by default the current ones, as far as"
            " they fit."
        },
    )
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


class MemberSchema(NumbersSchema):
    """A group's score."""

    name = ma.fields.String(required=True)


class PairSchema(DifferenceSchema):
    """The first group's score minus the second's; p after Holm correction for all differences."""

    first = ma.fields.String(required=True)
    second = ma.fields.String(required=True)


class ScoreBesideSchema(ma.Schema):
    """One score of all groups."""

    scale = ma.fields.String(required=True)
    label = ma.fields.String(required=True)
    unit = ma.fields.String(required=True)
    interval = ma.fields.String(required=True)
    members = ma.fields.List(ma.fields.Nested(MemberSchema), required=True)
    pairs = ma.fields.List(
        ma.fields.Nested(PairSchema),
        required=True,
        allow_none=True,
        metadata={
            "description": "Null where nothing says that the score measures the same in them."
        },
    )
    pairs_reason = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Why there are no pairs."}
    )
    invariance = ma.fields.Nested(InvarianceSchema, required=True, allow_none=True)
    unpaired = ma.fields.List(
        ma.fields.String(),
        required=True,
        metadata={"description": "Journeys that the test of invariance does not speak of."},
    )


class SideBySideSchema(ma.Schema):
    """The scores of all groups."""

    journeys = ma.fields.List(ma.fields.String(), required=True)
    groups = ma.fields.String(required=True)
    first = ma.fields.String(attribute="from", data_key="from", required=True, allow_none=True)
    last = ma.fields.String(attribute="to", data_key="to", required=True, allow_none=True)
    minimum_cell = ma.fields.Integer(required=True)
    differences_tested = ma.fields.Integer(required=True)
    left_out = ma.fields.Integer(
        required=True, metadata={"description": "Groups beyond the most that are compared."}
    )
    scores = ma.fields.List(ma.fields.Nested(ScoreBesideSchema), required=True)


_FIGURE = {"hidden": "", "state": "shown", "reason": None}
_EXAMPLE = {
    "journeys": ["mortgage"],
    "groups": "partners",
    "from": "2026-03",
    "to": "2026-05",
    "minimum_cell": 5,
    "differences_tested": 1,
    "left_out": 0,
    "scores": [
        {
            "scale": "csat",
            "label": "Customer satisfaction (CSAT)",
            "unit": "percent",
            "interval": "Wilson score interval, 95%",
            "members": [
                {"name": "Harbour Notaries", **_FIGURE, "n": 80, "estimate": 75.0, "low": 64.5, "high": 83.2},
                {"name": "City Courier", **_FIGURE, "n": 68, "estimate": 61.8, "low": 49.9, "high": 72.4},
            ],
            "pairs": [
                {
                    "first": "Harbour Notaries",
                    "second": "City Courier",
                    "difference": 13.2,
                    "low": -1.8,
                    "high": 27.8,
                    "p": 0.085,
                    "significant": False,
                    "reason": None,
                }
            ],
            "pairs_reason": None,
            "invariance": None,
            "unpaired": [],
        }
    ],
}  # fmt: skip


@side_by_side.route("/side-by-side", methods=["GET"])
@needs(KeyScope.READ_RESULTS)
@side_by_side.arguments(SideBySideQuery, location="query")
@side_by_side.response(200, SideBySideSchema, example=_EXAMPLE)
@side_by_side.alt_response(404, "NOT_FOUND")
def read_side_by_side(query: dict[str, Any]) -> dict[str, Any]:
    """Compare journeys, channels or partners

    Each score of all groups, all about the same months, with the difference of every pair after Holm
    correction. Small groups are hidden as on the pages. An index of several questions is compared
    between journeys only where a test says that it measures the same in them (``invariance``), and
    between channels and partners not at all. At most 12 groups, of at most 25 journeys.
    """
    at, only = installation(), caller().journey_id
    named = {"from": query.get("since"), "to": query.get("until")}
    scope = read_scope(
        0,
        {name: text for name, text in named.items() if text},
        default=recent(at.now().date(), at.settings.period_months),
    )
    groups = Groups(query.get("groups", Groups.JOURNEYS))
    granted = None if only is None else select(Journey.id).where(Journey.id == only)
    few = at.settings.minimum_cell
    with at.store.reading() as session:
        known = listed(session, granted)
        if "journeys" in query:
            chosen = _chosen(known, query["journeys"])
        else:
            current = [each for each in known if each.state != "archived"]
            chosen = current[: most_journeys(groups)]
        found = compare(session, chosen, groups, scope.period, minimum_cell=few, library=at.library)
    return {
        "journeys": [each.code for each in chosen],
        **side_by_side_to_json(found, few=few),
    }


def _chosen(known: Sequence[Listed], codes: str) -> list[Listed]:
    """The journeys of these codes, each once, in the order of the list. Raises NotFound."""
    wanted = {code_in(each.strip(), "journey") for each in codes.split(",") if each.strip()}
    for code in sorted(wanted - {each.code for each in known}):
        raise NotFound(f"There is no journey {code!r}.")
    return [each for each in known if each.code in wanted]
