"""How long a survey's answers are kept, what goes when, and what has gone."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import SelectField
from wtforms.validators import Optional

from surveyapp.auth.permissions import Permission
from surveyapp.journeys import queries
from surveyapp.journeys.calendar import calendar_of
from surveyapp.responses import retention_rules
from surveyapp.responses.retention_rules import NOTICE, Method
from surveyapp.store.models import RetentionRule
from surveyapp.surveys.queries import survey_in
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.sessions import me
from surveyapp.web.whole_number_field import WholeNumberField

retention = Blueprint(
    "retention",
    __name__,
    url_prefix="/journeys/<int:journey_id>/surveys/<int:survey_id>/retention",
)

FOR_GOOD = ""
METHODS = {
    FOR_GOOD: "Keep answers for good",
    Method.DELETE: "Delete answers",
    Method.ANONYMISE: "Anonymise answers",
}


class RetentionForm(StaffForm):
    method = SelectField("When answers are old enough", choices=choices(METHODS.items()))
    months = WholeNumberField(
        "Months to keep answers",
        [Optional()],
        description="Full months after the month in which an answer was given.",
    )


@retention.get("")
@requires(Permission.EDIT_SURVEYS)
def index(journey_id: int, survey_id: int) -> ResponseReturnValue:
    return _page(journey_id, survey_id)


@retention.post("")
@requires(Permission.REMOVE_RESPONSES)
def change(journey_id: int, survey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        survey_in(session, journey_id, survey_id)
        form = _form(retention_rules.rule_of(session, survey_id))
    if form.validate_on_submit():
        with form.refusing("months"):
            with form.saving() as session:
                _change(session, journey_id, survey_id, form)
            flash("Retention saved.")
            return redirect(
                url_for("retention.index", journey_id=journey_id, survey_id=survey_id), 303
            )
    return _page(journey_id, survey_id, form)


def _change(session: Session, journey_id: int, survey_id: int, form: RetentionForm) -> None:
    survey = survey_in(session, journey_id, survey_id)
    if form.method.data == FOR_GOOD:
        retention_rules.clear_rule(session, survey, user_id=me().id)
        return
    rule = retention_rules.read_rule(form.months.data, form.method.data)
    now = installation().now()
    retention_rules.set_rule(session, survey, rule, user_id=me().id, now=now)


def _form(row: RetentionRule | None) -> RetentionForm:
    return RetentionForm(
        data={"method": row.method if row else FOR_GOOD, "months": row.months if row else None}
    )


def _page(
    journey_id: int, survey_id: int, form: RetentionForm | None = None
) -> ResponseReturnValue:
    now = installation().now()
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        survey = survey_in(session, journey_id, survey_id)
        row, calendar = retention_rules.rule_of(session, survey_id), calendar_of(journey)
        leaving = []
        if row is not None:
            leaving = retention_rules.forecast(
                *(session, survey, retention_rules.keep_rule(row), calendar),
                today=calendar.day(now),
                earliest=retention_rules.earliest_night(row, calendar, now),
            )
        rounds = retention_rules.rounds_of(session, survey_id)
        shown = form or _form(row)
        body = render_template(
            "retention/index.html",
            journey=journey,
            survey=survey,
            form=shown,
            rule=row,
            leaving=leaving,
            rounds=rounds,
            notice_days=NOTICE.days,
            few=installation().settings.minimum_cell if survey.is_anonymous else 0,
        )
    return body, form.status if form else 200
