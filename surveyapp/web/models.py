"""Models of a modelling project: written, checked, fitted, changed, analysed further, downloaded."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from analysis.two_level.model import LEVEL_NAMES
from surveyapp.auth.permissions import Permission
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.exports.formats.registry import FORMATS, format_of
from surveyapp.exports.table import Table as ExportTable
from surveyapp.reports.document import Table
from surveyapp.results.preregistrations.departures import ToldOfPlan, told_of
from surveyapp.results.projects import phrases as project_phrases
from surveyapp.results.projects import projects as known_ones
from surveyapp.results.projects.analyses import (
    analyses_of,
    analysis_title,
    ask_project_analysis,
    not_offered,
    option_values,
)
from surveyapp.results.projects.analysis_kinds import ANALYSES, ANALYSIS_OPTIONS
from surveyapp.results.projects.model_drawings import drawing_of
from surveyapp.results.projects.model_edits import Edited, Wish, edited
from surveyapp.results.projects.model_scoring import (
    COMPOSITE_METHOD,
    METHODS,
    require_scores,
    scoring_method,
)
from surveyapp.results.projects.model_texts import (
    COMPOSITE,
    COVARIANCE,
    faults_of,
    with_line,
    without_item,
)
from surveyapp.results.projects.options import (
    OF_BOTH,
    OPTION_NAMES,
    options_in_words,
    options_of,
)
from surveyapp.results.projects.phrases import Proposal
from surveyapp.results.projects.project_json import model_document
from surveyapp.results.projects.projects import ModelText
from surveyapp.results.projects.r_programs import program_of
from surveyapp.results.projects.step_kinds import StepKind
from surveyapp.results.projects.variables import Variables, variables_of
from surveyapp.store.models import Journey, Project, ProjectAnalysis, ProjectModel
from surveyapp.web.document_files import (
    FIGURES,
    TABLES,
    attachment,
    document_file,
    figure_file,
    modelled,
)
from surveyapp.web.downloads import download_as
from surveyapp.web.drawings import Drawing, drawing, sketch
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.model_forms import AnalysisForm, ChangeForm, CheckForm, DrawForm
from surveyapp.web.project_forms import ModelForm, model_form
from surveyapp.web.project_places import project_place, to_project
from surveyapp.web.quota import leave_room
from surveyapp.web.reads import note_read
from surveyapp.web.sessions import me

models = Blueprint(
    "models", __name__, url_prefix="/journeys/<int:journey_id>/projects/<int:project_id>"
)

_WISHED = ("action", "lhs", "operator", "rhs", "value")
_WORD = re.compile(r"[^\W\d][\w.]*")


@models.route("/models/new", methods=["GET", "POST"])
@requires(Permission.MODEL_ANSWERS)
def new(journey_id: int, project_id: int) -> ResponseReturnValue:
    """An empty model, or with ``parent`` that model's text to change.

    Options of the chosen kind alone are shown; sent with ``show`` the form comes back with those of
    another kind, its text as it was, and with ``draw`` checked and drawn.
    """
    with installation().store.reading() as session:
        journey, project = project_place(session, journey_id, project_id)
        known = variables_of(session, project, installation().library)
        left = _left_in(session, project, known)
        parent = _parent(session, project)
    form = model_form(known, _filled(known, parent))
    asks_to_see = bool(form.show.data or form.draw.data)
    if not asks_to_see and form.validate_on_submit():
        with form.refusing("text"):
            with installation().store.writing() as session:
                _, held = project_place(session, journey_id, project_id)
                made = _fitted(session, held, known, _asked(form, known), _parent(session, held))
            return _to_model(journey_id, made)
    text = "\n".join((form.text.data or "").splitlines())
    shown = render_template(
        "models/new.html",
        form=form,
        sketch=sketch(form.kind.data, text),
        checked=faults_of(form.kind.data, text, left) if form.draw.data else None,
        journey=journey,
        project=project,
        known=known,
        parent=parent,
    )
    return shown, 200 if asks_to_see else form.status


@models.post("/models/check")
@requires(Permission.MODEL_ANSWERS)
def check(journey_id: int, project_id: int) -> ResponseReturnValue:
    """What keeps the typed model from being fitted, by line; stores nothing."""
    with installation().store.reading() as session:
        _, project = project_place(session, journey_id, project_id)
        known = variables_of(session, project, installation().library)
        names = _left_in(session, project, known)
    form = CheckForm()
    if not form.validate() or form.kind.data not in (COVARIANCE, COMPOSITE):
        raise Invalid("Send the model's text and its type.")
    found = faults_of(form.kind.data, form.text.data or "", names)
    return jsonify({"faults": [vars(each) for each in found]})


@models.post("/models/draw")
@requires(Permission.MODEL_ANSWERS)
def draw(journey_id: int, project_id: int) -> ResponseReturnValue:
    """The typed model as a drawing, with an ``action`` after that edit of its text; stores nothing."""
    with installation().store.reading() as session:
        _, project = project_place(session, journey_id, project_id)
        known = variables_of(session, project, installation().library)
        names = _left_in(session, project, known)
    form = DrawForm()
    if not form.validate() or form.kind.data not in (COVARIANCE, COMPOSITE):
        raise Invalid("Send the model's text and its type.")
    made = Edited(form.text.data or "", "")
    if form.action.data:
        said = {name: form[name].data or "" for name in _WISHED}
        wish = Wish(**said, items=tuple((form.items.data or "").split()))
        made = edited(form.kind.data, made.text, wish, names)
    from surveyapp.reports.projects.drawn_model import placed

    drawn = placed(drawing_of(form.kind.data, made.text))
    return jsonify({"text": made.text, "done": made.said, **drawn})


@models.get("/models/<int:model_id>")
@requires(Permission.MODEL_ANSWERS)
def show(journey_id: int, project_id: int, model_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey, project, found = _model_place(session, journey_id, project_id, model_id)
        parent = session.get(ProjectModel, found.parent_id) if found.parent_id else None
        standing = [each.id for each in known_ones.standing_steps(session, project)]
        made_of_it = [
            each for each in known_ones.models_of(session, project) if each.parent_id == found.id
        ]
        further = analyses_of(session, found)
        known = variables_of(session, project, installation().library)
        registered = told_of(session, project, found)
    return render_template(
        "models/show.html",
        journey=journey,
        project=project,
        model=found,
        parent=parent,
        children=made_of_it,
        result=found.result,
        registered=registered,
        hypotheses=_hypotheses(registered),
        other_rows=found.steps != standing,
        said=project_phrases,
        method=options_in_words(found.kind, found.options, found.text),
        drawn=_drawn(found, journey),
        tables=_tables(found),
        proposals=_proposals(found),
        further=[(each, _analysis_tables(each), _analysis_drawings(each)) for each in further],
        kinds=ANALYSES,
        titles={each.id: analysis_title(each) for each in further},
        headlines=_headlines(further),
        table_headlines=_table_headlines(found),
        names={*known.names, *known.groups, *_WORD.findall(found.text)},
        offered=_offered(found, known),
        not_offered=not_offered(found),
        scoring=_scoring(found),
        formats=FORMATS.values(),
    )


@models.post("/models/<int:model_id>/change")
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
            level = int(form.level.data or 0)
            where = f" {LEVEL_NAMES[level]} clusters" if level else ""
            text, said = with_line(found.text, line, level), f"Added {line}{where}"
        else:
            text, said = without_item(found.kind, found.text, item), f"Left out {item}"
        asked = ModelText("", found.kind, text, found.options, said, form.reason.data or "")
        made = _fitted(session, project, known, asked, found)
    return _to_model(journey_id, made)


@models.post("/models/<int:model_id>/analyses")
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
            chosen={name: form[name].data or "" for name in ANALYSIS_OPTIONS},
            known=variables_of(session, project, installation().library),
            user_id=me().id,
        )
    return _to_model(journey_id, found)


@models.post("/models/<int:model_id>/again")
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


@models.post("/models/<int:model_id>/remove")
@requires(Permission.MODEL_ANSWERS)
def remove(journey_id: int, project_id: int, model_id: int) -> ResponseReturnValue:
    StaffForm().validate()
    with installation().store.writing() as session:
        _, project, found = _model_place(session, journey_id, project_id, model_id)
        known_ones.remove_model(session, project, found, user_id=me().id, now=installation().now())
    flash(f"{found.name} has been removed. It can be restored below.")
    return to_project(project)


@models.post("/models/<int:model_id>/restore")
@requires(Permission.MODEL_ANSWERS)
def restore(journey_id: int, project_id: int, model_id: int) -> ResponseReturnValue:
    StaffForm().validate()
    with installation().store.writing() as session:
        _, project = project_place(session, journey_id, project_id)
        found = known_ones.restore_model(session, project, model_id, user_id=me().id)
    flash(f"{found.name} has been restored.")
    return to_project(project)


@models.get("/models/<int:model_id>.json")
@requires(Permission.MODEL_ANSWERS)
def show_json(journey_id: int, project_id: int, model_id: int) -> ResponseReturnValue:
    """The whole result, every digit of it."""
    found, _, further, _ = _finished(journey_id, project_id, model_id)
    note_read("download model", f"model {model_id}", file="json")
    text = json.dumps(model_document(found, further), indent=1, allow_nan=False)
    return attachment(text, "application/json", f"model-{model_id}.json")


@models.get("/models/<int:model_id>.R")
@requires(Permission.MODEL_ANSWERS)
def script(journey_id: int, project_id: int, model_id: int) -> ResponseReturnValue:
    """The same model as a program for R."""
    with installation().store.reading() as session:
        _, project, found = _model_place(session, journey_id, project_id, model_id)
    result = found.result or {}
    if not result:
        raise Conflict("This model has no result; see its page for the reason.")
    if not result.get("r_script"):
        raise NotFound("There is no R script for a composite model.")
    note_read("download model", f"model {model_id}", file="R")
    text = program_of(result["r_script"], project, result["steps"])
    return attachment(text, "text/plain", f"model-{model_id}.R")


@models.get("/models/<int:model_id>/tables.<any(docx, tex, zip):ending>")
@requires(Permission.MODEL_ANSWERS)
def tables(journey_id: int, project_id: int, model_id: int, ending: str) -> ResponseReturnValue:
    """Every table, for Word, for LaTeX, or as a ZIP of CSV files."""
    found, journey, further, registered = _finished(journey_id, project_id, model_id)
    note_read("download model", f"model {model_id}", file=f"tables.{ending}")
    return document_file(
        modelled(found, journey, further, registered), TABLES[ending], f"model-{model_id}"
    )


@models.get("/models/<int:model_id>/figures.zip")
@requires(Permission.MODEL_ANSWERS)
def figures(journey_id: int, project_id: int, model_id: int) -> ResponseReturnValue:
    """Every figure as SVG and PNG."""
    found, journey, further, registered = _finished(journey_id, project_id, model_id)
    note_read("download model", f"model {model_id}", file="figures.zip")
    return document_file(
        modelled(found, journey, further, registered), FIGURES, f"model-{model_id}"
    )


@models.get("/models/<int:model_id>/figure.<any(svg, png):kind>")
@requires(Permission.MODEL_ANSWERS)
def figure(journey_id: int, project_id: int, model_id: int, kind: str) -> ResponseReturnValue:
    """The drawing of the model."""
    found, journey, further, registered = _finished(journey_id, project_id, model_id)
    note_read("download model", f"model {model_id}", file=f"figure.{kind}")
    return figure_file(modelled(found, journey, further, registered), 1, kind, f"model-{model_id}")


@models.get("/models/<int:model_id>/scores")
@requires(Permission.EXPORT_RESPONSES)
def scores(journey_id: int, project_id: int, model_id: int) -> ResponseReturnValue:
    """Scores of each factor or composite by respondent, in the format that was asked for."""
    form = format_of(request.args.get("format", "csv"), Path())
    customers = current_user.may(Permission.EXPORT_CUSTOMERS)
    with installation().store.reading() as session:
        _, _, found = _model_place(session, journey_id, project_id, model_id)
        require_scores(found)
        method = scoring_method(found, request.args.get("method", ""))
    said = {"format": form.code, "method": method, "customers": customers}
    note_read("export scores", f"model {model_id}", **said)

    def table(session: Session) -> ExportTable:
        _, _, model = _model_place(session, journey_id, project_id, model_id)
        from surveyapp.exports.model_scores import model_scores_table  # needs pandas

        return model_scores_table(
            session, model, installation(), method=method, customers=customers
        )

    return download_as(form, table, f"scores-model-{model_id}")


def _model_place(
    session: Session, journey_id: int, project_id: int, model_id: int
) -> tuple[Journey, Project, ProjectModel]:
    journey, project = project_place(session, journey_id, project_id)
    return journey, project, known_ones.model_of(session, project, model_id)


def _finished(
    journey_id: int, project_id: int, model_id: int
) -> tuple[ProjectModel, Journey, list[ProjectAnalysis], ToldOfPlan | None]:
    """A fitted model, its journey, those of its further analyses that are done, and what it says of the
    project's plan."""
    with installation().store.reading() as session:
        journey, project, found = _model_place(session, journey_id, project_id, model_id)
        further = [each for each in analyses_of(session, found) if each.result is not None]
        registered = told_of(session, project, found)
    if found.result is None:
        raise Conflict("This model has no result; see its page for the reason.")
    return found, journey, further, registered


