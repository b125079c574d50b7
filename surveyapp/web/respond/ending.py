"""What comes after the answers: thanks, the draw, and a way on."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from surveyapp.errors import Invalid
from surveyapp.i18n.languages import texts
from surveyapp.responses.actions import Stored
from surveyapp.surveys import queries
from surveyapp.surveys.channels import leads_to, read_channels
from surveyapp.surveys.prize_draws import LONGEST_ADDRESS, enter, read_pass, write_pass
from surveyapp.surveys.queries import Asking
from surveyapp.surveys.texts import Said, said
from surveyapp.web.installation import installation
from surveyapp.web.respond.access import Access
from surveyapp.web.respond.form_tokens import FormKey
from surveyapp.web.respond.headers import allow, brand
from surveyapp.web.respond.negotiation import negotiated_language
from surveyapp.web.respond.saying import message, neutral, packed
from surveyapp.web.respond.secondary_style import more_style, more_style_hash

draw = Blueprint("draw", __name__, url_prefix="/s/<link>/draw")

LARGEST_BODY = 16 * 1024
PASS = "pass"  # noqa: S105 - the name of a parameter


def thanks_address(door: Access, key: FormKey, stored: Stored) -> str:
    """Where whoever has sent answers goes; with a pass where there is a draw.

    The pass is made of the number that came with the form, so that the same form sent twice gets the
    same one, and a second form for a used link gets none.
    """
    asking = door.asking
    more: dict[str, str] = {}
    if "lang" in request.args:
        more["lang"] = request.args["lang"]
    if door.ticket and asking.anonymity != "anonymous":
        more["own"] = "1"
    if asking.draw and stored.response_id is not None:
        more[PASS] = write_pass(installation().secret_key, asking.link, key.draw)
    # By hand: to look the route up costs a customer as much as to find the page.
    address = f"{request.script_root}/s/{asking.link}/thanks"
    return f"{address}?{urlencode(more)}" if more else address


def ending(asking: Asking) -> tuple[list[Said], list[tuple[str, str]]]:
    """Lines and links under the thanks."""
    language = negotiated_language(asking)
    words = texts(language)
    lines: list[Said] = []
    links: list[tuple[str, str]] = []
    if "own" in request.args:
        lines.append(Said(words.thanks_mine, words.language_tag))
    text = request.args.get(PASS, "")
    if asking.draw and read_pass(installation().secret_key, asking.link, text) is not None:
        lines.append(said(asking, "draw", language))
        values: dict[str, Any] = {"lang": request.args.get("lang"), PASS: text}
        address = url_for("draw.show", link=asking.link, **values)
        links.append((words.draw_title, address))
    end = read_channels(asking.channels).end_url
    # Allowed when it was typed, and now: an installation may have thought better of a host.
    if end and leads_to(end, installation().settings.end_hosts_allowed):
        links.append((words.filled(words.go_on, host=urlsplit(end).hostname or ""), end))
    return lines, links


@draw.route("", methods=["GET", "POST"])
def show(link: str) -> ResponseReturnValue:
    """Ask for an address, and take it: once for a pass."""
    request.max_content_length = request.max_form_memory_size = LARGEST_BODY
    with installation().store.raw_connection() as connection:
        asking = queries.asking(connection, link)
    number = read_pass(installation().secret_key, link, request.args.get(PASS, ""))
    if asking is None or asking.state == "draft" or not asking.draw or number is None:
        return neutral()
    lang = request.args.get("lang")
    if request.method == "GET":
        return _form(asking, "", status=200)
    typed = request.form.get("address", "")
    try:
        with installation().store.writing() as session:
            enter(
                session,
                survey_id=asking.id,
                number=number,
                address=typed,
                day=installation().now().date(),
            )
    except Invalid:
        return _form(asking, typed, status=422)
    return redirect(url_for("draw.entered", link=link, lang=lang), 303)


@draw.get("/entered")
def entered(link: str) -> ResponseReturnValue:
    """The same for everybody, whether the address was new or not."""
    with installation().store.raw_connection() as connection:
        asking = queries.asking(connection, link)
    return message("drawn", 200, asking) if asking and asking.draw else neutral()


def _form(asking: Asking, typed: str, *, status: int) -> ResponseReturnValue:
    language = negotiated_language(asking)
    words = texts(language)
    allow(style_src=f"'{more_style_hash()}'")
    page = render_template(
        "respond/draw.html",
        words=words,
        style=more_style(),
        own_style=brand(asking),
        provider=asking.provider,
        offer=said(asking, "draw", language),
        typed=typed[:LONGEST_ADDRESS],
        longest=LONGEST_ADDRESS,
        wrong=status != 200,
    )
    return packed(page, status=status)
