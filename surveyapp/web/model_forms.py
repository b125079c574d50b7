"""Forms of a model's page: checking, drawing, changing it, and asking for a further analysis."""

from __future__ import annotations

from wtforms import HiddenField, StringField
from wtforms.validators import AnyOf, InputRequired, Length, Optional

from surveyapp.results.projects.projects import LONGEST_REASON
from surveyapp.web.forms import StaffForm

_COPIED = 100_000  # characters of a text that is checked while it is typed


class CheckForm(StaffForm):
    """A text that is checked before it is fitted."""

    kind = HiddenField(validators=[InputRequired()])
    text = HiddenField(validators=[Length(max=_COPIED)])


class DrawForm(CheckForm):
    """An edit of the text by its drawing."""

    action = HiddenField(validators=[Length(max=20)])
    lhs = HiddenField(validators=[Length(max=500)])
    operator = HiddenField(validators=[Length(max=2)])
    rhs = HiddenField(validators=[Length(max=500)])
    items = HiddenField(validators=[Length(max=_COPIED)])
    value = HiddenField(validators=[Length(max=500)])


class ChangeForm(StaffForm):
    """One change to a fitted model, and why."""

    line = StringField(validators=[Length(max=500)])
    item = StringField(validators=[Length(max=200)])
    level = StringField(validators=[Optional(), AnyOf(("0", "1", "2"))])
    reason = StringField(validators=[Length(max=LONGEST_REASON)])


class AnalysisForm(StaffForm):
    """A further analysis of a model: all options of all kinds, of which each kind reads its own."""

    kind = StringField(validators=[InputRequired()])
    group = StringField(validators=[Length(max=200)])
    construct = StringField(validators=[Length(max=200)])
    item = StringField(validators=[Length(max=200)])
    parameter = StringField(validators=[Length(max=500)])
    cluster = StringField(validators=[Length(max=200)])
    wave = StringField(validators=[Length(max=200)])
    outcome = StringField(validators=[Length(max=200)])
    level = StringField(validators=[Length(max=10)])
    slope = StringField(validators=[Length(max=200)])
    means = StringField(validators=[Length(max=10)])
    method = StringField(validators=[Length(max=20)])
    rotation = StringField(validators=[Length(max=20)])
    factors = StringField(validators=[Length(max=2)])
    answers = StringField(validators=[Length(max=20)])
    reference = StringField(validators=[Length(max=200)])
    first = StringField(validators=[Length(max=200)])
    second = StringField(validators=[Length(max=200)])
    free = StringField(validators=[Length(max=1000)])
    difference = StringField(validators=[Length(max=20)])
    correction = StringField(validators=[Length(max=20)])
    alpha = StringField(validators=[Length(max=10)])
    classes = StringField(validators=[Length(max=20)])
    criterion = StringField(validators=[Length(max=20)])
    purify = StringField(validators=[Length(max=10)])
    epsilon = StringField(validators=[Length(max=10)])
    least = StringField(validators=[Length(max=10)])
    simulate = StringField(validators=[Length(max=10)])
    orthogonal = StringField(validators=[Length(max=10)])
    ceiling = StringField(validators=[Length(max=10)])
    steps = StringField(validators=[Length(max=10)])
    conditions = StringField(validators=[Length(max=1000)])
    borrow = StringField(validators=[Length(max=10)])
    against = StringField(validators=[Length(max=15)])
    technique = StringField(validators=[Length(max=20)])
    folds = StringField(validators=[Length(max=10)])
    repetitions = StringField(validators=[Length(max=10)])
    up_to = StringField(validators=[Length(max=10)])
    segments = StringField(validators=[Length(max=10)])
    starts = StringField(validators=[Length(max=10)])
    permutations = StringField(validators=[Length(max=10)])
    bootstrap = StringField(validators=[Length(max=10)])
    interaction = StringField(validators=[Length(max=20)])