def _left_in(session: Session, project: Project, known: Variables) -> list[str]:
    """The items that no step has left out."""
    steps = known_ones.standing_steps(session, project)
    out = {each.arguments["name"] for each in steps if each.kind == StepKind.LEAVE_OUT_ITEM}
    return [name for name in known.names if name not in out]


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
        options |= {f"composite_{name}": options.pop(name, "") for name in OF_BOTH}
        options["bootstrap"] = str(options["bootstrap"])
    return {"kind": parent.kind, "text": parent.text, "parent": str(parent.id), **options}


def _asked(form: ModelForm, known: Variables) -> ModelText:
    chosen = {name: form[name].data for name in OPTION_NAMES}
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
    from surveyapp.reports.files.numbered import figures as figures_of

    made = figures_of(modelled(found, journey).blocks)
    return drawing(made[0].chart, 1) if made else None


def _tables(found: ProjectModel) -> list[Table]:
    """The document's own tables, so that page and paper cannot differ."""
    from surveyapp.reports.projects.model import tables_of

    return tables_of(found)


def _scoring(found: ProjectModel) -> dict[str, str]:
    """The methods by which the model's scores can be had, and what they are called; none without scores."""
    try:
        require_scores(found)
    except Conflict:
        return {}
    if found.kind == COMPOSITE:
        return {COMPOSITE_METHOD: "Standardised composites"}
    return dict(METHODS)


