"""Journeys, channels and partners side by side."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from surveyapp.auth.grants import journeys_granted
from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.journeys.portfolio import listed
from surveyapp.results.side_by_side import MOST, Groups, most_journeys
from surveyapp.results.side_by_side import side_by_side as compare
from surveyapp.results.side_by_side_json import side_by_side_to_json
from surveyapp.web.filters import dashboard_rules
from surveyapp.web.guards import requires
from surveyapp.web.ids import LARGEST
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.portfolio import scope_of_all
from surveyapp.web.sessions import me
from surveyapp.whole import whole_number

side_by_side = Blueprint("side_by_side", __name__)


@side_by_side.get("/side-by-side")
@side_by_side.get("/side-by-side.json", endpoint="index_json")
@requires(Permission.READ_RESULTS, lists=True)
def index() -> ResponseReturnValue:
    """The chosen journeys; the current ones, as far as they fit, where none is chosen."""
    granted = journeys_granted(me(), Permission.READ_RESULTS)
    scope, groups, wanted = scope_of_all(), _groups(), _journeys()
    rules = dashboard_rules()
    with installation().store.reading() as session:
        known = listed(session, granted)
        chosen = [each for each in known if each.id in wanted]
        if not wanted:
            current = [each for each in known if each.state != "archived"]
            chosen = current[: most_journeys(groups)]
        found = compare(session, chosen, groups, scope.period, **rules)
    few = rules["minimum_cell"]
    return page(
        "side_by_side/index.html",
        {"journeys": [each.code for each in chosen], **side_by_side_to_json(found, few=few)},
        found=found,
        known=known,
        chosen={each.id for each in chosen} if wanted else set(),
        shown=len(chosen),
        scope=scope,
        kept=_kept(groups, scope.arguments),
        names={each.id: each.name for each in known},
        granted=[each.id for each in known],
        ids=[each.id for each in chosen],
        most=MOST,
    )


def _groups() -> Groups:
    text = request.args.get("groups", "").strip()
    try:
        return Groups(text) if text else Groups.JOURNEYS
    except ValueError:
        raise Invalid(f"groups={text[:20]} is not one of {', '.join(Groups)}.") from None


def _journeys() -> set[int]:
    found = set()
    for text in request.args.getlist("journey"):
        number = whole_number(text.strip(), largest=LARGEST)
        if number is None:
            raise Invalid(f"journey={text[:20]} is not a number; choose from the list.")
        found.add(number)
    return found


def _kept(groups: Groups, months: dict[str, str]) -> dict[str, str | list[str]]:
    """What stands in the address of the same comparison."""
    own: dict[str, str | list[str]] = {"journey": request.args.getlist("journey")}
    return {**own, **({} if groups is Groups.JOURNEYS else {"groups": str(groups)}), **months}
