"""The forms of a project's plan."""

from __future__ import annotations

from wtforms import SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput

from surveyapp.results.preregistrations.fields import LONGEST_FIELD
from surveyapp.results.preregistrations.preregistration_document import CORRECTIONS, FAMILIES
from surveyapp.results.projects.analysis_kinds import ANALYSES
from surveyapp.results.projects.analysis_options import plannable
from surveyapp.results.projects.projects import LONGEST_NAME, LONGEST_REASON
from surveyapp.results.projects.variables import Variables
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.project_forms import ModelForm, offer_columns

_TEXT = [Optional(), Length(max=LONGEST_FIELD)]


class PlanForm(StaffForm):
    hypotheses = TextAreaField(
        "Hypotheses",
        _TEXT,
        description="One a line. To name what tests it: words | parameter | sign, such as: Ease raises"
        " loyalty | loyalty ~ ease | +. The sign is +, - or 0.",
    )
    correction = SelectField(
        "Adjustment of p values",
        choices=choices(CORRECTIONS.items()),
        description="Estimates are set beside the signs that you expect.",
    )
    family = SelectField(
        "Tests adjusted together",
        choices=choices(FAMILIES.items()),
        description="All, where one significant test anywhere would count as a finding of the study.",
    )
    design = TextAreaField(
        "Design", _TEXT, description="Who is asked what, when, and how they are sampled."
    )
    n = StringField(
        "Planned respondents", [Optional(), Length(max=20)], description="After exclusions."
    )
    n_reason = TextAreaField(
        "Reason for the number", _TEXT, description="Such as the power that it gives."
    )
    last_day = StringField(
        "Last day of data collection",
        [Optional(), Length(max=10)],
        description="As 2026-06-30.",
    )
    stopping = TextAreaField(
        "Rule for stopping", _TEXT, description="When data collection ends, and who looks before."
    )
    exclusions = TextAreaField(
        "Rules for exclusion",
        _TEXT,
        description="Beside the project's steps, which are registered with the plan.",
    )
    outcome = TextAreaField("Primary outcome", _TEXT)
    analyses = TextAreaField(
        "Planned analyses",
        _TEXT,
        description="Beside the planned models: tests, corrections, criteria of fit.",
    )


class PlannedModelForm(ModelForm):
    name = StringField("Name", [InputRequired("Enter a name."), Length(max=LONGEST_NAME)])
    analyses = SelectMultipleField(
        "Further analyses",
        choices=choices(
            (name, kind.title) for name, kind in ANALYSES.items() if plannable(kind.options)
        ),
        option_widget=CheckboxInput(),
    )
    analysis_group = SelectField("Groups of further analyses by", validate_choice=False)
    analysis_cluster = SelectField("Clusters of further analyses by", validate_choice=False)
    analysis_outcome = StringField(
        "Outcome of further analyses",
        [Optional(), Length(max=200)],
        description="A variable of the model's text to which paths lead, such as loyalty.",
    )
    analysis_slope = StringField(
        "Slope of a mixed model",
        [Optional(), Length(max=200)],
        description="The predictor whose slope differs between clusters, * for every one; empty for"
        " intercepts alone.",
    )


def planned_model_form(known: Variables) -> PlannedModelForm:
    """An empty form; its text is the first measurement model of the questionnaires."""
    form = PlannedModelForm(data={"text": next(iter(known.models.values()), "")})
    named = [(name, name.replace("_", " ")) for name in known.groups]
    offer_columns(form, known)
    for field in (form.analysis_group, form.analysis_cluster):
        field.choices = choices([("", "None"), *named])
    del form.reason, form.parent
    return form


class ReasonForm(StaffForm):
    deviation = StringField(validators=[InputRequired(), Length(max=120)])
    reason = StringField(validators=[InputRequired("Enter a reason."), Length(max=LONGEST_REASON)])


class PlannedForm(StaffForm):
    model = StringField(validators=[InputRequired(), Length(max=LONGEST_NAME)])
