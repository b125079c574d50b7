"""The picture of a persona: uploaded, drawn anew, shown, and removed."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField, FileRequired
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid, NotFound
from surveyapp.journeys import queries
from surveyapp.journeys.change_register import LONGEST_TITLE
from surveyapp.journeys.personas import persona_of, remove_picture, set_picture
from surveyapp.pictures import redrawn
from surveyapp.store.models import File
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires, takes_files
from surveyapp.web.installation import installation
from surveyapp.web.sessions import me
from surveyapp.web.stored_files import shown_picture

persona_pictures = Blueprint("persona_pictures", __name__, url_prefix="/journeys/<int:journey_id>")

LARGEST = 10 * 1024 * 1024  # bytes of an upload
_WIDEST = 640  # pixels


class PictureForm(StaffForm):
    alt = StringField(
        "What it shows",
        [DataRequired("Enter what the picture shows."), Length(max=LONGEST_TITLE)],
        description="Read aloud in the place of the picture.",
    )
    file = FileField(
        "Picture",
        [FileRequired("Choose a picture.")],
        description="PNG, JPEG or WebP, at most 10 MB. It is drawn anew, without what the camera noted.",
        render_kw={"accept": "image/png,image/jpeg,image/webp"},
    )


@persona_pictures.route("/persona-pictures/<int:persona_id>", methods=["GET", "POST"])
@requires(Permission.PLAN_IMPROVEMENTS)
@takes_files
def edit(journey_id: int, persona_id: int) -> ResponseReturnValue:
    form = PictureForm()
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        persona = persona_of(session, journey_id, persona_id)
    if form.validate_on_submit():
        with form.refusing("file"):
            with form.file.data.stream as stream:
                data = read_picture(stream.read(LARGEST + 1))
            with installation().store.writing() as session:
                set_picture(
                    installation(),
                    session,
                    queries.journey(session, journey_id),
                    persona_of(session, journey_id, persona_id),
                    data,
                    alt=form.alt.data or "",
                    user_id=me().id,
                )
            flash(f"{persona.title} has a new picture.")
            return _to_persona(journey_id, persona_id)
    shown = render_template(
        "persona_pictures/edit.html", form=form, journey=journey, persona=persona
    )
    return shown, form.status


@persona_pictures.get("/persona-pictures/<int:persona_id>/file")
@requires(Permission.READ_RESULTS)
def download(journey_id: int, persona_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        persona = persona_of(session, journey_id, persona_id)
        found = session.get(File, persona.picture_id) if persona.picture_id is not None else None
        if found is None:
            raise NotFound("This persona has no picture; somebody may have removed it.")
        content = installation().files.open(found)
    return shown_picture(content, found)


@persona_pictures.post("/persona-pictures/<int:persona_id>/remove")
@requires(Permission.PLAN_IMPROVEMENTS)
def remove(journey_id: int, persona_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        journey = queries.journey(session, journey_id)
        persona = persona_of(session, journey_id, persona_id)
        remove_picture(installation(), session, journey, persona, user_id=me().id)
    flash("The picture has been removed.")
    return _to_persona(journey_id, persona_id)


def read_picture(data: bytes) -> bytes:
    """The picture of an upload, drawn anew. Raises Invalid for anything else, or for more than 10 MB."""
    if len(data) > LARGEST:
        raise Invalid("The picture has more than 10 MB; use a smaller one.", field="file")
    return redrawn(data, widest=_WIDEST, field="file")


def _to_persona(journey_id: int, persona_id: int) -> ResponseReturnValue:
    return redirect(url_for("personas.show", journey_id=journey_id, persona_id=persona_id), 303)
