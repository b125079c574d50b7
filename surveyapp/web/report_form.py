"""What every form that asks for a report has: what it is compared with, its formats, its paper and its language."""

from __future__ import annotations

from wtforms import BooleanField, SelectField, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from surveyapp.i18n.languages import own_name
from surveyapp.i18n.words import ENGLISH
from surveyapp.reports.document import Paper
from surveyapp.reports.formats.names import Format
from surveyapp.reports.languages import all_offered
from surveyapp.results.partners import partners
from surveyapp.results.scope import Comparison
from surveyapp.store.models import Journey
from surveyapp.web.forms import StaffForm, choices

_PARTNER = "partner/"
EVERY_SEGMENT = "every"  # what stands for it among segments


def partner_choices(journey: Journey) -> list[tuple[str, str]]:
    """A partner report for each partner of a journey; values are read by ``kind_and_partner``."""
    return [(f"{_PARTNER}{each}", f"Partner report: {each}") for each in partners(journey)]


def kind_and_partner(value: str) -> tuple[str, str]:
    """The kind of report that a choice names, and the partner; empty for none.

    >>> kind_and_partner("partner/City Courier"), kind_and_partner("executive")
    (('partner', 'City Courier'), ('executive', ''))
    """
    kind, _, partner = value.partition("/")
    return kind, partner


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


def weighting_field(description: str) -> SelectField:
    """The choice whether weighted scores stand beside the others."""
    return SelectField(
        "Weighting",
        choices=choices([("", "None"), ("yes", "By population shares")]),
        default="",
        description=description,
    )


class DocumentForm(StaffForm):
    """A form whose report is made in these formats, on this paper, in this language."""

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
    report_language = SelectField(
        "Language of the report",
        choices=choices([(each, own_name(each)) for each in all_offered()]),
        default=ENGLISH.language,
        description="Translations are drafts, and say so.",
    )
    quotes = BooleanField(
        "Quote comments",
        description="In a partner report: the newest comments that customers allow to be quoted. Only for"
        " whoever may read comments; read them before the report goes out.",
    )
