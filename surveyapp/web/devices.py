"""What staff do on a kiosk itself about answers that stay there because the survey refused them.

The answers lie in the device's browser and nowhere else: the page's script shows them to whoever is
signed in, sends them again, saves them as a file, and deletes them only once the audit log has it.
"""

from __future__ import annotations

import re

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from surveyapp.auth.grants import may_on
from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid, NotFound
from surveyapp.store.audit import record
from surveyapp.surveys.queries import survey_at
from surveyapp.surveys.survey import Survey
from surveyapp.web import sessions
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.respond.content import content
from surveyapp.whole import whole_number

devices = Blueprint("devices", __name__, url_prefix="/devices")

MOST = 100_000  # answers that one audit entry may speak of
_LINK = re.compile(r"[A-Za-z0-9_-]{1,60}")
_DONE = {"discarded": "discard kiosk answers", "downloaded": "download kiosk answers"}


@devices.get("")
@requires(Permission.READ_RESPONSES, lists=True)
def show() -> ResponseReturnValue:
    """The page that the kiosk's own database is looked at with."""
    return render_template("devices/show.html", kiosk=_link("kiosk"))


@devices.get("/survey")
@requires(Permission.READ_RESPONSES, lists=True)
def survey() -> ResponseReturnValue:
    """The name and the questions of the survey behind a link; nothing where there is none."""
    with installation().store.reading() as session:
        found = survey_at(session.connection(), _link("link"))
        if found is None or not _is_granted(session, found):
            return {}
    page = content(found, found.language, installation().library)
    return {"name": found.name, "questions": {each.name: each.text for each in page.questions}}


@devices.post("/noted")
@requires(Permission.READ_RESPONSES, lists=True)
def note() -> ResponseReturnValue:
    """Write into the audit log what is about to be done with answers on a device."""
    what = request.form.get("what", "")
    count = whole_number(request.form.get("count", ""), largest=MOST)
    if what not in _DONE or not count:
        raise Invalid("Send the action (discarded or downloaded) and the number of answers.")
    with installation().store.writing() as session:
        found = survey_at(session.connection(), _link("link"))
        if found is not None and not _is_granted(session, found):
            raise NotFound("There is no such survey.")
        subject = f"survey {_link('link')}"
        record(session, sessions.me().id, _DONE[what], subject, answers=count)
    return "", 204


@devices.post("/leave")
@requires(Permission.READ_RESPONSES, lists=True)
def leave() -> ResponseReturnValue:
    """Sign out, because customers use this device next, and go back to the survey."""
    sessions.end()
    link = _link("kiosk")
    return redirect(f"/k/{link}" if link else url_for("account.sign_in"), 303)


def _is_granted(session: Session, survey: Survey) -> bool:
    """Whether one may read the answers to this survey."""
    return may_on(session, sessions.me(), Permission.READ_RESPONSES, survey.journey_id)


def _link(name: str) -> str:
    """A survey's link as it was sent; empty where it is none."""
    text = request.values.get(name, "")
    return text if _LINK.fullmatch(text) else ""
