"""Previews of uploaded files: what would be stored, before it is; columns assigned by hand."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import SelectField

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Conflict, NotFound
from surveyapp.journeys import queries
from surveyapp.responses import stored_previews
from surveyapp.responses.conflicts import CONFLICTS, KEEP, REFUSE, REPLACE
from surveyapp.responses.import_choices import ImportChoices
from surveyapp.responses.imports import is_device_file
from surveyapp.responses.waves import SKIP, STORE
from surveyapp.store.models import File, ImportPreview, Job
from surveyapp.surveys.queries import survey_in
from surveyapp.surveys.survey import Survey
from surveyapp.tables.options import DECIMALS, DELIMITERS, ReadOptions
from surveyapp.web.column_choices import select_groups, value_of, with_columns
from surveyapp.web.forms import choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.quota import leave_room
from surveyapp.web.reads import note_read
from surveyapp.web.sessions import me
from surveyapp.web.table_fields import DatedTableForm

previews = Blueprint(
    "previews",
    __name__,
    url_prefix="/journeys/<int:journey_id>/surveys/<int:survey_id>/previews",
)
_COLUMN = "column-"


class PreviewForm(DatedTableForm):
    beside = (_COLUMN, "step")
    conflicts = SelectField(
        "Rows with a known ID and other answers",
        choices=choices(
            [
                (REFUSE, "Refuse the file"),
                (KEEP, "Keep the stored answers"),
                (REPLACE, "Replace the stored answers as a correction"),
            ]
        ),
    )
    overlap = SelectField(
        "Rows without an ID that match an earlier import",
        choices=choices(
            [
                ("", "Not decided"),
                (STORE, "Store them as new responses"),
                (SKIP, "Skip them as duplicates"),
            ]
        ),
    )

    def chosen(self, stored: ImportChoices, columns: list[dict[str, Any]]) -> ImportChoices:
        """The choices with what was sent in the place of what is stored."""
        sent = {
            place: request.form[f"{_COLUMN}{place}"]
            for place in range(len(columns))
            if f"{_COLUMN}{place}" in request.form
        }
        made = with_columns(stored, columns, sent).to_json()
        told = {"overlap": self.overlap.data, "conflicts": self.conflicts.data}
        return ImportChoices.from_json({**made, **told, "reading": self.reading.to_json()})


@previews.route("/<long:preview_id>", methods=["GET", "POST"])
@requires(Permission.IMPORT_RESPONSES)
def show(journey_id: int, survey_id: int, preview_id: int) -> ResponseReturnValue:
    here: dict[str, Any] = {"journey_id": journey_id, "survey_id": survey_id}
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        survey = survey_in(session, journey_id, survey_id)
        preview = _own(session, survey, preview_id)
        job = session.get(Job, preview.job_id or 0)
        file = session.get(File, preview.file_id or 0)
    stored = ImportChoices.from_json(preview.choices)
    form = PreviewForm(data=_form_data(stored))
    if form.validate_on_submit():
        columns = (preview.result or {}).get("columns", [])
        with form.refusing("conflicts"):
            chosen = form.chosen(stored, columns)
            asked_import = request.form.get("step") == "import"
            if asked_import and chosen == stored:
                return _confirmed(survey, preview_id, here)
            _make_again(survey, preview_id, chosen)
            if asked_import:
                flash("The preview shows your changes now. Check it, then import.")
            return redirect(url_for("previews.show", preview_id=preview_id, **here), 303)
    note_read("read import preview", f"survey {survey.code}", preview=preview_id)
    page = render_template(
        "previews/show.html",
        journey=journey,
        survey=survey,
        preview=preview,
        found=preview.result,
        job=job,
        file=file,
        form=form,
        groups=select_groups(survey.asked(installation().library), survey.language),
        value_of=value_of,
        is_device=file is not None and is_device_file(file.name),
    )
    return page, form.status


@previews.get("/<long:preview_id>/refused.csv")
@requires(Permission.IMPORT_RESPONSES)
def refused(journey_id: int, survey_id: int, preview_id: int) -> ResponseReturnValue:
    """Every row that an import would refuse, with the reason."""
    with installation().store.reading() as session:
        survey = survey_in(session, journey_id, survey_id)
        preview = _own(session, survey, preview_id)
        file = session.get(File, preview.refused_file_id or 0)
    if file is None:
        raise NotFound("The preview has no refused rows.")
    note_read("download refused rows", f"survey {survey.code}", preview=preview_id)
    answer = Response(installation().files.read(file), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="refused-rows-{preview_id}.csv"'
    return answer


@previews.post("/<long:preview_id>/discard")
@requires(Permission.IMPORT_RESPONSES)
def discard(journey_id: int, survey_id: int, preview_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        survey = survey_in(session, journey_id, survey_id)
        preview = _own(session, survey, preview_id)
        stored_previews.discard(session, installation().files, preview)
    flash("The uploaded file has been deleted. Nothing was imported.")
    return redirect(url_for("imports.new", journey_id=journey_id, survey_id=survey_id), 303)


def _own(session: Session, survey: Survey, preview_id: int) -> ImportPreview:
    now = installation().now()
    return stored_previews.preview_of(session, survey.id, preview_id, user_id=me().id, now=now)


def _confirmed(survey: Survey, preview_id: int, here: dict[str, Any]) -> ResponseReturnValue:
    """The page of the import; where something has changed, the preview made anew."""
    try:
        with installation().store.writing() as session:
            leave_room(session)
            batch = stored_previews.confirm(
                session, installation(), survey, preview_id, user_id=me().id
            )
        return redirect(url_for("imports.show", batch_id=batch.id, **here), 303)
    except stored_previews.Changed as error:
        _make_again(survey, preview_id, None)
        flash(f"{error} The preview has been made again; check it, then import.")
        return redirect(url_for("previews.show", preview_id=preview_id, **here), 303)


def _make_again(survey: Survey, preview_id: int, chosen: ImportChoices | None) -> None:
    """Have the preview made with these choices, else with its own."""
    with installation().store.writing() as session:
        preview = _own(session, survey, preview_id)
        if preview.batch_id is not None:
            raise Conflict("This file has been imported; see its import, or upload it again.")
        leave_room(session)
        choices = chosen or ImportChoices.from_json(preview.choices)
        stored_previews.make_again(session, preview, choices)


def _form_data(stored: ImportChoices) -> dict[str, str]:
    reading: ReadOptions = stored.reading
    delimiters = {sign: name for name, sign in DELIMITERS.items()}
    decimals = {sign: name for name, sign in DECIMALS.items()}
    return {
        "conflicts": stored.conflicts if stored.conflicts in CONFLICTS else REFUSE,
        "overlap": stored.overlap,
        "sheet": reading.sheet,
        "encoding": reading.encoding,
        "delimiter": delimiters.get(reading.delimiter, ""),
        "decimal": decimals.get(reading.decimal, ""),
        "missing": ",".join(reading.missing),
        "dates": reading.dates,
        "time_zone": reading.time_zone,
    }
