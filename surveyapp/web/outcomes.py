"""Outcomes of a journey's customers beside what they answered: imported, analysed, shown."""

from __future__ import annotations

import io

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField, FileRequired

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.journeys import queries
from surveyapp.results.outcomes import phrases as outcome_phrases
from surveyapp.results.outcomes.actions import (
    ask_outcome_analysis,
    can_be_analysed,
    found_outcomes,
)
from surveyapp.results.outcomes.customer_values import NOTE, values_to_json
from surveyapp.results.outcomes.phrases import LIMITS, outcomes_to_json
from surveyapp.sampling.outcome_sheets import receive_outcome_file
from surveyapp.sampling.outcomes import OutcomeKind
from surveyapp.tables.opened import ACCEPTED, KINDS
from surveyapp.web import value_form
from surveyapp.web.guards import requires, takes_files
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.outcome_drawing import curve_drawing, flow_drawing
from surveyapp.web.quota import leave_room
from surveyapp.web.sessions import me
from surveyapp.web.stated_numbers import stated
from surveyapp.web.table_fields import DatedTableForm, file_name

outcomes = Blueprint("outcomes", __name__, url_prefix="/journeys/<int:journey_id>")

MOST_LINES = 100_000


class OutcomesForm(DatedTableForm):
    outcomes = FileField(
        "Outcome file",
        [FileRequired("Choose a file.")],
        description=f"{KINDS}, with a header row and up to {MOST_LINES:,} rows.",
        render_kw={"accept": ACCEPTED},
    )


@outcomes.get("/outcomes")
@outcomes.get("/outcomes.json", endpoint="show_json")
@requires(Permission.READ_RESULTS)
def show(journey_id: int) -> ResponseReturnValue:
    """The newest analysis, of all customers."""
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        found = found_outcomes(session, journey_id)
        ready = can_be_analysed(session, journey_id)
    result = found.result
    return page(
        "outcomes/show.html",
        {"journey": journey.code, **outcomes_to_json(found)},
        journey=journey,
        found=found,
        ready=ready,
        result=result,
        limits=LIMITS,
        kind_label=lambda kind: OutcomeKind(kind).label,
        said=outcome_phrases,
        curves={
            each["kind"]: curve_drawing(each["survival"]["curves"])
            for each in (result["outcomes"] if result else ())
            if each["survival"]
        },
        flow=flow_drawing(result["flow"]) if result else None,
        own=found.job is not None and found.job.created_by == me().id,
    )


@outcomes.get("/outcomes/clusters")
@outcomes.get("/outcomes/clusters.json", endpoint="clusters_json")
@requires(Permission.READ_RESULTS)
def clusters(journey_id: int) -> ResponseReturnValue:
    """Groups of customers who answered alike, proposed as segments."""
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        found = found_outcomes(session, journey_id)
    proposed = (found.result or {}).get("segments")
    return page(
        "outcomes/clusters.html",
        {"journey": journey.code, "made_at": found.made_at, "segments": proposed},
        journey=journey,
        found=found,
        proposed=proposed,
        said=outcome_phrases,
    )


@outcomes.get("/outcomes/value")
@outcomes.get("/outcomes/value.json", endpoint="value_json")
@requires(Permission.READ_RESULTS)
def value(journey_id: int) -> ResponseReturnValue:
    """Customer lifetime value by assumptions in the address; nothing is stored."""
    given = stated(value_form.FIELDS, request.args)
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        result = found_outcomes(session, journey_id).result
    found, fault = None, ""
    try:
        found = value_form.valued(result, given)
    except Invalid as error:
        fault = str(error)
    shown = page(
        "outcomes/value.html",
        {
            "journey": journey.code,
            "assumed": given,
            "fault": fault or None,
            "values": found and values_to_json(found),
        },
        journey=journey,
        fields=value_form.FIELDS,
        stated=given,
        found=found,
        fault=fault,
        note=NOTE,
    )
    return shown, 422 if fault else 200


@outcomes.post("/outcomes")
@requires(Permission.RUN_ANALYSES)
def start(journey_id: int) -> ResponseReturnValue:
    """Ask for the analysis; a second time while it runs changes nothing."""
    with installation().store.writing() as session:
        leave_room(session)
        journey = queries.journey(session, journey_id)
        ask_outcome_analysis(session, journey, user_id=me().id)
    flash("The analysis is running; this page shows its progress.")
    return redirect(url_for("outcomes.show", journey_id=journey_id), 303)


@outcomes.route("/outcomes/import", methods=["GET", "POST"])
@requires(Permission.IMPORT_RESPONSES)
@takes_files
def bring(journey_id: int) -> ResponseReturnValue:
    """A file of outcomes, taken in at once: it holds references of customers, and is not kept."""
    form = OutcomesForm()
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
    report = None
    if form.validate_on_submit():
        with form.refusing("outcomes"):
            upload = form.outcomes.data
            report = receive_outcome_file(
                installation(),
                io.BytesIO(upload.read()),
                name=file_name(upload),
                options=form.reading,
                journey=journey.code,
                journey_id=journey_id,
                most_rows=MOST_LINES,
                user_id=me().id,
                now=installation().now(),
            )
    shown = render_template(
        "outcomes/bring.html", journey=journey, form=form, report=report, kinds=tuple(OutcomeKind)
    )
    return shown, 200 if report is not None else form.status
