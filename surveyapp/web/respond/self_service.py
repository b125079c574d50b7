"""What is stored of a customer, for whoever holds the personal link: see, change, download, erase."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from attrs import evolve
from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from surveyapp.comments.rows import QUOTE
from surveyapp.errors import NotFound
from surveyapp.i18n.dates import date_and_time
from surveyapp.i18n.languages import own_name
from surveyapp.i18n.phrases import Phrases
from surveyapp.responses.corrections import correct, own_response
from surveyapp.responses.erasures import erase
from surveyapp.responses.reading import Faulty
from surveyapp.store.models import Response as Stored
from surveyapp.store.models import Score
from surveyapp.surveys import consents, queries
from surveyapp.surveys.invitations import is_used
from surveyapp.surveys.links import Ticket
from surveyapp.surveys.logic import NOT_APPLICABLE
from surveyapp.surveys.survey import Survey
from surveyapp.surveys.texts import Said
from surveyapp.web.installation import installation
from surveyapp.web.respond.access import page_of, ticket_of
from surveyapp.web.respond.content import Layout, Question, content
from surveyapp.web.respond.forms import AGREED, QUOTE_FIELD, form_class
from surveyapp.web.respond.headers import allow, brand
from surveyapp.web.respond.navigation import unknown_field
from surveyapp.web.respond.pages import Page, rendered
from surveyapp.web.respond.readable import text_of
from surveyapp.web.respond.saying import message, neutral, packed
from surveyapp.web.respond.secondary_style import more_style, more_style_hash

self_service = Blueprint("self_service", __name__, url_prefix="/s/<link>/<ticket>/mine")

LARGEST_BODY = 512 * 1024


@dataclass(frozen=True)
class Holder:
    """Somebody who holds a used personal link, and the response that was sent with it."""

    survey: Survey
    ticket: Ticket
    response: Stored
    scores: Mapping[str, float]
    consent: Said

    @property
    def page(self) -> Page:
        """The survey as this customer read it, without the check of attention and the box of consent.

        Who allowed to be quoted finds that box ticked, even where the survey asks for it no more.
        """
        library = installation().library
        page = page_of(self.survey, request.args.get("lang") or self.response.language)
        survey = evolve(self.survey.without_attention_check(), consent_box=False)
        own = content(survey, page.content.language, library, self.response.attributes)
        own = replace(own, quote_box=own.quote_box or self.may_be_quoted)
        fields = {q.name: (q.instrument, q.item.code) for q in own.questions}
        return replace(page, content=own, form_class=form_class(own, page.words), fields=fields)

    @property
    def may_be_quoted(self) -> bool:
        return self.response.paradata.get(QUOTE) is True

    @property
    def questions(self) -> Iterator[tuple[Question, Any]]:
        """What was asked of this customer, with the answer as it is stored."""
        page = self.page
        hidden = page.hidden(_typed(page, self.response))
        for question in page.content.questions:
            if question.name not in hidden:
                yield question, _given(question, self.response)


@self_service.after_request
def unkept(answer: Response) -> Response:
    """No browser keeps a copy that the next user of the device could open."""
    answer.headers["Cache-Control"] = "no-store"
    return answer


@self_service.get("")
def show(link: str, ticket: str) -> ResponseReturnValue:
    """Everything that is stored, in words."""
    holder = _holder(link, ticket)
    if not isinstance(holder, Holder):
        return holder
    page, response = holder.page, holder.response
    zone = ZoneInfo(installation().settings.time_zone)
    allow(style_src=f"'{more_style_hash()}'")
    return packed(
        render_template(
            "respond/mine.html",
            words=page.words,
            style=more_style(),
            own_style=brand(holder.survey),
            provider=holder.survey.provider,
            answers=[(q, _in_words(q, given, page.words)) for q, given in holder.questions],
            moments=[
                (name, moment, date_and_time(moment, zone, page.words))
                for name, moment in (
                    (page.words.mine_answered, response.submitted_at),
                    (page.words.mine_changed, response.corrected_at),
                )
                if moment is not None
            ],
            spoken=own_name(response.language),
            consent=holder.consent,
            quoted=holder.may_be_quoted,
            attributes=response.attributes,
            saved="saved" in request.args,
            stands="stands" in request.args,
            addresses={
                # Said, for the pages that ask and confirm know nothing of the answers' language.
                name: url_for(
                    f"self_service.{name}", link=link, ticket=ticket, lang=page.content.language
                )
                for name in ("change", "download", "remove")
            },
        )
    )


@self_service.get("/answers.json")
def download(link: str, ticket: str) -> ResponseReturnValue:
    """The same as data, to take elsewhere."""
    holder = _holder(link, ticket)
    if not isinstance(holder, Holder):
        return holder
    response, words = holder.response, holder.page.words
    answer = jsonify(
        {
            "asked_by": holder.survey.provider,
            "about": text_of(holder.survey, "touchpoint", holder.page.content.language).text,
            "answered_at": response.submitted_at.isoformat(),
            "started_at": response.started_at.isoformat() if response.started_at else None,
            "changed_at": response.corrected_at.isoformat() if response.corrected_at else None,
            "language": response.language,
            "consent": {
                "version": response.consent_version,
                "text": holder.consent.text,
                "language": holder.consent.language,
            },
            "attributes": response.attributes,
            "answers": [
                {
                    "name": question.name,
                    "question": question.text,
                    "answer": given,
                    "in_words": _in_words(question, given, words),
                }
                for question, given in holder.questions
            ],
            "scores": holder.scores,
            "how_it_was_answered": response.paradata,
        }
    )
    answer.headers["Content-Disposition"] = 'attachment; filename="answers.json"'
    return answer


@self_service.route("/change", methods=["GET", "POST"])
def change(link: str, ticket: str) -> ResponseReturnValue:
    """The survey's form as it was sent, to be sent again in place of it."""
    request.max_content_length = request.max_form_memory_size = LARGEST_BODY
    holder = _holder(link, ticket)
    if not isinstance(holder, Holder):
        return holder
    page = holder.page
    if request.method == "GET":
        return _form(page, page.form_class(_typed(page, holder.response)), 200)
    unknown = unknown_field(page, request.form)
    if unknown is not None:
        notice = page.words.filled(page.words.unknown_field, name=unknown[:60])
        return _form(page, page.form_class(request.form), 422, notice)
    outcome = None
    with suppress(NotFound), installation().store.writing() as session:
        outcome = correct(
            session,
            holder.survey,
            holder.response.id,
            page.raw(request.form),
            now=installation().now(),
            library=installation().library,
            may_quote=request.form.getlist(QUOTE_FIELD) == [AGREED]
            if page.content.quote_box
            else None,
        )
    if isinstance(outcome, Faulty):
        form = page.form_class(request.form)
        form.judge(without=page.hidden(request.form))
        return _form(page, form, 422)
    address = url_for("self_service.show", link=link, ticket=ticket, lang=_lang(), saved=1)
    return redirect(address, 303)


