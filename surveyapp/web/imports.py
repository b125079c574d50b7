"""Answers given elsewhere, brought in by file."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField, FileRequired
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import Length

from surveyapp.auth.permissions import Permission
from surveyapp.journeys import queries
from surveyapp.responses.import_choices import ImportChoices, column_pair
from surveyapp.responses.imports import ask_import
from surveyapp.responses.waves import SKIP, STORE
from surveyapp.surveys.queries import survey_in
from surveyapp.tables.opened import ACCEPTED, KINDS
from surveyapp.web.forms import choices
from surveyapp.web.guards import requires, takes_files
from surveyapp.web.installation import installation
from surveyapp.web.quota import leave_room
from surveyapp.web.sessions import me
from surveyapp.web.table_fields import DatedTableForm, file_name

imports = Blueprint(
    "imports",
    __name__,
    url_prefix="/journeys/<int:journey_id>/surveys/<int:survey_id>/imports",
)


class ImportForm(DatedTableForm):
    answers = FileField(
        "Response file",
        [FileRequired("Choose a file.")],
        description=f"{KINDS}, with one row per customer and columns named by question code, such as"
        " sea1 or nps; or the JSON file of answers that a kiosk could not send.",
        render_kw={"accept": f"{ACCEPTED},.json"},
    )
    id_column = StringField(
        "Column that identifies a row",
        [Length(max=200)],
        description="So that a row is not stored twice. Left empty: external_id, id or response.",
    )
    columns = TextAreaField(
        "Column mapping",
        [Length(max=20_000)],
        description="One column per line, as HEADING=ITEM, such as Q1=per3",
    )
    attributes = TextAreaField(
        "Attributes to keep",
        [Length(max=20_000)],
        description="Headings, one per line, of columns to store although they look like personal data or"
        " like a question of another survey.",
    )
    overlap = SelectField(
        "Rows without an ID that match an earlier import",
        default="",
        choices=choices(
            [
                ("", "Stop and ask"),
                (STORE, "Store them as new responses"),
                (SKIP, "Skip them as duplicates"),
            ]
        ),
    )

    def import_choices(self) -> ImportChoices:
        """What was chosen; Invalid at the field that cannot be read."""
        return ImportChoices(
            self.reading,
            dict(map(column_pair, _lines(self.columns.data))),
            (self.id_column.data or "").strip(),
            attributes=tuple(_lines(self.attributes.data)),
            overlap=self.overlap.data,
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
            upload, chosen = form.answers.data, form.import_choices()
            data = upload.read()
            with installation().store.reading() as session:
                leave_room(session)  # else the bytes would lie there for nobody
            digest = installation().files.write(data)
            with installation().store.writing() as session:
                leave_room(session)
                file = installation().files.put(
                    session,
                    data,
                    name=file_name(upload),
                    media_type="application/octet-stream",
                    digest=digest,
                )
                job = ask_import(session, survey, file, choices=chosen, user_id=me().id)
            return redirect(url_for("jobs.show", job_id=job.id), 303)
    page = render_template("imports/new.html", journey=journey, survey=survey, form=form)
    return page, form.status


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]
