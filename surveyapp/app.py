"""The application: the only place that sees everything."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from flask import Flask

from surveyapp.settings import Settings, read
from surveyapp.store.storage import open_storage
from surveyapp.web.storage import EXTENSION


def create_app(settings: Settings | None = None) -> Flask:
    """The web application for these settings, else for those of the environment."""
    settings = settings or read()
    storage = open_storage(settings)
    app = Flask("surveyapp.web")
    app.extensions[EXTENSION] = storage
    app.secret_key = storage.secret_key
    if find_spec("surveyapp.web.respond") is not None:
        app.register_blueprint(import_module("surveyapp.web.respond").respond)
    return app
