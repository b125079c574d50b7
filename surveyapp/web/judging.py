"""The form of a judge, who has a link and no account: sort or rate items, save, hand in.

No session, no script, no way on into the application. Whether the link is unknown, expired or revoked,
or its round closed, the answer is the same. A judge sees the items, the constructs and their own answers:
nothing of other judges, of which construct an item was written for, or of whoever asks.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from surveyapp.auth.throttle import JUDGING_SAVED, Attempt, client_of
from surveyapp.errors import Invalid, SurveyappError, TooManyAttempts
from surveyapp.i18n.languages import own_name
from surveyapp.i18n.report_languages import REPORT_LANGUAGES, written_in
from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.scale_development.judging import (
    LONGEST_REMARK,
    UNSURE,
    Judged,
    RoundKind,
    opened_judge,
    ordered_items,
    save_judgement,
)
from surveyapp.store.models import Judge, JudgingRound
from surveyapp.web import attempts
from surveyapp.web.guards import public
from surveyapp.web.installation import installation
from surveyapp.web.sessions import Nobody
from surveyapp.web.shared import HEADERS

judging = Blueprint("judging", __name__, url_prefix="/judging")

_LARGEST_BODY = 256 * 1024
_ANSWER, _REMARK = "answer-", "remark-"
_FIELDS = frozenset({"action", "lang"})


@judging.before_request
def nobody() -> None:
    """Nobody is signed in here: whoever is elsewhere sees what a stranger sees."""
    g._login_user = Nobody()
    request.max_content_length = request.max_form_memory_size = _LARGEST_BODY


@judging.after_request
def closed(answer: Response) -> Response:
    """Nothing runs on these pages, keeps, finds or tells of them."""
    answer.headers.update(HEADERS)
    return answer


@judging.errorhandler(SurveyappError)
def refused(error: SurveyappError) -> ResponseReturnValue:
    """A page that leads nowhere; what is wrong is told only where it says nothing of the link."""
    words = _words(None)
    if isinstance(error, TooManyAttempts):
        title, text = words.say("Wait a moment"), words.say("Try again in a minute.")
        return _message(words, title, text), 429
    if isinstance(error, Invalid):
        title = words.say("Nothing has been saved.")
        return _message(words, title, words.say("Go back and check your answers.")), 422
    text = words.say("This link is not valid any more. Ask whoever sent it for a new one.")
    return _message(words, words.say("Not found"), text), 404


@judging.get("/<token>")
@public
def show(token: str) -> ResponseReturnValue:
    with installation().store.reading() as session:
        judge = opened_judge(session, token, now=installation().now())
    if request.method == "HEAD":
        return ""
    return _form(judge, set())


@judging.post("/<token>")
@public
def save(token: str) -> ResponseReturnValue:
    """Keep the answers; the same again however often it is sent."""
    now = installation().now()
    with installation().store.reading() as session:
        judge = opened_judge(session, token, now=now)
    attempts.admit(Attempt(JUDGING_SAVED, f"{judge.id} {client_of(request.remote_addr)}"))
    sent, final = _sent(), request.form.get("action") == "submit"
    with installation().store.writing() as session:
        judge = opened_judge(session, token, now=now, to_change=True)
        open_items = save_judgement(session, judge, sent, final=final, now=now)
    if final and open_items:
        return _form(judge, set(open_items)), 422
    if final:
        words = _words(judge)
        text = words.say("You can change your answers until the link expires.")
        back = url_for("judging.show", token=token, lang=words.language)
        title = words.say("Your answers have been handed in. Thank you.")
        return _message(words, title, text, back=(words.say("Change answers"), back))
    return _form(judge, set(), saved=True)


def _sent() -> Judged:
    """What the form holds. Raises Invalid for a field that it does not have, or a character that cannot
    be stored.
    """
    answers: dict[str, str] = {}
    remarks: dict[str, str] = {}
    for name, value in request.form.items():
        start, _, item = name.partition("-")
        if "\x00" in value or "\x00" in name:
            raise Invalid("The text contains a NUL character, which cannot be stored; remove it.")
        if f"{start}-" == _ANSWER:
            answers[item] = value
        elif f"{start}-" == _REMARK:
            remarks[item] = value
        elif name not in _FIELDS:
            raise Invalid(f"This form has no field {name[:60]!r}; nothing was saved.")
    return Judged(answers, remarks)


def _form(judge: Judge, open_items: set[str], *, saved: bool = False) -> str:
    row, words = judge.round, _words(judge)
    return render_template(
        "judging/show.html",
        words=words,
        said=_said(row, words),
        options=_options(row, words),
        constructs=row.constructs,
        definition=row.scale.definition if row.kind != RoundKind.SORT else "",
        kind=row.kind,
        items=ordered_items(judge),
        item_language=row.scale.language,
        answers=judge.answers,
        remarks=judge.remarks,
        open_items=open_items,
        open_said=words.say_count(
            "{n} item has no answer yet.", "{n} items have no answer yet.", n=len(open_items)
        ),
        saved=saved,
        languages=[(each, own_name(each)) for each in REPORT_LANGUAGES],
        longest=LONGEST_REMARK,
    )


def _message(words: Words, title: str, text: str, *, back: tuple[str, str] | None = None) -> str:
    return render_template("judging/message.html", words=words, title=title, text=text, back=back)


def _words(judge: Judge | None) -> Words:
    """In the language that was chosen, else that of the items, else English."""
    wanted = request.values.get("lang", "")
    if wanted not in REPORT_LANGUAGES:
        wanted = judge.round.scale.language if judge else ENGLISH.language
    return written_in(wanted) if wanted in REPORT_LANGUAGES else ENGLISH


def _said(row: JudgingRound, words: Words) -> Mapping[str, str]:
    """The sentences of the form."""
    tasks = {
        RoundKind.SORT: (
            words.say("Sort statements"),
            words.say(
                "For each statement, choose the construct that it describes best. Read the definitions"
                " first; do not think of how the statements could be answered."
            ),
        ),
        RoundKind.RELEVANCE: (
            words.say("Rate statements"),
            words.say("For each statement, say how relevant it is to the construct defined below."),
        ),
        RoundKind.ESSENTIAL: (
            words.say("Rate statements"),
            words.say("For each statement, say whether it is essential to measure the construct."),
        ),
    }
    title, task = tasks[RoundKind(row.kind)]
    return {
        "title": title,
        "task": task,
        "definitions": words.say("Definitions"),
        "construct": words.say("The construct"),
        "remark": words.say("Remark on the wording (optional)"),
        "save": words.say("Save and go on later"),
        "submit": words.say("Hand in"),
        "saved": words.say("Your answers have been saved. Hand them in when you are done."),
        "languages": words.say("Language of this page"),
        "privacy": words.say(
            "Do not enter personal data. Whoever sent you the link sees your answers and remarks."
        ),
    }


def _options(row: JudgingRound, words: Words) -> list[tuple[str, str]]:
    """What can be answered, by what is stored."""
    kind = RoundKind(row.kind)
    if kind == RoundKind.SORT:
        unsure = words.say("None of them, or several")
        return [*((each["code"], each["name"]) for each in row.constructs), (UNSURE, unsure)]
    if kind == RoundKind.RELEVANCE:
        return [
            ("1", words.say("1: not relevant")),
            ("2", words.say("2: somewhat relevant")),
            ("3", words.say("3: quite relevant")),
            ("4", words.say("4: highly relevant")),
        ]
    return [
        ("essential", words.say("Essential")),
        ("useful", words.say("Useful, but not essential")),
        ("no", words.say("Not necessary")),
    ]
