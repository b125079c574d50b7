"""Suggestions for a journey: what its numbers say should be done, one click away, or dismissed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from surveyapp.auth.permissions import Permission
from surveyapp.journeys import queries
from surveyapp.journeys import suggestions as known_ones
from surveyapp.journeys.suggestions import LONGEST_REASON, SuggestionKind
from surveyapp.results import phrases
from surveyapp.results import suggestions as found_by
from surveyapp.results.drivers.joined_scores import asks_outcome, joined_scores
from surveyapp.results.drivers.priority_map import priority_maps
from surveyapp.results.funnels.journey_funnel import journey_funnel
from surveyapp.results.funnels.passages import count_events, passages
from surveyapp.results.maps.emotion_line import emotion_line
from surveyapp.results.scope import Scope
from surveyapp.results.suggestions import Suggestion
from surveyapp.store.models import Journey
from surveyapp.surveys.plan import survey_plan
from surveyapp.web.filters import dashboard_rules, scope_asked
from surveyapp.web.forms import StaffForm
from surveyapp.web.funnel import COUNTED_AT_ONCE as EVENTS_AT_ONCE
from surveyapp.web.funnel import DAYS
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page, scope_to_json
from surveyapp.web.results import COUNTED_AT_ONCE
from surveyapp.web.sessions import me

suggestions = Blueprint("suggestions", __name__, url_prefix="/journeys/<int:journey_id>")

# What the click says and where it leads, and who may.
_ACTS: dict[SuggestionKind, tuple[str, Permission]] = {
    SuggestionKind.TRUTH: ("Mark as moment of truth", Permission.EDIT_JOURNEYS),
    SuggestionKind.SURVEY: ("Create the survey", Permission.EDIT_SURVEYS),
    SuggestionKind.WORSE: ("Add a pain point", Permission.PLAN_IMPROVEMENTS),
    SuggestionKind.BETTER: ("Correct the map", Permission.EDIT_JOURNEYS),
    SuggestionKind.PERSONA: ("Correct the persona", Permission.PLAN_IMPROVEMENTS),
    SuggestionKind.AGAIN: ("Add an opportunity", Permission.PLAN_IMPROVEMENTS),
}
HEADINGS = {
    SuggestionKind.TRUTH: "Moments of truth",
    SuggestionKind.SURVEY: "Touchpoints without a survey",
    SuggestionKind.WORSE: "Worse than the map assumes",
    SuggestionKind.BETTER: "Better than the map assumes",
    SuggestionKind.PERSONA: "Personas that the answers contradict",
    SuggestionKind.AGAIN: "Repeated contacts",
}


class DismissalForm(StaffForm):
    key = HiddenField()
    reason = StringField("Why not", [InputRequired("Enter a reason."), Length(max=LONGEST_REASON)])


@suggestions.get("/suggestions")
@suggestions.get("/suggestions.json", endpoint="index_json")
@requires(Permission.READ_RESULTS)
def index(journey_id: int) -> ResponseReturnValue:
    """What is suggested and what was dismissed; of a large journey all of it only with ``count=1``."""
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        scope = scope_asked(session, journey_id)
        found, waiting, notes = _found(session, journey, scope)
        dismissed = known_ones.dismissals_of(session, journey_id)
    gone = {each.key for each in dismissed}
    shown = [each for each in found if each.key not in gone]
    return page(
        "suggestions/index.html",
        {
            "journey": journey.code,
            **scope_to_json(scope),
            "minimum_cell": installation().settings.minimum_cell,
            "suggestions": [_to_json(each) for each in shown],
            "dismissed": [
                {"id": each.id, "key": each.key, "title": each.title, "reason": each.reason}
                for each in dismissed
            ],
            "notes": [*notes, *([f"{waiting} only with count=1"] if waiting else [])],
        },
        journey=journey,
        groups=[
            (heading, [each for each in shown if each.kind is kind])
            for kind, heading in HEADINGS.items()
        ],
        shown=shown,
        acts={each.key: act for each in shown if (act := _act(journey_id, each))},
        dismissed=dismissed,
        waiting=waiting,
        notes=notes,
        scope=scope,
        scope_said=phrases.scope(scope),
    )


@suggestions.route("/suggestions/dismiss", methods=["GET", "POST"])
@requires(Permission.PLAN_IMPROVEMENTS)
def dismiss(journey_id: int) -> ResponseReturnValue:
    """Ask for the reason, then show the suggestion no more."""
    form = DismissalForm(data={"key": request.args.get("key", "")})
    key = form.key.data or ""
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        title = known_ones.title_of(session, journey, key)
    if form.validate_on_submit():
        with form.refusing("reason"):
            with installation().store.writing() as session:
                known_ones.dismiss(
                    session,
                    queries.journey(session, journey_id),
                    key,
                    form.reason.data or "",
                    user_id=me().id,
                    now=installation().now(),
                )
            flash("The suggestion has been dismissed. It can be restored below.")
            return _list(journey_id)
    shown = render_template("suggestions/form.html", form=form, journey=journey, said=title)
    return shown, form.status


@suggestions.post("/suggestions/<int:dismissal_id>/restore")
@requires(Permission.PLAN_IMPROVEMENTS)
def restore(journey_id: int, dismissal_id: int) -> ResponseReturnValue:
    StaffForm().validate()
    with installation().store.writing() as session:
        journey = queries.journey(session, journey_id)
        known_ones.restore_suggestion(session, journey, dismissal_id, user_id=me().id)
    flash("The suggestion has been restored; it stands here wherever the numbers still say so.")
    return _list(journey_id)


def _found(
    session: Session, journey: Journey, scope: Scope
) -> tuple[list[Suggestion], str, list[str]]:
    """What is suggested, what takes a while and waits to be asked for, and what was not looked at."""
    rules = dashboard_rules()
    counts, waiting, notes = "count" in request.args, [], []
    found: list[Suggestion] = []
    if asks_outcome(session, journey.id, library=rules["library"]):
        known = queries.count_responses(session).get(journey.id, 0)
        if counts or known <= COUNTED_AT_ONCE:
            joined = joined_scores(session, scope, **rules)
            maps = priority_maps(session, joined)
            kinds = joined.kinds if joined else ()
            places = {key: cell[0] for kind in kinds for key, cell in kind.cells.items()}
            own = {key: place for key, place in places.items() if place is not None}
            found += found_by.moments_of_truth(session, journey, maps, own)
        else:
            waiting.append("moments of truth")
    found += found_by.missing_surveys(session, journey, survey_plan(journey))
    line = emotion_line(session, scope, **rules)
    found += found_by.wrong_feelings(session, journey, line)
    of_personas, left = found_by.wrong_personas(session, journey, scope, **rules)
    found += of_personas
    if left:
        notes.append(left)
    points = [point.id for stage in journey.stages for point in stage.touchpoints]
    events = count_events(session, points, at_most=EVENTS_AT_ONCE + 1)
    if events and not scope.channel and not scope.language:
        if counts or events <= EVENTS_AT_ONCE:
            read = passages(session, scope, days=DAYS, library=rules["library"])
            funnel = journey_funnel(read, minimum_cell=rules["minimum_cell"])
            found += found_by.repeated_contacts(session, journey, funnel)
        else:
            waiting.append("repeated contacts")
    return found, " and ".join(waiting), notes


def _act(journey_id: int, each: Suggestion) -> tuple[str, str] | None:
    """What to click and where it leads; None for who may not."""
    words, permission = _ACTS[each.kind]
    return (words, address_of(journey_id, each)) if me().may(permission) else None


def address_of(journey_id: int, each: Suggestion) -> str:
    ids: dict[str, Any] = {"journey_id": journey_id}
    point = each.place_id
    if each.kind is SuggestionKind.TRUTH:
        ids |= {"touchpoint_id": point, "moment_of_truth": 1}
        return url_for("stages.edit_touchpoint", **ids, _anchor="moment_of_truth")
    if each.kind is SuggestionKind.SURVEY:
        return url_for("surveys.new", **ids, place=point, ask=list(each.asks))
    if each.kind is SuggestionKind.WORSE:
        return url_for("pain_points.new", **ids, touchpoint=point, title=each.title)
    if each.kind is SuggestionKind.AGAIN:
        title, reason = each.title, each.reason
        return url_for("opportunities.new", **ids, touchpoint=point, title=title, reason=reason)
    if each.kind is SuggestionKind.PERSONA:
        return url_for("personas.edit", **ids, persona_id=each.persona_id)
    return url_for("journey_map.index", **ids)


def _to_json(each: Suggestion) -> dict[str, Any]:
    numbers = each.numbers
    return {
        "kind": each.kind.value,
        "key": each.key,
        "title": each.title,
        "reason": each.reason,
        "touchpoint_id": each.place_id,
        "persona_id": each.persona_id,
        "asks": list(each.asks),
        "measured": {
            "of": numbers.of,
            "estimate": numbers.estimate,
            "low": numbers.low,
            "high": numbers.high,
            "n": numbers.n,
        }
        if numbers
        else None,
    }


def _list(journey_id: int) -> ResponseReturnValue:
    return redirect(url_for("suggestions.index", journey_id=journey_id), 303)
