"""The addresses that customers open and send their answers to."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from surveyapp.fielding import queries
from surveyapp.responses.actions import Faulty, Stored, submit
from surveyapp.store.columns import utc_now
from surveyapp.web.log import logger
from surveyapp.web.respond.doors import KEY_FIELD, Door, opened
from surveyapp.web.respond.headers import protected
from surveyapp.web.respond.keys import FormKey, read_key
from surveyapp.web.respond.pages import Page, rendered
from surveyapp.web.respond.saying import html, message, neutral, packed
from surveyapp.web.storage import storage
from surveyapp.words.languages import texts

respond = Blueprint("respond", __name__)

LARGEST_BODY = 512 * 1024


@respond.get("/s/<link>")
@respond.get("/s/<link>/<ticket>")
def show(link: str, ticket: str | None = None) -> ResponseReturnValue:
    """The untouched form."""
    door = opened(link, ticket)
    if not isinstance(door, Door):
        return door
    frame, key = door.page.untouched, door.new_key()
    if request.accept_encodings["gzip"]:
        return html(frame.gzipped(key), encoding="gzip")
    return html(frame.plain(key))


@respond.post("/s/<link>")
@respond.post("/s/<link>/<ticket>")
def send(link: str, ticket: str | None = None) -> ResponseReturnValue:
    """Keep the answers and say thanks, or show the form again with what is wrong and all that was typed."""
    request.max_content_length = request.max_form_memory_size = LARGEST_BODY
    door = opened(link, ticket, sending=True)
    if not isinstance(door, Door):
        return door
    page = door.page
    key = read_key(storage().secret_key, door.context, request.form.get(KEY_FIELD, ""))
    unknown = next((n for n in request.form if n not in page.fields and n != KEY_FIELD), None)
    if unknown is not None:
        return _again(door, page, page.words.unknown_field.format(name=unknown[:60]), kept=key)
    if key is None:
        return _again(door, page, page.words.send_again, kept=None)
    if isinstance(_submitted(door, page, key), Faulty):
        return _again(door, page, "", kept=key)
    lang = request.args.get("lang")
    own = 1 if door.ticket and door.asking.anonymity != "anonymous" else None
    return redirect(url_for("respond.thanks", link=link, lang=lang, own=own), 303)


@respond.get("/s/<link>/thanks")
def thanks(link: str) -> ResponseReturnValue:
    """The same for everybody who has sent answers, once or twice."""
    with storage().store.engine.connect() as connection:
        asking = queries.asking(connection, link)
    if asking is None:
        return neutral()
    lines = (
        [texts(request.args.get("lang") or asking.language).thanks_mine]
        if "own" in request.args
        else []
    )
    return message("thanks", 200, asking, lines=lines)


def _submitted(door: Door, page: Page, key: FormKey) -> Stored | Faulty:
    ticket = door.ticket
    # What was agreed to is the text that stood on the page, even if it has been changed meanwhile.
    asking = replace(door.asking, consent_version=key.consent_version)
    with storage().store.writing() as session:
        return submit(
            session,
            asking,
            page.raw(request.form),
            submission_key=key.submission_key,
            attributes=ticket.attributes if ticket else {},
            customer_ref=ticket.customer_ref if ticket else None,
            invitation=ticket,
            started_at=key.issued_at,
            source="link",
            language=page.content.language,
            now=utc_now(),
            roots=storage().settings.instrument_roots,
        )


def _again(door: Door, page: Page, notice: str, *, kept: FormKey | None) -> Response:
    """The form as it was sent, with its faults. It keeps its key: it is still the same form."""
    form = page.form_class(request.form)
    form.validate()
    key = request.form[KEY_FIELD] if kept else door.new_key()
    return packed(rendered(page, form, key, notice=notice), status=422)


@respond.errorhandler(Exception)
def failed(error: Exception) -> ResponseReturnValue:
    """A page in the survey's own look; the log has the fault, the customer has a way on."""
    if isinstance(error, RequestEntityTooLarge):
        return message("failed", 413, None, texts("en").too_large_text)
    if isinstance(error, HTTPException):
        return message("neutral", error.code or 500, None)
    logger(current_app).error("failure", request=g.get("request_id", ""), exc_info=error)
    if isinstance(error, DBAPIError):  # the database is away, full, or not at its newest schema
        return message("failed", 503, None)
    if current_app.testing:
        raise error
    return message("failed", 500, None)


respond.after_request(protected)
