"""The API as an application of its own: no session, no cookie, no form tokens, no page of staff."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from inspect import cleandoc
from threading import Lock
from typing import TYPE_CHECKING, Any

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_instance
from flask import Flask, Response, json
from flask_smorest import Api as SmorestApi
from flask_smorest import Blueprint
from flask_smorest.utils import prepare_response
from werkzeug.middleware.proxy_fix import ProxyFix

from surveyapp.api.analyses import analyses
from surveyapp.api.answers import answers
from surveyapp.api.bodies import LARGEST_BODY
from surveyapp.api.callers import CALLS_A_MINUTE, EXTENSION, THROTTLES, new_throttles
from surveyapp.api.changes import changes
from surveyapp.api.contacts import contacts
from surveyapp.api.docs import docs
from surveyapp.api.funnel import funnel
from surveyapp.api.interactions import interactions
from surveyapp.api.inventory import inventory
from surveyapp.api.judges import judges
from surveyapp.api.model_power import model_power
from surveyapp.api.outcome_analysis import outcome_analysis
from surveyapp.api.outcomes import outcomes
from surveyapp.api.portfolio import portfolio
from surveyapp.api.problems import MEDIA_TYPE, Fault, Problem, ProblemSchema, answer_problems
from surveyapp.api.projects import projects
from surveyapp.api.records import records
from surveyapp.api.reports import reports
from surveyapp.api.responses import responses
from surveyapp.api.results import results
from surveyapp.api.sample_size import sample_size
from surveyapp.api.scale_development import scale_development
from surveyapp.api.side_by_side import side_by_side
from surveyapp.api.surveys import surveys
from surveyapp.installation import Installation
from surveyapp.problem_types import INVALID, NOTHING_ACCEPTED, TYPES, ProblemType
from surveyapp.routes import Route

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PREFIX = "/api"
VERSION = "1"
SUBJECTS = (
    *(interactions, outcomes, surveys, contacts, responses, changes, results, answers, funnel),
    *(records, outcome_analysis, portfolio, side_by_side, reports, inventory),
    *(analyses, projects, scale_development, judges, model_power, sample_size),
)
_TEXT = """Report events and opt-outs, create survey links, and read responses and scores.

Send an API key in the header `Authorization: Bearer sak_...` of every request. Administrators create
keys under Connections and choose the scopes of each. Times carry a UTC offset. Errors are answered
with a problem document (`application/problem+json`) whose `type` names what happened, and which
lists every invalid field. Each key is limited to {calls} requests per minute; beyond that the answer is 429, and `Retry-After` gives the
seconds to wait."""
_HEADERS: Mapping[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "Bearer"}},
    429: {
        "Retry-After": {
            "schema": {"type": "integer", "minimum": 1},
            "description": "Seconds to wait.",
        }
    },
}


class Described(MarshmallowPlugin):
    """Says of each shape what its class says of itself."""

    def schema_helper(self, name: str, *args: Any, **kwargs: Any) -> Any:
        inherited: Callable[..., Any] = super().schema_helper  # has no types
        shape = inherited(name, *args, **kwargs)
        said = resolve_schema_instance(kwargs["schema"]).__class__.__doc__ if shape else None
        return {"description": cleandoc(said), **shape} if said else shape


class Api(SmorestApi):  # type: ignore[misc]
    """Documents errors as what they are, and everything when somebody first asks for the document: making
    it was more than half of the application's start, and most processes are never asked.
    """

    ERROR_SCHEMA = ProblemSchema

    def __init__(self, *args: Any, **options: Any) -> None:
        self._undocumented: list[Blueprint] = []
        self._has_responses = False
        self._documenting = Lock()
        super().__init__(*args, **options)

    def register_blueprint(self, subject: Blueprint) -> None:
        """Serve the operations of this subject."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][subject.name] = self
        self._app.register_blueprint(subject)
        self._undocumented.append(subject)

    def document(self) -> dict[str, Any]:
        """The OpenAPI document of every operation."""
        with self._documenting:
            if not self._has_responses:
                self._document_responses()
                self._has_responses = True
            while self._undocumented:
                subject = self._undocumented[0]
                about = {"name": subject.name, "description": subject.description}
                subject.register_views_in_doc(
                    *(self, self._app, self.spec), name=subject.name, parameters=None
                )
                self.spec.tag(about)
                del self._undocumented[0]
            return self.spec.to_dict()  # type: ignore[no-any-return]

    def _openapi_json(self) -> Response:
        text = json.dumps(self.document(), indent=2, sort_keys=False)
        answered: Response = self._app.response_class(text, mimetype="application/json")
        return answered

    def _register_error_handlers(self) -> None:
        """Errors are answered by ``problems``."""

    def _register_pagination_header(self) -> None:
        """Pages are gone through by ``after`` and ``next``."""

    def _register_responses(self) -> None:
        """Documented with the rest."""

    def _document_responses(self) -> None:
        base = self._app.extensions[EXTENSION].settings.base_url
        for status in sorted({each.status for each in TYPES.values()}):
            of_status = [each for each in TYPES.values() if each.status == status]
            self._register_response(
                HTTPStatus(status).name,
                " ".join(each.meaning for each in of_status),
                {
                    each.name: {"summary": each.title, "value": _example(each, base)}
                    for each in of_status
                },
                _HEADERS.get(status, {}),
            )
        self._register_response("DEFAULT_ERROR", "Any other problem (RFC 9457).", {}, {})

    def _register_response(
        self, name: str, description: str, examples: dict[str, Any], headers: dict[str, Any]
    ) -> None:
        response: dict[str, Any] = {"description": description, "schema": ProblemSchema}
        response |= {"examples": examples} if examples else {}
        response |= {"headers": headers} if headers else {}
        prepare_response(response, self.spec, MEDIA_TYPE)
        self.spec.components.response(name, response, lazy=True)


