"""Modelling projects: made, models fitted to their answers, and every number of a result read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import marshmallow as ma
from sqlalchemy.orm import Session

from surveyapp.api.bodies import Blueprint, Strict
from surveyapp.api.callers import caller, installation, needs
from surveyapp.api.results import code_in
from surveyapp.auth.api_keys import KeyScope
from surveyapp.errors import Invalid, NotFound
from surveyapp.journeys.queries import journey_by_code, segment_by_code
from surveyapp.results.projects import projects as known_ones
from surveyapp.results.projects.analyses import (
    ANALYSES,
    ANALYSIS_OPTIONS,
    analyses_of,
    ask_project_analysis,
)
from surveyapp.results.projects.model_scoring import COMPOSITE_METHOD, METHODS
from surveyapp.results.projects.model_texts import COMPOSITE, COVARIANCE
from surveyapp.results.projects.options import (
    BLOCK_ROTATIONS,
    COMPOSITE_MISSING,
    EQUAL,
    ESTIMATORS,
    HIGHER_ORDER,
    MISSING,
    OF_BOTH,
    RESAMPLES,
    SCHEMES,
    options_of,
)
from surveyapp.results.projects.project_json import model_document, model_to_json, project_to_json
from surveyapp.results.projects.projects import (
    LONGEST_NAME,
    LONGEST_REASON,
    LONGEST_TEXT,
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

_LARGEST = 2_147_483_647
_STATES = ["waiting", "fitted", "failed"]
_ANALYSIS_STATES = ["waiting", "done", "failed"]
_ARGUMENTS = (
    *("name", "comparison", "value", "values", "half", "seed", "least"),
    *("since", "until", "names", "lowest", "highest"),
)


def _number(description: str, **given: Any) -> ma.fields.Integer:
    return ma.fields.Integer(
        validate=ma.validate.Range(min=1, max=_LARGEST),
        metadata={"description": description},
        **given,
    )


def _one_of(known: Any, description: str) -> ma.fields.String:
    return ma.fields.String(
        validate=ma.validate.OneOf(list(known)), metadata={"description": description}
    )


def _choice(known: Sequence[str], description: str) -> ma.fields.String:
    """A choice that may be left out, or left empty."""
    return ma.fields.String(
        validate=ma.validate.OneOf(["", *known]),
        metadata={"description": description},
        load_default="",
    )


def _text(description: str, longest: int, **given: Any) -> ma.fields.String:
    return ma.fields.String(
        validate=ma.validate.Length(max=longest), metadata={"description": description}, **given
    )


class NewProjectSchema(Strict):
    """A project on the answers of a survey, or of the whole journey."""

    name = ma.fields.String(required=True, validate=ma.validate.Length(min=1, max=LONGEST_NAME))
    survey = _text("A survey's code. Without it, all of the journey's answers.", 60)
    segment = _text("A segment's code.", 60)
    without_flagged = ma.fields.Boolean(
        load_default=False, metadata={"description": "Leave out flagged answers."}
    )


class ProjectSchema(ma.Schema):
    """A project, without its models."""

    id = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    file = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The name of the file whose rows it has; null for answers."},
    )
    survey = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Null for the whole journey."}
    )
    segment = ma.fields.String(required=True, allow_none=True)
    without_flagged = ma.fields.Boolean(required=True)
    models = ma.fields.Integer(required=True, metadata={"description": "How many it has."})
    created_at = ma.fields.AwareDateTime(required=True)


class ProjectsSchema(ma.Schema):
    """A journey's projects, the newest first."""

    journey = ma.fields.String(required=True)
    projects = ma.fields.List(ma.fields.Nested(ProjectSchema), required=True)


class ProjectQuery(Strict):
    project = _number("The project's number.", required=True)


class ModelQuery(Strict):
    model = _number("The model's number.", required=True)


