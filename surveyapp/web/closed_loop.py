"""The closed loop of a survey: which score opens a case, and which fall raises an alert."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectField

from surveyapp.auth.accounts import Account
from surveyapp.auth.grants import able
from surveyapp.auth.permissions import Permission
from surveyapp.closed_loop import alert_queries
from surveyapp.closed_loop import alerts as alert_actions
from surveyapp.closed_loop.rules import change_case_rule, watchable
from surveyapp.journeys import queries
from surveyapp.results.definitions import Scored
from surveyapp.results.targets.targets import place_of
from surveyapp.store.models import Journey
from surveyapp.surveys.queries import survey_in, surveys_of
from surveyapp.surveys.settings.closed_loop import CaseRule
from surveyapp.surveys.survey import Survey
from surveyapp.web.alerts import MUTES
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.sessions import me
from surveyapp.web.setting_fields import setting

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


def _page(journey_id: int, survey_id: int, **forms: StaffForm) -> ResponseReturnValue:
    settings, now = installation().settings, installation().now()
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        survey = survey_in(session, journey_id, survey_id)
        place = _place_of(journey, survey)
        lines = [
            each
            for each in alert_queries.of_journey(
                session, journey_id, now=now, installation=installation()
            )
            if each.alert.place == place
        ]
        by = alert_actions.doer(session, me(), journey_id)
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
            "alerts": [alert_queries.line_to_json(each, few=few) for each in lines],
        },
        journey=journey,
        survey=survey,
        scores=watchable(survey, library=installation().library).values(),
        rule=forms.get("rule") or rule,
        ruled=survey.case_rule is not None,
        refused=refused,
        lines=lines,
        place=place,
        now=now,
        mutes=MUTES,
        by=by,
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


def _place_of(journey: Journey, survey: Survey) -> str:
    """The place that a survey asks at, as alerts name it: "" at the journey's end."""
    return next(
        (
            place_of(stage.code, point.code)
            for stage in journey.stages
            for point in stage.touchpoints
            if point.id == survey.touchpoint_id
        ),
        "",
    )


def _back(journey_id: int, survey_id: int) -> ResponseReturnValue:
    return redirect(url_for("closed_loop.index", journey_id=journey_id, survey_id=survey_id), 303)
