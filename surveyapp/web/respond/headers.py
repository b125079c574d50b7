"""Headers of every survey page, and what a page may allow beyond them."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, g

from surveyapp.web.respond.pages import style_hash
from surveyapp.web.storage import storage


def policy() -> dict[str, str]:
    """The content policy of a survey page by directive."""
    return {
        "default-src": "'none'",
        "style-src": f"'{style_hash()}'",
        "img-src": "data:",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }


def allow(**directives: str) -> None:
    """Let this answer do more: ``allow(frame_ancestors="https://shop.example")``."""
    g.allowed = {
        **g.get("allowed", {}),
        **{name.replace("_", "-"): value for name, value in directives.items()},
    }


def protected(response: Response) -> Response:
    """Set the headers. ``no-store`` would empty the form of whoever goes back to it."""
    headers = response.headers
    if "Content-Security-Policy" in headers:
        return response
    headers["Content-Security-Policy"] = _written({**policy(), **g.get("allowed", {})})
    headers["Referrer-Policy"] = "no-referrer"
    headers["X-Robots-Tag"] = "noindex, nofollow"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    headers.setdefault("Cache-Control", "private, no-cache")
    if storage().settings.base_url.startswith("https://"):
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return response


def _written(directives: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in directives.items())
