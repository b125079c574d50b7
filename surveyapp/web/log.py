"""One line of JSON a request. It names the route's rule, not its address, which may hold a token."""

from __future__ import annotations

import logging
import secrets
import time
from contextlib import ExitStack
from typing import Any

from flask import Flask, Response, g, request
from flask_login import current_user

from surveyapp import logs, tracing

LOGGER = "surveyapp.log"
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_QUIET = {"static", "bootstrap.static", "health.healthz", "health.readyz"}
UNTRACED = {*_QUIET, "health.metrics"}


def keep_log(app: Flask, level: str) -> None:
    """Log every request, and give each an id that its error page shows too."""
    log = logs.structured(level)
    app.extensions[LOGGER] = log
    app.before_request(_begin)
    if getattr(logging, level) <= logging.INFO:
        app.after_request(lambda response: _end(log, response))
    if tracing.is_on():
        _trace(app)


def logger(app: Flask) -> Any:
    """The application's logger."""
    return app.extensions[LOGGER]


def _begin() -> None:
    g.request_id = secrets.token_hex(6)
    g.started = time.perf_counter()
    logs.about_request(g.request_id)


def _trace(app: Flask) -> None:
    """A span for each request, first of all that is done for it and last; what is asked every few seconds
    has none.
    """

    def begin() -> None:
        if request.endpoint not in UNTRACED:
            g.spans = ExitStack()
            g.span = g.spans.enter_context(tracing.request_span())

    def tell(response: Response) -> Response:
        if "span" in g:
            method = request.method if request.method in _METHODS else "_OTHER"
            route = request.url_rule.rule if request.url_rule else ""
            g.span.tell(
                f"{method} {route}".strip(),
                {
                    "http.request.method": method,
                    "http.route": route,
                    "http.response.status_code": response.status_code,
                    "surveyapp.request": g.request_id,
                },
            )
            if response.status_code >= 500:
                g.span.fail(str(response.status_code))
        return response

    def end(_error: BaseException | None) -> None:
        if "spans" in g:
            g.spans.close()

    app.before_request_funcs.setdefault(None, []).insert(0, begin)
    app.after_request_funcs.setdefault(None, []).append(tell)
    app.teardown_request(end)


def _end(log: Any, response: Response) -> Response:
    if request.endpoint in _QUIET and response.status_code < 400:
        return response
    fields: dict[str, Any] = {
        "request": g.get("request_id", ""),
        "method": request.method,
        "route": request.url_rule.rule if request.url_rule else None,
        "status": response.status_code,
        "ms": round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
    }
    # Asking current_user would load the account, and read the session, of pages that need neither.
    if "_login_user" in g and current_user.is_authenticated:
        fields["user"] = current_user.account.id
    log.info("request", **fields)
    return response
