"""Scheduled reports of a journey: what is sent to whom and when, and what came of each day."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session
from wtforms import SelectField, SelectMultipleField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from surveyapp.auth.grants import able
from surveyapp.auth.permissions import Permission
from surveyapp.journeys import queries
from surveyapp.journeys.population_shares import population_shares
from surveyapp.reports.actions import KINDS, PARTNER
from surveyapp.reports.document import Paper
from surveyapp.reports.schedules import actions
from surveyapp.reports.schedules import queries as stored
from surveyapp.reports.schedules.timing import Every
from surveyapp.results.scope import Comparison
from surveyapp.store.models import EVERYBODY, Journey
from surveyapp.web.choosing import segment_choices
from surveyapp.web.filters import scope_asked
from surveyapp.web.forms import choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.report_form import (
    DocumentForm,
    comparison_field,
    kind_and_partner,
    partner_choices,
    weighting_field,
)
from surveyapp.web.sessions import me
from surveyapp.web.whole_number_field import WholeNumberField

schedules = Blueprint("schedules", __name__, url_prefix="/journeys/<int:journey_id>/schedules")

_HISTORY = 6  # days of a schedule that its row shows
_STATES: Mapping[str, str] = {
    "making": "being made",
    "sent": "sent",
    "skipped": "skipped",
    "failed": "failed",
}


class ScheduleForm(DocumentForm):
    kind = SelectField("Report")
    every = SelectField(
        "How often",
        choices=choices([(each, each.label) for each in Every]),
        default=Every.MONTH,
        description="On Mondays, or on the first day of the month or quarter.",
    )
    hour = WholeNumberField(
        "Hour of the day",
        [InputRequired("Enter an hour from 0 to 23.")],
        default=7,
        description="In the journey's reporting time zone, from 0 to 23.",
    )
    months = WholeNumberField(
        "Months",
        [InputRequired("Enter a number of months.")],
        default=3,
        description="How many months the report is of: the last complete ones, weekly up to this one.",
    )
    compare = comparison_field()
    segment = SelectField("Customers")
    weighted = weighting_field(
        "Weighted scores stand beside the others. Shares are those of all customers: of a segment no"
        " report is weighted. One that is due while answers are being counted by the shares waits for that."
    )
    people = SelectMultipleField(
        "People with an account",
        coerce=int,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        description="They get a link to the list of reports, and sign in to read it.",
    )
    addresses = TextAreaField(
        "Addresses without an account",
        [Length(max=10_000)],
        description="One a line. Each gets a link of its own to the one report, which expires after 30"
        " days. Whoever has the link can read the report.",
    )


@schedules.get("")
@requires(Permission.READ_REPORTS)
def index(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        return render_template(
            "schedules/index.html",
            journey=queries.journey(session, journey_id),
            schedules=stored.schedules(session, journey_id),
            kinds=KINDS,
            labels={str(each): each.label for each in Every},
            states=_STATES,
            history=_HISTORY,
            sends=bool(installation().settings.smtp_url),
            scope=scope_asked(session, journey_id),
        )


@schedules.route("/new", methods=["GET", "POST"])
@requires(Permission.MAKE_REPORTS)
def new(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        form = _form(session, journey)
    if form.validate_on_submit():
        with form.refusing("people"):
            with installation().store.writing() as session:
                made = actions.schedule_report(
                    session, journey_id, _plan(form), user_id=me().id, now=installation().now()
                )
                first = made.next_on
            flash(f"Scheduled. The first report is made on {first:%d %B %Y}.")
            return redirect(url_for("schedules.index", journey_id=journey_id), 303)
    return render_template("schedules/new.html", journey=journey, form=form), form.status


def _form(session: Session, journey: Journey) -> ScheduleForm:
    scope = scope_asked(session, journey.id)
    form = ScheduleForm(data={**scope.arguments, "compare": scope.comparison})
    if not population_shares(session, journey.id):
        del form.weighted
    plain = [(kind, KINDS[kind]) for kind in actions.KINDS if kind != PARTNER]
    form.kind.choices = choices([*plain, *partner_choices(journey)])
    if not current_user.may(Permission.READ_COMMENTS):
        del form.quotes
    form.segment.choices = segment_choices(session)
    people = able(session, Permission.READ_REPORTS, journey.id)
    form.people.choices = [(account.id, account.name) for account in people]
    return form


def _plan(form: ScheduleForm) -> actions.Plan:
    segment = int(form.segment.data or EVERYBODY)
    lines = (line.strip() for line in (form.addresses.data or "").splitlines())
    kind, partner = kind_and_partner(form.kind.data)
    return actions.Plan(
        kind=kind,
        every=Every(form.every.data),
        hour=form.hour.data,
        months=form.months.data,
        segment_id=segment or None,
        comparison=Comparison(form.compare.data),
        formats=form.formats.data or (),
        paper=Paper(form.paper.data),
        partner=partner,
        quotes=bool(form.quotes and form.quotes.data),
        weighted=bool(form.weighted and form.weighted.data),
        language=form.report_language.data,
        user_ids=form.people.data or (),
        addresses=list(dict.fromkeys(line for line in lines if line)),
    )


@schedules.post("/<int:schedule_id>/pause")
@requires(Permission.MAKE_REPORTS)
def pause(journey_id: int, schedule_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        found = stored.schedule(session, journey_id, schedule_id)
        actions.pause(session, found, user_id=me().id, now=installation().now())
    flash("Schedule paused.")
    return redirect(url_for("schedules.index", journey_id=journey_id), 303)


@schedules.post("/<int:schedule_id>/resume")
@requires(Permission.MAKE_REPORTS)
def resume(journey_id: int, schedule_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        found = stored.schedule(session, journey_id, schedule_id)
        actions.resume(session, found, user_id=me().id, now=installation().now())
    flash("Schedule resumed.")
    return redirect(url_for("schedules.index", journey_id=journey_id), 303)


@schedules.post("/<int:schedule_id>/remove")
@requires(Permission.MAKE_REPORTS)
def remove(journey_id: int, schedule_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        found = stored.schedule(session, journey_id, schedule_id)
        actions.remove(session, found, user_id=me().id)
    flash("Schedule removed. Its links no longer work; its reports stay.")
    return redirect(url_for("schedules.index", journey_id=journey_id), 303)
