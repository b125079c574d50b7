"""The closed loop of a survey: which score opens a case, and which fall raises an alert."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import attrs
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import FloatField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from surveyapp.auth.accounts import Account
from surveyapp.auth.grants import able
from surveyapp.auth.permissions import Permission
from surveyapp.closed_loop import alerts as actions
from surveyapp.closed_loop.rules import change_case_rule, watchable
from surveyapp.errors import Invalid
from surveyapp.journeys import queries
from surveyapp.journeys.calendar import calendar_of
from surveyapp.results.definitions import Scored
from surveyapp.store.models import Alert
from surveyapp.surveys.queries import survey_in, surveys_of
from surveyapp.surveys.settings.closed_loop import CaseRule
from surveyapp.surveys.survey import Survey
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.sessions import me
from surveyapp.web.setting_fields import setting
from surveyapp.web.whole_number_field import WholeNumberField

closed_loop = Blueprint(
    "closed_loop",
    __name__,
    url_prefix="/journeys/<int:journey_id>/surveys/<int:survey_id>/closed-loop",
)

NONE = ""


class RuleForm(StaffForm):
    scale = setting(CaseRule, "scale", SelectField)
    at_most = setting(CaseRule, "at_most")
    due_days = setting(
        CaseRule,
        "due_days",
        required="Enter the number of days until a case is due.",
        default=attrs.fields(CaseRule).due_days.default,
    )
    working_days = setting(CaseRule, "working_days")
    owner_id = setting(CaseRule, "owner_id", SelectField)
    follow_up_survey_id = setting(CaseRule, "follow_up_survey_id", SelectField)


class AlertForm(StaffForm):
    watched = SelectField("Score")
    below = FloatField("Alert when below", [InputRequired("Enter the threshold.")])
    days = WholeNumberField(
        "Period in days",
        [InputRequired("Enter a number of days.")],
        description="Including today.",
        default=30,
    )
    minimum_n = WholeNumberField(
        "Minimum number of answers",
        [InputRequired("Enter a number of answers.")],
        default=30,
    )
    emails = TextAreaField(
        "Email recipients",
        [Optional(), Length(max=5000)],
        description="One address per line. Leave empty to notify webhooks only.",
    )


@closed_loop.get("")
@closed_loop.get("/alerts.json", endpoint="index_json")
@requires(Permission.EDIT_SURVEYS)
def index(journey_id: int, survey_id: int) -> ResponseReturnValue:
    return _page(journey_id, survey_id)


@closed_loop.post("/rule")
@requires(Permission.EDIT_SURVEYS)
def change_rule(journey_id: int, survey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        survey = survey_in(session, journey_id, survey_id)
        form = _rule_form(
            survey, able(session, Permission.WORK_CASES, journey_id), _others(session, survey)
        )
    if form.validate_on_submit():
        with form.refusing("scale"):
            with form.saving() as session:
                row = queries.survey_row(session, journey_id, survey_id)
                rule = change_case_rule(
                    session, row, _raw(form), user_id=me().id, library=installation().library
                )
            flash(
                "Case rule saved. New responses open cases by this rule."
                if rule
                else "Case rule saved. No new cases are opened."
            )
            return _back(journey_id, survey_id)
    return _page(journey_id, survey_id, rule=form)


@closed_loop.post("/alerts")
@requires(Permission.EDIT_SURVEYS)
def add(journey_id: int, survey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        survey = survey_in(session, journey_id, survey_id)
        form = _alert_form(survey)
    if form.validate_on_submit():
        with form.refusing("watched"):
            with installation().store.writing() as session:
                survey = survey_in(session, journey_id, survey_id)
                actions.create_alert(session, survey, **_wanted(form))
            flash("Alert added. Scores are checked every five minutes.")
            return _back(journey_id, survey_id)
    return _page(journey_id, survey_id, alert=form)


@closed_loop.route("/alerts/<int:alert_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
def change(journey_id: int, survey_id: int, alert_id: int) -> ResponseReturnValue:
    """Have an alert look at something else, or tell others."""
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        survey = survey_in(session, journey_id, survey_id)
        alert = actions.alert_of(session, survey, alert_id)
        form = _alert_form(survey, alert)
    if form.validate_on_submit():
        with form.refusing("watched"):
            with form.saving() as session:
                known = survey_in(session, journey_id, survey_id)
                found = actions.alert_of(session, known, alert_id)
                actions.change_alert(session, known, found, **_wanted(form))
            flash("Alert saved.")
            return _back(journey_id, survey_id)
    body = render_template(
        "closed_loop/edit.html",
        journey=journey,
        survey=survey,
        form=form,
        alert=alert,
        scores=watchable(survey, library=installation().library).values(),
    )
    return body, form.status


@closed_loop.post("/alerts/<int:alert_id>/active")
@requires(Permission.EDIT_SURVEYS)
def set_active(journey_id: int, survey_id: int, alert_id: int) -> ResponseReturnValue:
    wanted = {"1": True, "0": False}.get(request.form.get("active", ""))
    with installation().store.writing() as session:
        survey = survey_in(session, journey_id, survey_id)
        alert = actions.alert_of(session, survey, alert_id)
        if wanted is None:
            raise Invalid("An alert can only be resumed (1) or paused (0); nothing was changed.")
        actions.set_active(session, alert, wanted, user_id=me().id)
    return _back(journey_id, survey_id)


@closed_loop.post("/alerts/<int:alert_id>/remove")
@requires(Permission.EDIT_SURVEYS)
def remove(journey_id: int, survey_id: int, alert_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        survey = survey_in(session, journey_id, survey_id)
        actions.remove(session, actions.alert_of(session, survey, alert_id), user_id=me().id)
    flash("Alert deleted.")
    return _back(journey_id, survey_id)


def _page(journey_id: int, survey_id: int, **forms: StaffForm) -> ResponseReturnValue:
    settings = installation().settings
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        survey = survey_in(session, journey_id, survey_id)
        watches = actions.watches(
            session,
            survey,
            today=calendar_of(journey).day(installation().now()),
            minimum_cell=settings.minimum_cell,
            library=installation().library,
        )
        rule = _rule_form(
            survey, able(session, Permission.WORK_CASES, journey_id), _others(session, survey)
        )
    refused = next(iter(forms.values()), None)
    few = settings.minimum_cell
    body = page(
        "closed_loop/index.html",
        {
            "journey": journey.code,
            "survey": survey.code,
            "minimum_cell": few,
            "alerts": [each.to_json(few=few) for each in watches],
        },
        journey=journey,
        survey=survey,
        scores=watchable(survey, library=installation().library).values(),
        rule=forms.get("rule") or rule,
        ruled=survey.case_rule is not None,
        alert=forms.get("alert") or _alert_form(survey),
        refused=refused,
        watches=watches,
        mail=bool(settings.smtp_url),
    )
    return body, 422 if refused else 200


def _rule_form(survey: Survey, accounts: Sequence[Account], others: Sequence[Survey]) -> RuleForm:
    rule = survey.case_rule
    form = RuleForm(obj=rule)
    form.scale.choices = choices(
        [
            (NONE, "None: do not open cases"),
            *_scales(watchable(survey, library=installation().library)),
        ]
    )
    form.owner_id.choices = choices(
        [
            (NONE, "Nobody: leave cases unassigned"),
            *((str(each.id), each.name) for each in accounts),
        ]
    )
    form.follow_up_survey_id.choices = choices(
        [(NONE, "None"), *((str(each.id), each.name) for each in others)]
    )
    form.at_most.flags.required = True  # whenever cases are opened at all
    if rule is not None and not form.is_submitted():
        if rule.at_most.is_integer():
            form.at_most.data = int(rule.at_most)
        form.owner_id.data = str(rule.owner_id or NONE)
        form.follow_up_survey_id.data = str(rule.follow_up_survey_id or NONE)
    return form


def _alert_form(survey: Survey, alert: Alert | None = None) -> AlertForm:
    """The form as it was sent, else with the alert in it, else empty."""
    sent = (
        {} if request.endpoint in {"closed_loop.add", "closed_loop.change"} else {"formdata": None}
    )
    known: dict[str, Any] = {}
    if alert is not None:
        below = int(alert.below) if alert.below.is_integer() else alert.below
        known = {"watched": alert.scale, "below": below, "emails": "\n".join(alert.emails)}
        known |= {"days": alert.days, "minimum_n": alert.minimum_n}
    form = AlertForm(**known, **sent)
    form.watched.choices = choices(_scales(watchable(survey, library=installation().library)))
    return form


def _wanted(form: AlertForm) -> dict[str, Any]:
    """What an alert is to be, and who wants it."""
    return {
        "scale": form.watched.data,
        "below": form.below.data,
        "days": form.days.data,
        "minimum_n": form.minimum_n.data,
        "emails": re.split(r"[\s,;]+", form.emails.data or ""),
        "user_id": me().id,
        "library": installation().library,
    }


def _raw(form: RuleForm) -> dict[str, Any]:
    """The rule's document; empty when no score was chosen."""
    if form.scale.data == NONE:
        return {}
    return {
        "scale": form.scale.data,
        "at_most": form.at_most.data,
        "due_days": form.due_days.data,
        "working_days": form.working_days.data,
        "owner_id": int(form.owner_id.data) if form.owner_id.data else None,
        "follow_up_survey_id": int(form.follow_up_survey_id.data)
        if form.follow_up_survey_id.data
        else None,
    }


def _scales(known: dict[str, Scored]) -> list[tuple[str, str]]:
    return [(scale, entry.definition.label) for scale, entry in known.items()]


def _others(session: Any, survey: Survey) -> list[Survey]:
    """What may ask again: the journey's other surveys that ask a score of this one."""
    scales = set(watchable(survey, library=installation().library))
    return [
        each
        for each in surveys_of(session, survey.journey_id)
        if each.id != survey.id
        and each.anonymity != "anonymous"
        and scales & set(watchable(each, library=installation().library))
    ]


def _back(journey_id: int, survey_id: int) -> ResponseReturnValue:
    return redirect(url_for("closed_loop.index", journey_id=journey_id, survey_id=survey_id), 303)
