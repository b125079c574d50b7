"""One line of JSON a request. It names the route's rule, not its address, which may hold a token."""

from __future__ import annotations

import logging
import secrets
import sys
import time
from typing import Any

import structlog
from flask import Flask, Response, g, request
from flask_login import current_user

LOGGER = "surveyapp.log"
_QUIET = {"static", "bootstrap.static", "health.healthz", "health.readyz"}


class _StandardError:
    """Finds the stream at each line, because a server may have replaced it; a line is one write."""

    def msg(self, line: str) -> None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    debug = info = warning = error = critical = msg


def keep_log(app: Flask, level: str) -> None:
    """Log every request, and give each an id that its error page shows too."""
    log = structlog.wrap_logger(
        _StandardError(),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
    )
    app.extensions[LOGGER] = log
    app.before_request(_begin)
    if getattr(logging, level) <= logging.INFO:
        app.after_request(lambda response: _end(log, response))


def logger(app: Flask) -> Any:
    """The application's logger."""
    return app.extensions[LOGGER]


def _begin() -> None:
    g.request_id = secrets.token_hex(6)
    g.started = time.perf_counter()


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
