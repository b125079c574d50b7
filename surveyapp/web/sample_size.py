"""When will we know? Answers needed, the day they are expected on, and a rule to stop by."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import DateField
from wtforms.validators import Optional

from surveyapp.auth.permissions import Permission
from surveyapp.closed_loop.stop_rules import Plan, remove_stop_rule, set_stop_rule
from surveyapp.errors import Invalid
from surveyapp.journeys import queries
from surveyapp.journeys.calendar import calendar_of
from surveyapp.results.answers_needed import SizeQuestion, answer_size, read_size
from surveyapp.results.outlook import outlook, read_wanted
from surveyapp.results.score_measures import (
    Measures,
    ScoreMeasure,
    chosen_measure,
    outlook_document,
    score_measures,
    survey_measures,
)
from surveyapp.store.models import StopRule
from surveyapp.surveys.design import change_logic
from surveyapp.surveys.queries import survey_in
from surveyapp.surveys.survey import Survey
from surveyapp.web.filters import dashboard_rules
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.sessions import me
from surveyapp.web.whole_number_field import WholeNumberField
from surveyapp.whole import whole_number

sample_size = Blueprint("sample_size", __name__, url_prefix="/journeys/<int:journey_id>")

_LARGEST_QUOTA = 10**9 - 1


class PlanForm(StaffForm):
    """When somebody is to be told that the answers suffice."""

    due = DateField("Planned for", [Optional()], description="A day; empty for no date.")
    answers = WholeNumberField(
        "Or with so many answers",
        [Optional()],
        description="Beside the margin, whichever comes first.",
    )


@sample_size.get("/sample-size")
@sample_size.get("/sample-size.json", endpoint="journey_json")
@requires(Permission.READ_RESULTS)
def journey(journey_id: int) -> ResponseReturnValue:
    """Of every score of the journey, by the months that are shown."""
    with installation().store.reading() as session:
        row = queries.journey(session, journey_id)
        today = calendar_of(row).day(installation().now())
        measures = _measures_of(session, journey_id, today)
    return page(
        "sample_size/journey.html",
        {"journey": row.code, **_document(measures, today)},
        journey=row,
        **_shown(measures, today),
    )


@sample_size.get("/sample-size/calculator")
@sample_size.get("/sample-size/calculator.json", endpoint="calculator_json")
@requires(Permission.READ_RESULTS)
def calculator(journey_id: int) -> ResponseReturnValue:
    """Of any score, before there are answers: the question stands in the address."""
    with installation().store.reading() as session:
        row = queries.journey(session, journey_id)
    found = refused = None
    given = {name: value for name, value in request.args.items() if name in _PLANNED}
    try:
        asked = read_size(given)
        found = None if asked is None else answer_size(asked)
    except Invalid as error:
        refused = error
    shown = page(
        "sample_size/calculator.html",
        {
            "journey": row.code,
            "answer": None if found is None else {"said": found.said, **found.document},
            "error": None if refused is None else str(refused),
        },
        journey=row,
        kind=given.get("kind", ""),
        given=given,
        found=found,
        refused=refused,
    )
    shown.status_code = 200 if refused is None else 422
    return shown


@sample_size.get("/surveys/<int:survey_id>/sample-size")
@sample_size.get("/surveys/<int:survey_id>/sample-size.json", endpoint="survey_json")
@requires(Permission.EDIT_SURVEYS)
def survey(journey_id: int, survey_id: int) -> ResponseReturnValue:
    """Of the scores at the survey's place, by the survey's complete weeks."""
    with installation().store.reading() as session:
        row = queries.journey(session, journey_id)
        own = survey_in(session, journey_id, survey_id)
        today = calendar_of(row).day(installation().now())
        measures = _measures_of_survey(session, own, today)
        rule = session.get(StopRule, survey_id)
        form = PlanForm(formdata=None, data=_planned(session, survey_id))
    quota = next((each.most for each in own.logic.quotas if not each.segment), None)
    return page(
        "sample_size/survey.html",
        {
            "journey": row.code,
            "survey": own.code,
            **_document(measures, today),
            "closes_at": quota,
            "stop_rule": None
            if rule is None
            else {
                "measure": rule.scale,
                "margin": rule.margin,
                "answers": rule.answers,
                "due": rule.due,
                "reached_at": rule.reached_at,
                "late_at": rule.late_at,
            },
        },
        journey=row,
        survey=own,
        quota=quota,
        rule=rule,
        form=form,
        **_shown(measures, today),
    )


@sample_size.post("/surveys/<int:survey_id>/sample-size/plan")
@requires(Permission.EDIT_SURVEYS)
def plan(journey_id: int, survey_id: int) -> ResponseReturnValue:
    """Have the journey's owner told when the score that the address names has its margin."""
    with installation().store.reading() as session:
        row = queries.journey(session, journey_id)
        own = survey_in(session, journey_id, survey_id)
        form = PlanForm(data=_planned(session, survey_id))
        measures = _measures_of_survey(session, own, calendar_of(row).day(installation().now()))
    chosen = _chosen(measures)
    if chosen is None:
        raise Invalid("This survey asks no question with a score.", field="measure")
    if form.validate_on_submit():
        wanted = read_wanted(request.args)
        with form.refusing("answers"), form.saving() as session:
            found = queries.survey_row(session, journey_id, survey_id)
            asked = Plan(
                chosen.code, wanted.margin, wanted.population, form.answers.data, form.due.data
            )
            set_stop_rule(session, found, asked, user_id=me().id, installation=installation())
    faults = [error for errors in form.errors.values() for error in errors]
    if faults:
        raise Invalid(str(faults[0]), field="answers")
    flash(
        "The journey's owner and you are told once when the answers suffice, and if they will not."
    )
    return _again(journey_id, survey_id)


