"""Analyses of a journey's scales: started, shown, and taken away as JSON or as a program for R."""

from __future__ import annotations

import json

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import BooleanField, SelectField, SelectMultipleField, StringField
from wtforms.validators import Length
from wtforms.widgets import CheckboxInput

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.journeys import queries
from surveyapp.reports.document import Document
from surveyapp.results.analyses import actions
from surveyapp.results.analyses import queries as stored
from surveyapp.results.analyses.groupings import groupings
from surveyapp.results.analyses.offered import scales_offered
from surveyapp.results.analyses.rules_changed import rules_used
from surveyapp.results.analyses.staleness import staleness
from surveyapp.store.models import Analysis, Journey
from surveyapp.surveys.queries import survey_in
from surveyapp.web import studies
from surveyapp.web.chapters import told
from surveyapp.web.choosing import segment_choices
from surveyapp.web.document_files import (
    FIGURES,
    TABLES,
    analysed,
    attachment,
    document_file,
    figure_file,
)
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import wants_json
from surveyapp.web.quota import leave_room
from surveyapp.web.reads import note_read
from surveyapp.web.sessions import me

analyses = Blueprint("analyses", __name__, url_prefix="/journeys/<int:journey_id>/analyses")

ESTIMATORS = {
    "ML": "Maximum likelihood (ML): the usual choice",
    "MLR": "Robust maximum likelihood (MLR): for non-normal answers",
    "WLSMV": "Weighted least squares (WLSMV): for scales of five points or fewer",
}
MISSING = {
    "listwise": "Exclude customers with missing answers",
    "fiml": "Use all available answers (full information)",
}


class ValidationForm(StaffForm):
    scale = SelectField("Scale")
    segment = SelectField("Customers")
    group = SelectMultipleField(
        "Test measurement invariance across groups", option_widget=CheckboxInput()
    )
    marker = BooleanField(
        "Include marker questions if asked",
        default=True,
        description="They estimate how much answers agree only because they were given in the"
        " same survey.",
    )
    estimator = SelectField("Estimator", choices=choices(ESTIMATORS.items()), default="ML")
    missing = SelectField("Missing answers", choices=choices(MISSING.items()), default="listwise")
    reverse = StringField(
        "Items worded the other way round",
        validators=[Length(max=2000)],
        description="Codes of the scale's items as in the codebook, separated by commas, for example"
        " sea2, sea5. Their answers are counted from the other end of the scale.",
    )
    without_flagged = BooleanField(
        "Leave out flagged answers",
        description="Those of a burst, or of many from the same device.",
    )
    cutoffs = BooleanField(
        "Simulate cut-offs for fit indices",
        description="For this model and number of answers (McNeish and Wolf); ML and MLR only.",
    )
    esem = BooleanField(
        "Compare with ESEM",
        description="The same factors with all cross-loadings free, rotated to this model.",
    )


def validation_form(session: Session, journey: Journey, *, segment: str = "") -> ValidationForm:
    """What can be validated: each scale of several items that a survey of the journey asks.

    ``segment`` is chosen to begin with.
    """
    form = ValidationForm(segment=segment)
    offered = scales_offered(session, journey.id, installation().library)
    surveys = {each.survey.id for each in offered}
    form.scale.choices = choices(
        (f"{each.survey.id}:{each.ask.instrument}", f"{each.title}, {each.survey.name}")
        for each in offered
    )
    form.segment.choices = segment_choices(session)
    form.group.choices = choices(
        (name, name.replace("_", " ").capitalize()) for name in groupings(session, surveys)
    )
    return form


def named(text: str | None) -> tuple[str, ...]:
    """The names in a text that lists them by commas, line breaks or blanks."""
    return tuple((text or "").replace(",", " ").replace(";", " ").split())


