"""Reports: asked for, made by the worker, downloaded."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session
from wtforms import SelectField, StringField
from wtforms.widgets import MonthInput

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Conflict
from surveyapp.journeys import queries
from surveyapp.reports import actions
from surveyapp.reports import queries as stored
from surveyapp.reports.document import Document, Paper
from surveyapp.reports.formats.names import Format
from surveyapp.reports.removal import holds_erased, remove_holding_erased, remove_report
from surveyapp.results.analyses import queries as analyses
from surveyapp.results.analyses.rules_changed import rules_of_report
from surveyapp.results.scope import Scope, month_text, read_scope
from surveyapp.store.models import Analysis, Journey, Report
from surveyapp.web.choosing import segment_choices
from surveyapp.web.document_files import FIGURES, TABLES, document_file, figure_file, reported
from surveyapp.web.filters import scope_asked
from surveyapp.web.forms import choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.number_formats import day, instrument_title
from surveyapp.web.quota import leave_room
from surveyapp.web.reads import note_read
from surveyapp.web.report_form import (
    EVERY_SEGMENT,
    DocumentForm,
    comparison_field,
    kind_and_partner,
    partner_choices,
    weighting_field,
)
from surveyapp.web.scope_bar import scope_bar
from surveyapp.web.sessions import me
from surveyapp.web.stored_files import stored_file

reports = Blueprint("reports", __name__, url_prefix="/journeys/<int:journey_id>/reports")

BENCHMARK, EXECUTIVE = "benchmark", "executive"
_OF_SCOPE = (
    BENCHMARK,
    EXECUTIVE,
    actions.PARTNER,
)  # the others are of the customers of their analysis

_OF_BENCHMARK = "Applies to all but the reports of an analysis."


class ReportForm(DocumentForm):
    about = SelectField("Report")
    segment = SelectField("Customers", description=_OF_BENCHMARK)
    compare = comparison_field(
        f"{_OF_BENCHMARK} Only a period with a first and a last month is compared."
    )
    channel = SelectField("Channel", default="", description=_OF_BENCHMARK)
    language = SelectField("Language", default="", description=_OF_BENCHMARK)
    flagged = SelectField(
        "Flagged answers",
        choices=choices([("", "Leave out"), ("yes", "Include")]),
        default="",
        description=_OF_BENCHMARK,
    )
    weighted = weighting_field(
        f"{_OF_BENCHMARK} Weighted scores stand beside the others. Shares are those of all customers: of"
        " every segment, the report of all customers alone has weights."
    )


# Named as in the addresses of pages: "from" is a word of Python's own.
for _name, _label in (("from", "From month"), ("to", "To month")):
    setattr(
        ReportForm,
        _name,
        StringField(
            _label,
            widget=MonthInput(),
            description=f"{_OF_BENCHMARK} Such as 2026-03; all time without any month.",
        ),
    )


@reports.get("")
@requires(Permission.READ_REPORTS)
def index(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        found = stored.reports(session, journey_id)
        about = {each.id: each for each in analyses.analyses(session, journey_id)}
        rules = {each.id: rules_of_report(each, about.get(each.analysis_id or 0)) for each in found}
        return render_template(
            "reports/index.html",
            journey=journey,
            reports=found,
            rules=rules,
            format_titles={str(each): each.label for each in Format},
            zipped=actions.EVERY_SEGMENT,
            marked=[each.id for each in found if holds_erased(each)],
        )


@reports.post("/remove")
@requires(Permission.REMOVE_RESPONSES)
def remove_marked(journey_id: int) -> ResponseReturnValue:
    """Delete every report that may hold answers erased since."""
    with installation().store.writing() as session:
        queries.journey(session, journey_id)
        gone = remove_holding_erased(session, journey_id, installation().files, user_id=me().id)
    flash(f"{gone} {'report' if gone == 1 else 'reports'} deleted.")
    return redirect(url_for("reports.index", journey_id=journey_id), 303)


@reports.post("/<int:report_id>/remove")
@requires(Permission.REMOVE_RESPONSES)
def remove(journey_id: int, report_id: int) -> ResponseReturnValue:
    """Delete one report that may hold answers erased since."""
    with installation().store.writing() as session:
        report = stored.report(session, journey_id, report_id)
        if not holds_erased(report):
            raise Conflict("No answers that this report may hold have been erased; it stays.")
        remove_report(session, report, installation().files, user_id=me().id)
    flash("Report deleted.")
    return redirect(url_for("reports.index", journey_id=journey_id), 303)


@reports.route("/new", methods=["GET", "POST"])
@requires(Permission.MAKE_REPORTS)
def new(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        form = _form(session, journey)
    if form.validate_on_submit():
        with form.refusing("about"):
            with installation().store.writing() as session:
                leave_room(session)
                _ask(session, journey_id, form)
            flash("The report is being created; this takes a few seconds.")
            return redirect(url_for("reports.index", journey_id=journey_id), 303)
    return render_template("reports/new.html", journey=journey, form=form), form.status


def _form(session: Session, journey: Journey) -> ReportForm:
    journey_id = journey.id
    scope = scope_asked(session, journey_id)
    shown = {
        **scope.arguments,
        "from": month_text(scope.since),
        "to": month_text(scope.until),
        "compare": scope.comparison,
    }
    form = ReportForm(data={"about": request.args.get("about", BENCHMARK), **shown})
    made = [
        (
            str(each.id),
            f"{_about(each)}, {day(each.created_at)}: for researchers",
        )
        for each in analyses.analyses(session, journey_id)
        if each.result is not None
    ]
    form.about.choices = choices(
        [
            (BENCHMARK, "Journey benchmark for managers: scores, segments and trends"),
            (EXECUTIVE, "Executive page: the journey on one sheet"),
            *partner_choices(journey),
            *made,
        ]
    )
    form.segment.choices = segment_choices(session)
    form.segment.choices += choices(
        [(EVERY_SEGMENT, "Every segment and all customers, as one ZIP")]
    )
    if not current_user.may(Permission.READ_COMMENTS):
        del form.quotes
    bar = scope_bar(session, scope)
    if not bar.any_shares:
        del form.weighted
    form.channel.choices = choices([("", "All channels"), *bar.channels])
    form.language.choices = choices([("", "All languages"), *bar.languages])
    return form


def _about(analysis: Analysis) -> str:
    if analysis.kind == "sjq_study":
        return actions.KINDS["sjq_study"]
    return f"Validation, {instrument_title(analysis.instrument)}"


def _ask(session: Session, journey_id: int, form: ReportForm) -> Report:
    kind, partner = kind_and_partner(form.about.data)
    is_of_scope, every = kind in _OF_SCOPE, form.segment.data == EVERY_SEGMENT
    if not is_of_scope:
        about = analyses.analysis(session, journey_id, int(form.about.data)).kind
        kind = next(report for report, of in actions.ABOUT.items() if of == about)
    asked = form.plain() | ({"segment": ""} if every else {})
    return actions.ask_report(
        session,
        kind=kind,
        scope=read_scope(journey_id, asked) if is_of_scope else Scope(journey_id),
        analysis_id=None if is_of_scope else int(form.about.data),
        formats=form.formats.data or (),
        paper=Paper(form.paper.data),
        partner=partner,
        quotes=bool(form.quotes and form.quotes.data),
        every_segment=every,
        language=form.report_language.data,
        user_id=me().id,
    )


@reports.get("/<int:report_id>.zip")
@requires(Permission.READ_REPORTS)
def archive(journey_id: int, report_id: int) -> ResponseReturnValue:
    """The ZIP of a report for every segment."""
    return _file(journey_id, report_id, "zip")


@reports.get("/<int:report_id>.pdf")
@requires(Permission.READ_REPORTS)
def download(journey_id: int, report_id: int) -> ResponseReturnValue:
    return _file(journey_id, report_id, "pdf")


def _file(journey_id: int, report_id: int, ending: str) -> ResponseReturnValue:
    with installation().store.reading() as session:
        report = stored.report(session, journey_id, report_id)
        if report.file is None:
            raise Conflict("This report is not finished yet; see its page for progress.")
        if not report.file.name.endswith(f".{ending}"):
            raise Conflict(
                f"This report was not made as {ending.upper()}; see the list of reports."
            )
        content, file = installation().files.open(report.file), report.file
    note_read("download report", f"report {report_id}", file=ending)
    return stored_file(content, file)


@reports.get("/<int:report_id>/report.<any(docx, pptx, html):format_>")
@requires(Permission.READ_REPORTS)
def document(journey_id: int, report_id: int, format_: str) -> ResponseReturnValue:
    """The report in a format beside PDF."""
    with installation().store.reading() as session:
        report = stored.report(session, journey_id, report_id)
        found = next((each.file for each in report.documents if each.format == format_), None)
        if found is None:
            raise Conflict(
                f"This report was not made as {Format(format_).label}. Create it again in that format."
            )
        content = installation().files.open(found)
    note_read("download report", f"report {report_id}", file=format_)
    return stored_file(content, found)


@reports.get("/<int:report_id>/tables.<any(docx, tex, zip):ending>")
@requires(Permission.READ_REPORTS)
def tables(journey_id: int, report_id: int, ending: str) -> ResponseReturnValue:
    """Every table of the PDF, for Word, for LaTeX, or as a ZIP of CSV files."""
    name, made = _document(journey_id, report_id, f"tables.{ending}")
    return document_file(made, TABLES[ending], name)


@reports.get("/<int:report_id>/figures.zip")
@requires(Permission.READ_REPORTS)
def figures(journey_id: int, report_id: int) -> ResponseReturnValue:
    """Every figure of the PDF as SVG and PNG."""
    name, made = _document(journey_id, report_id, "figures.zip")
    return document_file(made, FIGURES, name)


@reports.get("/<int:report_id>/figures/<int:number>.<any(svg, png):kind>")
@requires(Permission.READ_REPORTS)
def figure(journey_id: int, report_id: int, number: int, kind: str) -> ResponseReturnValue:
    """One figure of the PDF."""
    name, made = _document(journey_id, report_id, f"figure {number}.{kind}")
    return figure_file(made, number, kind, name)


def _document(journey_id: int, report_id: int, file: str) -> tuple[str, Document]:
    """The PDF's name without its ending, and its tables and figures, of which ``file`` is downloaded."""
    with installation().store.reading() as session:
        report = stored.report(session, journey_id, report_id)
        made = reported(report)
        name = report.file.name.removesuffix(".pdf") if report.file else ""
    note_read("download report", f"report {report_id}", file=file)
    return name, made
