"""The survey inside another page: only inside those that the survey names, and without cookies."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from surveyapp.surveys import queries
from surveyapp.web.installation import installation
from surveyapp.web.respond.access import Access, opened
from surveyapp.web.respond.headers import allow
from surveyapp.web.respond.readable import channels_of
from surveyapp.web.respond.saying import neutral, packed
from surveyapp.web.respond.scripts import add_script
from surveyapp.web.respond.secondary_style import more_style, more_style_hash
from surveyapp.web.respond.views import send, show, thanks

embed = Blueprint("embed", __name__, url_prefix="/e/<link>")

MOST_POINTS = 11  # of a question that is asked by itself


@embed.route("", methods=["GET", "POST"])
def survey(link: str) -> ResponseReturnValue:
    """The same page as the open link's, and what it does with the answers is the same."""
    return _framed(link, make_response(send(link) if request.method == "POST" else show(link)))


@embed.get("/thanks")
def sent(link: str) -> ResponseReturnValue:
    return _framed(link, make_response(thanks(link)), sent=True)


@embed.get("/item/<name>")
def one_question(link: str, name: str) -> ResponseReturnValue:
    """One question as a row of buttons; each opens the survey with that answer chosen."""
    door = opened(link, None)
    if not isinstance(door, Access):
        return _framed(link, make_response(door))
    page = door.page
    question = next((each for each in page.content.questions if each.name == name), None)
    if question is None or not 2 <= len(question.options) <= MOST_POINTS:
        return neutral()
    allow(style_src=f"'{more_style_hash()}'")
    html = render_template(
        "respond/one.html",
        question=question,
        content=page.content,
        words=page.words,
        style=more_style(),
        action=f"/e/{link}",
        lang=request.args.get("lang", ""),
    )
    return _framed(link, packed(html))


def _framed(link: str, answer: Response, *, sent: bool = False) -> Response:
    """Let the page be shown inside others, tell them how high it is, and stay inside."""
    with installation().store.raw_connection() as connection:
        survey = queries.survey_at(connection, link)
    origins = channels_of(survey).embed_origins if survey else ()
    allow(frame_ancestors=" ".join(origins) or "'none'")
    if origins:
        # A page that isolates itself shows frames that isolate themselves too, and say that it may.
        answer.headers["Cross-Origin-Embedder-Policy"] = "require-corp"
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if answer.location:
        answer.location = answer.location.replace("/s/", "/e/", 1)
    elif answer.mimetype == "text/html" and origins:
        add_script(answer, "framed.js", origins=" ".join(origins), sent="1" if sent else "")
    return answer
