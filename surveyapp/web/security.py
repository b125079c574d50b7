"""What every answer carries to protect its reader, and what every request is held to."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, Response, current_app, request
from flask_login import current_user
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from surveyapp.errors import Invalid
from surveyapp.settings import Settings
from surveyapp.web import embed_script, sortable_file, vega_files

csrf = CSRFProtect()

ORDINARY_BODY = 1024 * 1024
FILES_WANTED = "takes_files"  # attribute of a view that accepts an uploaded file
PREVIEW_WANTED = "takes_previews"  # of one that gets back what its preview of a file held
PREVIEW_BODY = 16 * 1024 * 1024
CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def protect(app: Flask, settings: Settings) -> None:
    """Cookies, request limits, CSRF, trusted proxies and headers."""
    https = settings.base_url.startswith("https://")
    secure = https or settings.secure_cookies
    app.config.update(
        # The __Host- prefix makes browsers refuse the cookie from a sibling domain or plain HTTP.
        SESSION_COOKIE_NAME="__Host-surveyapp" if secure else "surveyapp",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # Each answer renews the cookie, so its age is how long its session has lain idle.
        PERMANENT_SESSION_LIFETIME=timedelta(minutes=settings.session_idle_minutes),
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form left open overnight still works
        MAX_CONTENT_LENGTH=ORDINARY_BODY,
        MAX_FORM_MEMORY_SIZE=ORDINARY_BODY,
        MAX_FORM_PARTS=2000,
    )
    app.before_request(lambda: _allow_files(settings))
    csrf.init_app(app)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.after_request(lambda response: _headers(response, https=https))


def largest_upload(settings: Settings) -> int:
    """Bytes that the page of the current request takes: many only of people who are signed in."""
    if _takes_files() and current_user.is_authenticated:
        return settings.import_megabytes * 1024 * 1024
    if _wants(PREVIEW_WANTED) and current_user.is_authenticated:
        return PREVIEW_BODY
    return ORDINARY_BODY


def carried(text: str) -> str:
    """What a preview held, to be carried by its page. Raises Invalid for more than comes back."""
    if len(text.encode()) > PREVIEW_BODY - ORDINARY_BODY:
        raise Invalid(
            "The file holds more than a page can carry; import it in parts.", field="file"
        )
    return text


def _takes_files() -> bool:
    return _wants(FILES_WANTED)


def _wants(attribute: str) -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return bool(getattr(view, attribute, False))


def _allow_files(settings: Settings) -> None:
    """Only pages that ask for a file take a large body; must run before anything reads the form."""
    if _takes_files():
        request.max_content_length = settings.import_megabytes * 1024 * 1024
    elif _wants(PREVIEW_WANTED) and current_user.is_authenticated:
        request.max_content_length = request.max_form_memory_size = PREVIEW_BODY


def _headers(response: Response, *, https: bool) -> Response:
    """Set what a view has not set itself."""
    headers = response.headers
    if request.endpoint == "static" and response.status_code in {200, 304}:
        name = (request.view_args or {})["filename"]
        headers.update(
            embed_script.headers_of(name)
            | sortable_file.headers_of(name)
            | vega_files.headers_of(name)
        )
    headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    if https:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if request.endpoint not in {"static", "bootstrap.static"}:
        headers.setdefault("Cache-Control", "no-store")
    return response
