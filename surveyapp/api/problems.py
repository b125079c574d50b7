"""What a failed request is answered with: a problem document (RFC 9457) that names what to mend."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import marshmallow as ma
from flask import Flask, Response, g
from sqlalchemy.exc import DataError, IntegrityError
from werkzeug.exceptions import HTTPException

from surveyapp import problem_types as types
from surveyapp.errors import Busy, Conflict, Invalid, NotAllowed, NotFound, SurveyappError
from surveyapp.extras import told
from surveyapp.problem_types import ProblemType
from surveyapp.store.database_errors import RETRY_SECONDS, UNAVAILABLE

MEDIA_TYPE = "application/problem+json"
_KEPT_HEADERS = {"Allow", "Retry-After", "WWW-Authenticate"}


class FaultSchema(ma.Schema):
    """One error, and where it is."""

    field = ma.fields.String(
        required=True,
        metadata={
            "description": "Path of the field: a name, or names and positions from 0 separated by points."
        },
    )
    reason = ma.fields.String(required=True, metadata={"description": "What is wrong with it."})


class ProblemSchema(ma.Schema):
    """Why nothing was done (RFC 9457)."""

    type = ma.fields.String(
        required=True,
        metadata={
            "format": "uri",
            "description": "The type of problem as a URI that ends with its name, such as invalid-input;"
            " a browser shows what it means there.",
        },
    )
    title = ma.fields.String(
        required=True, metadata={"description": "The type of problem in words."}
    )
    status = ma.fields.Integer(required=True, metadata={"description": "The HTTP status."})
    detail = ma.fields.String(metadata={"description": "What happened, in a sentence."})
    errors = ma.fields.List(
        ma.fields.Nested(FaultSchema), metadata={"description": "All errors found."}
    )
    request = ma.fields.String(metadata={"description": "The request's number in the server log."})


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong; ``field`` as in ``interactions.0.at``."""

    field: str
    reason: str


@dataclass
class Problem(Exception):
    """Raised by a view that has more to say than an error of the rooms below."""

    type: ProblemType
    detail: str
    errors: tuple[Fault, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        return self.type.status

    def to_json(self, base: str) -> dict[str, Any]:
        """The document, without the request's number."""
        document: dict[str, Any] = {
            "type": self.type.uri(base),
            "title": self.type.title,
            "status": self.type.status,
            "detail": self.detail,
        }
        if self.errors:
            document["errors"] = [vars(fault) for fault in self.errors]
        return document


# The first class that fits; None shows the error's own sentence.
_PROBLEMS: tuple[tuple[type[Exception], ProblemType, str | None], ...] = (
    (NotFound, types.NOT_FOUND, None),
    (NotAllowed, types.NOT_ALLOWED, None),
    (Conflict, types.CONFLICT, None),
    (Invalid, types.INVALID, None),
    (Busy, types.UNAVAILABLE, types.UNAVAILABLE.example),
    (SurveyappError, types.NOT_POSSIBLE, None),
    (IntegrityError, types.CHANGED, types.CHANGED.example),
    (DataError, types.INVALID, "The database cannot store one of these values."),
    *((each, types.UNAVAILABLE, types.UNAVAILABLE.example) for each in UNAVAILABLE),
)
_LATER = {"Retry-After": str(RETRY_SECONDS)}
_UNEXPECTED = Problem(types.UNEXPECTED, types.UNEXPECTED.example)


def problem_of(error: Exception) -> Problem:
    """The problem that an error is told as."""
    error = told(error)
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        return _http(error)
    for kind, problem_type, text in _PROBLEMS:
        if isinstance(error, kind):
            name = getattr(error, "field", None)
            faults = (Fault(name, str(error)),) if name else ()
            headers = _LATER if problem_type is types.UNAVAILABLE else {}
            return Problem(problem_type, str(error) if text is None else text, faults, headers)
    return _UNEXPECTED


def answer_problems(app: Flask, failed: Callable[[Exception], None], *, base: str) -> None:
    """Answer every exception of ``app`` with its problem, whose type lies under the address ``base``;
    ``failed`` hears of those that are ours."""

    def answer(error: Exception) -> Response:
        problem = problem_of(error)
        if problem.status >= 500:
            failed(error)
            if app.testing and problem is _UNEXPECTED:
                raise error
        return written(problem, base)

    app.register_error_handler(Exception, answer)
    app.register_error_handler(HTTPException, answer)


def written(problem: Problem, base: str) -> Response:
    """The problem as an answer."""
    document = problem.to_json(base)
    if "request_id" in g:
        document["request"] = g.request_id
    response = Response(json.dumps(document), problem.status, mimetype=MEDIA_TYPE)
    response.headers.update(problem.headers)
    return response


def _http(error: HTTPException) -> Problem:
    messages = getattr(error, "data", {}).get("messages")  # what a schema has found
    faults = tuple(_faults(messages)) if messages else ()
    headers = {name: value for name, value in error.get_headers() if name in _KEPT_HEADERS}
    detail = error.description or error.name
    if faults:
        detail = f"Nothing was done. {faults[0].field or 'The request'}: {faults[0].reason}"
    problem_type = types.of_status(error.code or 500, error.name)
    return Problem(problem_type, detail, faults, headers)


def _faults(messages: Any, place: tuple[str, ...] = ()) -> Iterator[Fault]:
    """Marshmallow's nested messages as a list; the first name is the part of the request."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            yield from _faults(inner, (*place, str(name)[:60]))
    elif isinstance(messages, list):
        for message in messages:
            yield Fault(".".join(part for part in place[1:] if part != "_schema"), str(message))
    else:
        yield Fault(".".join(place[1:]), str(messages))
