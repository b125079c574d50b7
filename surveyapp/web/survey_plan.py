"""The survey plan of a journey: what to ask where, and drafts of it with one click."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.journeys import queries
from surveyapp.journeys.journey_templates import journey_templates
from surveyapp.surveys.plan import draft_planned, survey_plan
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.sessions import me

survey_plan_pages = Blueprint(
    "survey_plan", __name__, url_prefix="/journeys/<int:journey_id>/survey-plan"
)


@survey_plan_pages.get("")
@requires(Permission.EDIT_SURVEYS)
def show(journey_id: int) -> ResponseReturnValue:
    library = installation().library
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        plan = survey_plan(journey)
    titles = {
        code: library.load(code).wording("en").title
        for code in {code for each in plan for code in each.asks}
    }
    return render_template(
        "survey_plan/show.html",
        journey=journey,
        plan=plan,
        titles=titles,
        template=journey_templates().get(journey.template),
    )


@survey_plan_pages.post("")
@requires(Permission.EDIT_SURVEYS)
def draft(journey_id: int) -> ResponseReturnValue:
    """Drafts at the ticked places; a place that has a survey by now gets none."""
    places = request.form.getlist("place")
    with installation().store.writing() as session:
        journey = queries.journey(session, journey_id)
        if not places:
            raise Invalid("No place is ticked; tick those that are to get a draft.", field="place")
        made = draft_planned(
            session, journey, places, user_id=me().id, library=installation().library
        )
        count = len(made)
    if count:
        flash(
            f"{count} draft{'s' if count > 1 else ''} created. Look through the checklist of each, then"
            " publish it."
        )
    else:
        flash("Nothing new to create: each of these places has a survey already.")
    return redirect(url_for("survey_plan.show", journey_id=journey_id), 303)
