"""One table from error class to page: its status, its title, and what to do next."""

from __future__ import annotations

import json
from dataclasses import dataclass

from flask import Flask, Response, current_app, g, make_response, render_template
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, IntegrityError
from werkzeug.exceptions import (
    BadHost,
    BadRequest,
    Forbidden,
    HTTPException,
    MethodNotAllowed,
    RequestEntityTooLarge,
)
from werkzeug.exceptions import NotFound as NoRoute

from surveyapp.errors import (
    Busy,
    Conflict,
    Damaged,
    Invalid,
    NotAllowed,
    NotFound,
    NotReady,
    SurveyappError,
    TooManyAttempts,
)
from surveyapp.extras import told
from surveyapp.problem_types import CHANGED, NOT_POSSIBLE, ProblemType, of_status
from surveyapp.store.database_errors import RETRY_SECONDS, UNAVAILABLE
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import wants_json
from surveyapp.web.log import logger


@dataclass(frozen=True)
class ErrorPage:
    """What a failed request is answered with; ``text`` None shows the error's own sentence.

    ``problem`` is its type where that is another than the status tells.
    """

    status: int
    title: str
    text: str | None = None
    problem: ProblemType | None = None


_UNAVAILABLE = ErrorPage(
    503,
    "Database unavailable",
    "Nothing was saved. Try again in a moment. If the problem persists, contact"
    " whoever runs this server.",
)
PAGES: dict[type[Exception], ErrorPage] = {
    NotFound: ErrorPage(404, "Not found"),
    NoRoute: ErrorPage(
        404,
        "Not found",
        "There is no page at this address. Check the address, or go back to your journeys.",
    ),
    NotAllowed: ErrorPage(403, "Not allowed"),
    Forbidden: ErrorPage(403, "Not allowed", "You do not have access to this page."),
    MethodNotAllowed: ErrorPage(
        405, "Method not allowed", "This page does not accept requests of this kind."
    ),
    Conflict: ErrorPage(409, "Not possible now"),
    NotReady: ErrorPage(409, "Not ready yet"),
    IntegrityError: ErrorPage(
        409,
        "Changed in the meantime",
        "Your input conflicts with a change made a moment ago. Go back, reload the"
        " page and try again.",
        CHANGED,
    ),
    DataError: ErrorPage(
        422,
        "Invalid input",
        "The database cannot store one of these values; nothing was saved.",
    ),
    Invalid: ErrorPage(422, "Invalid input"),
    CSRFError: ErrorPage(
        400,
        "This form has expired",
        "Your session has changed since the page was opened, so nothing was saved. Go"
        " back, reload the page and submit it again.",
    ),
    BadRequest: ErrorPage(400, "Bad request", "The request was malformed; nothing was saved."),
    RequestEntityTooLarge: ErrorPage(
        413,
        "Too large",
        "The upload is larger than this page accepts. Upload a smaller file, or split it.",
    ),
    TooManyAttempts: ErrorPage(429, "Too many attempts"),
    Busy: ErrorPage(503, "Database busy"),
    **dict.fromkeys(UNAVAILABLE, _UNAVAILABLE),
    Damaged: ErrorPage(500, "Damaged file"),
    SurveyappError: ErrorPage(422, "Not possible", problem=NOT_POSSIBLE),
}
UNEXPECTED = ErrorPage(
    500,
    "Something went wrong on our side",
    "Nothing was saved. The error has been logged under the request number below.",
)


def page_for(error: Exception) -> ErrorPage:
    """The page of the error's class or its nearest ancestor in the table."""
    for kind in type(error).__mro__:
        if kind in PAGES:
            return PAGES[kind]
    if isinstance(error, HTTPException) and error.code:
        return ErrorPage(error.code, error.name, error.description)
    return UNEXPECTED


def show_errors(app: Flask) -> None:
    """Answer every exception with its page."""
    app.register_error_handler(Exception, _answer)


def note_failure(app: Flask, error: Exception) -> None:
    """Log a failure of ours with its trace, under the number that the answer shows."""
    logger(app).error("failure", request=g.get("request_id", ""), exc_info=error)


def _answer(error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.code is not None and error.code < 400:
        return make_response(error.get_response())  # a redirect raised by the routing
    error = told(error)
    page = page_for(error)
    if page.status >= 500:
        note_failure(current_app, error)
        if current_app.testing and page is UNEXPECTED:
            raise error
    text = page.text if page.text is not None else str(error)
    response = _shown(error, page, text)
    if page.status == 503:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    if isinstance(error, HTTPException):
        for name, value in error.get_headers():
            if name in {"Allow", "Retry-After"}:
                response.headers[name] = value
    return response


def _shown(error: Exception, page: ErrorPage, text: str | None) -> Response:
    """The answer's body, in the form that was asked for."""
    if wants_json():
        return _problem(page, text)
    if isinstance(error, BadHost):  # no page: its links would need a host
        return Response(f"{page.title}: {text}\n", page.status, mimetype="text/plain")
    body = render_template("error.html", page=page, text=text, request_id=g.get("request_id", ""))
    return make_response(body, page.status)


def _problem(page: ErrorPage, text: str | None) -> Response:
    """The same for whoever asked for JSON (RFC 9457)."""
    problem = page.problem or of_status(page.status, page.title)
    document = {
        "type": problem.uri(installation().settings.base_url),
        "title": problem.title,
        "status": page.status,
        "detail": text,
        "request": g.get("request_id", ""),
    }
    return Response(json.dumps(document), page.status, mimetype="application/problem+json")
