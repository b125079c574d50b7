"""Judges' answers of an uploaded file: the indices of a judging round. Nothing is stored."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.journeys import queries
from surveyapp.scale_development.judged_files import (
    MOST_ITEMS,
    MOST_JUDGES,
    JudgedFile,
    judge_rows,
    read_items,
)
from surveyapp.scale_development.scale_json import judged_file_to_json
from surveyapp.store.models import Journey
from surveyapp.tables.opened import ACCEPTED, KINDS
from surveyapp.web.document_files import TABLES, attachment, document_file
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires, takes_files, takes_previews
from surveyapp.web.installation import installation
from surveyapp.web.reads import note_read
from surveyapp.web.security import carried
from surveyapp.web.table_fields import TableForm, file_name

judged_files = Blueprint(
    "judged_files", __name__, url_prefix="/journeys/<int:journey_id>/judged-files"
)


class JudgedFileForm(TableForm):
    kind = SelectField(
        "What judges did",
        choices=choices(
            [
                ("sort", "Sorted each item to a construct"),
                ("relevance", "Rated relevance from 1 to 4"),
                ("essential", "Said what is essential: 1, else 0"),
            ]
        ),
    )
    items = TextAreaField(
        "Items",
        [InputRequired("Name the items."), Length(max=20_000)],
        description="Of a sort, for which construct each was written: warmth =~ warm1 + warm2, a line a"
        " construct. Of ratings the items alone will do, separated by commas.",
    )
    file = FileField(
        "File",
        [FileRequired("Choose a file.")],
        description=f"{KINDS}: one row a judge, one column an item; at most {MOST_JUDGES} judges and"
        f" {MOST_ITEMS} items. An empty cell is no answer.",
        render_kw={"accept": ACCEPTED},
    )


class TakeForm(StaffForm):
    """The judgements that come back from their page, to be made a file."""

    content = HiddenField(validators=[InputRequired("Upload the file again.")])
    ending = StringField(validators=[InputRequired(), Length(max=5)])


@judged_files.route("", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
@takes_files
def new(journey_id: int) -> ResponseReturnValue:
    """The form, and the results of the file that was sent."""
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
    form = JudgedFileForm()
    if form.validate_on_submit():
        with form.refusing("file"):
            kind, items = form.kind.data, read_items(form.kind.data, form.items.data or "")
            # The reader of files loads pandas: seconds that the start is spared.
            from surveyapp.scale_development.uploads import judged_rows_of

            upload = form.file.data
            rows, notes = judged_rows_of(
                upload.stream, file_name(upload), form.reading, list(items)
            )
            judged = judge_rows(kind, items, rows, now=installation().now(), notes=notes)
            given = {"kind": kind, "items": items, "rows": rows, "notes": notes}
            return _results(journey, judged, given)
    shown = render_template("judged_files/new.html", journey=journey, form=form)
    return shown, form.status


@judged_files.post("/files")
@requires(Permission.EDIT_SURVEYS)
@takes_previews
def take(journey_id: int) -> ResponseReturnValue:
    """The results as a file, from the judgements that their page carried."""
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
    form = TakeForm()
    if not form.validate_on_submit() or form.ending.data not in (*TABLES, "json"):
        raise Invalid("The judgements did not come back whole; upload the file again.")
    judged = _carried(form.content.data or "")
    ending = str(form.ending.data)
    note_read("download judged file", f"journey {journey_id}", file=ending)
    if ending == "json":
        text = json.dumps(judged_file_to_json(judged), ensure_ascii=False, allow_nan=False)
        return attachment(text, "application/json", "judges.json")
    from surveyapp.reports.scale_development.judged_file import content

    document = content(judged, journey.name)
    return document_file(document, TABLES[ending], "judges")


def _results(journey: Journey, judged: JudgedFile, given: dict[str, Any]) -> str:
    from surveyapp.reports.scale_development.judged_file import judged_table, said_of

    return render_template(
        "judged_files/show.html",
        journey=journey,
        judged=judged,
        said=said_of(judged),
        table=judged_table(judged, 1),
        content=carried(json.dumps(given, ensure_ascii=False)),
    )


def _carried(text: str) -> JudgedFile:
    try:
        found = json.loads(text)
        kind, items, rows, notes = (found[name] for name in ("kind", "items", "rows", "notes"))
        whole = isinstance(items, dict) and isinstance(rows, list) and isinstance(notes, list)
        if not whole or not all(isinstance(each, str) for each in (*items.values(), *notes)):
            raise TypeError
        return judge_rows(kind, items, rows, now=installation().now(), notes=notes)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Invalid("The judgements did not come back whole; upload the file again.") from None
