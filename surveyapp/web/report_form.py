"""What every form that asks for a report has: what it is compared with, its formats and its paper."""

from __future__ import annotations

from wtforms import SelectField, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from surveyapp.reports.document import Paper
from surveyapp.reports.formats.names import Format
from surveyapp.results.scope import Comparison
from surveyapp.web.forms import StaffForm, choices


def comparison_field(description: str = "") -> SelectField:
    """The choice of what a report's months are compared with."""
    return SelectField(
        "Compared with",
        choices=choices(
            [
                (Comparison.BEFORE, "Period before"),
                (Comparison.YEAR, "Same period last year"),
                (Comparison.NONE, "Nothing"),
            ]
        ),
        default=Comparison.BEFORE,
        description=description,
    )


class DocumentForm(StaffForm):
    """A form whose report is made in these formats, on this paper."""

    formats = SelectMultipleField(
        "Also as",
        choices=choices([(each, each.label) for each in Format if each is not Format.PDF]),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        description="A PDF is always made.",
    )
    paper = SelectField(
        "Paper", choices=choices([(each, each.label) for each in Paper]), default=Paper.A4
    )
