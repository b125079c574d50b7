"""Where a view finds the installation: opened once by the application, shared by its threads."""

from __future__ import annotations

from flask import current_app

from surveyapp.installation import Installation

EXTENSION = "surveyapp"


def installation() -> Installation:
    """The application's open installation; a view opens its transaction on ``installation().store``."""
    opened: Installation = current_app.extensions[EXTENSION]
    return opened
