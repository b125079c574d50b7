"""What a link that a customer opens gives access to: a survey, or the page that refuses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial

from attrs import evolve
from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from surveyapp.store.statements import DatabaseConnection
from surveyapp.surveys import drafts, queries, quotas
from surveyapp.surveys.attributes import Attribute
from surveyapp.surveys.drafts import Saved
from surveyapp.surveys.epochs import is_spent
from surveyapp.surveys.invitations import is_used, note_opened
from surveyapp.surveys.languages import negotiated
from surveyapp.surveys.links import Ticket, read_ticket
from surveyapp.surveys.survey import Survey
from surveyapp.web.installation import installation
from surveyapp.web.respond.content import Layout
from surveyapp.web.respond.form_tokens import new_key, read_key
from surveyapp.web.respond.link_states import (
    SHOWN,
    Shown,
    SurveyState,
    is_in_time,
    link_state,
    survey_state,
)
from surveyapp.web.respond.pages import Page, Pages
from surveyapp.web.respond.saying import message, neutral
from surveyapp.web.respond.write_queue import noted

KEY_FIELD = "form-key"
LANGUAGE_FIELD = "lang"  # of the buttons that change the language, and in addresses
_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
_pages = Pages()
_whole_pages = Pages()  # of surveys in blocks


@dataclass(frozen=True)
class Access:
    """A link that leads somewhere: what is asked, the ticket of a single-use link, and its draft."""

    survey: Survey
    ticket: Ticket | None
    saved: Saved | None = None

    @property
    def context(self) -> str:
        """What a form's key is tied to."""
        return _context(self.survey.link, self.ticket)

    @property
    def page(self) -> Page:
        """The page in the language in which this customer is met: the one chosen last."""
        wanted = request.args.get(LANGUAGE_FIELD)
        if request.method == "POST":
            wanted = request.form.get(LANGUAGE_FIELD, wanted)
        elif self.saved is not None and self.saved.language:
            wanted = self.saved.language
        return page_for(self.survey, wanted)

    @property
    def attributes(self) -> Mapping[str, Attribute]:
        return self.ticket.attributes if self.ticket else {}

    @property
    def keeps_drafts(self) -> bool:
        """Whether answers may be kept before they are sent."""
        return self.ticket is not None and self.survey.anonymity != "anonymous"

    def new_key(self) -> str:
        return new_key(installation().signing_keys, self.context, self.survey.consent_version)


def page_of(survey: Survey, language: str) -> Page:
    """The survey's page in a language that it has, else in its own.

    ``g.one_page`` wants a survey in blocks on one page: a device that is offline turns none.
    """
    if survey.paging != "page" and g.get("one_page"):
        survey = evolve(survey, paging="page")
        return _whole_pages.page(survey, language, installation().library)
    return _pages.page(survey, language, installation().library)


def page_for(survey: Survey, wanted: str | None) -> Page:
    """The page in the language that a link wants, else that of the browser, else the survey's."""
    page = page_of(survey, survey.language)
    languages = page.content.languages
    if len(languages) == 1:
        return page
    language = _language(languages, wanted, request.headers.get("Accept-Language", "")[:200])
    return page if language == survey.language else page_of(survey, language)


# Browsers send a few dozen headers in all; reading one costs as much as finding the page.
_language = lru_cache(maxsize=1024)(negotiated)