@sample_size.post("/surveys/<int:survey_id>/sample-size/plan/remove")
@requires(Permission.EDIT_SURVEYS)
def forget(journey_id: int, survey_id: int) -> ResponseReturnValue:
    """Have nobody told any more."""
    with installation().store.writing() as session:
        found = queries.survey_row(session, journey_id, survey_id)
        remove_stop_rule(session, found, user_id=me().id)
    flash("Nobody is told.")
    return _again(journey_id, survey_id)


@sample_size.post("/surveys/<int:survey_id>/sample-size/stop")
@requires(Permission.EDIT_SURVEYS)
def stop(journey_id: int, survey_id: int) -> ResponseReturnValue:
    """Have the survey close itself at a number of responses: its quota for all customers."""
    most = whole_number(request.form.get("most", ""), largest=_LARGEST_QUOTA)
    with installation().store.writing() as session:
        row = queries.survey_row(session, journey_id, survey_id)
        if not most:
            raise Invalid(
                "The number of responses to close at is a whole number from 1.", field="most"
            )
        logic = survey_in(session, journey_id, survey_id).logic.written()
        others = [each for each in logic.get("quotas", []) if each.get("segment")]
        logic["quotas"] = [{"most": most, "segment": ""}, *others]
        library = installation().library
        change_logic(session, row, logic, user_id=me().id, library=library)
    flash(f"The survey closes itself at {most:,} responses.")
    return _again(journey_id, survey_id)


def _again(journey_id: int, survey_id: int) -> ResponseReturnValue:
    """The survey's page with the question that was asked."""
    arguments: dict[str, Any] = {
        name: value for name, value in request.args.items() if name in _ASKED
    }
    return redirect(
        url_for("sample_size.survey", journey_id=journey_id, survey_id=survey_id, **arguments),
        303,
    )


def _planned(session: Session, survey_id: int) -> dict[str, Any]:
    """What the form shows of the survey's rule."""
    rule = session.get(StopRule, survey_id)
    return {"due": rule.due, "answers": rule.answers} if rule is not None else {}


_PLANNED = tuple(each.name for each in fields(SizeQuestion))
_ASKED = ("measure", "margin", "difference", "power", "population")


def _measures_of(session: Session, journey_id: int, today: date) -> Measures:
    return score_measures(session, journey_id, today=today, **dashboard_rules())


def _measures_of_survey(session: Session, own: Survey, today: date) -> Measures:
    return survey_measures(session, own, _measures_of(session, own.journey_id, today), today=today)


def _chosen(measures: Measures) -> ScoreMeasure | None:
    return chosen_measure(measures, request.args.get("measure", ""))


def _document(measures: Measures, today: date) -> dict[str, object]:
    return outlook_document(measures, _chosen(measures), read_wanted(request.args), today=today)


def _shown(measures: Measures, today: date) -> dict[str, object]:
    wanted, chosen = read_wanted(request.args), _chosen(measures)
    return {
        "measures": [(each.code, each.name) for each in measures],
        "measure": "" if chosen is None else chosen.code,
        "wanted": wanted,
        "outlook": None
        if chosen is None
        else outlook(chosen.figure, chosen.arrivals, wanted, today=today),
        "asked": {name: request.args[name] for name in _ASKED if name in request.args},
    }
