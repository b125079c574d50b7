"""The state of the installation, for administrators: what is broken, what waits, who works."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from surveyapp.auth.permissions import Permission
from surveyapp.operations.status import status
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation

system = Blueprint("system", __name__, url_prefix="/system")


@system.get("")
@requires(Permission.WATCH_SYSTEM)
def index() -> ResponseReturnValue:
    found = status(installation())
    return render_template("system/index.html", found=found, problems=list(found.problems()))
