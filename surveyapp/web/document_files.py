"""Tables and figures of an analysis or a report, as files that a browser downloads.

Documents, Word's library and the picture converter are loaded with the first file: seconds that the
start is spared.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response

from instruments.loader import Library
from surveyapp.errors import Conflict, NotFound
from surveyapp.reports.document import Document
from surveyapp.reports.formats.names import Format
from surveyapp.results.preregistrations.departures import ToldOfPlan
from surveyapp.store.models import Analysis, Journey, ProjectAnalysis, ProjectModel, Report
from surveyapp.web.installation import installation
from surveyapp.web.kept import Kept

TABLES = {"docx": "docx", "tex": "tex", "zip": "csv"}  # a file's ending, the form behind it
FIGURES = "figures"
_documents: Kept[Document] = Kept(16)  # drawn once, because the charts take half a second


def analysed(analysis: Analysis, journey: Journey, library: Library) -> Document:
    """The document of an analysis. Raises Conflict before it has a result, and for one that this
    version cannot read.
    """
    if analysis.result is None:
        raise Conflict("This analysis has no result; see its page for the reason.")

    def made() -> Document:
        from surveyapp.reports.analysed import document_of

        return document_of(analysis, journey, library, made=analysis.created_at.date())

    return _documents.get((analysis.id, analysis.fingerprint, journey.name), made)


def modelled(
    model: ProjectModel,
    journey: Journey,
    analyses: Sequence[ProjectAnalysis] = (),
    registered: ToldOfPlan | None = None,
) -> Document:
    """The document of a project's model with finished analyses, and what it says of the project's plan.
    Raises Conflict before it has a result."""
    if model.result is None:
        raise Conflict("This model has no result; see its page for the reason.")

    def made() -> Document:
        from surveyapp.reports.projects.model import content

        return content(
            model, journey, made=model.created_at.date(), analyses=analyses, registered=registered
        )

    further = " ".join(str(each.id) for each in analyses)
    key = (
        -model.id,
        f"{model.fingerprint} {model.project.name} {further} {registered}",
        journey.name,
    )
    return _documents.get(key, made)


def reported(report: Report) -> Document:
    """The tables and figures of a finished report, as its PDF has them."""
    if report.file is None:
        raise Conflict("This report is not finished yet; see its page for progress.")
    if report.content is None:
        raise Conflict(
            "This report was created by an earlier version, which kept its PDF alone. Create the"
            " report again to download its tables and figures."
        )
    from surveyapp.reports.stored_content import read

    return read(installation().files.read(report.content))


def document_file(document: Document, form: str, name: str) -> Response:
    """All tables or all figures in one file, ``name`` with the form's ending. Raises NotFound for the
    figures of a document that has none."""
    from surveyapp.reports.files import numbered
    from surveyapp.reports.files.table_files import FORMS

    if form == FIGURES and not numbered.figures(document.blocks):
        raise NotFound("This document has no figures; its tables hold every number.")
    found = FORMS[form]
    return attachment(found.make(document), found.media_type, name + found.ending)


def figure_file(document: Document, number: int, kind: str, name: str) -> Response:
    """One figure as SVG or PNG. Raises NotFound for a number beyond the last."""
    from surveyapp.reports.files import figure_files, numbered

    figures = numbered.figures(document.blocks)
    if not 1 <= number <= len(figures):
        raise NotFound(f"There is no figure {number}; this document has {len(figures)}.")
    figure = figures[number - 1]
    if kind == "svg":
        drawn = figure_files.svg_file(figure.chart.svg).encode()
        return attachment(drawn, "image/svg+xml", f"{name}-{figure.name}.svg")
    return attachment(figure_files.png(figure.chart.svg), "image/png", f"{name}-{figure.name}.png")


def written_file(document: Document, form: Format, name: str) -> Response:
    """The document for reading, as PDF, for Word or as a web page; ``name`` without its ending."""
    from surveyapp.reports.formats.writers import written

    return attachment(dict(written(document, [form]))[form], form.media_type, f"{name}.{form}")


def attachment(data: bytes | str, media_type: str, name: str) -> Response:
    """A file that the browser saves under this name."""
    answer = Response(data, mimetype=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
