"""The addresses that customers open and send their answers to."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from attrs import evolve
from flask import Blueprint, Response, current_app, g, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from surveyapp.comments.rows import QUOTE
from surveyapp.i18n.languages import texts
from surveyapp.responses.actions import Stored
from surveyapp.responses.reading import Faulty
from surveyapp.responses.repeats import Repeat, repeat
from surveyapp.responses.submission import Submission, read_submission
from surveyapp.store.database_errors import RETRY_SECONDS
from surveyapp.store.models import File
from surveyapp.surveys import drafts, queries
from surveyapp.surveys.drafts import PRESELECTED, Fields
from surveyapp.surveys.logos import MEDIA_TYPES
from surveyapp.web.installation import installation
from surveyapp.web.log import logger
from surveyapp.web.respond.access import KEY_FIELD, LANGUAGE_FIELD, Access, came_in, opened
from surveyapp.web.respond.chosen import Chosen, preselection, read_chosen
from surveyapp.web.respond.ending import correction_hint, ending, thanks_address
from surveyapp.web.respond.form_tokens import FormKey, read_key
from surveyapp.web.respond.forms import AGREED, CONSENT_FIELD, QUOTE_FIELD
from surveyapp.web.respond.headers import allow_style
from surveyapp.web.respond.navigation import (
    DRAFT,
    UNCONFIRMED,
    Turn,
    Wish,
    block_of,
    block_sent,
    first_fault,
    given,
    turn_of,
    unknown_field,
)
from surveyapp.web.respond.negotiation import negotiated_language
from surveyapp.web.respond.pages import Page, rendered
from surveyapp.web.respond.readable import theme_of
from surveyapp.web.respond.ready import led_to
from surveyapp.web.respond.saying import html, message, neutral, packed, takes_gzip
from surveyapp.web.respond.senders import watched
from surveyapp.web.respond.write_queue import NOT_WRITTEN, submitted, written

respond = Blueprint("respond", __name__)

LARGEST_BODY = 512 * 1024
LARGEST_DRAFT = 128 * 1024


@respond.get("/s/<link>")
@respond.get("/s/<link>/<ticket>")
def show(link: str, ticket: str | None = None) -> ResponseReturnValue:
    """The form: the untouched one of everybody, or one that has a customer's own in it."""
    door = opened(link, ticket)
    if not isinstance(door, Access):
        return door
    page, key = door.page, door.new_key()
    chosen = None
    if "score" in request.args:
        chosen = read_chosen(page.content, request.args["score"])
    if chosen or door.saved or page.is_own(door.attributes):
        return _filled(door, page, key, chosen)
    if page.style:
        allow_style(page.style_hash)
    if takes_gzip():
        return html(page.untouched.gzipped(key), encoding="gzip")
    return html(page.untouched.plain(key))


def _filled(door: Access, page: Page, key: str, chosen: Chosen | None) -> Response:
    """The form with what is known of this customer: attributes, a draft, a click in a message."""
    sent: MultiDict[str, str] = MultiDict()
    block = None
    if door.saved is not None:
        sent.update(door.saved.fields)
        block = door.saved.block
        if chosen is None and door.saved.unconfirmed:
            chosen = read_chosen(page.content, sent.get(PRESELECTED, ""))
    if chosen is not None:
        sent.setlist(chosen.name, [chosen.value])
        sent.setlist(PRESELECTED, [chosen.written])
        block = block_of(page, chosen.name)
    page = page.for_customer(door.attributes, installation().library)
    resumed = door.saved is not None and any(name in page.fields for name in door.saved.fields)
    return packed(
        rendered(
            page,
            page.form_class(sent),
            key,
            block=block,
            sent=sent,
            chosen=chosen,
            resumed=resumed and not chosen,
            fresh=door.saved is None and chosen is None,
        )
    )


