"""Funnel: who was invited and answered, and how far customers came in a journey; cohorts by month."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.journeys import queries
from surveyapp.results.funnels.cohorts import SCORES_REFUSED, cohorts
from surveyapp.results.funnels.funnel_json import (
    cohorts_to_json,
    invitation_funnels_to_json,
    journey_funnel_to_json,
)
from surveyapp.results.funnels.invitation_funnels import count_uncounted, invitation_funnels
from surveyapp.results.funnels.journey_funnel import journey_funnel
from surveyapp.results.funnels.passages import count_events, passages
from surveyapp.surveys.queries import surveys_of
from surveyapp.web.filters import dashboard_rules, number_asked, scope_asked
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page, scope_to_json
from surveyapp.web.scope_bar import scope_bar

funnel = Blueprint("funnel", __name__, url_prefix="/journeys/<int:journey_id>")

COUNTED_AT_ONCE = 10_000  # events that are read without being asked to: a second at most
_INVITED_AT_ONCE = 100_000  # invitations that are read one by one, likewise
DAYS, _MOST_DAYS = 7, 90


@funnel.get("/funnel")
@funnel.get("/funnel.json", endpoint="index_json")
@requires(Permission.READ_RESULTS)
def index(journey_id: int) -> ResponseReturnValue:
    rules, days = dashboard_rules(), _days_asked()
    few = rules["minimum_cell"]
    with installation().store.reading() as session:
        scope = scope_asked(session, journey_id)
        journey = queries.journey(session, journey_id)
        points = [point.id for stage in journey.stages for point in stage.touchpoints]
        known = count_events(session, points, at_most=COUNTED_AT_ONCE + 1)
        # Events have no channel or language by which anybody answered.
        asked = bool(known) and not scope.channel and not scope.language
        ask = asked and known > COUNTED_AT_ONCE and "count" not in request.args
        counted = asked and not ask
        read = passages(session, scope, days=days, library=rules["library"]) if counted else None
        surveys = [survey.id for survey in surveys_of(session, journey_id)]
        many = count_uncounted(session, journey, surveys) > _INVITED_AT_ONCE
        by_channel = not many or "count" in request.args
        invited = invitation_funnels(session, scope, by_channel=by_channel, **rules)
        bar = scope_bar(session, scope)
    reached = journey_funnel(read, minimum_cell=few) if read else None
    begun = cohorts(read, minimum_cell=few) if read else None
    reason = _reason(known, asked=asked, ask=ask)
    return page(
        "funnel/index.html",
        {
            "journey": journey.code,
            "segment": next((s.code for s in bar.segments if s.id == scope.segment_id), None),
            **scope_to_json(scope),
            "minimum_cell": few,
            "invitations_by_channel": by_channel,
            "invitations": invitation_funnels_to_json(invited, few=few),
            "funnel": journey_funnel_to_json(reached, few=few) if reached else None,
            "cohorts": cohorts_to_json(begun, few=few) if begun else None,
            "cohort_scores": None,
            "cohort_scores_reason": SCORES_REFUSED,
            "reason": reason,
        },
        journey=journey,
        invited=invited,
        by_channel=by_channel,
        reached=reached,
        begun=begun,
        no_cohort_scores=SCORES_REFUSED,
        ask=ask,
        reason=reason,
        days=days,
        few=few,
        scope=scope,
        bar=bar,
    )


def _days_asked() -> int:
    """Within how many days a contact repeats one before it."""
    days = number_asked("days")
    if days is None:
        return DAYS
    if not 1 <= days <= _MOST_DAYS:
        raise Invalid(f"days={days} is not a number from 1 to {_MOST_DAYS}.", field="days")
    return days


def _reason(known: int, *, asked: bool, ask: bool) -> str | None:
    """Why there is no funnel of events."""
    if not known:
        return "no events yet"
    if not asked:
        return "events have no channel or language of answers"
    return "counted only with count=1" if ask else None
