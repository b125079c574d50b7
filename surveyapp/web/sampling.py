"""Whom to ask: a survey's rules of asking and what came of them; interactions from files."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    FloatField,
    IntegerField,
    SelectField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import InputRequired, Length, Optional

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.journeys import queries
from surveyapp.results import funnels
from surveyapp.sampling.interaction_sheets import receive_csv
from surveyapp.sampling.plan import Sampling, change_sampling, read_sampling
from surveyapp.store.models import Journey, SurveyRow
from surveyapp.web.filters import filters_asked
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires, takes_files
from surveyapp.web.installation import installation
from surveyapp.web.sessions import me

sampling = Blueprint("sampling", __name__, url_prefix="/journeys/<int:journey_id>")

MOST_LINES = 50_000  # of a file that a page takes; the command takes any number
_LISTS = ("touchpoints", "channels", "outcomes")


class SamplingForm(StaffForm):
    active = BooleanField("Invite customers after events")
    touchpoints = TextAreaField(
        "Touchpoints that end the journey",
        [Optional(), Length(max=5000)],
        description="Codes, one per line. An event at any of these triggers the survey about the"
        " journey.",
    )
    channels = TextAreaField(
        "Channels",
        [Optional(), Length(max=5000)],
        description="One per line, as your systems name them. Leave empty for all channels.",
    )
    outcomes = TextAreaField(
        "Outcomes",
        [Optional(), Length(max=5000)],
        description="One per line, as your systems name them. Leave empty for all outcomes.",
    )
    rule = TextAreaField(
        "Customers",
        [Optional(), Length(max=2000)],
        description="A rule over customer attributes, such as region in (North, South) and tenure"
        " >= 2. Leave empty for all customers.",
    )
    delay_minutes = IntegerField(
        "Delay after the event, in minutes", [InputRequired("Enter the minutes; 0 is at once.")]
    )
    quiet_from = TimeField("Quiet hours start", [Optional()])
    quiet_to = TimeField(
        "Quiet hours end",
        [Optional()],
        description="In the customer's time zone. Messages due in quiet hours are sent afterwards.",
    )
    share = FloatField(
        "Sampling share, in %",
        [InputRequired("Enter the share.")],
        description="100 invites everyone; a smaller share is sampled at random.",
    )
    most = IntegerField(
        "Stop after this many invitations", [Optional()], description="Leave empty for no limit."
    )
    rest = SelectField(
        "Recently contacted customers",
        choices=choices(
            [
                ("block", "are not invited"),
                ("delay", "are invited after the minimum interval"),
                ("override", "are invited anyway"),
            ]
        ),
        description="Counts invitations from all surveys, not only this one.",
    )
    rest_days = IntegerField("Minimum days between invitations", [Optional()])
    channel = SelectField(
        "Channel",
        choices=choices(
            [("email", "Email"), ("webhook", "Another system, by webhook (for SMS and others)")]
        ),
    )
    expires_days = IntegerField(
        "Days until the link expires", [InputRequired("Enter a number of days.")]
    )
    max_age_days = IntegerField(
        "Maximum age of an event, in days",
        [InputRequired("Enter a number of days.")],
        description="Older events trigger no invitation.",
    )

    @classmethod
    def of(cls, sampling: Sampling) -> SamplingForm:
        """The form that shows these rules."""
        trigger, quiet = sampling.trigger, sampling.quiet
        lines = {name: "\n".join(getattr(trigger, name)) for name in _LISTS}
        plain = {
            name: getattr(sampling, name)
            for name in (
                *("active", "delay_minutes", "most", "rest", "rest_days", "channel"),
                *("expires_days", "max_age_days"),
            )
        }
        return cls(
            **plain,
            **lines,
            rule=trigger.rule,
            share=_whole(round(100 * sampling.share, 6)),
            quiet_from=quiet.begin if quiet else None,
            quiet_to=quiet.end if quiet else None,
        )

    def rules(self) -> dict[str, Any]:
        """The document that the form describes."""
        data = self.data
        trigger = {name: (data.get(name) or "").splitlines() for name in _LISTS}
        clock = {
            name: f"{data[name]:%H:%M}" if data[name] else None
            for name in ("quiet_from", "quiet_to")
        }
        plain = {
            name: data[name]
            for name in (
                *("active", "delay_minutes", "most", "rest", "rest_days", "channel"),
                *("expires_days", "max_age_days"),
            )
        }
        share = (data["share"] or 0.0) / 100
        return {
            **plain,
            **clock,
            "trigger": {**trigger, "rule": data["rule"] or ""},
            "share": share,
        }


def _whole(number: float) -> float | int:
    """The same without a point where nothing follows it."""
    return int(number) if number.is_integer() else number


class InteractionsForm(StaffForm):
    interactions = FileField(
        "Event file",
        [FileRequired("Choose a file.")],
        description=f"CSV with a header row and up to {MOST_LINES:,} lines.",
    )


@sampling.route("/surveys/<int:survey_id>/sampling", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
def edit(journey_id: int, survey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        survey = queries.survey(session, journey_id, survey_id)
        journey = queries.journey(session, journey_id)
    form = SamplingForm.of(read_sampling(survey.sampling))
    if survey.touchpoint_id is not None:
        del form.touchpoints
    if form.validate_on_submit():
        with form.refusing("active"):
            with installation().store.writing() as session:
                known = queries.survey(session, journey_id, survey_id)
                sampling = change_sampling(session, known, form.rules(), user_id=me().id)
            flash(
                "Saved. Customers are invited by these rules from now on."
                if sampling.active
                else "Saved. Customers are not invited after events."
            )
            return redirect(
                url_for("sampling.edit", journey_id=journey_id, survey_id=survey_id), 303
            )
    return _rules_page(journey, survey, form), form.status


def _rules_page(journey: Journey, survey: SurveyRow, form: SamplingForm) -> str:
    """What came of asking in the months asked for, and the form."""
    since, until = _months()
    with installation().store.reading() as session:
        known = queries.survey(session, journey.id, survey.id)
        (row,) = funnels.funnels(session, [known], since=since, until=until)
    return render_template(
        "sampling/edit.html",
        journey=journey,
        survey=survey,
        form=form,
        settings=installation().settings,
        funnel=row.funnel,
        since=since,
        until=until,
        filtered=bool(request.args),
    )


@sampling.get("/sampling")
@requires(Permission.READ_RESULTS)
def journey(journey_id: int) -> ResponseReturnValue:
    """Who was asked in the whole journey, by touchpoint and, where wanted, by segment."""
    since, until = _months()
    minimum = installation().settings.minimum_cell
    segments = None
    with installation().store.reading() as session:
        found = queries.journey(session, journey_id)
        surveys = _in_order(found, queries.surveys(session, journey_id))
        rows = funnels.funnels(session, surveys, since=since, until=until)
        if request.args.get("by") == "segment":
            segments = funnels.by_segment(
                session, surveys, since=since, until=until, minimum_cell=minimum
            )
    return render_template(
        "sampling/journey.html",
        journey=found,
        rows=rows,
        segments=segments,
        since=since,
        until=until,
        minimum=minimum,
    )


def _months() -> tuple[date | None, date | None]:
    """The months asked for; without any the latest three, as counting years takes seconds."""
    asked = filters_asked()
    if asked.since is not None or asked.until is not None or "from" in request.args:
        return asked.since, asked.until
    month = installation().now().date().replace(day=1)
    for _ in range(2):
        month = (month - timedelta(days=1)).replace(day=1)
    return month, None


def _in_order(journey: Journey, surveys: list[SurveyRow]) -> list[SurveyRow]:
    """By touchpoint as the journey goes, its end last."""
    points = [point.id for stage in journey.stages for point in stage.touchpoints]
    places = {point: place for place, point in enumerate(points)}
    return sorted(
        surveys, key=lambda each: (places.get(each.touchpoint_id or 0, len(places)), each.id)
    )


@sampling.route("/sampling/interactions", methods=["GET", "POST"])
@requires(Permission.IMPORT_RESPONSES)
@takes_files
def bring(journey_id: int) -> ResponseReturnValue:
    """A file of interactions, taken in at once: it holds addresses, and is not kept."""
    form = InteractionsForm()
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
    report = None
    if form.validate_on_submit():
        with form.refusing("interactions"):
            data = form.interactions.data.read()
            if data.count(b"\n") > MOST_LINES:
                raise Invalid(
                    f"The file has more than {MOST_LINES:,} lines. Split it, or use"
                    " the command surveyapp interactions."
                )
            report = receive_csv(
                installation(),
                io.BytesIO(data),
                journey=journey.code,
                user_id=me().id,
                now=installation().now(),
            )
    page = render_template("sampling/bring.html", journey=journey, form=form, report=report)
    return page, 200 if report is not None else form.status