@analyses.post("")
@requires(Permission.RUN_ANALYSES)
def start(journey_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        journey = queries.journey(session, journey_id)
        form = validation_form(session, journey)
        if not form.validate():
            raise Invalid("Choose a scale, customers and options from the lists.")
        leave_room(session)
        survey_id, _, code = form.scale.data.partition(":")
        survey = survey_in(session, journey_id, int(survey_id))
        ask = next(ask for ask in survey.asks if ask.instrument == code)
        analysis = actions.ask_validation(
            session,
            journey_id=journey_id,
            survey_id=survey.id,
            instrument=code,
            key=ask.key,
            segment_id=int(form.segment.data) if form.segment.data else None,
            seed=actions.VALIDATION_SEED,
            user_id=me().id,
            group=form.group.data or (),
            marker=form.marker.data,
            estimator=form.estimator.data,
            missing=form.missing.data,
            reverse=actions.reversed_items(
                installation().library.load(code, ask.version), ask.key, named(form.reverse.data)
            ),
            without_flagged=form.without_flagged.data,
            cutoffs=actions.CUTOFF_SAMPLES if form.cutoffs.data else 0,
            esem=form.esem.data,
        )
    flash("The analysis is running; this page shows its progress.")
    return redirect(url_for("analyses.show", journey_id=journey_id, analysis_id=analysis.id), 303)


@analyses.get("/<int:analysis_id>")
@requires(Permission.READ_RESULTS)
def show(journey_id: int, analysis_id: int) -> ResponseReturnValue:
    if wants_json():
        return document(journey_id, analysis_id)
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        found = stored.analysis(session, journey_id, analysis_id)
        since = staleness(session, [found]).get(analysis_id)
    if found.kind == "sjq_study":
        return studies.show(journey, found, since)
    asked = found.parameters
    return render_template(
        "analyses/show.html",
        journey=journey,
        analysis=found,
        told=told(found, journey, installation().library),
        changed=since,
        rules=rules_used(found),
        estimation=ESTIMATORS.get(asked.get("estimator", "ML")),
        missing=MISSING.get(asked.get("missing", "listwise")),
    )


@analyses.post("/<int:analysis_id>/again")
@requires(Permission.RUN_ANALYSES)
def again(journey_id: int, analysis_id: int) -> ResponseReturnValue:
    """Compute the analysis once more, with the same settings."""
    with installation().store.writing() as session:
        queries.journey(session, journey_id)
        found = stored.analysis(session, journey_id, analysis_id)
        leave_room(session)
        made = actions.ask_again(session, found, user_id=me().id)
    flash("The analysis is running again; this page shows its progress.")
    return redirect(url_for("analyses.show", journey_id=journey_id, analysis_id=made.id), 303)


@analyses.get("/<int:analysis_id>.json")
@requires(Permission.READ_RESULTS)
def document(journey_id: int, analysis_id: int) -> ResponseReturnValue:
    """The whole result as JSON, every digit of it."""
    found = _finished(journey_id, analysis_id)
    note_read("download analysis", f"analysis {analysis_id}", file="json")
    return attachment(
        json.dumps(found.result, indent=1, allow_nan=False),
        "application/json",
        f"{_name(found)}.json",
    )


@analyses.get("/<int:analysis_id>.R")
@requires(Permission.READ_RESULTS)
def script(journey_id: int, analysis_id: int) -> ResponseReturnValue:
    """The same analysis as a program for R."""
    found = _finished(journey_id, analysis_id)
    text = (found.result or {}).get("r_script")
    if not text:
        raise NotFound("There is no R script for this analysis.")
    note_read("download analysis", f"analysis {analysis_id}", file="R")
    return attachment(text, "text/plain", f"{_name(found)}.R")


@analyses.get("/<int:analysis_id>/tables.<any(docx, tex, zip):ending>")
@requires(Permission.READ_RESULTS)
def tables(journey_id: int, analysis_id: int, ending: str) -> ResponseReturnValue:
    """Every table, for Word, for LaTeX, or as a ZIP of CSV files."""
    found, made = _document(journey_id, analysis_id, f"tables.{ending}")
    return document_file(made, TABLES[ending], _name(found))


@analyses.get("/<int:analysis_id>/figures.zip")
@requires(Permission.READ_RESULTS)
def figures(journey_id: int, analysis_id: int) -> ResponseReturnValue:
    """Every figure as SVG and PNG."""
    found, made = _document(journey_id, analysis_id, "figures.zip")
    return document_file(made, FIGURES, _name(found))


@analyses.get("/<int:analysis_id>/figures/<int:number>.<any(svg, png):kind>")
@requires(Permission.READ_RESULTS)
def figure(journey_id: int, analysis_id: int, number: int, kind: str) -> ResponseReturnValue:
    """One figure."""
    found, made = _document(journey_id, analysis_id, f"figure {number}.{kind}")
    return figure_file(made, number, kind, _name(found))


def _document(journey_id: int, analysis_id: int, file: str) -> tuple[Analysis, Document]:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        found = stored.analysis(session, journey_id, analysis_id)
    made = analysed(found, journey, installation().library)
    note_read("download analysis", f"analysis {analysis_id}", file=file)
    return found, made


def _finished(journey_id: int, analysis_id: int) -> Analysis:
    with installation().store.reading() as session:
        queries.journey(session, journey_id)
        found = stored.analysis(session, journey_id, analysis_id)
    if found.result is None:
        raise Conflict("This analysis has no result; see its page for the reason.")
    return found


def _name(analysis: Analysis) -> str:
    return f"{analysis.kind.replace('_', '-')}-{analysis.instrument}-{analysis.id}"
