"""The forms of modelling projects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from surveyapp.results.projects.model_texts import COVARIANCE
from surveyapp.results.projects.options import (
    BLOCK_ROTATIONS,
    COMPOSITE_MISSING,
    EQUAL,
    ESTIMATORS,
    HIGHER_ORDER,
    KINDS,
    MISSING,
    RESAMPLES,
    SCHEMES,
)
from surveyapp.results.projects.projects import LONGEST_NAME, LONGEST_REASON, LONGEST_TEXT
from surveyapp.results.projects.step_kinds import COMPARISONS, StepKind
from surveyapp.results.projects.variables import Variables
from surveyapp.store.models import Journey
from surveyapp.surveys.queries import surveys_of
from surveyapp.web.choosing import segment_choices
from surveyapp.web.forms import StaffForm, choices

STEPS: Mapping[StepKind, str] = {
    StepKind.LEAVE_OUT_ROWS: "Leave out rows",
    StepKind.LEAVE_OUT_ITEM: "Leave out an item",
    StepKind.ANSWERED: "Leave out rows with few answers",
    StepKind.REVERSE: "Reverse an item",
    StepKind.RECODE: "Recode an item",
    StepKind.HALF: "Keep a random half",
    StepKind.GROUP: "Keep a group",
    StepKind.PERIOD: "Keep a period",
    StepKind.CARELESS: "Leave out careless respondents",
    StepKind.SCALE: "Set a scale",
}
# Which fields each kind of step has, in their order.
STEP_FIELDS: Mapping[StepKind, tuple[str, ...]] = {
    StepKind.LEAVE_OUT_ROWS: ("name", "comparison", "value"),
    StepKind.LEAVE_OUT_ITEM: ("name",),
    StepKind.ANSWERED: ("least",),
    StepKind.REVERSE: ("name",),
    StepKind.RECODE: ("name", "values"),
    StepKind.HALF: ("half", "seed"),
    StepKind.GROUP: ("name", "value"),
    StepKind.PERIOD: ("since", "until"),
    StepKind.CARELESS: (),
    StepKind.SCALE: ("names", "lowest", "highest"),
}


class ProjectForm(StaffForm):
    name = StringField("Name", [InputRequired("Enter a name."), Length(max=LONGEST_NAME)])
    survey = SelectField("Answers")
    segment = SelectField("Customers")
    without_flagged = BooleanField(
        "Leave out flagged answers",
        description="Those of a burst, or of many from the same device.",
    )
    closed = BooleanField(
        "Leave the answers closed",
        description="They are described once you open them, so that a plan can be registered before.",
    )


def project_form(session: Session, journey: Journey) -> ProjectForm:
    """An empty form with the journey's surveys."""
    form = ProjectForm()
    known = [(str(survey.id), survey.name) for survey in surveys_of(session, journey.id)]
    every = [("", "The whole journey, with answers linked by customer")] if len(known) > 1 else []
    form.survey.choices = choices([*known, *every])
    form.segment.choices = segment_choices(session)
    return form


def steps_for(known: Variables) -> dict[StepKind, str]:
    """The kinds of steps that these answers can take: the rows of a file have no days."""
    without = {StepKind.PERIOD} if not known.has_days else set()
    without |= {StepKind.GROUP} if not known.groups else set()
    return {kind: label for kind, label in STEPS.items() if kind not in without}


class StepForm(StaffForm):
    name = SelectField("Item", validate_choice=False)
    comparison = SelectField("Where it", choices=choices(COMPARISONS.items()))
    value = StringField("Value", [Optional(), Length(max=200)])
    values = StringField(
        "Values",
        [Optional(), Length(max=1000)],
        description="What becomes of which value, such as 1=5, 2=4, 9=missing. Others stay.",
    )
    least = StringField("Fewest answered items")
    half = SelectField(
        "Half", choices=choices([("1", "The first"), ("2", "The second")]), default="1"
    )
    seed = StringField(
        "Seed", default="1", description="The same seed makes the same halves again."
    )
    since = StringField(
        "First day", [Optional(), Length(max=10)], description="As 2026-03-29; or left empty."
    )
    until = StringField(
        "Last day", [Optional(), Length(max=10)], description="As 2026-06-30; or left empty."
    )
    names = TextAreaField(
        "Items", [Optional(), Length(max=10_000)], description="Names, separated by commas."
    )
    lowest = StringField("Lowest point")
    highest = StringField("Highest point")
    reason = StringField(
        "Reason",
        [Optional(), Length(max=500)],
        description="Stands in the log and beside every result.",
    )


