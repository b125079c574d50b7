"""What the API takes and says of modelling projects, their models and steps."""

from __future__ import annotations

import marshmallow as ma

from surveyapp.api.bodies import Strict
from surveyapp.api.schema_fields import number, one_of, short_text
from surveyapp.results.projects.model_scoring import COMPOSITE_METHOD, METHODS
from surveyapp.results.projects.model_texts import COMPOSITE, COVARIANCE
from surveyapp.results.projects.options import (
    BLOCK_ROTATIONS,
    COMPOSITE_MISSING,
    EQUAL,
    ESTIMATORS,
    HIGHER_ORDER,
    MISSING,
    RESAMPLES,
    SCHEMES,
)
from surveyapp.results.projects.projects import (
    LONGEST_NAME,
    LONGEST_REASON,
    LONGEST_TEXT,
)
from surveyapp.results.projects.step_kinds import StepKind

_STATES = ["waiting", "fitted", "failed"]
STEP_ARGUMENTS = (
    *("name", "comparison", "value", "values", "half", "seed", "least"),
    *("since", "until", "names", "lowest", "highest"),
)


class NewProjectSchema(Strict):
    """A project on the answers of a survey, or of the whole journey."""

    name = ma.fields.String(required=True, validate=ma.validate.Length(min=1, max=LONGEST_NAME))
    survey = short_text("A survey's code. Without it, all of the journey's answers.", 60)
    segment = short_text("A segment's code.", 60)
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
    project = number("The project's number.", required=True)


class ModelQuery(Strict):
    model = number("The model's number.", required=True)


class ModelOptionsSchema(Strict):
    """How a model is estimated. An option of the other kind of model is refused."""

    estimator = one_of(ESTIMATORS, "Of a covariance-based model; by default ML.")
    missing = one_of(
        dict.fromkeys((*MISSING, *COMPOSITE_MISSING)),
        "`listwise`; `fiml` of a covariance-based model; `mean`, the default of a composite one.",
    )
    group = short_text("The attribute that makes groups, of a covariance-based model.", 200)
    equal = one_of(EQUAL, "What is equal across groups.")
    ordered = short_text(
        "The ordinal items by WLSMV, separated by commas; the others are numbers. By default all.",
        LONGEST_TEXT,
    )
    free = short_text(
        "Parameters that `equal` leaves free, separated by commas, such as `x3~1, f=~x2`.", 1000
    )
    auxiliary = short_text(
        "Items outside of the model that tell of missing answers, separated by commas; with `fiml`.",
        1000,
    )
    rotation = one_of(BLOCK_ROTATIONS, "Of exploratory blocks; by default geomin.")
    std_lv = ma.fields.Boolean(metadata={"description": "Fix factor variances at 1."})
    cluster = short_text(
        "The attribute that makes clusters: of a text with levels, by MLR and WLSMV for robust errors, or of a"
        " composite model, whose bootstrap resamples them.",
        200,
    )
    weights = short_text(
        "The item with respondents' weights; of a text with levels by MLR, of others by every estimator,"
        " of composites by weighted PLS.",
        200,
    )
    cluster_weights = short_text(
        "The item with clusters' weights, of a text with levels; by MLR.", 200
    )
    scheme = one_of(SCHEMES, "Of a composite model; by default path.")
    consistent = ma.fields.Boolean(metadata={"description": "Consistent PLS."})
    higher_order = one_of(
        HIGHER_ORDER, "How second-order constructs of a composite model are estimated."
    )
    bootstrap = ma.fields.Integer(
        validate=ma.validate.OneOf(RESAMPLES),
        metadata={"description": "Resamples of a composite model; by default none."},
    )


class NewModelSchema(Strict):
    """A model to be fitted to the answers of a project, all of its steps taken."""

    project = number("The project's number.", required=True)
    name = short_text("Left out, the model is numbered.", LONGEST_NAME, load_default="")
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf([COVARIANCE, COMPOSITE]))
    text = ma.fields.String(
        required=True,
        validate=ma.validate.Length(min=1, max=LONGEST_TEXT),
        metadata={"description": "In lavaan's syntax, such as `F =~ x1 + x2 + x3`."},
    )
    options = ma.fields.Nested(ModelOptionsSchema, load_default=dict)
    reason = short_text(
        "Why this model. It stays with the result.", LONGEST_REASON, load_default=""
    )
    made_of = number("The model that it was made of, against which it is tested.")


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
    method = one_of(
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

    project = number("The project's number.", required=True)
    kind = ma.fields.String(
        required=True, validate=ma.validate.OneOf([str(each) for each in StepKind])
    )
    arguments = ma.fields.Dict(
        keys=ma.fields.String(validate=ma.validate.OneOf(STEP_ARGUMENTS)),
        values=ma.fields.String(validate=ma.validate.Length(max=10_000)),
        load_default=dict,
        metadata={
            "description": "As typed on the page: `name`, `comparison` and `value` of `leave_out_rows`;"
            " `name` and `values`, such as `1=5, 9=missing`, of `recode`; `half` and `seed`; `least`;"
            " `since` and `until`; `names`, `lowest` and `highest` of `scale`."
        },
    )
    reason = short_text("It stands in the log and beside every result.", 500, load_default="")


class UndoneStepSchema(Strict):
    """A step that is to be undone."""

    project = number("The project's number.", required=True)
    step = number("The step's number.", required=True)


class StepSchema(ma.Schema):
    """A step, which stays on record when it is undone."""

    id = ma.fields.Integer(required=True)
    kind = ma.fields.String(required=True)
    said = ma.fields.String(required=True, metadata={"description": "In words."})
    reason = ma.fields.String(required=True)
    undone = ma.fields.Boolean(required=True)
