"""The application: the only place that sees everything."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from flask import Flask
from flask_bootstrap import Bootstrap5
from sqlalchemy.exc import SQLAlchemyError

from surveyapp import logs, tracing
from surveyapp.api.application import create_api, is_api, serve_under
from surveyapp.api.bodies import LARGEST_BODY
from surveyapp.errors import SettingsError
from surveyapp.installation import Installation, open_installation
from surveyapp.operations.traffic import Traffic
from surveyapp.routes import Route
from surveyapp.server.bridge import Bridge
from surveyapp.server.serve import end_with_parent
from surveyapp.settings import Settings, read
from surveyapp.store import statement_clock
from surveyapp.web.both_versions import show_both_versions
from surveyapp.web.errors import note_failure, show_errors
from surveyapp.web.health import PROBES, health
from surveyapp.web.ids import read_ids
from surveyapp.web.installation import EXTENSION
from surveyapp.web.judging import judging
from surveyapp.web.log import keep_log
from surveyapp.web.moved import lead_on
from surveyapp.web.number_formats import teach_words
from surveyapp.web.pages import add_pages
from surveyapp.web.plots import teach_plots
from surveyapp.web.proxies import watch_proxies
from surveyapp.web.respond import PREFIXES, respond, serve_apart
from surveyapp.web.security import csrf, largest_upload, protect
from surveyapp.web.sessions import remember_sessions
from surveyapp.web.shared import shared
from surveyapp.web.stylesheet import stylesheet
from surveyapp.web.traffic import count_requests

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

log = logging.getLogger(__name__)


def create_app(settings: Settings | None = None) -> Flask:
    """The web application for these settings, else for those of the environment."""
    settings = settings or read()
    if settings.metrics_token:
        statement_clock.start()
    installation = open_installation(settings, lock_seconds=settings.lock_seconds)
    _check_key(installation)
    app = Flask("surveyapp.web")
    app.url_rule_class = Route
    app.extensions[EXTENSION] = installation
    app.secret_key = installation.secret_key
    app.config["BOOTSTRAP_SERVE_LOCAL"] = True
    Bootstrap5(app)
    keep_log(app, settings.log_level)
    traffic = Traffic(settings.home) if settings.metrics_token else None
    if traffic is not None:
        count_requests(app, traffic, "staff")
    watch_proxies(app, settings)
    protect(app, settings)
    remember_sessions(app)
    show_errors(app)
    show_both_versions(app)
    read_ids(app)
    teach_words(app)
    teach_plots(app)
    csrf.exempt(respond)  # no session there: its forms carry a signed key of their own
    csrf.exempt(judging)  # nor there: the link is its judge's key, and no session is read
    csrf.exempt(shared)  # nor there: its only form asks for a password, and acts for nobody
    lead_on(app)
    for blueprint in (health, stylesheet, respond):
        app.register_blueprint(blueprint)
    add_pages(app)
    serve_apart(app)
    api = create_api(installation, failed=lambda error: note_failure(app, error))
    keep_log(api, settings.log_level)
    if traffic is not None:
        count_requests(api, traffic, "api")
    serve_under(app, api)
    return app


def _check_key(installation: Installation) -> None:
    """Refuse to start with a key that the database does not know; a database that is away or behind
    is for /readyz to tell, which checks the key again.
    """
    try:
        installation.check_key()
    except SettingsError:
        installation.close()
        raise
    except SQLAlchemyError as error:
        log.warning("the secret key is not checked: %s", str(error).partition("\n")[0])


def largest_body(app: Flask) -> Callable[[WSGIEnvironment], int]:
    """How many bytes of body the application takes of a request; the server asks before it reads more
    than usual. Large ones are read only for people who are signed in: their bytes lie on the disk.
    """
    settings = app.extensions[EXTENSION].settings

    def allowed(environ: WSGIEnvironment) -> int:
        if is_api(environ):
            return LARGEST_BODY
        with app.request_context(environ):
            return largest_upload(settings)

    return allowed


def is_for_customers(path: str) -> bool:
    """Whether this is a survey page, or asked by a machine that watches: no staff page keeps it waiting."""
    return path.startswith(PREFIXES) or path in PROBES


def served() -> Bridge:
    """The application of a server process; read from the environment.

    What is there at the start stays for good: freezing it spares each collection a walk over
    several hundred thousand objects, a tenth of the cost of a submission.
    """
    end_with_parent()
    settings = read()
    logs.keep_standard(settings.log_level)
    tracing.start(settings, "web")
    app = create_app(settings)
    replica = app.extensions[EXTENSION].store.replica
    if replica is not None:
        replica.watch()
    bridge = Bridge(
        app,
        threads=settings.threads,
        allowed_body=largest_body(app),
        is_reserved=is_for_customers,
        behind_proxy=settings.trusted_proxies > 0,
    )
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    return bridge
