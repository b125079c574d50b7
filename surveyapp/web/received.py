"""What people without an account get of a scheduled report: its page, its files, and the way out.

The token in an address is all that these pages need. Opening one changes nothing: programs that look
through mail open every link. Unsubscribing is a POST, that of the button or a mail program's own (RFC
8058), which has no session and no token of a form.
"""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from surveyapp.errors import NotFound
from surveyapp.reports.formats.names import Format
from surveyapp.reports.schedules.actions import leave as unsubscribe
from surveyapp.reports.schedules.links import leaving, report_behind
from surveyapp.store.audit import record
from surveyapp.store.models import File, Report
from surveyapp.web.guards import public
from surveyapp.web.installation import installation
from surveyapp.web.security import csrf
from surveyapp.web.stored_files import stored_file

received = Blueprint("received", __name__, url_prefix="/received")

_LARGEST_BODY = 4096  # "List-Unsubscribe=One-Click", in one of two encodings


@received.after_request
def unsaid(answer: Response) -> Response:
    """No other site and no search engine is told the page's address, which holds the token."""
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.headers["Cache-Control"] = "no-store"
    return answer


@received.get("/<token>")
@public
def show(token: str) -> ResponseReturnValue:
    with installation().store.reading() as session:
        report = report_behind(session, token, installation().now())
        return render_template(
            "received/show.html", token=token, report=report, files=_files(report)
        )


@received.get("/<token>/report.<any(pdf, docx, pptx, html):format_>")
@public
def download(token: str, format_: str) -> ResponseReturnValue:
    form = Format(format_)
    with installation().store.writing() as session:
        report = report_behind(session, token, installation().now())
        file = _files(report).get(form)
        if file is None:
            raise NotFound(f"This report was not made as {form.label}.")
        content = installation().files.open(file)
        record(session, None, "open report link", f"report {report.id}", file=format_)
    return stored_file(content, file)


def _files(report: Report) -> dict[Format, File]:
    found = {Format(each.format): each.file for each in report.documents}
    return {**({Format.PDF: report.file} if report.file else {}), **found}


@received.get("/leave/<token>")
@public
def ask(token: str) -> ResponseReturnValue:
    with installation().store.reading() as session:
        recipient = leaving(session, installation().signing_keys, token)
        done = recipient is None or recipient.left_at is not None
    return render_template("received/leave.html", token=token, done=done)


@received.post("/leave/<token>")
@public
def leave(token: str) -> ResponseReturnValue:
    """Send nothing more; the same again however often it is sent."""
    request.max_content_length = request.max_form_memory_size = _LARGEST_BODY
    with installation().store.writing() as session:
        recipient = leaving(session, installation().signing_keys, token)
        if recipient is not None:
            unsubscribe(session, recipient, now=installation().now())
    return render_template("received/leave.html", token=token, done=True)


csrf.exempt(leave)
