"""Modelling projects: a journey's answers, what was done to them, and models fitted and changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import count
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.journeys import queries
from surveyapp.reports.document import Table
from surveyapp.results import project_phrases
from surveyapp.results import projects as known_ones
from surveyapp.results.model_texts import (
    COMPOSITE,
    COVARIANCE,
    faults_of,
    with_line,
    without_item,
)
from surveyapp.results.project_analyses import ANALYSES, analyses_of, ask_project_analysis
from surveyapp.results.project_json import model_to_json, project_to_json
from surveyapp.results.project_options import options_in_words, options_of
from surveyapp.results.project_phrases import Proposal
from surveyapp.results.project_step_kinds import StepKind, step_arguments, step_in_words
from surveyapp.results.project_variables import Variables, variables_of
from surveyapp.results.projects import LONGEST_REASON, ModelText
from surveyapp.store.models import Journey, Project, ProjectAnalysis, ProjectModel
from surveyapp.web.document_files import FIGURES, TABLES, document_file, figure_file, modelled
from surveyapp.web.drawings import Drawing, drawing
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.project_forms import (
    STEP_FIELDS,
    STEPS,
    ModelForm,
    model_form,
    project_form,
    step_form,
)
from surveyapp.web.quota import leave_room
from surveyapp.web.reads import note_read
from surveyapp.web.sessions import me

projects = Blueprint("projects", __name__, url_prefix="/journeys/<int:journey_id>")

_OPTIONS = (
    *("estimator", "missing", "group", "equal", "std_lv"),
    *("scheme", "composite_missing", "consistent", "bootstrap"),
)
_COPIED = 100_000  # characters of a text that is checked while it is typed


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
                    user_id=me().id,
                )
            return _to_project(project)
    return render_template("projects/new.html", form=form, journey=journey), form.status


@projects.get("/projects/<int:project_id>")
@projects.get("/projects/<int:project_id>.json", endpoint="show_json")
@requires(Permission.MODEL_ANSWERS)
def show(journey_id: int, project_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey, project = _place(session, journey_id, project_id)
        steps = known_ones.steps_of(session, project)
        models = known_ones.models_of(session, project)
        removed = known_ones.removed_models(session, project)
        known = variables_of(session, project, installation().library)
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
        kinds=STEPS,
        step_in_words=step_in_words,
        models=models,
        removed=removed,
        known=known,
        standing=standing,
        is_stale=project.description is not None and project.described_steps != standing,
        said=project_phrases,
        method=options_in_words,
    )


@projects.post("/projects/<int:project_id>/describe")
@requires(Permission.MODEL_ANSWERS)
def describe(journey_id: int, project_id: int) -> ResponseReturnValue:
    """Describe the answers as they are now; a second time while it runs changes nothing."""
    StaffForm().validate()
    with installation().store.writing() as session:
        _, project = _place(session, journey_id, project_id)
        if project.job is None or project.job.state not in ("waiting", "running"):
            leave_room(session)
            known_ones.describe_again(session, project, user_id=me().id)
    return _to_project(project)


@projects.post("/projects/<int:project_id>/remove")
@requires(Permission.MODEL_ANSWERS)
def remove(journey_id: int, project_id: int) -> ResponseReturnValue:
    StaffForm().validate()
    with installation().store.writing() as session:
        _, project = _place(session, journey_id, project_id)
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
    return _to_project(project)


@projects.route("/projects/<int:project_id>/steps/<step_kind>", methods=["GET", "POST"])
@requires(Permission.MODEL_ANSWERS)
def step(journey_id: int, project_id: int, step_kind: str) -> ResponseReturnValue:
    """A step of this kind; Flask's own converter would not know the list of kinds."""
    if step_kind not in set(StepKind):
        raise NotFound(f"{step_kind[:60]!r} is no kind of step.")
    asked = StepKind(step_kind)
    with installation().store.reading() as session:
        journey, project = _place(session, journey_id, project_id)
        known = variables_of(session, project, installation().library)
        form = step_form(asked, known)
    if form.validate_on_submit():
        with form.refusing(STEP_FIELDS[asked][0]):
            typed = {name: str(form[name].data or "") for name in STEP_FIELDS[asked]}
            arguments = step_arguments(asked, typed, known)
            with installation().store.writing() as session:
                leave_room(session)
                _, held = _place(session, journey_id, project_id)
                known_ones.add_step(
                    session,
                    held,
                    asked,
                    arguments,
                    reason=form.reason.data or "",
                    user_id=me().id,
                )
            return _to_project(project)
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
        _, project = _place(session, journey_id, project_id)
        known_ones.undo_step(session, project, step_id, user_id=me().id, now=installation().now())
    return _to_project(project)


