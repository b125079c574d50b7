"""Insights of a journey: what was learnt, from which pain points, and what came of it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
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
from surveyapp.store.models import Insight
from surveyapp.web.filters import number_asked
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
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
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        point = number_asked("pain_point")
        form = _form(session, journey_id, {"pain_points": [str(point)] if point else []})
    if form.validate_on_submit():
        with form.refusing("title"):
            with installation().store.writing() as session:
                learnt.write_insight(
                    session,
                    queries.journey(session, journey_id),
                    None,
                    form.said(),
                    user_id=me().id,
                    now=installation().now(),
                )
            flash("The insight has been added.")
            return _list(journey_id)
    return _form_page(form, journey=journey, insight=None, chains=())


@insights.route("/insights/<int:insight_id>", methods=["GET", "POST"])
@requires(Permission.PLAN_IMPROVEMENTS)
def edit(journey_id: int, insight_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        insight = learnt.insight_of(session, journey_id, insight_id)
        form = _form(session, journey_id, _stored(insight))
        known = [each for each in chains(session, journey_id, ()) if each.has(insight)]
    if form.validate_on_submit():
        with form.refusing("title"):
            with form.saving() as session:
                learnt.write_insight(
                    session,
                    queries.journey(session, journey_id),
                    learnt.insight_of(session, journey_id, insight_id),
                    form.said(),
                    user_id=me().id,
                    now=installation().now(),
                )
            return _list(journey_id)
    return _form_page(form, journey=journey, insight=insight, chains=known)


@insights.post("/insights/<int:insight_id>/remove")
@requires(Permission.PLAN_IMPROVEMENTS)
def remove(journey_id: int, insight_id: int) -> ResponseReturnValue:
    StaffForm().validate()
    with installation().store.writing() as session:
        journey = queries.journey(session, journey_id)
        insight = learnt.insight_of(session, journey_id, insight_id)
        now = installation().now()
        learnt.remove_insight(session, journey, insight, user_id=me().id, now=now)
    flash("The insight has been removed. It can be restored below.")
    return _list(journey_id)


@insights.post("/insights/<int:insight_id>/restore")
@requires(Permission.PLAN_IMPROVEMENTS)
def restore(journey_id: int, insight_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        journey = queries.journey(session, journey_id)
        title = learnt.restore_insight(session, journey, insight_id, user_id=me().id)
    flash(f"{title} has been restored.")
    return _list(journey_id)


def _form(session: Session, journey_id: int, data: dict[str, Any]) -> InsightForm:
    form = InsightForm(data=data)
    known = pain_points_of(session, journey_id)
    form.pain_points.choices = choices((str(each.id), each.title) for each in known)
    return form


def _stored(insight: Insight) -> dict[str, Any]:
    there = [str(each.id) for each in insight.pain_points if each.removed_at is None]
    return {"title": insight.title, "text": insight.text, "pain_points": there}


def _form_page(form: InsightForm, **known: Any) -> ResponseReturnValue:
    return render_template("insights/form.html", form=form, **known), form.status


def _list(journey_id: int) -> ResponseReturnValue:
    return redirect(url_for("insights.index", journey_id=journey_id), 303)
