"""Evidence on a map: consented quotes, pictures and documents, by stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField, FileRequired
from sqlalchemy.orm import Session
from wtforms import RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from surveyapp.auth.grants import may_on
from surveyapp.auth.permissions import Permission
from surveyapp.errors import NotFound
from surveyapp.journeys import queries
from surveyapp.journeys.map_documents import PICTURE
from surveyapp.journeys.map_evidence import (
    PlacedEvidence,
    Quotable,
    add_file,
    add_quote,
    evidence_of,
    evidence_row,
    quotable,
)
from surveyapp.journeys.map_evidence_removals import delete_evidence, removed_count
from surveyapp.journeys.map_files import LARGEST, read_map_file
from surveyapp.journeys.map_history import change, drawn_journey, note_evidence
from surveyapp.journeys.map_steps import EVIDENCE, REMOVE, RESTORE, Step
from surveyapp.store.models import File, Journey, Stage
from surveyapp.web.filters import dashboard_rules
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires, takes_files
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page, wants_json
from surveyapp.web.reads import note_read
from surveyapp.web.sessions import me
from surveyapp.web.stored_files import closed_off, shown_picture, stored_file

map_evidence = Blueprint("map_evidence", __name__, url_prefix="/journeys/<int:journey_id>")


class QuoteForm(StaffForm):
    # The page has the form for files beside: each label leads to its own field.
    stage = SelectField("Stage", [InputRequired("Choose a stage.")], id="quote-stage")
    title = StringField("What it shows", [Optional(), Length(max=200)], id="quote-title")
    quote = RadioField("Quote", [InputRequired("Choose a quote.")])


class FileForm(StaffForm):
    stage = SelectField("Stage", [InputRequired("Choose a stage.")])
    title = StringField(
        "What it shows",
        [InputRequired("Enter what the file shows."), Length(max=200)],
        description="Read aloud, and printed, in the place of a picture.",
    )
    file = FileField(
        "File",
        [FileRequired("Choose a file.")],
        description="PNG, JPEG, WebP, PDF, DOCX, XLSX, PPTX, ODT, ODS, ODP or plain text, at most 10 MB."
        " Pictures are drawn anew, without what the camera noted. Documents with macros are refused.",
    )


@map_evidence.get("/map-evidence")
@map_evidence.get("/map-evidence.json", endpoint="index_json")
@requires(Permission.READ_JOURNEYS)
def index(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        shown = _shown(session, queries.journey(session, journey_id))
    return _page(shown)


@map_evidence.post("/map-evidence/quotes")
@requires(Permission.EDIT_JOURNEYS)
def quote(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        if not may_on(session, me(), Permission.READ_COMMENTS, journey_id):
            raise NotFound("Quotes are chosen by somebody who may read comments.")
        shown = _shown(session, queries.journey(session, journey_id))
    form = shown["quote_form"]
    if form.validate_on_submit():
        with form.refusing("quote"):
            with installation().store.writing() as session:
                stage = _stage(drawn_journey(session, journey_id), form.stage.data)
                known = quotable(session, journey_id, minimum_cell=_few())
                chosen = next((each for each in known if each.key == form.quote.data), None)
                if chosen is None:
                    raise NotFound("This quote is gone: its customer may have withdrawn it.")
                title = form.title.data or ""
                row = add_quote(session, stage, chosen, title=title, user_id=me().id)
                note_evidence(session, stage.journey, row.id, row.title, user_id=me().id)
            return _added(journey_id)
    return _page(shown, form.status)


@map_evidence.post("/map-evidence/files")
@requires(Permission.EDIT_JOURNEYS)
@takes_files
def file(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        shown = _shown(session, queries.journey(session, journey_id))
    form = shown["file_form"]
    if form.validate_on_submit():
        with form.refusing("file"):
            with form.file.data.stream as stream:
                found = read_map_file(stream.read(LARGEST + 1))
            with installation().store.writing() as session:
                stage = _stage(drawn_journey(session, journey_id), form.stage.data)
                title = form.title.data or ""
                row = add_file(installation(), session, stage, found, title=title, user_id=me().id)
                note_evidence(session, stage.journey, row.id, row.title, user_id=me().id)
            return _added(journey_id)
    return _page(shown, form.status)


@map_evidence.get("/map-evidence/<int:map_evidence_id>/file")
@requires(Permission.READ_JOURNEYS)
def download(journey_id: int, map_evidence_id: int) -> ResponseReturnValue:
    """A picture to look at, a document to keep."""
    with installation().store.reading() as session:
        row = evidence_row(session, journey_id, map_evidence_id)
        found = session.get(File, row.file_id) if row.file_id is not None else None
        if found is None:
            raise NotFound("This evidence is a quote; there is no file to open.")
        code = queries.journey(session, journey_id).code
        content = installation().files.open(found)
    if found.media_type == PICTURE:
        return shown_picture(content, found)
    note_read("download map evidence", f"journey {code}", file=found.name)
    return closed_off(stored_file(content, found))


@map_evidence.post("/map-evidence/<int:map_evidence_id>/remove")
@requires(Permission.EDIT_JOURNEYS)
def remove(journey_id: int, map_evidence_id: int) -> ResponseReturnValue:
    """Take it off the map, as a change that the map's undo takes back."""
    _take(journey_id, Step(REMOVE, EVIDENCE, id=map_evidence_id))
    flash("Removed. It can be restored below for 90 days, or by Undo on the map.")
    return redirect(url_for("map_evidence.index", journey_id=journey_id), 303)