@projects.route("/projects/<int:project_id>/models/new", methods=["GET", "POST"])
@requires(Permission.MODEL_ANSWERS)
def new_model(journey_id: int, project_id: int) -> ResponseReturnValue:
    """An empty model, or with ``parent`` that model's text to change."""
    with installation().store.reading() as session:
        journey, project = _place(session, journey_id, project_id)
        known = variables_of(session, project, installation().library)
        parent = _parent(session, project)
    form = model_form(known, _filled(known, parent))
    if form.validate_on_submit():
        with form.refusing("text"):
            with installation().store.writing() as session:
                _, held = _place(session, journey_id, project_id)
                made = _fitted(session, held, known, _asked(form, known), _parent(session, held))
            return _to_model(journey_id, made)
    shown = render_template(
        "projects/new_model.html",
        form=form,
        journey=journey,
        project=project,
        known=known,
        parent=parent,
    )
    return shown, form.status


class CheckForm(StaffForm):
    kind = HiddenField(validators=[InputRequired()])
    text = HiddenField(validators=[Length(max=_COPIED)])


@projects.post("/projects/<int:project_id>/models/check")
@requires(Permission.MODEL_ANSWERS)
def check(journey_id: int, project_id: int) -> ResponseReturnValue:
    """What keeps the typed model from being fitted, by line; stores nothing."""
    with installation().store.reading() as session:
        _, project = _place(session, journey_id, project_id)
        known = variables_of(session, project, installation().library)
        steps = known_ones.standing_steps(session, project)
    form = CheckForm()
    if not form.validate() or form.kind.data not in (COVARIANCE, COMPOSITE):
        raise Invalid("Send the model's text and its type.")
    out = {each.arguments["name"] for each in steps if each.kind == StepKind.LEAVE_OUT_ITEM}
    names = [name for name in known.names if name not in out]
    found = faults_of(form.kind.data, form.text.data or "", names)
    return jsonify({"faults": [vars(each) for each in found]})


