"""What comes after the answers: thanks, the draw, and a way on."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from surveyapp.errors import Invalid
from surveyapp.i18n.languages import texts
from surveyapp.responses.actions import Stored
from surveyapp.responses.repeats import Repeat
from surveyapp.surveys import queries
from surveyapp.surveys.channels import leads_to
from surveyapp.surveys.prize_draws import LONGEST_ADDRESS, enter, enter_later, read_pass, write_pass
from surveyapp.surveys.survey import Survey
from surveyapp.surveys.texts import Said
from surveyapp.web.installation import installation
from surveyapp.web.respond.access import Access
from surveyapp.web.respond.form_tokens import FormKey
from surveyapp.web.respond.headers import allow, brand
from surveyapp.web.respond.negotiation import negotiated_language
from surveyapp.web.respond.readable import channels_of, text_of
from surveyapp.web.respond.saying import message, neutral, packed
from surveyapp.web.respond.secondary_style import more_style, more_style_hash

draw = Blueprint("draw", __name__, url_prefix="/s/<link>/draw")

LARGEST_BODY = 16 * 1024
PASS = "pass"  # noqa: S105 - the name of a parameter
REPEATED = "again"
# What the thanks add where the same form came before; the name of a phrase.
_REPEATED = {Repeat.CHANGED.value: "mine_saved", Repeat.STANDS.value: "thanks_stands"}


def thanks_address(door: Access, key: FormKey, stored: Stored, repeated: Repeat) -> str:
    """Where whoever has sent answers goes; with a pass where there is a draw.

    The pass is made of the number that came with the form, so that the same form sent twice gets the
    same one, and a second form for a used link gets none.
    """
    survey = door.survey
    more: dict[str, str] = {}
    if "lang" in request.args:
        more["lang"] = request.args["lang"]
    if door.ticket and survey.anonymity != "anonymous":
        more["own"] = "1"
    if repeated is not Repeat.SAME:
        more[REPEATED] = repeated.value
    if survey.draw and stored.response_id is not None:
        more[PASS] = write_pass(installation().signing_keys, survey.link, key.draw)
    # By hand: to look the route up costs a customer as much as to find the page.
    address = f"{request.script_root}/s/{survey.link}/thanks"
    return f"{address}?{urlencode(more)}" if more else address


def ending(survey: Survey) -> tuple[list[Said], list[tuple[str, str]]]:
    """Lines and links under the thanks."""
    language = negotiated_language(survey)
    words = texts(language)
    lines: list[Said] = []
    links: list[tuple[str, str]] = []
    told = _REPEATED.get(request.args.get(REPEATED, ""))
    if told is not None:
        lines.append(Said(getattr(words, told), words.language_tag))
    if "own" in request.args:
        lines.append(Said(words.thanks_mine, words.language_tag))
    text = request.args.get(PASS, "")
    if survey.draw and read_pass(installation().signing_keys, survey.link, text) is not None:
        lines.append(text_of(survey, "draw", language))
        values: dict[str, Any] = {"lang": request.args.get("lang"), PASS: text}
        address = url_for("draw.show", link=survey.link, **values)
        links.append((words.draw_title, address))
    end = channels_of(survey).end_url
    # Allowed when it was typed, and now: an installation may have thought better of a host.
    if end and leads_to(end, installation().settings.end_hosts_allowed):
        links.append((words.filled(words.go_on, host=urlsplit(end).hostname or ""), end))
    return lines, links


def correction_hint(survey: Survey) -> str:
    """How answers that were just sent can still be put right; empty where they cannot, or not so."""
    by_others = request.path.startswith("/k/")  # whoever comes next at a kiosk is somebody else
    if survey.anonymity == "anonymous" or by_others or "own" in request.args:
        return ""
    return texts(negotiated_language(survey)).thanks_back


@draw.route("", methods=["GET", "POST"])
def show(link: str) -> ResponseReturnValue:
    """Ask for an address, and take it: once for a pass."""
    request.max_content_length = request.max_form_memory_size = LARGEST_BODY
    with installation().store.raw_connection() as connection:
        survey = queries.survey_at(connection, link)
    number = read_pass(installation().signing_keys, link, request.args.get(PASS, ""))
    if survey is None or survey.state == "draft" or not survey.draw or number is None:
        return neutral()
    lang = request.args.get("lang")
    if request.method == "GET":
        return _form(survey, "", status=200)
    typed = request.form.get("address", "")
    try:
        with installation().store.writing() as session:
            if survey.is_anonymous:
                enter_later(session, survey.id, number, typed, installation().epoch_keys)
            else:
                day = installation().now().date()
                enter(session, survey_id=survey.id, number=number, address=typed, day=day)
    except Invalid:
        return _form(survey, typed, status=422)
    return redirect(url_for("draw.entered", link=link, lang=lang), 303)


@draw.get("/entered")
def entered(link: str) -> ResponseReturnValue:
    """The same for everybody, whether the address was new or not."""
    with installation().store.raw_connection() as connection:
        survey = queries.survey_at(connection, link)
    return message("drawn", 200, survey) if survey and survey.draw else neutral()


def _form(survey: Survey, typed: str, *, status: int) -> ResponseReturnValue:
    language = negotiated_language(survey)
    words = texts(language)
    allow(style_src=f"'{more_style_hash()}'")
    page = render_template(
        "respond/draw.html",
        words=words,
        style=more_style(),
        own_style=brand(survey),
        provider=survey.provider,
        offer=text_of(survey, "draw", language),
        typed=typed[:LONGEST_ADDRESS],
        longest=LONGEST_ADDRESS,
        wrong=status != 200,
    )
    return packed(page, status=status)
