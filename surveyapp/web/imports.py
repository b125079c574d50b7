"""Answers given elsewhere, brought in by file."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField, FileRequired

from surveyapp.auth.permissions import Permission
from surveyapp.journeys import queries
from surveyapp.responses.imports import ask_import
from surveyapp.surveys.queries import survey_in
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires, takes_files
from surveyapp.web.installation import installation
from surveyapp.web.quota import leave_room
from surveyapp.web.sessions import me

imports = Blueprint(
    "imports",
    __name__,
    url_prefix="/journeys/<int:journey_id>/surveys/<int:survey_id>/imports",
)


class ImportForm(StaffForm):
    answers = FileField(
        "Response file",
        [FileRequired("Choose a file.")],
        description="CSV or SPSS (.sav) with one row per customer and columns named by question"
        " code, such as sea1 or nps; or the JSON file of answers that a kiosk could"
        " not send.",
    )


@imports.route("", methods=["GET", "POST"])
@requires(Permission.IMPORT_RESPONSES)
@takes_files
def new(journey_id: int, survey_id: int) -> ResponseReturnValue:
    form = ImportForm()
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        survey = survey_in(session, journey_id, survey_id)
    if form.validate_on_submit():
        with form.refusing("answers"):
            upload = form.answers.data
            data = upload.read()
            with installation().store.reading() as session:
                leave_room(session)  # else the bytes would lie there for nobody
            digest = installation().files.write(data)
            with installation().store.writing() as session:
                leave_room(session)
                file = installation().files.put(
                    session,
                    data,
                    name=_shown(upload.filename),
                    media_type="text/csv",
                    digest=digest,
                )
                job = ask_import(session, survey, file, user_id=me().id)
            return redirect(url_for("jobs.show", job_id=job.id), 303)
    page = render_template("imports/new.html", journey=journey, survey=survey, form=form)
    return page, form.status


def _shown(filename: str | None) -> str:
    """The file's name as it may be stored and shown; it never becomes a path."""
    printable = "".join(sign for sign in filename or "" if sign.isprintable())
    return printable[-200:] or "answers.csv"