@map_evidence.post("/map-evidence/<int:map_evidence_id>/restore")
@requires(Permission.EDIT_JOURNEYS)
def restore(journey_id: int, map_evidence_id: int) -> ResponseReturnValue:
    _take(journey_id, Step(RESTORE, EVIDENCE, id=map_evidence_id))
    flash("Restored.")
    return redirect(url_for("map_evidence.index", journey_id=journey_id), 303)


@map_evidence.post("/map-evidence/<int:map_evidence_id>/delete")
@requires(Permission.EDIT_JOURNEYS)
def delete(journey_id: int, map_evidence_id: int) -> ResponseReturnValue:
    """Delete what was removed before its time is over."""
    with installation().store.writing() as session:
        journey = drawn_journey(session, journey_id)
        delete_evidence(installation(), session, journey, map_evidence_id, user_id=me().id)
    flash("Deleted for good.")
    return redirect(url_for("map_evidence.index", journey_id=journey_id), 303)


def _take(journey_id: int, step: Step) -> None:
    with installation().store.writing() as session:
        journey = drawn_journey(session, journey_id)
        change(session, journey, step, user_id=me().id)


def shown_evidence(
    session: Session, journey: Journey, *, removed: bool = False
) -> tuple[PlacedEvidence, ...]:
    """What whoever asks may see on a map. Quotes are for readers of comments, whose reading is noted."""
    reads = may_on(session, me(), Permission.READ_COMMENTS, journey.id)
    return evidence_of(session, journey.id, quotes=reads, minimum_cell=_few(), removed=removed)


def printed_evidence(shown: Sequence[PlacedEvidence]) -> dict[int, list[str]]:
    """By stage, what is printed: a quote's words, and what a picture or document shows."""
    found: dict[int, list[str]] = {}
    for each in shown:
        said = f"\N{LEFT DOUBLE QUOTATION MARK}{each.text}\N{RIGHT DOUBLE QUOTATION MARK}"
        if each.kind != "quote":
            said = f"{each.title} ({each.kind})"
        found.setdefault(each.stage_id, []).append(said)
    return found


def note_quotes(journey: Journey, shown: Sequence[PlacedEvidence]) -> None:
    """Note that quotes on a map were read."""
    quotes = [each for each in shown if each.kind == "quote"]
    if quotes:
        note_read("read quotes", f"journey {journey.code}", quotes=len(quotes))


def _few() -> int:
    return int(dashboard_rules()["minimum_cell"])


def _shown(session: Session, journey: Journey) -> dict[str, Any]:
    stages = [(str(each.id), each.name) for each in journey.stages]
    edits = may_on(session, me(), Permission.EDIT_JOURNEYS, journey.id)
    reads = may_on(session, me(), Permission.READ_COMMENTS, journey.id)
    known: Sequence[Quotable] = ()
    quote_form = file_form = None
    if edits:
        file_form, quote_form = FileForm(), QuoteForm()
        known = quotable(session, journey.id, minimum_cell=_few()) if reads else ()
        for form in (file_form, quote_form):
            form.stage.choices = choices(stages)
        quote_form.quote.choices = [(each.key, each.text) for each in known]
    return {
        "journey": journey,
        "evidence": shown_evidence(session, journey),
        "removed": shown_evidence(session, journey, removed=True) if edits else (),
        "removed_count": removed_count(session, journey.id) if edits else 0,
        "stages": list(journey.stages),
        "known": known,
        "quote_form": quote_form,
        "file_form": file_form,
    }


def _page(shown: dict[str, Any], status: int = 200) -> ResponseReturnValue:
    note_quotes(shown["journey"], (*shown["evidence"], *shown["removed"]))
    if wants_json() and status == 200:
        rows = [
            {"id": e.id, "stage_id": e.stage_id, "kind": e.kind, "title": e.title, "text": e.text}
            for e in shown["evidence"]
        ]
        return page(
            "map_evidence/index.html", {"journey": shown["journey"].code, "evidence": rows}, **shown
        )
    return render_template("map_evidence/index.html", **shown), status


def _added(journey_id: int) -> ResponseReturnValue:
    flash("Added.")
    return redirect(url_for("map_evidence.index", journey_id=journey_id), 303)


def _stage(journey: Journey, number: str) -> Stage:
    for stage in journey.stages:
        if str(stage.id) == number:
            return stage
    raise NotFound("There is no such stage on this map; somebody may have removed it.")