def _offered(found: ProjectModel, known: Variables) -> dict[str, Mapping[str, Mapping[str, str]]]:
    """The analyses that can be asked for, each with what its options offer."""
    if found.result is None:
        return {}
    every = {
        name: option_values(name, found, known)
        for name, kind in ANALYSES.items()
        if found.kind in kind.of
    }
    return {name: values for name, values in every.items() if values is not None}


def _analysis_tables(analysis: ProjectAnalysis) -> list[Table]:
    from surveyapp.reports.projects.analysis import analysis_tables

    return analysis_tables(analysis, count(1))


def _analysis_drawings(analysis: ProjectAnalysis) -> list[Drawing]:
    from surveyapp.reports.projects.analysis import analysis_charts

    return [drawing(chart, at) for at, chart in enumerate(analysis_charts(analysis), start=1)]


def _hypotheses(registered: ToldOfPlan | None) -> Table | None:
    """The plan's hypotheses that a model tests; None without any."""
    from surveyapp.reports.projects.hypotheses import hypothesis_table

    return hypothesis_table(registered.tests, 1) if registered and registered.tests else None


def _headlines(further: list[ProjectAnalysis]) -> dict[int, str]:
    """By the analysis's number what it found, in a line."""
    from surveyapp.reports.projects.headlines import analysis_headline

    return {each.id: analysis_headline(each) for each in further}


def _table_headlines(found: ProjectModel) -> dict[str, str]:
    from surveyapp.reports.projects.headlines import table_headlines

    return table_headlines(found)


def _proposals(found: ProjectModel) -> list[Proposal]:
    """Changes that the result suggests, the largest first: parameters to free, items to leave out."""
    if found.result is None:
        return []
    return project_phrases.proposals(found.kind, found.text, found.result)


def _to_model(journey_id: int, found: ProjectModel) -> Answer:
    here: dict[str, Any] = {
        "journey_id": journey_id,
        "project_id": found.project_id,
        "model_id": found.id,
    }
    return redirect(url_for("models.show", **here), 303)
