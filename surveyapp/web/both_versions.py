"""The page for the second of two people who edit the same settings: both versions, to choose from."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask, current_app, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from wtforms import FieldList

from surveyapp.web.forms import VERSION, Outdated


def show_both_versions(app: Flask) -> None:
    """Answer the saving of a form that somebody else has saved meanwhile."""
    app.register_error_handler(Outdated, _answer)


def _answer(error: Outdated) -> ResponseReturnValue:
    """Both versions. A field that others alone changed is filled with theirs, any other with mine."""
    version = error.form.version_now()
    carried = list(_carried(error))
    for each in error.differences:
        if each.is_written_here:
            each.field.errors = ()
            if not each.by_me:
                each.field.raw_data = None
                each.field.process(None, each.field.object_data)
    page = render_template(
        "both_versions.html",
        last=error.last,
        differences=error.differences,
        carried=[*carried, (VERSION, version)],
        back=_page_of(request.path),
    )
    return make_response(page, 409)


def _carried(error: Outdated) -> Iterator[tuple[str, str]]:
    """Hidden fields: what was sent and does not stand on the page, as it was sent.

    Rows that others alone changed are sent as they are stored.
    """
    written = {each.field.name for each in error.differences if each.is_written_here}
    theirs = [
        each.field
        for each in error.differences
        if isinstance(each.field, FieldList) and not each.by_me
    ]
    for name, values in request.form.lists():
        rows = any(name.startswith(f"{field.name}-") for field in theirs)
        if name in written or name in ("csrf_token", VERSION) or rows:
            continue
        yield from ((name, value) for value in values)
    for field in theirs:
        for place, row in enumerate(field.object_data or ()):
            yield from ((f"{field.name}-{place}-{name}", str(row[name])) for name in row)


def _page_of(path: str) -> str:
    """The page of a form: its own address, or the nearest above it that can be looked at."""
    routes = current_app.url_map.bind("")
    while path.strip("/"):
        try:
            routes.match(path, method="GET")
        except HTTPException:
            path = path.rstrip("/").rpartition("/")[0]
        else:
            return path
    return "/"
