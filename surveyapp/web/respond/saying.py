"""Answers to customers that are a page of HTML: forms, and pages of a title and a sentence."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from typing import TYPE_CHECKING

from flask import Response, render_template, request

from surveyapp.i18n.languages import texts
from surveyapp.surveys.survey import Survey
from surveyapp.surveys.texts import Said
from surveyapp.web.respond.assets import script, style
from surveyapp.web.respond.headers import brand
from surveyapp.web.respond.negotiation import negotiated_language
from surveyapp.web.respond.readable import theme_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.datastructures import Headers


class Ready(Response):
    """An answer whose headers are as they are sent: nothing is looked for in them and put right, which
    takes as long as to set them. A place that it leads to is written as addresses are.
    """

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        return self.headers


def html(body: bytes, *, encoding: str = "", status: int = 200) -> Response:
    """A page that is in this encoding already."""
    response = Ready(body, status, mimetype="text/html")
    if encoding:
        response.headers["Content-Encoding"] = encoding
    response.headers["Vary"] = "Accept-Encoding, Accept-Language"
    return response


def packed(page: str, *, status: int = 200) -> Response:
    """A page that was made for this request alone."""
    if request.accept_encodings["gzip"]:
        return html(gzip.compress(page.encode(), 6), encoding="gzip", status=status)
    return html(page.encode(), status=status)


def neutral() -> Response:
    """The one answer to strangers: unknown, used and expired links say the same."""
    return message("neutral", 404, None)


def message(
    kind: str,
    status: int,
    survey: Survey | None,
    text: str = "",
    *,
    lines: Sequence[Said] = (),
    kept: Sequence[str] = (),
    sends: str = "",
    links: Sequence[tuple[str, str]] = (),
    hint: str = "",
) -> Response:
    """A page of a title and a sentence; more ``lines``, a button that ``sends``, ``links`` by name.

    ``kept`` is what a customer wrote that cannot be taken, given back; ``hint`` stands at the end.
    """
    words = texts(negotiated_language(survey))
    page = render_template(
        "respond/message.html",
        kind=kind,
        title=getattr(words, f"{kind}_title"),
        text=text or getattr(words, f"{kind}_text"),
        provider=(theme_of(survey).name or survey.provider) if survey else "",
        words=words,
        style=style(),
        own_style=brand(survey) if survey else "",
        script=script() if kind == "thanks" else "",
        lines=lines,
        kept=kept,
        sends=sends,
        links=links,
        hint=hint,
    )
    return html(page.encode(), status=status)