@projects.get("/projects/<int:project_id>/models/<int:model_id>")
@requires(Permission.MODEL_ANSWERS)
def model(journey_id: int, project_id: int, model_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey, project, found = _model_place(session, journey_id, project_id, model_id)
        parent = session.get(ProjectModel, found.parent_id) if found.parent_id else None
        standing = [each.id for each in known_ones.standing_steps(session, project)]
        made_of_it = [
            each for each in known_ones.models_of(session, project) if each.parent_id == found.id
        ]
        further = analyses_of(session, found)
        groups = variables_of(session, project, installation().library).groups
    return render_template(
        "projects/model.html",
        journey=journey,
        project=project,
        model=found,
        parent=parent,
        children=made_of_it,
        result=found.result,
        other_rows=found.steps != standing,
        said=project_phrases,
        method=options_in_words(found.kind, found.options),
        drawn=_drawn(found, journey),
        tables=_tables(found),
        proposals=_proposals(found),
        further=[(each, _analysis_tables(each)) for each in further],
        kinds={name: kind for name, kind in ANALYSES.items() if kind.of == found.kind},
        groups=groups,
    )


class ChangeForm(StaffForm):
    line = StringField(validators=[Length(max=500)])
    item = StringField(validators=[Length(max=200)])
    reason = StringField(validators=[Length(max=LONGEST_REASON)])


@projects.post("/projects/<int:project_id>/models/<int:model_id>/change")
@requires(Permission.MODEL_ANSWERS)
def change(journey_id: int, project_id: int, model_id: int) -> ResponseReturnValue:
    """Fit the model with one line more, or one item less; the change is kept with the new model."""
    form = ChangeForm()
    line, item = " ".join((form.line.data or "").split()), (form.item.data or "").strip()
    with installation().store.writing() as session:
        _, project, found = _model_place(session, journey_id, project_id, model_id)
        if not form.validate() or bool(line) == bool(item):
            raise Invalid("Choose one change: a line to add, or an item to leave out.")
        known = variables_of(session, project, installation().library)
        if line:
            text, said = with_line(found.text, line), f"Added {line}"
        else:
            text, said = without_item(found.kind, found.text, item), f"Left out {item}"
        asked = ModelText("", found.kind, text, found.options, said, form.reason.data or "")
        made = _fitted(session, project, known, asked, found)
    return _to_model(journey_id, made)


class AnalysisForm(StaffForm):
    kind = StringField(validators=[InputRequired()])
    group = StringField(validators=[Length(max=200)])


@projects.post("/projects/<int:project_id>/models/<int:model_id>/analyses")
@requires(Permission.MODEL_ANSWERS)
def analyse(journey_id: int, project_id: int, model_id: int) -> ResponseReturnValue:
    """Ask for a further analysis; a second time it is the same one."""
    form = AnalysisForm()
    with installation().store.writing() as session:
        _, project, found = _model_place(session, journey_id, project_id, model_id)
        if not form.validate():
            raise Invalid("Choose an analysis from the list.")
        leave_room(session)
        ask_project_analysis(
            session,
            found,
            form.kind.data or "",
            group=form.group.data or "",
            known=variables_of(session, project, installation().library),
            user_id=me().id,
        )
    return _to_model(journey_id, found)


@projects.post("/projects/<int:project_id>/models/<int:model_id>/again")
@requires(Permission.MODEL_ANSWERS)
def again(journey_id: int, project_id: int, model_id: int) -> ResponseReturnValue:
    """Fit a model whose job failed or was cancelled once more."""
    StaffForm().validate()
    with installation().store.writing() as session:
        _, project, found = _model_place(session, journey_id, project_id, model_id)
        running = found.job is not None and found.job.state in ("waiting", "running")
        if found.result is not None:
            raise Conflict("This model has its result; models do not change. Fit a new one.")
        if not running:
            leave_room(session)
            known_ones.fit_again(session, project, found, user_id=me().id)
    return _to_model(journey_id, found)


@projects.post("/projects/<int:project_id>/models/<int:model_id>/remove")
@requires(Permission.MODEL_ANSWERS)
def remove_model(journey_id: int, project_id: int, model_id: int) -> ResponseReturnValue:
    StaffForm().validate()
    with installation().store.writing() as session:
        _, project, found = _model_place(session, journey_id, project_id, model_id)
        known_ones.remove_model(session, project, found, user_id=me().id, now=installation().now())
    flash(f"{found.name} has been removed. It can be restored below.")
    return _to_project(project)


@projects.post("/projects/<int:project_id>/models/<int:model_id>/restore")
@requires(Permission.MODEL_ANSWERS)
def restore_model(journey_id: int, project_id: int, model_id: int) -> ResponseReturnValue:
    StaffForm().validate()
    with installation().store.writing() as session:
        _, project = _place(session, journey_id, project_id)
        found = known_ones.restore_model(session, project, model_id, user_id=me().id)
    flash(f"{found.name} has been restored.")
    return _to_project(project)


@projects.get("/projects/<int:project_id>/models/<int:model_id>.json")
@requires(Permission.MODEL_ANSWERS)
def model_json(journey_id: int, project_id: int, model_id: int) -> ResponseReturnValue:
    """The whole result, every digit of it."""
    found, _, further = _finished(journey_id, project_id, model_id)
    note_read("download model", f"model {model_id}", file="json")
    document = {
        **model_to_json(found),
        "result": found.result,
        "analyses": [
            {"kind": each.kind, "options": each.options, "result": each.result} for each in further
        ],
    }
    text = json.dumps(document, indent=1, allow_nan=False)
    return _download(text, "application/json", f"model-{model_id}.json")


@projects.get("/projects/<int:project_id>/models/<int:model_id>.R")
@requires(Permission.MODEL_ANSWERS)
def script(journey_id: int, project_id: int, model_id: int) -> ResponseReturnValue:
    """The same model as a program for R."""
    found, _, _ = _finished(journey_id, project_id, model_id)
    text = (found.result or {}).get("r_script")
    if not text:
        raise NotFound("There is no R script for a composite model.")
    note_read("download model", f"model {model_id}", file="R")
    return _download(text, "text/plain", f"model-{model_id}.R")


@projects.get(
    "/projects/<int:project_id>/models/<int:model_id>/tables.<any(docx, tex, zip):ending>"
)
@requires(Permission.MODEL_ANSWERS)
def tables(journey_id: int, project_id: int, model_id: int, ending: str) -> ResponseReturnValue:
    """Every table, for Word, for LaTeX, or as a ZIP of CSV files."""
    found, journey, further = _finished(journey_id, project_id, model_id)
    note_read("download model", f"model {model_id}", file=f"tables.{ending}")
    return document_file(modelled(found, journey, further), TABLES[ending], f"model-{model_id}")


@projects.get("/projects/<int:project_id>/models/<int:model_id>/figures.zip")
@requires(Permission.MODEL_ANSWERS)
def figures(journey_id: int, project_id: int, model_id: int) -> ResponseReturnValue:
    """Every figure as SVG and PNG."""
    found, journey, further = _finished(journey_id, project_id, model_id)
    note_read("download model", f"model {model_id}", file="figures.zip")
    return document_file(modelled(found, journey, further), FIGURES, f"model-{model_id}")


@projects.get("/projects/<int:project_id>/models/<int:model_id>/figure.<any(svg, png):kind>")
@requires(Permission.MODEL_ANSWERS)
def figure(journey_id: int, project_id: int, model_id: int, kind: str) -> ResponseReturnValue:
    """The drawing of the model."""
    found, journey, further = _finished(journey_id, project_id, model_id)
    note_read("download model", f"model {model_id}", file=f"figure.{kind}")
    return figure_file(modelled(found, journey, further), 1, kind, f"model-{model_id}")


def _place(session: Session, journey_id: int, project_id: int) -> tuple[Journey, Project]:
    journey = queries.journey(session, journey_id)
    return journey, known_ones.project_of(session, journey_id, project_id)


def _model_place(
    session: Session, journey_id: int, project_id: int, model_id: int
) -> tuple[Journey, Project, ProjectModel]:
    journey, project = _place(session, journey_id, project_id)
    return journey, project, known_ones.model_of(session, project, model_id)


def _finished(
    journey_id: int, project_id: int, model_id: int
) -> tuple[ProjectModel, Journey, list[ProjectAnalysis]]:
    """A fitted model, its journey, and those of its further analyses that are done."""
    with installation().store.reading() as session:
        journey, _, found = _model_place(session, journey_id, project_id, model_id)
        further = [each for each in analyses_of(session, found) if each.result is not None]
    if found.result is None:
        raise Conflict("This model has no result; see its page for the reason.")
    return found, journey, further


def _parent(session: Session, project: Project) -> ProjectModel | None:
    """The model that the form's field or the address names."""
    text = request.form.get("parent") or request.args.get("parent") or ""
    if not text:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise NotFound("There is no such model in this project; it may have been removed.")
    return known_ones.model_of(session, project, int(text))


def _filled(known: Variables, parent: ProjectModel | None) -> Mapping[str, Any]:
    if parent is None:
        return {"text": next(iter(known.models.values()), "")}
    options = dict(parent.options)
    if parent.kind == COMPOSITE:
        options["composite_missing"] = options.pop("missing")
        options["bootstrap"] = str(options["bootstrap"])
    return {"kind": parent.kind, "text": parent.text, "parent": str(parent.id), **options}


def _asked(form: ModelForm, known: Variables) -> ModelText:
    chosen = {name: form[name].data for name in _OPTIONS}
    return ModelText(
        form.name.data or "",
        form.kind.data,
        "\n".join((form.text.data or "").splitlines()),
        options_of(form.kind.data, chosen, known),
        reason=form.reason.data or "",
    )


def _fitted(
    session: Session,
    project: Project,
    known: Variables,
    asked: ModelText,
    parent: ProjectModel | None,
) -> ProjectModel:
    leave_room(session)
    return known_ones.add_model(
        session, project, asked, known=known, parent=parent, user_id=me().id
    )


def _drawn(found: ProjectModel, journey: Journey) -> Drawing | None:
    if found.result is None:
        return None
    from surveyapp.reports.numbered import figures as figures_of

    made = figures_of(modelled(found, journey).blocks)
    return drawing(made[0].chart, 1) if made else None


def _tables(found: ProjectModel) -> list[Table]:
    """The document's own tables, so that page and paper cannot differ."""
    from surveyapp.reports.project_model import tables_of

    return tables_of(found)


def _analysis_tables(analysis: ProjectAnalysis) -> list[Table]:
    from surveyapp.reports.project_analysis import analysis_tables

    return analysis_tables(analysis, count(1))


def _proposals(found: ProjectModel) -> list[Proposal]:
    """Changes that the result suggests, the largest first: parameters to free, items to leave out."""
    if found.result is None:
        return []
    return project_phrases.proposals(found.kind, found.text, found.result)


def _to_project(project: Project) -> Answer:
    here: dict[str, Any] = {"journey_id": project.journey_id, "project_id": project.id}
    return redirect(url_for("projects.show", **here), 303)


def _to_model(journey_id: int, found: ProjectModel) -> Answer:
    here: dict[str, Any] = {
        "journey_id": journey_id,
        "project_id": found.project_id,
        "model_id": found.id,
    }
    return redirect(url_for("projects.model", **here), 303)


def _download(text: str, media_type: str, name: str) -> Response:
    answer = Response(text, mimetype=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
