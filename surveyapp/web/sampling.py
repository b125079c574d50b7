"""Sampling and timing: a survey's rules of asking and what came of them; interactions from files."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    SelectField,
    TextAreaField,
)

from surveyapp.auth.permissions import Permission
from surveyapp.journeys import queries
from surveyapp.journeys.calendar import Calendar, calendar_of
from surveyapp.results.funnels import funnels
from surveyapp.results.funnels.funnel_json import rows_to_json, segments_to_json
from surveyapp.results.scope import Period, read_scope
from surveyapp.sampling.actions import change_sampling
from surveyapp.sampling.interaction_sheets import receive_file
from surveyapp.store.models import Journey
from surveyapp.surveys.queries import survey_in, surveys_of
from surveyapp.surveys.settings.sampling import Sampling, Trigger
from surveyapp.surveys.survey import Survey
from surveyapp.tables.opened import ACCEPTED, KINDS
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires, takes_files
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import months_asked, page
from surveyapp.web.sessions import me
from surveyapp.web.setting_fields import setting
from surveyapp.web.table_fields import DatedTableForm, file_name

sampling = Blueprint("sampling", __name__, url_prefix="/journeys/<int:journey_id>")

MOST_LINES = 50_000  # of a file that a page takes; the command takes any number
_LISTS = ("touchpoints", "channels", "outcomes")


_DAYS = "Enter a number of days."


class SamplingForm(StaffForm):
    active = setting(Sampling, "active")
    touchpoints = setting(Trigger, "touchpoints")
    channels = setting(Trigger, "channels")
    outcomes = setting(Trigger, "outcomes")
    rule = setting(Trigger, "rule", TextAreaField)
    delay_minutes = setting(Sampling, "delay_minutes", required="Enter the minutes; 0 is at once.")
    quiet_from = setting(Sampling, "quiet_from")
    quiet_to = setting(Sampling, "quiet_to")
    share = setting(Sampling, "share", required="Enter the share.")
    most = setting(Sampling, "most")
    rest = setting(
        Sampling,
        "rest",
        SelectField,
        choices=choices(
            [
                ("block", "are not invited"),
                ("delay", "are invited after the minimum interval"),
                ("override", "are invited anyway"),
            ]
        ),
    )
    rest_days = setting(Sampling, "rest_days")
    channel = setting(
        Sampling,
        "channel",
        SelectField,
        choices=choices(
            [("email", "Email"), ("webhook", "Another system, by webhook (for SMS and others)")]
        ),
    )
    expires_days = setting(Sampling, "expires_days", required=_DAYS)
    max_age_days = setting(Sampling, "max_age_days", required=_DAYS)

    @classmethod
    def of(cls, sampling: Sampling) -> SamplingForm:
        """The form that shows these rules."""
        trigger = sampling.trigger
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
            quiet_from=sampling.quiet_from,
            quiet_to=sampling.quiet_to,
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


class InteractionsForm(DatedTableForm):
    interactions = FileField(
        "Event file",
        [FileRequired("Choose a file.")],
        description=f"{KINDS}, with a header row and up to {MOST_LINES:,} rows.",
        render_kw={"accept": ACCEPTED},
    )


@sampling.route("/surveys/<int:survey_id>/sampling", methods=["GET", "POST"])
@sampling.get("/surveys/<int:survey_id>/sampling.json", endpoint="edit_json")
@requires(Permission.EDIT_SURVEYS)
def edit(journey_id: int, survey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        survey = survey_in(session, journey_id, survey_id)
        journey = queries.journey(session, journey_id)
    form = SamplingForm.of(survey.sampling)
    if not survey.at_end:
        del form.touchpoints
    if form.validate_on_submit():
        with form.refusing("active"):
            with form.saving() as session:
                known = queries.survey_row(session, journey_id, survey_id)
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


def _rules_page(journey: Journey, survey: Survey, form: SamplingForm) -> Response:
    """What came of asking in the months asked for, and the form."""
    calendar = calendar_of(journey)
    when = _months(journey.id, calendar)
    with installation().store.reading() as session:
        (row,) = funnels.funnels(session, [survey], when, calendar)
    return page(
        "sampling/edit.html",
        {"journey": journey.code, **months_asked(when), **rows_to_json([row])[0]},
        journey=journey,
        survey=survey,
        form=form,
        settings=installation().settings,
        funnel=row.funnel,
        when=when,
        filtered=bool(request.args),
    )


@sampling.get("/sampling")
@sampling.get("/sampling.json", endpoint="journey_json")
@requires(Permission.READ_RESULTS)
def journey(journey_id: int) -> ResponseReturnValue:
    """Who was asked in the whole journey, by touchpoint and, where wanted, by segment."""
    minimum = installation().settings.minimum_cell
    segments, by_segment = None, request.args.get("by") == "segment"
    with installation().store.reading() as session:
        found = queries.journey(session, journey_id)
        surveys = _in_order(found, surveys_of(session, journey_id))
        calendar = calendar_of(found)
        when = _months(journey_id, calendar)
        rows = funnels.funnels(session, surveys, when, calendar)
        if by_segment:
            segments = funnels.by_segment(session, surveys, when, calendar, minimum_cell=minimum)
    return page(
        "sampling/journey.html",
        {
            "journey": found.code,
            **months_asked(when),
            "surveys": rows_to_json(rows),
            "segments": None if segments is None else segments_to_json(segments, few=minimum),
            "segments_reason": _why_no_segments(by_segment) if segments is None else None,
        },
        journey=found,
        rows=rows,
        segments=segments,
        by_segment=by_segment,
        when=when,
        minimum=minimum,
    )


def _why_no_segments(by_segment: bool) -> str:
    return "not counted by the worker yet" if by_segment else "counted only with by=segment"


def _months(journey_id: int, calendar: Calendar) -> Period:
    """The months asked for; without any the latest three, as counting years takes seconds."""
    month = calendar.day(installation().now()).replace(day=1)
    for _ in range(2):
        month = (month - timedelta(days=1)).replace(day=1)
    return read_scope(journey_id, request.args, default=Period(month, None)).period


def _in_order(journey: Journey, surveys: list[Survey]) -> list[Survey]:
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
            upload = form.interactions.data
            report = receive_file(
                installation(),
                io.BytesIO(upload.read()),
                name=file_name(upload),
                options=form.reading,
                journey=journey.code,
                most_rows=MOST_LINES,
                user_id=me().id,
                now=installation().now(),
            )
    page = render_template("sampling/bring.html", journey=journey, form=form, report=report)
    return page, 200 if report is not None else form.status
