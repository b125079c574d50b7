"""Answers to customers that are a page of HTML: forms, and pages of a title and a sentence."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from functools import lru_cache

from flask import Response, render_template, request
from werkzeug.datastructures import Accept, Headers
from werkzeug.http import parse_accept_header

from surveyapp.i18n.languages import texts
from surveyapp.surveys.survey import Survey
from surveyapp.surveys.texts import Said
from surveyapp.web.respond.assets import script, style
from surveyapp.web.respond.headers import brand
from surveyapp.web.respond.negotiation import negotiated_language
from surveyapp.web.respond.readable import theme_of
from surveyapp.web.respond.ready import HTML, Ready

_OF_PAGES = (
    ("Content-Type", HTML),
    ("Vary", "Accept-Encoding, Accept-Language"),
)
_LONGEST = 200  # letters of a header that are read


def html(body: bytes, *, encoding: str = "", status: int = 200) -> Response:
    """A page that is in this encoding already."""
    told = [*_OF_PAGES, ("Content-Length", str(len(body)))]
    if encoding:
        told.append(("Content-Encoding", encoding))
    return Ready([body], status, Headers(told))


def takes_gzip() -> bool:
    """Whether the browser reads what is packed."""
    return _names_gzip(request.environ.get("HTTP_ACCEPT_ENCODING", "")[:_LONGEST])


@lru_cache(maxsize=256)  # browsers send a handful
def _names_gzip(accepted: str) -> bool:
    return bool(parse_accept_header(accepted, Accept)["gzip"])


def packed(page: str, *, status: int = 200) -> Response:
    """A page that was made for this request alone."""
    if takes_gzip():
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
