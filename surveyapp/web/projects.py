"""Modelling projects: a journey's answers, what was done to them, and the models tried on them."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from surveyapp.auth.permissions import Permission
from surveyapp.errors import NotFound
from surveyapp.journeys import queries
from surveyapp.results.preregistrations.departures import departures
from surveyapp.results.preregistrations.preregistrations import frozen_of
from surveyapp.results.projects import phrases as project_phrases
from surveyapp.results.projects import projects as known_ones
from surveyapp.results.projects.codebook import codebook_csv
from surveyapp.results.projects.options import options_in_words
from surveyapp.results.projects.project_json import model_to_json, project_to_json
from surveyapp.results.projects.step_kinds import StepKind, step_arguments, step_in_words
from surveyapp.results.projects.variables import variables_of
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.project_forms import (
    STEP_FIELDS,
    STEPS,
    project_form,
    step_form,
    steps_for,
)
from surveyapp.web.project_places import project_place, to_project
from surveyapp.web.quota import leave_room
from surveyapp.web.reads import note_read
from surveyapp.web.sessions import me

projects = Blueprint("projects", __name__, url_prefix="/journeys/<int:journey_id>")


@projects.get("/projects")
@projects.get("/projects.json", endpoint="index_json")
@requires(Permission.MODEL_ANSWERS)
def index(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        found = known_ones.projects_of(session, journey_id)
        counts = known_ones.model_counts(session, found)
        removed = known_ones.removed_projects(session, journey_id, installation().now())
    return page(
        "projects/index.html",
        {
            "journey": journey.code,
            "projects": [project_to_json(each, models=counts[each.id]) for each in found],
        },
        journey=journey,
        projects=found,
        counts=counts,
        removed=removed,
    )


@projects.route("/projects/new", methods=["GET", "POST"])
@requires(Permission.MODEL_ANSWERS)
def new(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        form = project_form(session, journey)
    if form.validate_on_submit():
        with form.refusing("name"):
            with installation().store.writing() as session:
                leave_room(session)
                project = known_ones.make_project(
                    session,
                    queries.journey(session, journey_id),
                    name=form.name.data or "",
                    survey_id=int(form.survey.data) if form.survey.data else None,
                    segment_id=int(form.segment.data) if form.segment.data else None,
                    without_flagged=form.without_flagged.data,
                    closed=form.closed.data,
                    user_id=me().id,
                )
            return to_project(project)
    return render_template("projects/new.html", form=form, journey=journey), form.status


@projects.get("/projects/<int:project_id>")
@projects.get("/projects/<int:project_id>.json", endpoint="show_json")
@requires(Permission.MODEL_ANSWERS)
def show(journey_id: int, project_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey, project = project_place(session, journey_id, project_id)
        steps = known_ones.steps_of(session, project)
        models = known_ones.models_of(session, project)
        removed = known_ones.removed_models(session, project)
        known = variables_of(session, project, installation().library)
        plan, found = frozen_of(session, project), departures(session, project)
    standing = [step.id for step in steps if step.undone_at is None]
    return page(
        "projects/show.html",
        {
            "journey": journey.code,
            **project_to_json(project, models=len(models)),
            "description": project.description,
            "models_fitted": [model_to_json(each) for each in models],
        },
        journey=journey,
        project=project,
        steps=steps,
        kinds=steps_for(known),
        step_in_words=step_in_words,
        models=models,
        removed=removed,
        known=known,
        standing=standing,
        is_stale=project.description is not None and project.described_steps != standing,
        said=project_phrases,
        method=options_in_words,
        plan=plan,
        departures=found,
        is_closed=known_ones.is_closed(project),
    )


@projects.get("/projects/<int:project_id>/codebook.csv")
@requires(Permission.MODEL_ANSWERS)
def codebook(journey_id: int, project_id: int) -> ResponseReturnValue:
    """Every item and attribute: what models call it, its text and scale, and how it was answered."""
    with installation().store.reading() as session:
        _, project = project_place(session, journey_id, project_id)
        known = variables_of(session, project, installation().library)
    note_read("download codebook", f"project {project_id}", file="codebook.csv")
    answer = Response(codebook_csv(project, known), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="codebook-{project_id}.csv"'
    return answer


@projects.post("/projects/<int:project_id>/describe")
@requires(Permission.MODEL_ANSWERS)
def describe(journey_id: int, project_id: int) -> ResponseReturnValue:
    """Describe the answers as they are now; a second time while it runs changes nothing."""
    StaffForm().validate()
    with installation().store.writing() as session:
        _, project = project_place(session, journey_id, project_id)
        if project.job is None or project.job.state not in ("waiting", "running"):
            leave_room(session)
            known_ones.describe_again(session, project, user_id=me().id)
    return to_project(project)


@projects.post("/projects/<int:project_id>/remove")
@requires(Permission.MODEL_ANSWERS)
def remove(journey_id: int, project_id: int) -> ResponseReturnValue:
    StaffForm().validate()
    with installation().store.writing() as session:
        _, project = project_place(session, journey_id, project_id)
        known_ones.remove_project(session, project, user_id=me().id, now=installation().now())
    flash(f"{project.name} has been removed. It can be restored below.")
    return redirect(url_for("projects.index", journey_id=journey_id), 303)


@projects.post("/projects/<int:project_id>/restore")
@requires(Permission.MODEL_ANSWERS)
def restore(journey_id: int, project_id: int) -> ResponseReturnValue:
    StaffForm().validate()
    with installation().store.writing() as session:
        journey = queries.journey(session, journey_id)
        project = known_ones.restore_project(
            session, journey, project_id, user_id=me().id, now=installation().now()
        )
    flash(f"{project.name} has been restored.")
    return to_project(project)


@projects.route("/projects/<int:project_id>/steps/<step_kind>", methods=["GET", "POST"])
@requires(Permission.MODEL_ANSWERS)
def step(journey_id: int, project_id: int, step_kind: str) -> ResponseReturnValue:
    """A step of this kind; Flask's own converter would not know the list of kinds."""
    if step_kind not in set(StepKind):
        raise NotFound(f"{step_kind[:60]!r} is no kind of step.")
    asked = StepKind(step_kind)
    with installation().store.reading() as session:
        journey, project = project_place(session, journey_id, project_id)
        known = variables_of(session, project, installation().library)
        form = step_form(asked, known)
    if form.validate_on_submit():
        with form.refusing((*STEP_FIELDS[asked], "reason")[0]):
            typed = {name: str(form[name].data or "") for name in STEP_FIELDS[asked]}
            arguments = step_arguments(asked, typed, known)
            with installation().store.writing() as session:
                leave_room(session)
                _, held = project_place(session, journey_id, project_id)
                known_ones.add_step(
                    session,
                    held,
                    asked,
                    arguments,
                    reason=form.reason.data or "",
                    user_id=me().id,
                )
            return to_project(project)
    shown = render_template(
        "projects/step.html",
        form=form,
        journey=journey,
        project=project,
        kind=asked,
        title=STEPS[asked],
        fields=STEP_FIELDS[asked],
    )
    return shown, form.status


@projects.post("/projects/<int:project_id>/steps/<int:step_id>/undo")
@requires(Permission.MODEL_ANSWERS)
def undo(journey_id: int, project_id: int, step_id: int) -> ResponseReturnValue:
    StaffForm().validate()
    with installation().store.writing() as session:
        _, project = project_place(session, journey_id, project_id)
        known_ones.undo_step(session, project, step_id, user_id=me().id, now=installation().now())
    return to_project(project)
