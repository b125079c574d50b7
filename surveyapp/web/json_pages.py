"""A page's numbers as JSON: to whoever adds .json to its address, or asks with ``Accept``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Response, make_response, render_template, request

from surveyapp.results.scope import Period, Scope, month_text

JSON = "application/json"
_SUFFIX = ".json"


def wants_json() -> bool:
    """Whether the request prefers JSON to a page."""
    if request.path.endswith(_SUFFIX):
        return True
    return request.accept_mimetypes.best_match(("text/html", JSON)) == JSON


def page(template: str, document: Mapping[str, Any], **shown: Any) -> Response:
    """The page of this template, or its document; both are made of the same view models."""
    if wants_json():
        response = Response(
            json.dumps(document, default=_written, allow_nan=False, ensure_ascii=False),
            mimetype=JSON,
        )
    else:
        response = make_response(render_template(template, **shown))
    response.vary.add("Accept")
    return response


def months_asked(asked: Scope | Period) -> dict[str, Any]:
    """The months that are shown, null where they are open."""
    return {"from": month_text(asked.since) or None, "to": month_text(asked.until) or None}


def scope_to_json(scope: Scope) -> dict[str, Any]:
    """The months that are shown, and those that they are compared with: null where there are none."""
    baseline = scope.baseline
    return {
        **months_asked(scope),
        "channel": scope.channel or None,
        "language": scope.language or None,
        "flagged": scope.flagged,
        "weighted": scope.weighted,
        "compare": scope.comparison,
        "compared_with": months_asked(baseline) if baseline else None,
    }


def _written(value: Any) -> str:
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON")
