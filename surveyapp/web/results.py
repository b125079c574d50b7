"""Results: segments side by side, and the stored analyses of a journey's scales."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import SelectField

from instruments import loader
from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.journeys import queries
from surveyapp.results import actions, dashboards
from surveyapp.results import queries as analyses
from surveyapp.results.findings import findings
from surveyapp.store.models import Journey
from surveyapp.web import studies
from surveyapp.web.choosing import segment_choices
from surveyapp.web.drawings import drawings
from surveyapp.web.filters import dashboard_options, filters_asked
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.quota import leave_room
from surveyapp.web.sessions import me
from surveyapp.web.storage import storage
from surveyapp.web.tables import validation_tables

results = Blueprint("results", __name__, url_prefix="/journeys/<int:journey_id>")

SEED = 20_260_101  # of the resampling; stored with the analysis, so that it can be repeated


class ValidationForm(StaffForm):
    scale = SelectField("Scale")
    segment = SelectField("Customers")


@results.get("/results")
@requires(Permission.READ_RESULTS)
def index(journey_id: int) -> ResponseReturnValue:
    filters = filters_asked()
    options = dashboard_options(filters)
    with storage().store.reading() as session:
        journey = queries.journey(session, journey_id)
        comparison = dashboards.segment_comparison(
            session, journey_id, **{k: v for k, v in options.items() if k != "segment_id"}
        )
        trends = dashboards.trend(session, journey_id, **options)
        overview = dashboards.journey_overview(session, journey_id, **options)
        stored = analyses.analyses(session, journey_id)
        form = _form(session, journey)
        study = studies.study_form(session, journey)
    return render_template(
        "results/index.html",
        journey=journey,
        comparison=comparison,
        # The journey's page tells those of the overview alone.
        findings=findings(overview, comparison, trends)[len(findings(overview)) :],
        trends=[trend for trend in trends if trend.touchpoint_id is None],
        analyses=stored,
        filters=filters,
        form=form,
        study=study,
    )


def _form(session: Session, journey: Journey) -> ValidationForm:
    """What can be validated: each scale of several items that a deployment of the journey asks."""
    form = ValidationForm()
    roots = storage().settings.instrument_roots
    scales = []
    for deployment in queries.deployments(session, journey.id):
        for ask in deployment.asks:
            instrument = loader.load(ask["instrument"], ask["version"], roots=roots)
            key = instrument.keys.get(ask["key"] or "")
            if key is not None and any(len(items) > 2 for items in key.scales.values()):
                wording = instrument.wording(deployment.language, ask["wording"])
                scales.append(
                    (f"{deployment.id}:{instrument.code}", f"{wording.title}, {deployment.name}")
                )
    form.scale.choices = choices(scales)
    form.segment.choices = segment_choices(session)
    return form


@results.post("/analyses")
@requires(Permission.RUN_ANALYSES)
def validate(journey_id: int) -> ResponseReturnValue:
    with storage().store.writing() as session:
        journey = queries.journey(session, journey_id)
        form = _form(session, journey)
        if not form.validate():
            raise Invalid("Choose a scale and a group of customers from the lists.")
        leave_room(session)
        deployment_id, _, code = form.scale.data.partition(":")
        deployment = queries.deployment(session, journey_id, int(deployment_id))
        analysis = actions.ask_validation(
            session,
            journey_id=journey_id,
            deployment_id=deployment.id,
            instrument=code,
            key=next(ask["key"] for ask in deployment.asks if ask["instrument"] == code),
            segment_id=int(form.segment.data) if form.segment.data else None,
            seed=SEED,
            user_id=me().id,
        )
    flash("The analysis runs; this page shows how far it is.")
    return redirect(
        url_for("results.analysis", journey_id=journey_id, analysis_id=analysis.id), 303
    )


@results.get("/analyses/<int:analysis_id>")
@requires(Permission.READ_RESULTS)
def analysis(journey_id: int, analysis_id: int) -> ResponseReturnValue:
    with storage().store.reading() as session:
        journey = queries.journey(session, journey_id)
        found = analyses.analysis(session, journey_id, analysis_id)
    if found.kind == "sjq_study":
        return studies.show(journey, found)
    return render_template(
        "results/analysis.html",
        journey=journey,
        analysis=found,
        result=found.result,
        tables=validation_tables(found.result) if found.result else [],
        drawings=drawings(found),
    )