def _example(problem_type: ProblemType, base: str) -> dict[str, Any]:
    faults: tuple[Fault, ...] = ()
    if problem_type is INVALID:
        faults = (Fault("interactions.0.at", "Missing data for required field."),)
    elif problem_type is NOTHING_ACCEPTED:
        reason = "There is no touchpoint 'nowhere'."
        faults = (Fault("interactions.0.touchpoint", reason),)
    return Problem(problem_type, problem_type.example, faults).to_json(base)


def create_api(installation: Installation, *, failed: Callable[[Exception], None]) -> Flask:
    """The API of this installation; ``failed`` hears of failures that are its own fault."""
    app = Flask("surveyapp.api", static_folder=None)
    app.url_rule_class = Route
    settings = installation.settings
    app.extensions[EXTENSION] = installation
    app.extensions[THROTTLES] = new_throttles()
    app.config.update(
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        API_TITLE="surveyapp",
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=f"{PREFIX}/v1",
        API_SPEC_OPTIONS={
            "info": {"description": _TEXT.format(calls=CALLS_A_MINUTE)},
            "servers": [{"url": settings.base_url.rstrip("/")}],
        },
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    api = Api(app, spec_kwargs={"marshmallow_plugin": Described()})
    api.spec.components.security_scheme("key", {"type": "http", "scheme": "bearer"})
    for subject in SUBJECTS:
        api.register_blueprint(subject)
    app.register_blueprint(docs)
    answer_problems(app, failed, base=settings.base_url)
    https = settings.base_url.startswith("https://")
    app.after_request(lambda response: _headers(response, https=https))
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def is_api(environ: WSGIEnvironment) -> bool:
    """Whether the API answers this request."""
    path = environ.get("PATH_INFO", "")
    return path == PREFIX or path.startswith(f"{PREFIX}/")  # type: ignore[no-any-return]


def serve_under(app: Flask, api: Flask) -> None:
    """Divert everything under /api from ``app`` to ``api``."""
    others: Any = app.wsgi_app

    def divided(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if is_api(environ):
            return api.wsgi_app(environ, start_response)
        return others(environ, start_response)  # type: ignore[no-any-return]

    app.wsgi_app = divided  # type: ignore[method-assign]


def _headers(response: Response, *, https: bool) -> Response:
    headers = response.headers
    headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'",
    )
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("Cache-Control", "no-store")
    if https:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    return response