@respond.post("/s/<link>")
@respond.post("/s/<link>/<ticket>")
def send(link: str, ticket: str | None = None) -> ResponseReturnValue:
    """Keep the answers and say thanks, or show the form again with what is wrong and all that was typed."""
    request.max_content_length = request.max_form_memory_size = LARGEST_BODY
    door = opened(link, ticket, sending=True)
    if not isinstance(door, Access):
        return door
    page, sent = door.page, request.form
    key = read_key(installation().signing_keys, door.context, sent.get(KEY_FIELD, ""))
    if DRAFT in request.args:
        return _draft(door, page, key)
    unknown = unknown_field(page, sent)
    if unknown is not None:
        return _again(
            door, page, page.words.filled(page.words.unknown_field, name=unknown[:60]), kept=key
        )
    if key is None:
        return _again(door, page, page.words.send_again, kept=None)
    turn = turn_of(page, sent, request.args)
    if turn.wish is not Wish.SEND:
        return _turned(door, page, turn)
    if not agrees(page, sent):
        return _again(door, page, "", kept=key)
    submission = _submission(door, page, key)
    if isinstance(submission, Faulty):
        return _again(door, page, "", kept=key)
    try:
        stored = submitted(watched(submission))
    except NOT_WRITTEN as error:
        _log(error)
        return _unsaved(door, page)
    repeated = Repeat.SAME if stored.new else _repeat(door, page, submission, stored)
    if repeated is Repeat.STANDS and door.keeps_drafts:
        # Whoever holds a personal link can see there what stands, and change it.
        address = url_for("self_service.show", link=link, ticket=ticket, stands=1, lang=_lang())
    else:
        address = thanks_address(door, key, stored, repeated)
    return led_to(address)


def agrees(page: Page, sent: MultiDict[str, str]) -> bool:
    """Whether the box of consent was ticked, where there is one."""
    return not page.content.consent_box or sent.getlist(CONSENT_FIELD) == [AGREED]


def allowed_quoting(page: Page, sent: MultiDict[str, str]) -> dict[str, bool]:
    """What the paradata say of whether comments may be quoted; nothing where that was not agreed to."""
    agreed = page.content.quote_box and sent.getlist(QUOTE_FIELD) == [AGREED]
    return {QUOTE: True} if agreed else {}


def _turned(door: Access, page: Page, turn: Turn) -> Response:
    """Another block, another language, or the same block with its faults; everything is kept."""
    sent = request.form
    if door.keeps_drafts and agrees(page, sent):
        with suppress(*NOT_WRITTEN):  # the page itself carries everything on
            _keep(door, page, given(page, sent), block=turn.block or 0)
    page = page.for_customer(door.attributes, installation().library)
    status = 200 if turn.wish is Wish.SHOW else 422
    form = turn.form or page.form_class(sent)
    notice = page.words.chosen_text if turn.wish is Wish.WAIT else ""
    again = rendered(page, form, sent[KEY_FIELD], notice=notice, block=turn.block, sent=sent)
    return packed(again, status=status)


def _draft(door: Access, page: Page, key: FormKey | None) -> ResponseReturnValue:
    """Save what the page's script has seen change. Says only whether it was kept."""
    small = (request.content_length or 0) <= LARGEST_DRAFT
    if key is None or not door.keeps_drafts or not small or not agrees(page, request.form):
        return "", 409
    kept = _keep(
        door,
        page,
        given(page, request.form),
        block=block_sent(request.form) or 0,
        unconfirmed=UNCONFIRMED in request.form,
    )
    return "", 204 if kept else 410


def _keep(
    door: Access, page: Page, fields: Fields, *, block: int, unconfirmed: bool = False
) -> bool:
    if door.ticket is None:
        return False
    save = partial(
        drafts.save,
        survey_id=door.survey.id,
        ticket=door.ticket,
        fields=fields,
        block=block,
        language=page.content.language,
        unconfirmed=unconfirmed,
        now=installation().now(),
    )
    return written(save)