def opened(
    link: str, ticket_text: str | None, *, sending: bool = False
) -> Access | ResponseReturnValue:
    """What a link gives access to, or the page that refuses it: the same for unknown, used and expired.

    An answer may be sent to a ticket that has been used: it may be the same one again, which only
    the transaction that stores it can tell. Who holds a used ticket is led to what they answered.
    """
    now = installation().now()
    ticket, survey, waits, used = None, None, None, False
    with installation().store.raw_connection() as connection:
        if ticket_text is not None:
            ticket = ticket_of(connection, link, ticket_text, sending=sending)
        if ticket_text is None or ticket is not None:
            survey = queries.survey_at(connection, link)
        if survey is not None and ticket is not None and not sending:
            waits = drafts.waiting(connection, survey.id, ticket, now=now)
            used = waits is None and is_used(connection, survey.id, ticket)
            if survey.is_anonymous and is_spent(
                connection, survey.id, ticket, installation().epoch_keys
            ):
                waits = None
    state = link_state(
        ticket,
        personal=ticket_text is not None,
        open_link=survey is not None and survey.open_link,
        waiting=waits is not None,
        used=used,
        sending=sending,
        now=now,
    )
    stage = survey_state(survey, now)
    if sending and stage is SurveyState.OVER and _is_in_time(survey, ticket, now):
        stage = SurveyState.RUNNING
    shown = SHOWN[state, stage]
    begun = sending or (waits is not None and waits.saved is not None)
    if survey is not None and not begun and shown is Shown.FORM and _is_full(survey, ticket):
        shown = SHOWN[state, SurveyState.FULL]
    if survey is None or shown is Shown.NEUTRAL:
        return neutral()
    if shown is Shown.OWN_ANSWERS:
        lang = request.args.get("lang")
        return redirect(url_for("self_service.show", link=link, ticket=ticket_text, lang=lang), 303)
    if shown is Shown.CLOSED:
        return message("closed", 410, survey, kept=_typed(survey) if sending else ())
    if shown is Shown.FULL:
        return message("full", 410, survey)
    if ticket is None or waits is None:
        return Access(survey, ticket)
    if waits.state == "created" and _is_visit() and survey.anonymity != "anonymous":
        noted(partial(note_opened, survey_id=survey.id, ticket=ticket, now=now))
    return Access(survey, ticket, waits.saved)


def _is_in_time(survey: Survey | None, ticket: Ticket | None, now: datetime) -> bool:
    """Whether what is sent to a closed survey comes from a form that was opened before."""
    if survey is None:
        return False
    text = request.form.get(KEY_FIELD, "")
    key = read_key(installation().signing_keys, _context(survey.link, ticket), text)
    grace = timedelta(minutes=installation().settings.close_grace_minutes)
    return key is not None and is_in_time(survey, key.issued_at, now, grace)


def _typed(survey: Survey) -> list[str]:
    """What was written into a form that is not taken any more."""
    questions = page_of(survey, survey.language).content.questions
    names = [question.name for question in questions if question.layout is Layout.TEXT]
    return [text for name in names for text in request.form.getlist(name) if text.strip()]


def _is_visit() -> bool:
    """Whether this is somebody who looks, rather than a browser that fetches ahead or a HEAD."""
    purposes = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
    ahead = any(request.headers.get(name, "")[:8] in {"prefetch", "preview"} for name in purposes)
    return request.method == "GET" and not ahead


def _is_full(survey: Survey, ticket: Ticket | None) -> bool:
    if not survey.logic.quotas:
        return False
    limits = page_of(survey, survey.language).content.logic.quotas
    with installation().store.engine.connect() as connection:
        return quotas.is_full(connection, survey.id, limits, ticket.attributes if ticket else {})


def came_in() -> dict[str, str]:
    """The channel as a response keeps it; nothing for the plain link."""
    channels = {"e": "embed", "k": "kiosk"}
    first = request.path[1:2]
    return {"way": channels[first]} if first in channels else {}


def ticket_of(
    at: DatabaseConnection, link: str, text: str, *, sending: bool = False
) -> Ticket | None:
    """The ticket of a long or a short link, expired ones included; None for what is none."""
    if "." in text:
        return read_ticket(installation().signing_keys, link, text, now=_ALWAYS)
    found = queries.short_ticket(at, text)
    if found is not None:
        return found[1] if found[0] == link else None
    # A short token that was redeemed anonymously is gone. The form that it was sent with may come again,
    # and says by its key that the token was one of ours.
    ticket = Ticket(text)
    key = request.form.get(KEY_FIELD, "") if sending else ""
    known = read_key(installation().signing_keys, _context(link, ticket), key)
    return ticket if known else None


def _context(link: str, ticket: Ticket | None) -> str:
    return f"{link} {ticket.token_hash if ticket else ''}"
