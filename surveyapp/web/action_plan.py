"""The action plan: what is to be done about a journey or all of them, and what came of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from surveyapp.auth import queries as people
from surveyapp.auth.grants import able, journeys_granted
from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.journeys import action_plan as plan
from surveyapp.journeys import action_plan_queries as planned
from surveyapp.journeys import change_queries, queries
from surveyapp.journeys.action_json import action_to_json
from surveyapp.journeys.action_plan_queries import WantedActions
from surveyapp.journeys.calendar import calendar_of
from surveyapp.journeys.opportunities import opportunities_of, opportunity_of
from surveyapp.results.registered_changes import effect_phrases
from surveyapp.results.registered_changes.action_effects import action_effects
from surveyapp.store.models import Journey, PlannedAction
from surveyapp.web.action_form import STATES, ActionForm, stored
from surveyapp.web.filters import dashboard_rules, number_asked
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.pain_point_form import place_of
from surveyapp.web.record_chains import chains_beside
from surveyapp.web.record_pages import RecordPages
from surveyapp.web.sessions import me

action_plan = Blueprint("action_plan", __name__)

FILTERS = {"todo": "To do", **STATES, "all": "All"}
_DUE = timedelta(days=30)
_LONGEST = 300  # of a text that another page suggests


@action_plan.get("/action-plan")
@action_plan.get("/action-plan.json", endpoint="index_json")
@requires(Permission.READ_RESULTS, lists=True)
def index() -> ResponseReturnValue:
    """The actions of all journeys that one may see."""
    granted, today = journeys_granted(me(), Permission.READ_RESULTS), installation().now().date()
    wanted = WantedActions(granted, number_asked("journey"), number_asked("owner"), **_state(today))
    with installation().store.reading() as session:
        found = planned.actions(session, wanted)
        accounts, known = people.accounts(session), queries.journeys(session, granted)
    return page(
        "action_plan/index.html",
        {"actions": [action_to_json(each, today=today) for each in found]},
        actions=found,
        wanted=wanted,
        shown=request.args.get("state", "todo"),
        filters=FILTERS,
        accounts=accounts,
        journeys=known,
        overdue={each.id for each in found if planned.is_overdue(each, today)},
        states=STATES,
    )


def _state(today: date) -> dict[str, Any]:
    asked = request.args.get("state", "todo")
    if asked not in FILTERS:
        raise Invalid(f"state={asked[:20]} is not one of {', '.join(FILTERS)}.", field="state")
    overdue = today if request.args.get("overdue") else None
    return {"state": "" if asked == "all" else asked, "overdue_on": overdue}


@action_plan.get("/journeys/<int:journey_id>/action-plan")
@action_plan.get("/journeys/<int:journey_id>/action-plan.json", endpoint="show_json")
@requires(Permission.READ_RESULTS)
def show(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        today = _today(journey)
        found = planned.actions(session, WantedActions(journey_id=journey_id, state=""))
        removed = planned.removed_actions(session, journey_id, installation().now())
        effects = action_effects(session, journey_id, today=today, **dashboard_rules())
    return page(
        "action_plan/show.html",
        {
            "journey": journey.code,
            "actions": [action_to_json(each, today=today) for each in found],
            "effects": [
                {"action": each.action_id, "said": effect_phrases.headline(each.effect)}
                for each in effects
            ],
        },
        journey=journey,
        actions=found,
        removed=removed,
        effects=effects,
        said=effect_phrases,
        overdue={each.id for each in found if planned.is_overdue(each, today)},
        states=STATES,
    )


@action_plan.route("/journeys/<int:journey_id>/action-plan/new", methods=["GET", "POST"])
@requires(Permission.PLAN_IMPROVEMENTS)
def new(journey_id: int) -> ResponseReturnValue:
    """An empty form, or one that another page has filled by its address."""
    return PAGES.new(journey_id, _suggested)


@action_plan.route(
    "/journeys/<int:journey_id>/action-plan/<int:action_id>", methods=["GET", "POST"]
)
@requires(Permission.PLAN_IMPROVEMENTS)
def edit(journey_id: int, action_id: int) -> ResponseReturnValue:
    return PAGES.edit(journey_id, action_id)


@action_plan.post("/journeys/<int:journey_id>/action-plan/<int:action_id>/remove")
@requires(Permission.PLAN_IMPROVEMENTS)
def remove(journey_id: int, action_id: int) -> ResponseReturnValue:
    return PAGES.remove(journey_id, action_id)


@action_plan.post("/journeys/<int:journey_id>/action-plan/<int:action_id>/restore")
@requires(Permission.PLAN_IMPROVEMENTS)
def restore(journey_id: int, action_id: int) -> ResponseReturnValue:
    return PAGES.restore(journey_id, action_id)


def _form(session: Session, journey: Journey, data: dict[str, Any]) -> ActionForm:
    staff = able(session, Permission.PLAN_IMPROVEMENTS, journey.id)
    known = opportunities_of(session, journey.id)
    changed = change_queries.changes(session, journey.id)
    return ActionForm(data=data).offer(journey, staff, changed, known)


def _suggested(session: Session, journey: Journey) -> dict[str, Any]:
    """What a page that leads here says of the action: its touchpoint and its reason."""
    found: dict[str, Any] = {
        "owner_id": str(me().id),
        "due_on": _today(journey) + _DUE,
        "driver": request.args.get("reason", "")[:_LONGEST],
    }
    number = number_asked("touchpoint")
    if number is not None:
        point = queries.touchpoint(session, journey.id, number)
        found |= {"place": f"touchpoint-{point.id}", "title": f"Improve {point.name}"}
    number = number_asked("opportunity")
    if number is not None:
        row = opportunity_of(session, journey.id, number)
        found |= {"opportunity_id": str(row.id), "title": row.title, "place": place_of(row)}
    return found


def _today(journey: Journey) -> date:
    return calendar_of(journey).day(installation().now())


def _write(
    session: Session, journey: Journey, row: PlannedAction | None, form: ActionForm
) -> PlannedAction:
    said: dict[str, Any] = {"user_id": me().id, "now": installation().now()}
    if row is None:
        return plan.plan_action(session, journey, form.text(), **said)
    plan.edit_action(session, journey, row, form.text(), **said)
    return row


PAGES = RecordPages(
    name="action",
    pages="action_plan",
    find=planned.action,
    form=_form,
    stored=stored,
    write=_write,
    take_off=plan.remove_action,
    put_back=plan.restore_action,
    added="planned",
    lists="show",
    beside=chains_beside,
)
