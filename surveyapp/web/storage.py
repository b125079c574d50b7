"""Where a view finds the store: opened once by the application, shared by its threads."""

from __future__ import annotations

from flask import current_app

from surveyapp.store.storage import Storage

EXTENSION = "surveyapp"


def storage() -> Storage:
    """The application's open storage; a view opens its transaction on ``storage().store``."""
    opened: Storage = current_app.extensions[EXTENSION]
    return opened
