"""The addresses that customers open and send their answers to."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cache

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from surveyapp.fielding import queries
from surveyapp.fielding.actions import note_opened
from surveyapp.fielding.links import Ticket, read_ticket
from surveyapp.fielding.queries import Asking
from surveyapp.responses.actions import Faulty, Stored, submit
from surveyapp.store.columns import utc_now
from surveyapp.web.log import logger
from surveyapp.web.respond.keys import FormKey, new_key, read_key
from surveyapp.web.respond.pages import Page, Pages, rendered, style, style_hash
from surveyapp.web.storage import storage
from surveyapp.words.languages import texts

respond = Blueprint("respond", __name__)

LARGEST_BODY = 512 * 1024
KEY_FIELD = "form-key"
_pages = Pages()


@dataclass(frozen=True)
class Door:
    """A link that leads somewhere: what is asked, and the ticket of a single-use link."""

    asking: Asking
    ticket: Ticket | None

    @property
    def context(self) -> str:
        """What a form's key is tied to."""
        return f"{self.asking.link} {self.ticket.token_hash if self.ticket else ''}"

    @property
    def page(self) -> Page:
        language = request.args.get("lang") or self.asking.language
        return _pages.page(self.asking, language, storage().settings.instrument_roots)

    def new_key(self) -> str:
        return new_key(storage().secret_key, self.context)


@respond.get("/s/<link>")
@respond.get("/s/<link>/<ticket>")
def show(link: str, ticket: str | None = None) -> ResponseReturnValue:
    """The untouched form."""
    door = _opened(link, ticket)
    if not isinstance(door, Door):
        return door
    frame, key = door.page.untouched, door.new_key()
    if request.accept_encodings["gzip"]:
        return _html(frame.gzipped(key), encoding="gzip")
    return _html(frame.plain(key))


@respond.post("/s/<link>")
@respond.post("/s/<link>/<ticket>")
def send(link: str, ticket: str | None = None) -> ResponseReturnValue:
    """Keep the answers and say thanks, or show the form again with what is wrong and all that was typed."""
    request.max_content_length = request.max_form_memory_size = LARGEST_BODY
    door = _opened(link, ticket, sending=True)
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
    return redirect(url_for("respond.thanks", link=link, lang=lang), 303)


@respond.get("/s/<link>/thanks")
def thanks(link: str) -> ResponseReturnValue:
    """The same for everybody who has sent answers, once or twice."""
    with storage().store.engine.connect() as connection:
        asking = queries.asking(connection, link)
    if asking is None:
        return _neutral()
    return _message("thanks", 200, asking)


def _opened(
    link: str, ticket_text: str | None, *, sending: bool = False
) -> Door | ResponseReturnValue:
    """The door behind a link, or the page that says no: the same for unknown, used and expired.

    An answer may be sent to a ticket that has been used: it may be the same one again, which only
    the transaction that stores it can tell.
    """
    now = utc_now()
    ticket = None
    if ticket_text is not None:
        ticket = read_ticket(storage().secret_key, link, ticket_text, now=now)
        if ticket is None:
            return _neutral()
    state = None
    with storage().store.engine.connect() as connection:
        asking = queries.asking(connection, link)
        if asking is not None and ticket is not None and not sending:
            state = queries.waiting_state(connection, asking.id, ticket, now=now)
    if asking is None or asking.is_early(now):
        return _neutral()
    if asking.is_over(now):
        return _message("closed", 410, asking)
    if ticket is None:
        return Door(asking, None) if asking.open_link else _neutral()
    if state is None and not sending:
        return _neutral()
    if state == "created" and request.method == "GET" and asking.anonymity != "anonymous":
        with storage().store.writing() as session:
            note_opened(session, deployment_id=asking.id, ticket=ticket, now=now)
    return Door(asking, ticket)


def _submitted(door: Door, page: Page, key: FormKey) -> Stored | Faulty:
    ticket = door.ticket
    with storage().store.writing() as session:
        return submit(
            session,
            door.asking,
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
    html = rendered(page, form, key, notice=notice).encode()
    if request.accept_encodings["gzip"]:
        return _html(gzip.compress(html, 6), encoding="gzip", status=422)
    return _html(html, status=422)


def _neutral() -> Response:
    return _message("neutral", 404, None)


def _message(kind: str, status: int, asking: Asking | None, text: str = "") -> Response:
    """A page of a title and a sentence."""
    words = texts(request.args.get("lang") or (asking.language if asking else "en"))
    html = render_template(
        "respond/message.html",
        kind=kind,
        title=getattr(words, f"{kind}_title"),
        text=text or getattr(words, f"{kind}_text"),
        provider=asking.provider if asking else "",
        words=words,
        style=style(),
    )
    return _html(html.encode(), status=status)


def _html(body: bytes, *, encoding: str = "", status: int = 200) -> Response:
    response = Response(body, status, mimetype="text/html")
    if encoding:
        response.headers["Content-Encoding"] = encoding
    response.headers["Vary"] = "Accept-Encoding"
    return response


@respond.errorhandler(Exception)
def failed(error: Exception) -> ResponseReturnValue:
    """A page in the survey's own look; the log has the fault, the customer has a way on."""
    if isinstance(error, RequestEntityTooLarge):
        return _message("failed", 413, None, texts("en").too_large_text)
    if isinstance(error, HTTPException):
        return _message("neutral", error.code or 500, None)
    logger(current_app).error("failure", request=g.get("request_id", ""), exc_info=error)
    if isinstance(error, DBAPIError):  # the database is away, full, or not at its newest schema
        return _message("failed", 503, None)
    if current_app.testing:
        raise error
    return _message("failed", 500, None)


@respond.after_request
def protected(response: Response) -> Response:
    """Headers of every survey page. ``no-store`` would empty the form of whoever goes back to it."""
    if "Content-Security-Policy" not in response.headers:
        response.headers.extend(_headers(storage().settings.base_url.startswith("https://")))
    return response


@cache
def _headers(https: bool) -> tuple[tuple[str, str], ...]:
    return (
        (
            "Content-Security-Policy",
            f"default-src 'none'; style-src '{style_hash()}'; img-src data:; form-action 'self';"
            " base-uri 'none'; frame-ancestors 'none'",
        ),
        ("Referrer-Policy", "no-referrer"),
        ("X-Robots-Tag", "noindex, nofollow"),
        ("X-Content-Type-Options", "nosniff"),
        ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
        ("Cache-Control", "private, no-cache"),
        *((("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),) if https else ()),
    )
