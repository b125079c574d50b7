"""Changes: the register of what was changed in a journey, and what the scores did since."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from surveyapp.auth.grants import able, journeys_granted
from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.journeys import change_queries, change_register, queries
from surveyapp.journeys.calendar import calendar_of
from surveyapp.journeys.chains import chains
from surveyapp.journeys.change_json import change_to_json
from surveyapp.journeys.insight_json import chain_to_json
from surveyapp.results.registered_changes import effect_phrases
from surveyapp.results.registered_changes.effect_json import effect_to_json
from surveyapp.results.registered_changes.effects import Effects
from surveyapp.results.scope import Scope
from surveyapp.results.weights.weighting import margins_of, why_not_weighted
from surveyapp.store.models import Journey, RegisteredChange
from surveyapp.web import return_form
from surveyapp.web.change_form import ChangeForm, stored
from surveyapp.web.filters import dashboard_rules
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.record_pages import RecordPages
from surveyapp.web.sessions import me

changes = Blueprint("changes", __name__, url_prefix="/journeys/<int:journey_id>")

MOST_OTHERS = 20  # journeys whose scores are offered as a control
MOST_COMPARED = 8  # of the newest changes the list says what came of them


@changes.get("/changes")
@changes.get("/changes.json", endpoint="index_json")
@requires(Permission.READ_RESULTS)
def index(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        known = change_queries.changes(session, journey_id)
        removed = change_queries.removed_changes(session, journey_id)
        today = calendar_of(journey).day(installation().now())
        headlines = {
            each.id: effect_phrases.headline(
                Effects(session, journey_id, each.id, today=today, **dashboard_rules()).effect()
            )
            for each in known[:MOST_COMPARED]
        }
    return page(
        "changes/index.html",
        {
            "journey": journey.code,
            "changes": [
                {**change_to_json(each), "headline": headlines.get(each.id)} for each in known
            ],
        },
        journey=journey,
        changes=known,
        headlines=headlines,
        said=effect_phrases,
        removed=removed,
    )


@changes.route("/changes/new", methods=["GET", "POST"])
@requires(Permission.PLAN_IMPROVEMENTS)
def new(journey_id: int) -> ResponseReturnValue:
    return PAGES.new(journey_id, lambda *_: {"started_on": installation().now().date()})


@changes.get("/changes/<int:change_id>")
@changes.get("/changes/<int:change_id>.json", endpoint="show_json")
@requires(Permission.READ_RESULTS)
def show(journey_id: int, change_id: int) -> ResponseReturnValue:
    rules = dashboard_rules()
    score, control = request.args.get("score", ""), request.args.get("control", "")
    is_weighted = request.args.get("weighted") == "yes"
    granted = journeys_granted(me(), Permission.READ_RESULTS)
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        change = change_queries.change(session, journey_id, change_id)
        others = [
            each.id
            for each in queries.journeys(session, granted)
            if each.id != journey_id and each.state != "archived"
        ]
        today = calendar_of(journey).day(installation().now())
        effects = Effects(
            session, journey_id, change_id, today=today, weighted=is_weighted, **rules
        )
        margins = margins_of(session, journey_id)
        scope = Scope(journey_id, weighted=True)
        refused = why_not_weighted(session, scope) if is_weighted else ""
        effect = effects.effect(score, control, others=others[:MOST_OTHERS])
        known = [each for each in chains(session, journey_id, ()) if each.has(change)]
    return page(
        "changes/show.html",
        {
            "journey": journey.code,
            **change_to_json(change),
            "effect": effect_to_json(effect, few=rules["minimum_cell"]),
            "not_weighted": refused or None,
            "chains": [chain_to_json(each) for each in known],
        },
        journey=journey,
        change=change,
        chains=known,
        effect=effect,
        said=effect_phrases,
        control=control,
        is_weighted=is_weighted,
        margins=margins,
        refused=refused,
    )


@changes.get("/changes/<int:change_id>/return")
@changes.get("/changes/<int:change_id>/return.json", endpoint="cost_and_return_json")
@requires(Permission.READ_RESULTS)
def cost_and_return(journey_id: int, change_id: int) -> ResponseReturnValue:
    """What a change may bring in against its cost, by assumptions in the address; nothing is stored."""
    score, stated = request.args.get("score", ""), return_form.given(request.args)
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        change = change_queries.change(session, journey_id, change_id)
        today = calendar_of(journey).day(installation().now())
        effect = Effects(session, journey_id, change_id, today=today, **dashboard_rules()).effect(
            score
        )
    found, fault = None, ""
    try:
        found = return_form.returned(effect, stated)
    except Invalid as error:
        fault = str(error)
    document = {
        "journey": journey.code,
        "change": change.title,
        "score": effect.chosen.key if effect.chosen else None,
        "stated": stated,
        "fault": fault or None,
        "cases": found and {name: asdict(getattr(found, name)) for name in ("low", "mid", "high")},
    }
    shown = page(
        "changes/return.html",
        document,
        journey=journey,
        change=change,
        effect=effect,
        fields=return_form.FIELDS,
        stated=stated,
        found=found,
        fault=fault,
    )
    return shown, 422 if fault else 200


@changes.route("/changes/<int:change_id>/edit", methods=["GET", "POST"])
@requires(Permission.PLAN_IMPROVEMENTS)
def edit(journey_id: int, change_id: int) -> ResponseReturnValue:
    return PAGES.edit(journey_id, change_id)


@changes.route("/changes/<int:change_id>/remove", methods=["GET", "POST"])
@requires(Permission.PLAN_IMPROVEMENTS)
def remove(journey_id: int, change_id: int) -> ResponseReturnValue:
    """The page that asks; sent, the removal itself."""
    form = StaffForm()
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        change = change_queries.change(session, journey_id, change_id)
    if form.validate_on_submit():
        return PAGES.remove(journey_id, change_id)
    days = change_register.KEPT.days
    page = render_template(
        "changes/remove.html", form=form, journey=journey, change=change, days=days
    )
    return page, form.status


@changes.post("/changes/<int:change_id>/restore")
@requires(Permission.PLAN_IMPROVEMENTS)
def restore(journey_id: int, change_id: int) -> ResponseReturnValue:
    return PAGES.restore(journey_id, change_id)


def _form(session: Session, journey: Journey, data: dict[str, Any]) -> ChangeForm:
    staff = able(session, Permission.PLAN_IMPROVEMENTS, journey.id)
    return ChangeForm(data=data).offer(journey, staff)


def _write(
    session: Session, journey: Journey, row: RegisteredChange | None, form: ChangeForm
) -> RegisteredChange:
    if row is None:
        return change_register.register_change(session, journey, form.text(), user_id=me().id)
    change_register.edit_change(session, journey, row, form.text(), user_id=me().id)
    return row


def _take_off(
    session: Session, journey: Journey, row: RegisteredChange, *, user_id: int | None, now: datetime
) -> None:
    """By the clock of the register itself."""
    change_register.remove_change(session, journey, row, user_id=user_id)


PAGES = RecordPages(
    name="change",
    pages="changes",
    find=change_queries.change,
    form=_form,
    stored=stored,
    write=_write,
    take_off=_take_off,
    put_back=change_register.restore_change,
    added="registered",
    has_page=True,
)
