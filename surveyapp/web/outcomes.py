"""Outcomes of a journey's customers beside what they answered: imported, analysed, shown."""

from __future__ import annotations

import io

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField, FileRequired

from surveyapp.auth.permissions import Permission
from surveyapp.journeys import queries
from surveyapp.results import outcome_phrases
from surveyapp.results.outcome_actions import ask_outcome_analysis, found_outcomes
from surveyapp.results.outcome_phrases import LIMITS, outcomes_to_json
from surveyapp.sampling.outcome_sheets import receive_outcome_file
from surveyapp.sampling.outcomes import OutcomeKind
from surveyapp.tables.opened import ACCEPTED, KINDS
from surveyapp.web.guards import requires, takes_files
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.outcome_drawing import curve_drawing, flow_drawing
from surveyapp.web.quota import leave_room
from surveyapp.web.sessions import me
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
    result = found.result
    return page(
        "outcomes/show.html",
        {"journey": journey.code, **outcomes_to_json(found)},
        journey=journey,
        found=found,
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
