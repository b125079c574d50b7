"""Survey pages as an application of their own, beside the one for staff.

Customers need no session, sign-in, form tokens or throttling of passwords; going through all of that
costs about as much as the page itself. And where there is no session, no cookie can ever be set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Request
from flask.sessions import NullSession, SessionInterface
from werkzeug.routing import MapAdapter

from surveyapp.web.installation import EXTENSION
from surveyapp.web.log import keep_log
from surveyapp.web.respond.embed import embed
from surveyapp.web.respond.ending import draw
from surveyapp.web.respond.headers import protected
from surveyapp.web.respond.kiosk import kiosk
from surveyapp.web.respond.self_service import self_service
from surveyapp.web.respond.senders import remember_senders
from surveyapp.web.respond.short_links import short_links
from surveyapp.web.respond.unsubscribe import unsubscribe
from surveyapp.web.respond.views import failed, respond
from surveyapp.web.respond.write_queue import open_write_queue
from surveyapp.web.traffic import count_requests, traffic_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BLUEPRINTS = (respond, draw, self_service, short_links, embed, kiosk, unsubscribe)
PREFIXES = ("/s/", "/r/", "/e/", "/k/", "/u/")
# What an address that is built, or looked up, hangs on beside its path; strangers write some of it.
_PLACE = (
    *("wsgi.url_scheme", "HTTP_HOST", "SERVER_NAME", "SERVER_PORT", "SCRIPT_NAME"),
    *("HTTP_CONNECTION", "HTTP_UPGRADE"),
)
_LONGEST_PLACE, _MOST_PLACES = 500, 100


class _NoSession(SessionInterface):
    """Of pages without a session: no key is asked for and no cookie looked for."""

    def open_session(self, app: Flask, request: Request) -> NullSession:
        return NullSession()


class SurveyPages(Flask):
    """Flask, whose functions here are none of them coroutines: it asks six times a request."""

    session_interface = _NoSession()

    def __init__(self, name: str) -> None:
        super().__init__(name, static_folder=None)
        self._adapters: dict[tuple[str | None, ...], tuple[str, MapAdapter]] = {}

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """As Flask makes it. What it finds out of the host's name is kept for the next request to it."""
        if request is None:
            return super().create_url_adapter(None)
        environ = request.environ
        place = tuple(environ.get(name) for name in _PLACE)
        kept = self._adapters.get(place)
        if kept is None:
            made = super().create_url_adapter(request)
            is_short = sum(len(each or "") for each in place) <= _LONGEST_PLACE
            if made is not None and is_short:
                if len(self._adapters) >= _MOST_PLACES:
                    self._adapters.clear()
                self._adapters[place] = request.host, made
            return made
        request.host, first = kept
        return MapAdapter(
            self.url_map,
            first.server_name,
            first.script_name,
            first.subdomain,
            first.url_scheme,
            environ.get("PATH_INFO", "").encode("latin-1").decode(errors="replace"),
            environ["REQUEST_METHOD"],
            environ.get("QUERY_STRING", "").encode("latin-1").decode(errors="replace"),
        )


def serve_apart(app: Flask) -> None:
    """Divert everything under these prefixes from ``app`` to an application that holds the survey pages only."""
    surveys = SurveyPages("surveyapp.web")
    surveys.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}  # no blanks over the wire
    surveys.extensions[EXTENSION] = app.extensions[EXTENSION]
    open_write_queue(surveys, app.extensions[EXTENSION])
    keep_log(surveys, app.extensions[EXTENSION].settings.log_level)
    traffic = traffic_of(app)
    if traffic is not None:
        count_requests(surveys, traffic, "survey")
    remember_senders(surveys)
    for blueprint in BLUEPRINTS:
        surveys.register_blueprint(blueprint)
    surveys.register_error_handler(Exception, failed)  # addresses that no view of ours has
    surveys.after_request(protected)
    others: Any = app.wsgi_app

    def divided(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").startswith(PREFIXES):
            return surveys.wsgi_app(environ, start_response)
        return others(environ, start_response)  # type: ignore[no-any-return]

    app.wsgi_app = divided  # type: ignore[method-assign]