class ModelOptionsSchema(Strict):
    """How a model is estimated. An option of the other kind of model is refused."""

    estimator = _one_of(ESTIMATORS, "Of a covariance-based model; by default ML.")
    missing = _one_of(
        dict.fromkeys((*MISSING, *COMPOSITE_MISSING)),
        "`listwise`; `fiml` of a covariance-based model; `mean`, the default of a composite one.",
    )
    group = _text("The attribute that makes groups, of a covariance-based model.", 200)
    equal = _one_of(EQUAL, "What is equal across groups.")
    ordered = _text(
        "The ordinal items by WLSMV, separated by commas; the others are numbers. By default all.",
        LONGEST_TEXT,
    )
    free = _text(
        "Parameters that `equal` leaves free, separated by commas, such as `x3~1, f=~x2`.", 1000
    )
    auxiliary = _text(
        "Items outside of the model that tell of missing answers, separated by commas; with `fiml`.",
        1000,
    )
    rotation = _one_of(BLOCK_ROTATIONS, "Of exploratory blocks; by default geomin.")
    std_lv = ma.fields.Boolean(metadata={"description": "Fix factor variances at 1."})
    cluster = _text(
        "The attribute that makes clusters: of a text with levels, by MLR and WLSMV for robust errors, or of a"
        " composite model, whose bootstrap resamples them.",
        200,
    )
    weights = _text(
        "The item with respondents' weights; of a text with levels by MLR, of others by every estimator,"
        " of composites by weighted PLS.",
        200,
    )
    cluster_weights = _text("The item with clusters' weights, of a text with levels; by MLR.", 200)
    scheme = _one_of(SCHEMES, "Of a composite model; by default path.")
    consistent = ma.fields.Boolean(metadata={"description": "Consistent PLS."})
    higher_order = _one_of(
        HIGHER_ORDER, "How second-order constructs of a composite model are estimated."
    )
    bootstrap = ma.fields.Integer(
        validate=ma.validate.OneOf(RESAMPLES),
        metadata={"description": "Resamples of a composite model; by default none."},
    )


class NewModelSchema(Strict):
    """A model to be fitted to the answers of a project, all of its steps taken."""

    project = _number("The project's number.", required=True)
    name = _text("Left out, the model is numbered.", LONGEST_NAME, load_default="")
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf([COVARIANCE, COMPOSITE]))
    text = ma.fields.String(
        required=True,
        validate=ma.validate.Length(min=1, max=LONGEST_TEXT),
        metadata={"description": "In lavaan's syntax, such as `F =~ x1 + x2 + x3`."},
    )
    options = ma.fields.Nested(ModelOptionsSchema, load_default=dict)
    reason = _text("Why this model. It stays with the result.", LONGEST_REASON, load_default="")
    made_of = _number("The model that it was made of, against which it is tested.")


class FittedModelSchema(ma.Schema):
    """A model; `fit` is null until it is fitted."""

    id = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    kind = ma.fields.String(required=True)
    text = ma.fields.String(required=True)
    options = ma.fields.Dict(keys=ma.fields.String(), required=True)
    made_of = ma.fields.Integer(required=True, allow_none=True)
    change = ma.fields.String(required=True)
    reason = ma.fields.String(required=True)
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(_STATES))
    error = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Why it failed."}
    )
    fit = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "As a paper states it."}
    )
    created_at = ma.fields.AwareDateTime(required=True)
    fingerprint = ma.fields.String(
        required=True, metadata={"description": "Of the data that it was fitted to."}
    )
    versions = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String(), required=True)


class ModelsSchema(ma.Schema):
    """A project's models in the order in which they were made."""

    project = ma.fields.Nested(ProjectSchema, required=True)
    models = ma.fields.List(ma.fields.Nested(FittedModelSchema), required=True)


class ModelResultSchema(FittedModelSchema):
    """A model with every number of its result, and its further analyses."""

    result = ma.fields.Dict(
        keys=ma.fields.String(),
        required=True,
        allow_none=True,
        metadata={"description": "As the page's JSON has it; null until it is fitted."},
    )
    analyses = ma.fields.List(
        ma.fields.Dict(keys=ma.fields.String()),
        required=True,
        metadata={"description": "`kind`, `options` and `result` of each that is done."},
    )


class ScoresQuery(ModelQuery):
    method = _one_of(
        METHODS, "Of factors; by default regression. Composites are scored by their weights."
    )


class RespondentScoresSchema(ma.Schema):
    """The scores of one row of answers."""

    response_id = ma.fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "Null where several responses of a journey run make the row."},
    )
    run = ma.fields.Integer(
        required=True, allow_none=True, metadata={"description": "The journey run."}
    )
    row = ma.fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Of an uploaded file, from 1; null for answers."},
    )
    scores = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Float(allow_none=True),
        required=True,
        metadata={"description": "By factor or composite; null for want of answers."},
    )


