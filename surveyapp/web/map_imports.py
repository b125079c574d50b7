"""Maps from files: uploaded, looked at, and drawn on a journey that has no map yet."""

from __future__ import annotations

import io
import json
from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField, FileRequired
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import HiddenField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from surveyapp.auth.grants import journeys_granted, may_on
from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid, NotFound
from surveyapp.journeys import queries
from surveyapp.journeys.actions import create_journey
from surveyapp.journeys.map_drawing import draw_map, snapshot_from
from surveyapp.journeys.map_history import drawn_journey
from surveyapp.journeys.map_snapshots import MapSnapshot, snapshot_of
from surveyapp.journeys.map_tables import COLUMNS, MOST_ROWS, MapTable, read_map
from surveyapp.results.maps.version_grid import version_grid
from surveyapp.store.models import Journey
from surveyapp.tables.opened import ACCEPTED, KINDS
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires, takes_files, takes_previews
from surveyapp.web.installation import installation
from surveyapp.web.map_shown import FEELINGS_SAID
from surveyapp.web.security import carried
from surveyapp.web.sessions import me
from surveyapp.web.stages import OWNERSHIPS
from surveyapp.web.table_fields import TableForm, file_name
from surveyapp.whole import whole_number

map_imports = Blueprint("map_imports", __name__, url_prefix="/map-imports")

STATES = [("current", "Current: as customers experience it today"), ("target", "Target")]
_TWICE = timedelta(minutes=10)  # within which the same map of the same name is one journey
_LARGEST = 2**31 - 1


class MapImportForm(TableForm):
    file = FileField(
        "File with the map",
        [FileRequired("Choose a file.")],
        description=f"{KINDS}, up to {MOST_ROWS:,} rows.",
        render_kw={"accept": ACCEPTED},
    )
    into = SelectField("Into", description="A new journey, or one whose map is still empty.")
    name = StringField("Name of the new journey", [Optional(), Length(max=200)])
    provider = StringField(
        "Organisation of the new journey",
        [Optional(), Length(max=200)],
        description="As customers know it. Questionnaires insert it into their questions.",
    )
    state = SelectField("State of the new journey", choices=choices(STATES), default="current")


class DrawForm(StaffForm):
    """A preview that comes back to be drawn."""

    content = HiddenField(validators=[InputRequired("Upload the file again.")])
    into = HiddenField()
    name = HiddenField(validators=[Length(max=200)])
    provider = HiddenField(validators=[Length(max=200)])
    state = HiddenField()


@map_imports.route("", methods=["GET", "POST"])
@requires(Permission.CREATE_JOURNEYS)
@takes_files
def new() -> ResponseReturnValue:
    """A file, and the preview of its map; nothing is drawn."""
    form = MapImportForm(into=request.args.get("into", ""))
    with installation().store.reading() as session:
        form.into.choices = choices([("", "A new journey"), *_empty_journeys(session)])
    if form.validate_on_submit():
        with form.refusing("file"):
            for name, said in (("name", "name"), ("provider", "organisation")):
                if not form.into.data and not (form[name].data or "").strip():
                    raise Invalid(f"Enter the {said} of the new journey.", field=name)
            upload = form.file.data
            found = read_map(
                io.BytesIO(upload.read()), name=file_name(upload), options=form.reading
            )
            return _preview(found, form)
    shown = render_template("map_imports/new.html", form=form, columns=COLUMNS)
    return shown, form.status


@map_imports.post("/draw")
@requires(Permission.CREATE_JOURNEYS)
@takes_previews
def draw() -> ResponseReturnValue:
    """Draw the map of a preview, on a new journey or on the empty one that was chosen."""
    form = DrawForm()
    if not form.validate_on_submit():
        raise Invalid("The preview did not come back whole; upload the file again.")
    try:
        content = snapshot_from(json.loads(form.content.data))
    except (ValueError, RecursionError):
        raise Invalid("The preview did not come back whole; upload the file again.") from None
    with installation().store.writing() as session:
        number = _drawn_before(session, form.name.data or "", content) if not form.into.data else 0
        if not number:
            journey = _journey(session, form)
            draw_map(session, journey, content, user_id=me().id)
            number = journey.id
    flash(
        f"The map has been imported: {len(content.stages)} stages, {content.touchpoints} touchpoints."
    )
    return redirect(url_for("journey_map.index", journey_id=number), 303)


def _journey(session: Session, form: DrawForm) -> Journey:
    """The empty journey that was chosen, or a new one."""
    if not form.into.data:
        return create_journey(
            session,
            name=form.name.data or "",
            provider=form.provider.data or "",
            state=form.state.data or "current",
            default_zone=installation().settings.time_zone,
            user_id=me().id,
        )
    number = whole_number(form.into.data, largest=_LARGEST)
    if not number or not may_on(session, me(), Permission.EDIT_JOURNEYS, number):
        raise NotFound("There is no such journey that you may edit; it may have been removed.")
    return drawn_journey(session, number)


def _drawn_before(session: Session, name: str, content: MapSnapshot) -> int:
    """The journey that the same form, sent twice, has drawn already; 0 for none."""
    query = select(Journey.id).where(
        Journey.name == " ".join(name.split()),
        Journey.owner_id == me().id,
        Journey.created_at > installation().now() - _TWICE,
    )
    for number in session.scalars(query.order_by(Journey.id.desc())):
        if _names(snapshot_of(session, number)) == _names(content):
            return number
    return 0


def _names(content: MapSnapshot) -> list[tuple[str, list[str]]]:
    return [(each.name, [point.name for point in each.touchpoints]) for each in content.stages]


def _empty_journeys(session: Session) -> list[tuple[str, str]]:
    granted = journeys_granted(me(), Permission.EDIT_JOURNEYS)
    known = queries.journeys(session, granted)
    return [(str(each.id), each.name) for each in known if not each.stages]


def _preview(found: MapTable, form: MapImportForm) -> str:
    content = found.content
    kept = {name: form[name].data or "" for name in ("into", "name", "provider", "state")}
    text = json.dumps(content.to_json(), ensure_ascii=False, separators=(",", ":"))
    return render_template(
        "map_imports/preview.html",
        form=DrawForm(None, content=carried(text), **kept),
        found=found,
        content=content,
        journey={"name": kept["name"] or "the file"},
        grid=version_grid(content),
        feelings=FEELINGS_SAID,
        ownerships=OWNERSHIPS,
    )