@respond.get("/s/<link>/logo")
def logo(link: str) -> ResponseReturnValue:
    """The brand's picture, as it was checked and drawn anew when staff chose it."""
    with installation().store.reading() as session:
        survey = queries.survey_at(session.connection(), link)
        number = None if survey is None else theme_of(survey).logo_file_id
        file = None if number is None else session.get(File, number)
    if file is None or file.media_type not in MEDIA_TYPES:
        return neutral()
    response = Response(installation().files.read(file), mimetype=file.media_type)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@respond.get("/s/<link>/thanks")
def thanks(link: str) -> ResponseReturnValue:
    """The same for everybody who has sent answers, once or twice."""
    with installation().store.raw_connection() as connection:
        survey = queries.survey_at(connection, link)
    if survey is None:
        return neutral()
    lines, links = ending(survey)
    hint = correction_hint(survey)
    return message("thanks", 200, survey, lines=lines, links=links, hint=hint)


def _submission(door: Access, page: Page, key: FormKey) -> Submission | Faulty:
    """What was sent, read and scored, or what is wrong with it."""
    ticket, sent, place = door.ticket, request.form, installation()
    # What was agreed to is the text that stood on the page, even if it has been changed meanwhile.
    survey = door.survey
    if survey.consent_version != key.consent_version:
        survey = evolve(survey, consent_version=key.consent_version)
    return read_submission(
        survey,
        page.raw(sent),
        submission_key=key.submission_key,
        attributes=ticket.attributes if ticket else {},
        customer_ref=ticket.customer_ref if ticket else None,
        invitation=ticket,
        started_at=key.issued_at,
        source="link",
        paradata={
            **preselection(page.content, sent),
            **allowed_quoting(page, sent),
            **came_in(),
        },
        language=page.content.language,
        now=place.now(),
        library=place.library,
    )


def _repeat(door: Access, page: Page, submission: Submission, stored: Stored) -> Repeat:
    """What became of a form whose answers, or whose personal link's, are stored already."""
    with installation().store.writing() as session:
        repeated = repeat(
            session,
            door.survey,
            stored.response_id,
            submission,
            page.raw(request.form),
            now=installation().now(),
            library=installation().library,
            keys=installation().epoch_keys,
        )
    return Repeat.STANDS if isinstance(repeated, Faulty) else repeated


def _lang() -> str | None:
    return request.args.get(LANGUAGE_FIELD)


def _again(door: Access, page: Page, notice: str, *, kept: FormKey | None) -> Response:
    """The form as it was sent, with its faults. It keeps its key: it is still the same form."""
    sent = request.form
    page = page.for_customer(door.attributes, installation().library)
    form = page.form_class(sent)
    form.judge(without=page.hidden(sent))
    key = sent[KEY_FIELD] if kept else door.new_key()
    again = rendered(page, form, key, notice=notice, block=first_fault(page, form), sent=sent)
    return packed(again, status=422)


def _unsaved(door: Access, page: Page) -> Response:
    """The form as it was sent, to be sent again: the database is stuck or away."""
    sent = request.form
    page = page.for_customer(door.attributes, installation().library)
    notice, block = page.words.busy_text, block_sent(sent)
    again = rendered(
        page, page.form_class(sent), sent[KEY_FIELD], notice=notice, block=block, sent=sent
    )
    answer = packed(again, status=503)
    answer.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer


def _log(error: Exception) -> None:
    logger(current_app).error("failure", request=g.get("request_id", ""), exc_info=error)


@respond.errorhandler(Exception)
def failed(error: Exception) -> ResponseReturnValue:
    """A page in the survey's own theme; the log has the fault, the customer has a way on."""
    if isinstance(error, RequestEntityTooLarge):
        return message("failed", 413, None, texts(negotiated_language(None)).too_large_text)
    if isinstance(error, HTTPException):
        return message("neutral", error.code or 500, None)
    _log(error)
    if isinstance(error, NOT_WRITTEN):  # the database is away, full, or not at its newest schema
        answer = message("failed", 503, None)
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
        return answer
    if current_app.testing:
        raise error
    return message("failed", 500, None)
