"""Imports of answers given elsewhere: a file uploaded, those that were made, their removal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField, FileRequired
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import Length

from surveyapp.auth.permissions import Permission
from surveyapp.journeys import queries
from surveyapp.responses import batches, stored_previews
from surveyapp.responses.import_choices import ImportChoices, column_pair
from surveyapp.responses.waves import SKIP, STORE
from surveyapp.store.models import ImportBatch, Job, User
from surveyapp.surveys.queries import survey_in
from surveyapp.tables.opened import ACCEPTED, KINDS
from surveyapp.web.forms import StaffForm, choices
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
            stored_file = file_name(upload)
            data = upload.stream
            with installation().store.reading() as session:
                leave_room(session)  # else the bytes would lie there for nobody
            digest = installation().files.write(data)
            with installation().store.writing() as session:
                leave_room(session)
                file = installation().files.put(
                    session,
                    data,
                    name=stored_file,
                    media_type="application/octet-stream",
                    digest=digest,
                )
                preview = stored_previews.keep(
                    session,
                    survey,
                    file,
                    choices=chosen,
                    user_id=me().id,
                    now=installation().now(),
                )
            here: dict[str, Any] = {"journey_id": journey_id, "survey_id": survey_id}
            return redirect(url_for("previews.show", preview_id=preview.id, **here), 303)
    with installation().store.reading() as session:
        found = batches.batches_of(session, survey_id)
        states = {each.id: batches.state_of(session, each) for each in found}
        names = _names(session, found)
    page = render_template(
        "imports/new.html",
        journey=journey,
        survey=survey,
        form=form,
        batches=found,
        states=states,
        names=names,
    )
    return page, form.status


@imports.get("/<long:batch_id>")
@requires(Permission.IMPORT_RESPONSES)
def show(journey_id: int, survey_id: int, batch_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        survey = survey_in(session, journey_id, survey_id)
        batch = batches.batch_of(session, survey.id, batch_id)
        state = batches.state_of(session, batch)
        job = session.get(Job, batch.job_id or 0)
        left = batches.left_in(session, batch_id)
        names = _names(session, [batch])
    return render_template(
        "imports/show.html",
        journey=journey,
        survey=survey,
        batch=batch,
        batch_state=state,
        job=job,
        left=left,
        names=names,
        chosen=_chosen_in_words(batch),
    )


@imports.route("/<long:batch_id>/remove", methods=["GET", "POST"])
@requires(Permission.IMPORT_RESPONSES)
def remove(journey_id: int, survey_id: int, batch_id: int) -> ResponseReturnValue:
    """The page that says what goes; sent, the removal itself."""
    form = StaffForm()
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        survey = survey_in(session, journey_id, survey_id)
        batch = batches.batch_of(session, survey.id, batch_id)
        going = batches.going_with(session, batch)
    if form.validate_on_submit():
        with installation().store.writing() as session:
            leave_room(session)
            batches.ask_removal(session, batch_id, user_id=me().id, now=installation().now())
        here: dict[str, Any] = {"journey_id": journey_id, "survey_id": survey_id}
        return redirect(url_for("imports.show", batch_id=batch_id, **here), 303)
    page = render_template(
        "imports/remove.html", journey=journey, survey=survey, batch=batch, going=going, form=form
    )
    return page, form.status


def _names(session: Session, found: Sequence[ImportBatch]) -> dict[int | None, str]:
    """What the people are called who made and removed these imports; a command has no name."""
    numbers = {each.created_by for each in found} | {each.removed_by for each in found}
    known = select(User.id, User.name).where(User.id.in_(numbers - {None}))
    return {None: "a command", **{number: name for number, name in session.execute(known)}}  # noqa: C416


def _chosen_in_words(batch: ImportBatch) -> list[tuple[str, str]]:
    """The choices of an import that are not left to the file: name and value."""
    if not batch.choices:
        return []
    found = ImportChoices.from_json(batch.choices)
    reading = found.reading.to_json()
    said = {
        **{name.replace("_", " ").capitalize(): value for name, value in reading.items() if value},
        "Row ID": found.id_column,
        "Assigned by hand": [f"{heading} = {item}" for heading, item in found.columns.items()],
        "Attributes chosen": found.attributes,
        "Columns left out": found.left_out,
        "Rows of an earlier import": {"store": "stored", "skip": "skipped"}.get(found.overlap, ""),
        "Other answers under a known ID": {
            "keep": "stored answers kept",
            "replace": "replaced",
        }.get(found.conflicts, ""),
    }
    return [
        (name, value if isinstance(value, str) else ", ".join(value))
        for name, value in said.items()
        if value
    ]


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]
