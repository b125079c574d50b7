"""Light or dark pages for staff: the browser's own choice, or one's own, kept in a cookie."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from surveyapp.auth.permissions import Permission
from surveyapp.web.guards import requires, safe_next

appearance = Blueprint("appearance", __name__, url_prefix="/appearance")

COOKIE = "appearance"
CHOICES = {"": "System", "light": "Light", "dark": "Dark"}
_KEPT = timedelta(days=400)  # the longest that browsers allow


def chosen() -> str:
    """ "light" or "dark"; empty where the browser's own setting decides."""
    found = request.cookies.get(COOKIE, "")
    return found if found in CHOICES else ""


@appearance.post("")
@requires(Permission.OWN_ACCOUNT)
def choose() -> ResponseReturnValue:
    """Keep the choice and go back to the page that it was made on."""
    wanted = request.form.get("appearance", "")
    answer = redirect(safe_next(request.form.get("next")) or url_for("journeys.index"), 303)
    if wanted not in CHOICES or not wanted:
        answer.delete_cookie(COOKIE)
        return answer
    answer.set_cookie(
        COOKIE,
        wanted,
        max_age=_KEPT,
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        httponly=True,
        samesite="Lax",
    )
    return answer