class ModelScoresSchema(ma.Schema):
    """Scores of a model for each row of its answers, in their order."""

    model = ma.fields.Integer(required=True)
    method = ma.fields.String(
        required=True, validate=ma.validate.OneOf([*METHODS, COMPOSITE_METHOD])
    )
    as_fitted = ma.fields.Boolean(
        required=True,
        metadata={
            "description": "Whether the answers are still those that the model's result is of; the scores"
            " are of them as they are now."
        },
    )
    respondents = ma.fields.List(ma.fields.Nested(RespondentScoresSchema), required=True)


class NewStepSchema(Strict):
    """A step that the answers are taken through before models are fitted from now on."""

    project = _number("The project's number.", required=True)
    kind = ma.fields.String(
        required=True, validate=ma.validate.OneOf([str(each) for each in StepKind])
    )
    arguments = ma.fields.Dict(
        keys=ma.fields.String(validate=ma.validate.OneOf(_ARGUMENTS)),
        values=ma.fields.String(validate=ma.validate.Length(max=10_000)),
        load_default=dict,
        metadata={
            "description": "As typed on the page: `name`, `comparison` and `value` of `leave_out_rows`;"
            " `name` and `values`, such as `1=5, 9=missing`, of `recode`; `half` and `seed`; `least`;"
            " `since` and `until`; `names`, `lowest` and `highest` of `scale`."
        },
    )
    reason = _text("It stands in the log and beside every result.", 500, load_default="")


class UndoneStepSchema(Strict):
    """A step that is to be undone."""

    project = _number("The project's number.", required=True)
    step = _number("The step's number.", required=True)


class StepSchema(ma.Schema):
    """A step, which stays on record when it is undone."""

    id = ma.fields.Integer(required=True)
    kind = ma.fields.String(required=True)
    said = ma.fields.String(required=True, metadata={"description": "In words."})
    reason = ma.fields.String(required=True)
    undone = ma.fields.Boolean(required=True)