@self_service.route("/erase", methods=["GET", "POST"])
def remove(link: str, ticket: str) -> ResponseReturnValue:
    """Ask once more, then delete: opening an address alone changes nothing."""
    holder = _holder(link, ticket)
    if not isinstance(holder, Holder):
        return holder
    if request.method == "GET":
        words = holder.page.words
        back = (
            words.mine_back,
            url_for("self_service.show", link=link, ticket=ticket, lang=_lang()),
        )
        return message("erase", 200, holder.survey, sends=words.erase_send, links=[back])
    with suppress(NotFound), installation().store.writing() as session:  # or erased at this moment
        erase(
            *(session, holder.survey, holder.response.id),
            now=installation().now(),
            secret_key=installation().secret_key,
        )
    return redirect(url_for("self_service.show", link=link, ticket=ticket, lang=_lang()), 303)


def _holder(link: str, ticket_text: str) -> Holder | ResponseReturnValue:
    """Who holds this link, or the page for strangers, for the erased, for anonymous surveys.

    A closed survey or an expired link takes nobody's rights away.
    """
    with installation().store.reading() as session:
        connection = session.connection()
        survey = queries.survey_at(connection, link)
        ticket = ticket_of(connection, link, ticket_text)
        if survey is None or survey.state == "draft" or ticket is None:
            return neutral()
        if survey.anonymity == "anonymous":
            return message("nothing", 200, survey)
        if not is_used(connection, survey.id, ticket):
            return redirect(url_for("respond.show", link=link, ticket=ticket_text), 303)
        response = own_response(session, survey.id, ticket)
        if response is None:
            return message("erased", 200, survey)
        rows = session.execute(
            select(Score.scale, Score.value).where(Score.response_id == response.id)
        )
        consent = consents.text_of(session, survey.id, response.consent_version, response.language)
        return Holder(survey, ticket, response, {row.scale: row.value for row in rows}, consent)


def _form(page: Page, form: Any, status: int, notice: str = "") -> Response:
    """The survey's own page; what its button does is said in other words."""
    page = replace(page, words=replace(page.words, send=page.words.mine_save))
    return packed(rendered(page, form, "", notice=notice), status=status)


def _given(question: Question, response: Stored) -> Any:
    if question.name in response.paradata.get("not_applicable", ()):
        return NOT_APPLICABLE
    return response.answers.get(question.instrument, {}).get(question.item.code)


def _typed(page: Page, response: Stored) -> MultiDict[str, str]:
    """The stored answers as the form's fields."""
    fields: MultiDict[str, str] = MultiDict()
    for question in page.content.questions:
        given = _given(question, response)
        if given is not None:
            values = given if isinstance(given, list) else [given]
            fields.setlist(question.name, [_field(value) for value in values])
    if response.paradata.get(QUOTE) is True:
        fields[QUOTE_FIELD] = AGREED
    return fields


def _field(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _in_words(question: Question, given: Any, words: Phrases) -> str:
    """An answer as its question showed it; a point of a scale with the scale's ends."""
    if given is None:
        return ""
    if given == NOT_APPLICABLE:
        return words.not_applicable
    labels = {option.value: option.label for option in question.options}
    values = [_field(value) for value in (given if isinstance(given, list) else [given])]
    if question.layout is Layout.TEXT:
        return values[0]
    if question.item.scale is None:
        return words.listing(labels.get(value) or value for value in values)
    label = labels.get(values[0])
    said = words.mine_labelled_point if label else words.mine_point
    first, last = question.options[0].value, question.options[-1].value
    return said.format(value=values[0], first=first, last=last, label=words.isolated(label or ""))


def _lang() -> str | None:
    return request.args.get("lang")
