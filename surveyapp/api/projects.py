"""Modelling projects: made, models fitted to their answers, and every number of a result read."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from surveyapp.api.bodies import Blueprint
from surveyapp.api.callers import caller, installation, needs
from surveyapp.api.project_analysis_schemas import AnalysisSchema, NewAnalysisSchema
from surveyapp.api.project_schemas import (
    FittedModelSchema,
    ModelQuery,
    ModelResultSchema,
    ModelScoresSchema,
    ModelsSchema,
    NewModelSchema,
    NewProjectSchema,
    NewStepSchema,
    ProjectQuery,
    ProjectSchema,
    ProjectsSchema,
    ScoresQuery,
    StepSchema,
    UndoneStepSchema,
)
from surveyapp.api.results import code_in
from surveyapp.auth.api_keys import KeyScope
from surveyapp.errors import Invalid, NotFound
from surveyapp.journeys.queries import journey_by_code, segment_by_code
from surveyapp.results.projects import projects as known_ones
from surveyapp.results.projects.analyses import analyses_of, ask_project_analysis
from surveyapp.results.projects.analysis_kinds import ANALYSIS_OPTIONS
from surveyapp.results.projects.model_texts import COMPOSITE
from surveyapp.results.projects.options import (
    OF_BOTH,
    options_of,
)
from surveyapp.results.projects.project_json import model_document, model_to_json, project_to_json
from surveyapp.results.projects.projects import (
    ModelText,
)
from surveyapp.results.projects.step_kinds import StepKind, step_arguments, step_in_words
from surveyapp.results.projects.variables import variables_of
from surveyapp.store.audit import record
from surveyapp.store.models import Journey, Project, ProjectModel, ProjectStep
from surveyapp.surveys.queries import survey_by_code

projects = Blueprint(
    "projects",
    __name__,
    url_prefix="/api/v1",
    description="Models fitted to a journey's answers.",
)

_PROJECT = {
    "id": 4,
    "name": "Structure of the scale",
    "file": None,
    "survey": "after-onboarding",
    "segment": None,
    "without_flagged": False,
    "models": 1,
    "created_at": "2026-06-01T05:00:00+00:00",
}
_MODEL = {
    "id": 12,
    "name": "One factor",
    "kind": "covariance",
    "text": "quality =~ per1 + per2 + per3 + per4",
    "options": {"estimator": "MLR", "missing": "fiml", "group": "", "equal": "", "std_lv": False},
    "made_of": None,
    "change": "",
    "reason": "If one factor fits, the dimensions are one.",
    "state": "fitted",
    "error": None,
    "fit": "χ²(2, N = 246) = 3.10, p = .212, CFI = .998, TLI = .995, RMSEA = .047, SRMR = .012",
    "created_at": "2026-06-01T05:00:00+00:00",
    "fingerprint": "3b1f",
    "versions": {"surveyapp": "1.0"},
}
_SENT = {
    "project": 4,
    "name": "One factor",
    "kind": "covariance",
    "text": "quality =~ per1 + per2 + per3 + per4",
    "options": {"estimator": "MLR", "missing": "fiml"},
}
_STEP = {
    "id": 3,
    "kind": "reverse",
    "said": "Reverse item per3",
    "reason": "Worded the other way round",
    "undone": False,
}
_WAITING = {**_MODEL, "state": "waiting", "fit": None, "fingerprint": "", "versions": {}}


@projects.route("/journeys/<string:code>/projects", methods=["POST"])
@needs(KeyScope.MODEL_ANSWERS)
@projects.arguments(NewProjectSchema, example={"name": "Scale", "survey": "after-onboarding"})
@projects.response(200, ProjectSchema, example=_PROJECT)
@projects.alt_response(404, "NOT_FOUND")
def create_project(asked: dict[str, Any], code: str) -> dict[str, Any]:
    """Create a modelling project

    Requests can be repeated safely: a project of this name on the same answers is given back. One of
    this name on other answers is refused with 422. A file is uploaded on the pages.
    """
    with installation().store.writing() as session:
        journey = _journey(session, code)
        survey = asked.get("survey")
        number = (
            None
            if survey is None
            else survey_by_code(session, code_in(survey, "survey"), journey.id).id
        )
        segment = asked.get("segment")
        wanted = (
            None if segment is None else segment_by_code(session, code_in(segment, "segment")).id
        )
        name = " ".join(asked["name"].split())
        for each in known_ones.projects_of(session, journey.id):
            own = (each.survey_id, each.segment_id, each.without_flagged)
            same = own == (number, wanted, asked["without_flagged"]) and not each.file_name
            if each.name.casefold() == name.casefold() and same:
                return _told(each, known_ones.model_counts(session, [each])[each.id])
        made = known_ones.make_project(
            session,
            journey,
            name=name,
            survey_id=number,
            segment_id=wanted,
            without_flagged=asked["without_flagged"],
            user_id=None,
        )
        return _told(made, 0)


@projects.route("/journeys/<string:code>/projects", methods=["GET"])
@needs(KeyScope.MODEL_ANSWERS)
@projects.response(200, ProjectsSchema, example={"journey": "onboarding", "projects": [_PROJECT]})
@projects.alt_response(404, "NOT_FOUND")
def list_projects(code: str) -> dict[str, Any]:
    """List a journey's modelling projects

    The newest first.
    """
    with installation().store.reading() as session:
        journey = _journey(session, code)
        found = known_ones.projects_of(session, journey.id)
        counts = known_ones.model_counts(session, found)
        return {
            "journey": journey.code,
            "projects": [_told(each, counts[each.id]) for each in found],
        }


@projects.route("/journeys/<string:code>/projects/models", methods=["POST"])
@needs(KeyScope.MODEL_ANSWERS)
@projects.arguments(NewModelSchema, example=_SENT)
@projects.response(200, FittedModelSchema, example=_WAITING)
@projects.alt_response(404, "NOT_FOUND")
def fit_model(asked: dict[str, Any], code: str) -> dict[str, Any]:
    """Fit a model

    A worker fits it; read the model to see when it is there. Requests can be repeated safely: a model
    of the same text, options and steps is given back instead of being fitted twice.
    """
    with installation().store.writing() as session:
        journey = _journey(session, code)
        project = known_ones.project_of(session, journey.id, asked["project"])
        known = variables_of(session, project, installation().library)
        chosen = dict(asked["options"])
        if asked["kind"] == COMPOSITE:
            named = {name: f"composite_{name}" for name in OF_BOTH}
            chosen = {named.get(name, name): value for name, value in chosen.items()}
        parent = asked.get("made_of")
        try:
            model = known_ones.add_model(
                session,
                project,
                ModelText(
                    asked["name"],
                    asked["kind"],
                    "\n".join(asked["text"].splitlines()),
                    options_of(asked["kind"], chosen, known),
                    reason=asked["reason"],
                ),
                known=known,
                parent=None if parent is None else known_ones.model_of(session, project, parent),
                user_id=None,
            )
        except Invalid as error:  # a program names the field as it sent it
            raise Invalid(
                str(error), field=(error.field or "").removeprefix("composite_") or None
            ) from error
        return _told_model(model)


@projects.route("/journeys/<string:code>/projects/models", methods=["GET"])
@needs(KeyScope.MODEL_ANSWERS)
@projects.arguments(ProjectQuery, location="query")
@projects.response(200, ModelsSchema, example={"project": _PROJECT, "models": [_MODEL]})
@projects.alt_response(404, "NOT_FOUND")
def list_models(query: dict[str, Any], code: str) -> dict[str, Any]:
    """List a project's models

    In the order in which they were made, each with its fit.
    """
    with installation().store.reading() as session:
        journey = _journey(session, code)
        project = known_ones.project_of(session, journey.id, query["project"])
        found = known_ones.models_of(session, project)
        return {
            "project": _told(project, len(found)),
            "models": [_told_model(each) for each in found],
        }


@projects.route("/journeys/<string:code>/projects/model", methods=["GET"])
@needs(KeyScope.MODEL_ANSWERS)
@projects.arguments(ModelQuery, location="query")
@projects.response(200, ModelResultSchema, example={**_MODEL, "result": {"n": 246}, "analyses": []})
@projects.alt_response(404, "NOT_FOUND")
def read_model(query: dict[str, Any], code: str) -> dict[str, Any]:
    """Read a model

    Every number of its result, and of the further analyses that are done.
    """
    with installation().store.reading() as session:
        found = _model(session, _journey(session, code), query["model"])
        further = [each for each in analyses_of(session, found) if each.result is not None]
        document = {**model_document(found, further), "created_at": found.created_at}
    with installation().store.writing() as session:
        record(session, None, "download model", f"model {query['model']}", key=caller().name)
    return document


@projects.route("/journeys/<string:code>/projects/scores", methods=["GET"])
@needs(KeyScope.READ_RESPONSES)
@projects.arguments(ScoresQuery, location="query")
@projects.response(
    200,
    ModelScoresSchema,
    example={
        "model": 12,
        "method": "regression",
        "as_fitted": True,
        "respondents": [
            {
                "response_id": "0e8f6d1c-3c1f-4a52-9a0e-6a1d0f3f6b11",
                "run": None,
                "row": None,
                "scores": {"quality": 0.42},
            }
        ],
    },
)
@projects.alt_response(404, "NOT_FOUND")
@projects.alt_response(409, "CONFLICT")
def read_scores(query: dict[str, Any], code: str) -> dict[str, Any]:
    """Read the scores of a model's factors or composites by respondent

    The model is fitted to its answers as they are now; 409 where it has no scores, before it is fitted,
    and for more than 50,000 rows. Rows of an anonymous survey are not told one by one: 409; researchers
    export them from the model's page.
    """
    from surveyapp.exports.model_scores import respondent_scores  # needs pandas

    with installation().store.reading() as session:
        found = _model(session, _journey(session, code), query["model"])
        document = respondent_scores(session, found, installation(), method=query.get("method", ""))
    with installation().store.writing() as session:
        said = {"method": document["method"], "key": caller().name}
        record(session, None, "export scores", f"model {query['model']}", **said)
    return {"model": query["model"], **document}


@projects.route("/journeys/<string:code>/projects/steps", methods=["POST"])
@needs(KeyScope.MODEL_ANSWERS)
@projects.arguments(
    NewStepSchema,
    example={"project": 4, "kind": "reverse", "arguments": {"name": "per3"}, "reason": "Worded so"},
)
@projects.response(200, StepSchema, example=_STEP)
@projects.alt_response(404, "NOT_FOUND")
def take_step(asked: dict[str, Any], code: str) -> dict[str, Any]:
    """Take a project's answers through a step

    Models fitted from now on see the answers after it. Requests can be repeated safely: a step that
    stands already is given back.
    """
    kind = StepKind(asked["kind"])
    with installation().store.writing() as session:
        journey = _journey(session, code)
        project = known_ones.project_of(session, journey.id, asked["project"])
        known = variables_of(session, project, installation().library)
        arguments = step_arguments(kind, asked["arguments"], known)
        for each in known_ones.standing_steps(session, project):
            if each.kind == kind and each.arguments == arguments:
                return _told_step(each)
        made = known_ones.add_step(
            session, project, kind, arguments, reason=asked["reason"], user_id=None
        )
        return _told_step(made)


@projects.route("/journeys/<string:code>/projects/steps/undone", methods=["POST"])
@needs(KeyScope.MODEL_ANSWERS)
@projects.arguments(UndoneStepSchema, example={"project": 4, "step": 3})
@projects.response(200, StepSchema, example={**_STEP, "undone": True})
@projects.alt_response(404, "NOT_FOUND")
def undo_step(asked: dict[str, Any], code: str) -> dict[str, Any]:
    """Undo a step of a project

    It stays on record. A second time it changes nothing.
    """
    with installation().store.writing() as session:
        journey = _journey(session, code)
        project = known_ones.project_of(session, journey.id, asked["project"])
        return _told_step(
            known_ones.undo_step(
                session, project, asked["step"], user_id=None, now=installation().now()
            )
        )


@projects.route("/journeys/<string:code>/projects/analyses", methods=["POST"])
@needs(KeyScope.MODEL_ANSWERS)
@projects.arguments(NewAnalysisSchema, example={"model": 12, "kind": "exploratory"})
@projects.response(
    200,
    AnalysisSchema,
    example={"id": 2, "kind": "exploratory", "options": {}, "state": "waiting"},
)
@projects.alt_response(404, "NOT_FOUND")
def analyse_model(asked: dict[str, Any], code: str) -> dict[str, Any]:
    """Ask for a further analysis of a model

    A worker computes it; the model has its result once it is done. Requests can be repeated safely: the
    analysis that is done or under way is given back. 409 before the model is fitted.
    """
    with installation().store.writing() as session:
        model = _model(session, _journey(session, code), asked["model"])
        made = ask_project_analysis(
            session,
            model,
            asked["kind"],
            chosen={name: asked[name] for name in ANALYSIS_OPTIONS},
            known=variables_of(session, model.project, installation().library),
            user_id=None,
        )
        waits = made.job is not None and made.job.state in ("waiting", "running")
        state = "done" if made.result is not None else "waiting" if waits else "failed"
        return {"id": made.id, "kind": made.kind, "options": made.options, "state": state}


def _model(session: Session, journey: Journey, number: int) -> ProjectModel:
    model = session.get(ProjectModel, number)
    if model is None or model.project.journey_id != journey.id:
        raise NotFound("There is no such model on this journey; it may have been removed.")
    project = known_ones.project_of(session, journey.id, model.project_id)
    return known_ones.model_of(session, project, number)


def _told_step(step: ProjectStep) -> dict[str, Any]:
    return {
        "id": step.id,
        "kind": step.kind,
        "said": step_in_words(step.kind, step.arguments),
        "reason": step.reason,
        "undone": step.undone_at is not None,
    }


def _journey(session: Session, code: str) -> Journey:
    return journey_by_code(session, code_in(code, "journey"), caller().journey_id)


def _told(project: Project, models: int) -> dict[str, Any]:
    return {**project_to_json(project, models=models), "created_at": project.created_at}


def _told_model(model: ProjectModel) -> dict[str, Any]:
    return {**model_to_json(model), "created_at": model.created_at}