class NewAnalysisSchema(Strict):
    """A further analysis of a fitted model."""

    model = _number("The model's number.", required=True)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(list(ANALYSES)))
    group = _text("The attribute that makes groups, where they are compared.", 200, load_default="")
    construct = _text("The formed construct of a `redundancy` analysis.", 200, load_default="")
    item = _text("The item that asks for all of it.", 200, load_default="")
    parameter = _text(
        "What a `multiverse` estimates, such as `loyalty ~ ease`.", 500, load_default=""
    )
    cluster = _text(
        "The attribute that makes clusters, of `two_level` and `mixed`.", 200, load_default=""
    )
    wave = _text(
        "The length of a wave of `longitudinal`: `quarter`, the default, `month`, `half` or `year`; of a file the"
        " column that tells the wave, or `columns by wave` where columns end in it.",
        200,
        load_default="",
    )
    outcome = _text(
        "The explained construct of `necessity` and `importance`, or variable of `mixed`; of `copula` the one whose"
        " equation is tested, by default every one.",
        200,
        load_default="",
    )
    slope = _text(
        "The predictor of `mixed` whose slope differs between clusters, `*` for every one; by default none.",
        200,
        load_default="",
    )
    means = _text(
        "`apart`: predictors of `mixed` within clusters and between them; by default as they are.",
        10,
        load_default="",
    )
    level = _text(
        "The wanted level of `importance`, from 0 to 100; by default 85.", 10, load_default=""
    )
    method = _text(
        "Of `dif` `ordinal`, the default, or `mimic`; of `alignment` `fixed`, the default, or `free`; of"
        " `exploratory` `minres`, the default, `ml`, `principal_axis` or `principal`; of `mixed` `reml`, the"
        " default, or `ml`.",
        20,
        load_default="",
    )
    rotation = _text(
        "Of `esem` `target`, the default, `bi-target`, `geomin`, `oblimin`, `bi-geomin` or `bi-quartimin`; of `exploratory` `oblimin`, the"
        " default, `promax`, `varimax` or `none`.",
        20,
        load_default="",
    )
    factors = _text(
        "How many factors `exploratory` takes; by default as parallel analysis suggests.",
        2,
        load_default="",
    )
    answers = _text(
        "What the samples of `cutoffs` consist of: by default normal answers, or ordinal ones of a model by"
        " WLSMV; `likert`, the items' categories as numbers, or `bootstrap`, the rows drawn again.",
        20,
        load_default="",
    )
    reference = _text(
        "The group that others are compared with, of `invariance`, `alignment` and `dif`; by default the first.",
        200,
        load_default="",
    )
    first = _text(
        "With `second` the groups of `groups`, of an attribute with more.", 200, load_default=""
    )
    second = _text("See `first`.", 200, load_default="")
    free = _text(
        "Parameters that `invariance` leaves free at every step, such as `x3~1, f=~x2`.",
        500,
        load_default="",
    )
    difference = _choice(
        ("2001", "2010", "2000"), "The difference test of `invariance` by MLR; by default 2001."
    )
    correction = _choice(
        ("holm", "benjamini-hochberg"), "Of the tests of `dif`; by default Holm's."
    )
    alpha = _text(
        "The level of the tests of `dif`: `0.05`, the default, `0.1`, `0.01` or `0.001`.",
        10,
        load_default="",
    )
    classes = _choice(
        ("jodoin-gierl", "zumbo"),
        "Bounds of the sizes of `dif` by `ordinal`; by default the first.",
    )
    criterion = _choice(
        ("test", "size"), "What flags an item of `dif` by `ordinal`; by default its test alone."
    )
    purify = _choice(
        ("yes", "no"),
        "Whether flagged items leave the matching score of `dif`; by default they do.",
    )
    epsilon = _text(
        "Of the loss of `alignment`: `0.01`, the default, `0.001` or `0.0001`.", 10, load_default=""
    )
    least = _text(
        "Rows that a group of `alignment` has at least: `50`, the default, `20`, `30`, `100` or `200`.",
        10,
        load_default="",
    )
    simulate = _text(
        "Samples that show whether `alignment` finds the means again: `0`, the default, `100` or `500`.",
        10,
        load_default="",
    )
    orthogonal = _choice(("no", "yes"), "Whether the factors of `esem` stay uncorrelated.")
    ceiling = _choice(
        ("CE-FDH", "CR-FDH"),
        "Which ceiling of `necessity` and `importance` decides; by default CE-FDH.",
    )
    steps = _text(
        "Intervals of the bottlenecks of `necessity`: `10`, the default, `5` or `20`.",
        10,
        load_default="",
    )
    conditions = _text(
        "The conditions of `necessity`, separated by commas; by default all that lead to the outcome.",
        500,
        load_default="",
    )
    borrow = _choice(
        ("no", "yes"), "Whether constructs of two or three items borrow some for `tetrads`."
    )
    against = _text("The number of the model whose `prediction` is compared.", 15, load_default="")
    technique = _choice(
        ("direct", "earliest"), "What a `prediction` is from; by default direct antecedents."
    )
    folds = _text("Of `prediction`: `10`, the default, `5` or `20`.", 10, load_default="")
    repetitions = _text("Of `prediction`: `10`, the default, `1` or `20`.", 10, load_default="")
    up_to = _text(
        "The most `segments`: `5`, the default, `2`, `3`, `4`, `6`, `8` or `10`.",
        10,
        load_default="",
    )
    segments = _text(
        "Whose paths `segments` shows, `1` to `10`; by default as AIC3 says.", 10, load_default=""
    )
    starts = _text("Of `segments`: `10`, the default, `50` or `100`.", 10, load_default="")
    permutations = _text("Of `groups`: `1000`, the default, or `5000`.", 10, load_default="")
    bootstrap = _text(
        "Resamples of each group of `groups` for Henseler's comparison: `0`, the default, `1000` or `5000`.",
        10,
        load_default="",
    )
    interaction = _choice(
        ("two-stage", "orthogonal", "product-indicator"),
        "How the products of `slopes` are made; by default in two stages.",
    )


class AnalysisSchema(ma.Schema):
    """A further analysis; the model has its result once it is done."""

    id = ma.fields.Integer(required=True)
    kind = ma.fields.String(required=True)
    options = ma.fields.Dict(keys=ma.fields.String(), required=True)
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(_ANALYSIS_STATES))


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
