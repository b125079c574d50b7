"""A file of one's own as the data of a modelling project: uploaded, read otherwise, deleted."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField, FileRequired
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from surveyapp.auth.permissions import Permission
from surveyapp.errors import NotFound
from surveyapp.journeys import queries
from surveyapp.results.projects.projects import LONGEST_NAME, name_project
from surveyapp.results.projects.uploads import (
    MONTHS_KEPT,
    MOST_COLUMNS,
    MOST_ROWS,
    FileReading,
    delete_file,
    headings_in,
    is_fitted,
    make_file_project,
    read_again,
)
from surveyapp.store.models import Project
from surveyapp.tables.opened import ACCEPTED, KINDS
from surveyapp.tables.options import DELIMITERS
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires, takes_files
from surveyapp.web.installation import installation
from surveyapp.web.number_formats import instrument_title
from surveyapp.web.project_places import project_place, to_project
from surveyapp.web.quota import leave_room
from surveyapp.web.sessions import me
from surveyapp.web.table_fields import TableForm, file_name

project_files = Blueprint("project_files", __name__, url_prefix="/journeys/<int:journey_id>")


class ReadingForm(TableForm):
    groups = TextAreaField(
        "Further columns that make groups, waves or clusters",
        [Length(max=10_000)],
        description="Headings, separated by commas, of columns of numbers, such as year, and of more than"
        " 50 texts, such as branch; columns of fewer texts make groups without being named.",
    )

    person = StringField(
        "Column that tells respondents apart",
        [Length(max=200)],
        description="Its heading, where respondents have a row for each wave, such as customer. It holds"
        " numbers or pseudonyms, no names or addresses; waves can then be compared.",
    )
    instrument = SelectField(
        "Questionnaire",
        default="",
        description="Columns that are called as its items, such as per3 or sjq.per3, have their texts and"
        " scales, and its models are proposed.",
    )

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        known = [(code, instrument_title(code)) for code in installation().library.available()]
        self.instrument.choices = choices([("", "None of the library"), *known])

    @property
    def file_reading(self) -> FileReading:
        return FileReading(
            self.reading,
            headings_in(self.groups.data or ""),
            self.instrument.data or "",
            (self.person.data or "").strip(),
        )


class UploadForm(ReadingForm):
    name = StringField("Name", [InputRequired("Enter a name."), Length(max=LONGEST_NAME)])
    file = FileField(
        "File",
        [FileRequired("Choose a file.")],
        description=f"{KINDS}: one row per respondent, at most {MOST_ROWS:,} rows and {MOST_COLUMNS}"
        " columns. Leave out names, addresses and other personal data.",
        render_kw={"accept": ACCEPTED},
    )
    months = SelectField(
        "Delete the file after",
        default="12",
        choices=choices((str(each), f"{each} months") for each in MONTHS_KEPT),
        description="Models and their results stay.",
    )


@project_files.route("/project-files", methods=["GET", "POST"])
@requires(Permission.MODEL_ANSWERS)
@takes_files
def new(journey_id: int) -> ResponseReturnValue:
    """Upload a file to a project of its own."""
    form = UploadForm()
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
    if form.validate_on_submit():
        with form.refusing("file"):
            reading, data = form.file_reading, form.file.data.stream
            with (
                installation().store.reading() as session
            ):  # else the bytes would lie there for nobody
                leave_room(session)
                name_project(session, journey, form.name.data or "")
            digest = installation().files.write(data)
            with installation().store.writing() as session:
                leave_room(session)
                file = installation().files.put(
                    session,
                    data,
                    name=file_name(form.file.data),
                    media_type="application/octet-stream",
                    digest=digest,
                )
                project = make_file_project(
                    session,
                    queries.journey(session, journey_id),
                    file,
                    reading,
                    name=form.name.data or "",
                    months=int(form.months.data),
                    today=installation().now().date(),
                    user_id=me().id,
                )
            return to_project(project)
    return render_template("project_files/new.html", form=form, journey=journey), form.status


@project_files.route("/project-files/<int:project_id>", methods=["GET", "POST"])
@requires(Permission.MODEL_ANSWERS)
def edit(journey_id: int, project_id: int) -> ResponseReturnValue:
    """How the file was understood, and how it is to be read."""
    with installation().store.reading() as session:
        journey, project = project_place(session, journey_id, project_id)
        read = _reading(project)
        is_fixed = is_fitted(session, project)
    form = ReadingForm(data=_filled(read))
    if form.validate_on_submit():
        with form.refusing("sheet"):
            with form.saving() as session:
                leave_room(session)
                _, held = project_place(session, journey_id, project_id)
                read_again(session, held, form.file_reading, user_id=me().id)
            return to_project(project)
    shown = render_template(
        "project_files/edit.html",
        form=form,
        journey=journey,
        project=project,
        columns=project.file_columns,
        is_fixed=is_fixed,
    )
    return shown, form.status


@project_files.post("/project-files/<int:project_id>/delete")
@requires(Permission.MODEL_ANSWERS)
def delete(journey_id: int, project_id: int) -> ResponseReturnValue:
    """Delete the file for good before its time."""
    StaffForm().validate()
    with installation().store.writing() as session:
        _, project = project_place(session, journey_id, project_id)
        _reading(project)
        delete_file(installation(), session, project, user_id=me().id)
    flash(f"{project.file_name} has been deleted. Models and their results are still here.")
    return to_project(project)


def _reading(project: Project) -> FileReading:
    if project.file_reading is None:
        raise NotFound("This project has answers of surveys, and no file.")
    return FileReading.from_json(project.file_reading)


def _filled(read: FileReading) -> dict[str, Any]:
    options = read.options
    delimiters = {sign: name for name, sign in DELIMITERS.items()}
    decimals = {",": "comma", ".": "point"}
    return {
        "sheet": options.sheet,
        "encoding": options.encoding,
        "delimiter": delimiters.get(options.delimiter, ""),
        "decimal": decimals.get(options.decimal, ""),
        "missing": ",".join(options.missing),
        "groups": ", ".join(read.groups),
        "instrument": read.instrument,
        "person": read.person,
    }
