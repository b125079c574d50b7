"""The page behind the link that ends each message: a question, a button, and then peace.

Opening it changes nothing, because programs that look through mail open every link. The POST is that
of the button and, by RFC 8058, that of a mail program's own; the signed token in the address is all
that it needs, so there is no session and no token of a form.
"""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from surveyapp.distribution.unsubscribe import TEST_TOKEN, Leaving, let_go, read_token
from surveyapp.i18n.languages import texts
from surveyapp.sampling.opt_outs import is_opted_out
from surveyapp.store.models import SurveyRow
from surveyapp.surveys import queries
from surveyapp.surveys.survey import Survey
from surveyapp.web.installation import installation
from surveyapp.web.respond.negotiation import negotiated_language
from surveyapp.web.respond.readable import theme_of
from surveyapp.web.respond.saying import message, neutral

unsubscribe = Blueprint("unsubscribe", __name__, url_prefix="/u")

_LARGEST_BODY = 4096  # "List-Unsubscribe=One-Click", in one of two encodings


@unsubscribe.get("/<token>")
def ask(token: str) -> ResponseReturnValue:
    """Whether the customer means it; who has gone already is told so."""
    if token == TEST_TOKEN:
        return message("test", 200, None)
    leaver = read_token(installation().signing_keys, token)
    if leaver is None:
        return neutral()
    with installation().store.reading() as session:
        if is_opted_out(session, leaver.keys):
            return _said("unsubscribed", leaver)
    return _said("unsubscribe", leaver)


@unsubscribe.post("/<token>")
def go(token: str) -> ResponseReturnValue:
    """Ask this customer no more, and say so; the same again however often it is sent."""
    request.max_content_length = request.max_form_memory_size = _LARGEST_BODY
    leaver = read_token(installation().signing_keys, token)
    if leaver is None:
        return neutral()
    with installation().store.writing() as session:
        let_go(session, leaver)
    return _said("unsubscribed", leaver)


def _said(kind: str, leaver: Leaving) -> ResponseReturnValue:
    survey = _asking(leaver.survey_id)
    words = texts(negotiated_language(survey))
    provider = (theme_of(survey).name or survey.provider) if survey else ""
    return message(
        kind,
        200,
        survey,
        words.filled(getattr(words, f"{kind}_text"), provider=provider),
        sends=words.unsubscribe_send if kind == "unsubscribe" else "",
    )


def _asking(survey_id: int) -> Survey | None:
    with installation().store.engine.connect() as connection:
        link = connection.scalar(select(SurveyRow.link).where(SurveyRow.id == survey_id))
        return None if link is None else queries.survey_at(connection, link)
