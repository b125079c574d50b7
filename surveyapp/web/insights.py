"""Insights of a journey: what was learnt, from which pain points, and what came of it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput

from surveyapp.auth.permissions import Permission
from surveyapp.comments.pain_points import pain_points_of
from surveyapp.journeys import insights as learnt
from surveyapp.journeys import queries
from surveyapp.journeys.chains import chains
from surveyapp.journeys.change_register import LONGEST_TEXT, LONGEST_TITLE
from surveyapp.journeys.insight_json import insight_to_json
from surveyapp.journeys.insights import InsightText
from surveyapp.store.models import Insight, Journey
from surveyapp.web.filters import number_asked
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.record_chains import chains_beside
from surveyapp.web.record_pages import RecordPages
from surveyapp.web.sessions import me

insights = Blueprint("insights", __name__, url_prefix="/journeys/<int:journey_id>")


class InsightForm(StaffForm):
    title = StringField(
        "Insight", [InputRequired("Enter what was learnt."), Length(max=LONGEST_TITLE)]
    )
    text = TextAreaField(
        "What it rests on",
        [Optional(), Length(max=LONGEST_TEXT)],
        description="Interviews, scores, observations: whatever somebody else could check.",
    )
    pain_points = SelectMultipleField("Pain points", option_widget=CheckboxInput())

    def said(self) -> InsightText:
        """What was typed, as the list takes it."""
        ids = [int(value) for value in self.pain_points.data or ()]
        return InsightText(self.title.data or "", self.text.data or "", ids)


@insights.get("/insights")
@insights.get("/insights.json", endpoint="index_json")
@requires(Permission.READ_RESULTS)
def index(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        found = learnt.insights_of(session, journey_id)
        removed = learnt.removed_insights(session, journey_id, installation().now())
        leads = {each.id: 0 for each in found}
        for chain in chains(session, journey_id, ()):
            if chain.insight and chain.opportunity:
                leads[chain.insight.id] += 1
    return page(
        "insights/index.html",
        {"journey": journey.code, "insights": [insight_to_json(each) for each in found]},
        journey=journey,
        insights=found,
        leads=leads,
        removed=removed,
    )


@insights.route("/insights/new", methods=["GET", "POST"])
@requires(Permission.PLAN_IMPROVEMENTS)
def new(journey_id: int) -> ResponseReturnValue:
    """An empty form, or one with the pain point that the address names."""
    return PAGES.new(journey_id, _suggested)


@insights.route("/insights/<int:insight_id>", methods=["GET", "POST"])
@requires(Permission.PLAN_IMPROVEMENTS)
def edit(journey_id: int, insight_id: int) -> ResponseReturnValue:
    return PAGES.edit(journey_id, insight_id)


@insights.post("/insights/<int:insight_id>/remove")
@requires(Permission.PLAN_IMPROVEMENTS)
def remove(journey_id: int, insight_id: int) -> ResponseReturnValue:
    return PAGES.remove(journey_id, insight_id)


@insights.post("/insights/<int:insight_id>/restore")
@requires(Permission.PLAN_IMPROVEMENTS)
def restore(journey_id: int, insight_id: int) -> ResponseReturnValue:
    return PAGES.restore(journey_id, insight_id)


def _form(session: Session, journey: Journey, data: dict[str, Any]) -> InsightForm:
    form = InsightForm(data=data)
    known = pain_points_of(session, journey.id)
    form.pain_points.choices = choices((str(each.id), each.title) for each in known)
    return form


def _stored(insight: Insight) -> dict[str, Any]:
    there = [str(each.id) for each in insight.pain_points if each.removed_at is None]
    return {"title": insight.title, "text": insight.text, "pain_points": there}


def _suggested(_session: Session, _journey: Journey) -> dict[str, Any]:
    point = number_asked("pain_point")
    return {"pain_points": [str(point)] if point else []}


def _write(session: Session, journey: Journey, row: Insight | None, form: InsightForm) -> Insight:
    now = installation().now()
    return learnt.write_insight(session, journey, row, form.said(), user_id=me().id, now=now)


PAGES = RecordPages(
    name="insight",
    pages="insights",
    find=learnt.insight_of,
    form=_form,
    stored=_stored,
    write=_write,
    take_off=learnt.remove_insight,
    put_back=learnt.restore_insight,
    beside=chains_beside,
)
