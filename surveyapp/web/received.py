"""What people without an account get of a scheduled report: its page, its files, and the way out.

The token in an address is all that these pages need. Opening one changes nothing: programs that look
through mail open every link. Unsubscribing is a POST, that of the button or a mail program's own (RFC
8058), which has no session and no token of a form.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from surveyapp.errors import NotFound
from surveyapp.i18n.report_languages import written_in
from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports.actions import language_of
from surveyapp.reports.formats.names import Format
from surveyapp.reports.schedules.actions import leave as unsubscribe
from surveyapp.reports.schedules.links import leaving, report_behind
from surveyapp.reports.schedules.mails import written_for
from surveyapp.store.audit import record
from surveyapp.store.models import File, Report, ReportSchedule, ScheduleRecipient
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
        words = written_in(language_of(report))
        return render_template(
            "received/show.html",
            token=token,
            report=report,
            files=[(form, _download(form, words), file) for form, file in _files(report).items()],
            words=words,
            said=_said(report, words),
        )


def _said(report: Report, words: Words) -> Mapping[str, str]:
    """The page's sentences, in the report's language."""
    made = words.day(report.created_at.date())
    outdated = words.say("Out of date: answers have been changed or erased since.")
    return {
        "title": words.say("Report"),
        "made": words.say("Created on {day}.", day=made),
        "warning": words.say("Anybody who has this page's address can read the report."),
        "outdated": outdated if report.parameters.get("outdated") else "",
    }


def _download(form: Format, words: Words) -> str:
    name = "HTML" if form is Format.HTML and not words.is_english else form.label
    return words.say("Download {format}", format=name)


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
        words = _words_for(session, recipient)
    return _leaving_page(done, words)


def _words_for(session: Session, recipient: ScheduleRecipient | None) -> Words:
    """Those of the report that somebody gets; English where the address leads to nobody any more."""
    if recipient is None:
        return ENGLISH
    return written_for(session.get_one(ReportSchedule, recipient.schedule_id))


def _leaving_page(done: bool, words: Words) -> str:
    said = {
        "title": words.say("Unsubscribed") if done else words.say("Unsubscribe"),
        "text": words.say("This report is sent to you no more.")
        if done
        else words.say("Do you no longer want to get this report?"),
        "button": words.say("Unsubscribe"),
    }
    return render_template("received/leave.html", said=said, done=done, words=words)


@received.post("/leave/<token>")
@public
def leave(token: str) -> ResponseReturnValue:
    """Send nothing more; the same again however often it is sent."""
    request.max_content_length = request.max_form_memory_size = _LARGEST_BODY
    with installation().store.writing() as session:
        recipient = leaving(session, installation().signing_keys, token)
        if recipient is not None:
            unsubscribe(session, recipient, now=installation().now())
        words = _words_for(session, recipient)
    return _leaving_page(True, words)


csrf.exempt(leave)
