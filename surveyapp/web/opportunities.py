"""Opportunities of a journey: effort and impact, the expected gain beside, and what came of them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.validators import Optional as Unfilled
from wtforms.widgets import CheckboxInput

from surveyapp.auth.grants import able
from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.journeys import opportunities as known_ones
from surveyapp.journeys import queries
from surveyapp.journeys.action_plan import ENDED
from surveyapp.journeys.change_register import LONGEST_TEXT, LONGEST_TITLE
from surveyapp.journeys.insight_json import opportunity_to_json
from surveyapp.journeys.insights import insights_of
from surveyapp.journeys.opportunities import OpportunityText
from surveyapp.results.drivers import association_phrases as phrases
from surveyapp.results.drivers.associations import Association, Associations, associations
from surveyapp.results.drivers.joined_scores import joinable, joined_scores
from surveyapp.store.models import Journey, Opportunity
from surveyapp.web.action_form import STATES
from surveyapp.web.change_form import place_choices
from surveyapp.web.filters import dashboard_rules, number_asked, scope_asked
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.opportunity_drawing import matrix
from surveyapp.web.pain_point_form import place_of
from surveyapp.web.record_chains import chains_beside
from surveyapp.web.record_pages import RecordPages
from surveyapp.web.results import COUNTED_AT_ONCE
from surveyapp.web.sessions import me

opportunities = Blueprint("opportunities", __name__, url_prefix="/journeys/<int:journey_id>")

FILTERS = {"": "All", "todo": "To do", **STATES}
_JUDGED = {"1": "1: very low", "2": "2: low", "3": "3: medium", "4": "4: high", "5": "5: very high"}
_LONGEST = 200  # of a text that another page suggests


class OpportunityForm(StaffForm):
    title = StringField(
        "Opportunity",
        [InputRequired("Enter what could be better."), Length(max=LONGEST_TITLE)],
    )
    description = TextAreaField("Description", [Unfilled(), Length(max=LONGEST_TEXT)])
    place = SelectField("Where", default="")
    effort = SelectField("Effort", choices=choices(_JUDGED.items()), default="3")
    impact = SelectField("Impact", choices=choices(_JUDGED.items()), default="3")
    driver = SelectField(
        "Expected gain from",
        default="",
        description="The score whose association with the outcome stands beside your judgement.",
    )
    owner_id = SelectField("Owner", default="")
    state = SelectField("State", choices=choices(STATES.items()), default="open")
    insights = SelectMultipleField("Insights", option_widget=CheckboxInput())

    def said(self) -> OpportunityText:
        """What was typed, as the list takes it."""
        kind, _, number = (self.place.data or "").partition("-")
        return OpportunityText(
            title=self.title.data or "",
            effort=int(self.effort.data),
            impact=int(self.impact.data),
            description=self.description.data or "",
            stage_id=int(number) if kind == "stage" else None,
            touchpoint_id=int(number) if kind == "touchpoint" else None,
            driver_key=self.driver.data or "",
            owner_id=int(self.owner_id.data) if self.owner_id.data else None,
            state=self.state.data or "",
            insight_ids=[int(value) for value in self.insights.data or ()],
        )


@opportunities.get("/opportunities")
@opportunities.get("/opportunities.json", endpoint="index_json")
@requires(Permission.READ_RESULTS)
def index(journey_id: int) -> ResponseReturnValue:
    """The matrix and its table; the gains of a large journey only where they are asked for."""
    state, owner = request.args.get("state", ""), number_asked("owner")
    if state not in FILTERS:
        raise Invalid(f"state={state[:20]} is not one of {', '.join(FILTERS)}.", field="state")
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        found = known_ones.opportunities_of(session, journey_id, state=state, owner_id=owner)
        removed = known_ones.removed_opportunities(session, journey_id, installation().now())
        staff = able(session, Permission.PLAN_IMPROVEMENTS, journey_id)
        asked = any(each.driver_key for each in found)
        few = queries.count_responses(session).get(journey_id, 0) <= COUNTED_AT_ONCE
        computing = asked and (few or "drivers" in request.args)
        drivers = _drivers(session, journey_id) if computing else None
    gains = _gains(drivers)
    return page(
        "opportunities/index.html",
        {
            "journey": journey.code,
            "opportunities": [
                {**opportunity_to_json(each), "gain": _gain_to_json(gains.get(each.driver_key))}
                for each in found
            ],
            "reason": "gains are computed only with drivers=1" if asked and not computing else None,
        },
        journey=journey,
        opportunities=found,
        drawn=matrix(found, ENDED),
        gains=gains,
        drivers=drivers,
        said=phrases,
        ask=asked and not computing,
        few=installation().settings.minimum_cell,
        removed=removed,
        staff=staff,
        owner=owner,
        state=state,
        filters=FILTERS,
        states=STATES,
    )


@opportunities.route("/opportunities/new", methods=["GET", "POST"])
@requires(Permission.PLAN_IMPROVEMENTS)
def new(journey_id: int) -> ResponseReturnValue:
    """An empty form, or one that another page has filled by its address."""
    return PAGES.new(journey_id, _suggested)


@opportunities.route("/opportunities/<int:opportunity_id>", methods=["GET", "POST"])
@requires(Permission.PLAN_IMPROVEMENTS)
def edit(journey_id: int, opportunity_id: int) -> ResponseReturnValue:
    return PAGES.edit(journey_id, opportunity_id)


@opportunities.post("/opportunities/<int:opportunity_id>/remove")
@requires(Permission.PLAN_IMPROVEMENTS)
def remove(journey_id: int, opportunity_id: int) -> ResponseReturnValue:
    return PAGES.remove(journey_id, opportunity_id)


@opportunities.post("/opportunities/<int:opportunity_id>/restore")
@requires(Permission.PLAN_IMPROVEMENTS)
def restore(journey_id: int, opportunity_id: int) -> ResponseReturnValue:
    return PAGES.restore(journey_id, opportunity_id)


def _drivers(session: Session, journey_id: int) -> Associations | None:
    scope = scope_asked(session, journey_id)
    return associations(joined_scores(session, scope, **dashboard_rules()))


def _gains(found: Associations | None) -> dict[str, Association]:
    return {each.key: each for kind in found.kinds for each in kind.each} if found else {}


def _gain_to_json(one: Association | None) -> dict[str, Any] | None:
    if one is None:
        return None
    if one.gain is None:
        few = installation().settings.minimum_cell
        return {"score": one.label, "estimate": None, "reason": one.why(few) or None}
    gain = one.gain
    return {
        "score": one.label,
        "estimate": gain.estimate,
        "low": gain.low,
        "high": gain.high,
        "n": gain.n,
    }


def _form(session: Session, journey: Journey, data: dict[str, Any]) -> OpportunityForm:
    form = OpportunityForm(data=data)
    form.place.choices = choices([("", "Whole journey"), *place_choices(journey)])
    labels = joinable(session, journey.id, library=installation().library)
    scores = {key: label for kind in labels.values() for key, label in kind.items()}
    stored = data.get("driver") or ""
    scores.setdefault(stored, stored)
    form.driver.choices = choices([("", "None"), *(pair for pair in scores.items() if pair[0])])
    staff = able(session, Permission.PLAN_IMPROVEMENTS, journey.id)
    people = ((str(each.id), each.name) for each in staff)
    form.owner_id.choices = choices([("", "Nobody yet"), *people])
    learnt = insights_of(session, journey.id)
    form.insights.choices = choices((str(each.id), each.title) for each in learnt)
    return form


def _suggested(session: Session, journey: Journey) -> dict[str, Any]:
    """What a page that leads here says of the opportunity."""
    found: dict[str, Any] = {
        "owner_id": str(me().id),
        "title": request.args.get("title", "")[:_LONGEST],
        "description": request.args.get("reason", "")[:LONGEST_TEXT],
        "driver": request.args.get("driver", "")[:_LONGEST],
    }
    insight, point = number_asked("insight"), number_asked("touchpoint")
    if insight is not None:
        found["insights"] = [str(insight)]
    if point is not None:
        found["place"] = f"touchpoint-{queries.touchpoint(session, journey.id, point).id}"
    return found


def _stored(row: Opportunity) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in ("title", "description", "state")},
        "effort": str(row.effort),
        "impact": str(row.impact),
        "driver": row.driver_key,
        "place": place_of(row),
        "owner_id": str(row.owner_id or ""),
        "insights": [str(each.id) for each in row.insights if each.removed_at is None],
    }


def _write(
    session: Session, journey: Journey, row: Opportunity | None, form: OpportunityForm
) -> Opportunity:
    now = installation().now()
    return known_ones.write_opportunity(
        session, journey, row, form.said(), user_id=me().id, now=now
    )


PAGES = RecordPages(
    name="opportunity",
    pages="opportunities",
    find=known_ones.opportunity_of,
    form=_form,
    stored=_stored,
    write=_write,
    take_off=known_ones.remove_opportunity,
    put_back=known_ones.restore_opportunity,
    beside=chains_beside,
)
