"""The doors' side of counting: each answer of an application, and each session that it stores."""

from __future__ import annotations

import time

from flask import Flask, Response, current_app, g, request

from surveyapp.operations.traffic import SURFACES, Traffic
from surveyapp.web.log import UNTRACED

_EXTENSION = "surveyapp.traffic"


def count_requests(app: Flask, traffic: Traffic, surface: str) -> None:
    """Count what this application answers; health checks and files that never change are no traffic."""
    number = SURFACES.index(surface)
    app.extensions[_EXTENSION] = traffic

    def count(response: Response) -> Response:
        if request.endpoint not in UNTRACED and "started" in g:
            traffic.answered(number, response.status_code, time.perf_counter() - g.started)
        return response

    app.after_request(count)


def traffic_of(app: Flask) -> Traffic | None:
    """What counts for the application; None where nobody asked for metrics."""
    return app.extensions.get(_EXTENSION)


def count_stored() -> None:
    """Count a session that the application under way has stored."""
    traffic = traffic_of(current_app)
    if traffic is not None:
        traffic.stored()