def step_form(kind: StepKind, known: Variables) -> StepForm:
    """An empty form with the fields of this kind of step."""
    form = StepForm()
    names = [(item.name, f"{item.name}: {item.text}"[:120]) for item in known.items.values()]
    if kind is StepKind.LEAVE_OUT_ROWS:
        names += [(name, name) for name in known.groups]
        form.name.label.text = "Item or attribute"
    if kind is StepKind.GROUP:
        names = [(name, name) for name in known.groups]
        form.name.label.text = "Attribute"
    form.name.choices = choices(names)
    kept = {*STEP_FIELDS[kind], "reason", "csrf_token"}
    for name in [field.name for field in form if field.name not in kept]:
        del form[name]
    return form


class ModelForm(StaffForm):
    name = StringField(
        "Name",
        [Optional(), Length(max=LONGEST_NAME)],
        description="Left empty, the model is numbered.",
    )
    kind = SelectField("Type", default=COVARIANCE, choices=choices(KINDS.items()))
    text = TextAreaField("Model", [InputRequired("Enter the model."), Length(max=LONGEST_TEXT)])
    estimator = SelectField("Estimator", default="ML", choices=choices(ESTIMATORS.items()))
    ordered = StringField(
        "Ordinal items",
        [Optional(), Length(max=LONGEST_TEXT)],
        description="For WLSMV, separated by commas; the others count as numbers. Left empty, all outcomes"
        " are ordinal.",
    )
    missing = SelectField("Missing answers", default="listwise", choices=choices(MISSING.items()))
    group = SelectField("Groups by", default="", validate_choice=False)
    equal = SelectField("Equal across groups", default="", choices=choices(EQUAL.items()))
    free = StringField(
        "Left free",
        [Optional(), Length(max=1000)],
        description="Parameters that are not equal across groups, such as x3~1, f=~x2.",
    )
    auxiliary = StringField(
        "Auxiliary items",
        [Optional(), Length(max=1000)],
        description="Outside of the model; they tell of missing answers (full information).",
    )
    cluster = SelectField(
        "Clusters by",
        default="",
        validate_choice=False,
        description="Such as branches: with MLR or WLSMV, errors allow for answers of one branch being alike;"
        " a text with level: 1 and level: 2 models both.",
    )
    weights = SelectField(
        "Weights of respondents",
        default="",
        validate_choice=False,
        description="An item with each respondent's sampling weight; of a text with levels by MLR.",
    )
    cluster_weights = SelectField(
        "Weights of clusters",
        default="",
        validate_choice=False,
        description="For a text with level: 1 and level: 2, by MLR.",
    )
    rotation = SelectField(
        "Rotation",
        default="",
        choices=choices(BLOCK_ROTATIONS.items()),
        description='Of exploratory blocks, written efa("block")*factor.',
    )
    std_lv = BooleanField("Fix the factors' variances at 1 instead of first loadings")
    scheme = SelectField("Weighting scheme", default="path", choices=choices(SCHEMES.items()))
    composite_missing = SelectField(
        "Missing answers", default="mean", choices=choices(COMPOSITE_MISSING.items())
    )
    consistent = BooleanField("Consistent PLS (PLSc) for reflective constructs")
    higher_order = SelectField(
        "Second-order constructs",
        default="two-stage",
        choices=choices(HIGHER_ORDER.items()),
        description="Constructs of constructs, such as S =~ A + B.",
    )
    bootstrap = SelectField(
        "Bootstrap",
        default="0",
        choices=choices(
            (str(count), f"{count:,} resamples" if count else "None: no intervals")
            for count in RESAMPLES
        ),
    )
    composite_cluster = SelectField(
        "Clusters by",
        default="",
        validate_choice=False,
        description="Such as branches: the bootstrap resamples whole clusters.",
    )
    composite_weights = SelectField(
        "Weights of respondents",
        default="",
        validate_choice=False,
        description="An item with each respondent's sampling weight (weighted PLS).",
    )
    reason = TextAreaField(
        "Why this model",
        [Optional(), Length(max=LONGEST_REASON)],
        description="Theory, or what the last model showed. It stays with the result.",
    )
    parent = HiddenField()
    show = HiddenField()  # the button that shows the options of the chosen type
    draw = HiddenField()  # the button that checks and draws the text as it stands


def model_form(known: Variables, data: Mapping[str, Any]) -> ModelForm:
    """A form filled with a model's text and options."""
    form = ModelForm(data=dict(data))
    offer_columns(form, known)
    return form


def offer_columns(form: ModelForm, known: Variables) -> None:
    """Let groups, clusters and weights be chosen among the answers' columns."""
    named = [(name, name.replace("_", " ")) for name in known.groups]
    form.group.choices = choices([("", "No groups"), *named])
    for field in (form.cluster, form.composite_cluster):
        field.choices = choices([("", "No clusters"), *named])
    for field in (form.weights, form.cluster_weights, form.composite_weights):
        field.choices = choices([("", "None"), *((name, name) for name in known.names)])
