"""The audit log, newest first."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from surveyapp.auth import queries
from surveyapp.auth.permissions import Permission
from surveyapp.auth.queries import AuditRows
from surveyapp.errors import Invalid
from surveyapp.exports.audit_log import FORMATS, audit_table
from surveyapp.web.audit_phrases import happened, values
from surveyapp.web.audit_subjects import subjects
from surveyapp.web.downloads import download
from surveyapp.web.filters import number_asked
from surveyapp.web.guards import requires
from surveyapp.web.ids import LARGEST_LONG
from surveyapp.web.installation import installation
from surveyapp.web.reads import note_read

audit = Blueprint("audit", __name__, url_prefix="/audit")

PAGE = 50


@audit.get("")
@requires(Permission.READ_AUDIT)
def index() -> ResponseReturnValue:
    before, user_id = number_asked("before", largest=LARGEST_LONG), number_asked("user")
    with installation().store.reading() as session:
        lines = queries.audit_log(session, limit=PAGE + 1, before=before, user_id=user_id)
        accounts = queries.accounts(session)
        about = subjects(session, [line.subject for _, line in lines])
    return render_template(
        "audit/index.html",
        lines=[line for _, line in lines[:PAGE]],
        older=lines[PAGE - 1][0] if len(lines) > PAGE else None,
        accounts=accounts,
        about=about,
        happened=happened,
        values=values,
        user_id=user_id,
        before=before,
    )


@audit.get("/export")
@requires(Permission.READ_AUDIT)
def export() -> ResponseReturnValue:
    """All entries of one user or everybody with their hashes, as CSV or JSON Lines."""
    form, user_id = request.args.get("format", "csv"), number_asked("user")
    if form not in FORMATS:
        raise Invalid(f"format={form[:20]} is not known; use {' or '.join(FORMATS)}.")
    note_read("export audit log", "audit log", format=form, user=user_id)
    table = partial(audit_table, wanted=AuditRows(user_id=user_id), form=form)
    return download(table, "audit-log", suffix=f".{form}", media_type=FORMATS[form])
