"""A survey on a device that stands somewhere: one person after the other, with or without the net.

The device keeps what was answered and sends it under a number of its own. Each page carries a form
key that we signed, and the key of a response is made of both, so that whatever the device sends
again is one response.
"""

from __future__ import annotations

import hmac
import json
import re
from dataclasses import replace
from datetime import datetime, timedelta

from attrs import evolve
from flask import Blueprint, Response, g, make_response, request, send_from_directory, url_for
from flask.typing import ResponseReturnValue

from surveyapp.i18n.languages import texts
from surveyapp.responses.device_files import ID, is_stored, known_number
from surveyapp.responses.reading import Faulty
from surveyapp.responses.submission import read_submission
from surveyapp.surveys import queries
from surveyapp.surveys.settings.channels import Channels
from surveyapp.surveys.survey import Survey
from surveyapp.web.installation import installation
from surveyapp.web.respond.access import KEY_FIELD, Access, came_in
from surveyapp.web.respond.form_tokens import FormKey, read_key
from surveyapp.web.respond.headers import allow
from surveyapp.web.respond.pages import Page
from surveyapp.web.respond.readable import channels_of
from surveyapp.web.respond.saying import neutral
from surveyapp.web.respond.scripts import add_script, page_in
from surveyapp.web.respond.senders import watched
from surveyapp.web.respond.views import LARGEST_BODY, agrees, allowed_quoting, send, show, thanks
from surveyapp.web.respond.write_queue import submitted
from surveyapp.whole import whole_number

kiosk = Blueprint("kiosk", __name__, url_prefix="/k")

_LANGUAGE = re.compile(r'<html lang="([\w-]+)"')
_LONGEST_WAIT = 366 * 24 * 3600  # seconds that a device may have kept an answer


@kiosk.get("/worker.js")
def worker() -> ResponseReturnValue:
    """The service worker; from here, because it may only serve what lies beside it."""
    answer = send_from_directory("static", "kiosk-worker.js", mimetype="text/javascript")
    allow(connect_src="'self'")
    return answer


@kiosk.route("/<link>", methods=["GET", "POST"])
def survey(link: str) -> ResponseReturnValue:
    """The whole survey on one page. Without script it is sent like any other."""
    channels = _channels(link)
    if channels is None:
        return neutral()
    g.one_page = True
    answer = make_response(send(link) if request.method == "POST" else show(link))
    if answer.location:
        answer.location = answer.location.replace("/s/", "/k/", 1)
    elif answer.mimetype == "text/html" and answer.status_code in {200, 422}:
        allow(connect_src="'self'", worker_src="'self'")
        _equip(answer, link, channels)
    return answer


@kiosk.get("/<link>/thanks")
def thanked(link: str) -> ResponseReturnValue:
    """Thanks where there is no script: the page itself goes back to the beginning."""
    channels = _channels(link)
    if channels is None:
        return neutral()
    answer = make_response(thanks(link))
    answer.headers["Refresh"] = (
        f"{channels.kiosk_seconds}; url={url_for('kiosk.survey', link=link)}"
    )
    return answer


@kiosk.post("/<link>/answers")
def keep(link: str) -> ResponseReturnValue:
    """Keep one person's answers from a device, now or long after they were given.

    204 means that they are stored, perhaps since an earlier try; 422 that they never will be while the
    survey is as it is; anything else that the device had better wait. ``why`` tells staff the reason.
    """
    request.max_content_length = request.max_form_memory_size = LARGEST_BODY
    with installation().store.raw_connection() as connection:
        survey = queries.survey_at(connection, link)
    if survey is None or not survey.open_link or not channels_of(survey).kiosk:
        return _not_kept(404, "This survey is not available on a kiosk at present.")
    g.one_page = True
    door = Access(survey, None)
    key = read_key(installation().signing_keys, door.context, request.form.get(KEY_FIELD, ""))
    number = request.args.get("id", "")
    if key is None or not ID.fullmatch(number):
        return _not_kept(422, "The form was not sent from a page of this survey.")
    now = installation().now()
    answered = _moment("age", now, key.issued_at)
    if survey.is_early(answered) or survey.is_over(answered):
        return _not_kept(409, "The survey was not open when this was answered.")
    if not agrees(door.page, request.form):
        return _not_kept(422, "The consent box was not ticked.")
    faulty = _submit(door, key, number, answered)
    return ("", 204) if faulty is None else _not_kept(422, *_reasons(door.page, faulty))


def _not_kept(status: int, *why: str) -> ResponseReturnValue:
    return {"why": why}, status


def _reasons(page: Page, faulty: Faulty) -> list[str]:
    asked = {(each.instrument, each.item.code): each.text for each in page.content.questions}
    return [
        f"“{asked.get((instrument, fault.item), fault.item or instrument)}” {fault.reason}"
        for instrument, faults in faulty.faults.items()
        for fault in faults
    ]


def _submit(door: Access, key: FormKey, number: str, answered: datetime) -> Faulty | None:
    """Keep the answers once, also where staff have brought in the device's file meanwhile."""
    page = door.page
    survey = evolve(door.survey, consent_version=key.consent_version)
    submission = read_submission(
        survey,
        page.raw(request.form),
        submission_key=_submission_key(installation().secret_key, key.submission_key, number),
        attributes={},
        started_at=min(answered, _moment("began", installation().now(), key.issued_at)),
        source="link",
        language=page.content.language,
        paradata={**allowed_quoting(page, request.form), **came_in()},
        now=answered,
        library=installation().library,
    )
    if isinstance(submission, Faulty):
        return submission
    known = known_number(survey, number, installation().secret_key)
    with installation().store.engine.connect() as connection:
        if is_stored(connection, survey.id, known):
            return None
    submission = watched(submission, form=key.submission_key)
    prepared = replace(submission.prepared, external_id=known)
    submitted(replace(submission, prepared=prepared))
    return None


def _submission_key(secret_key: str, form: str, number: str) -> str:
    """The key of what a device sends from this form under this number; nobody else can make it."""
    own = hmac.new(secret_key.encode(), b"surveyapp kiosk answers", "sha256").digest()
    return hmac.new(own, f"{form} {number}".encode(), "sha256").hexdigest()


def _moment(name: str, now: datetime, opened: datetime) -> datetime:
    """So many seconds ago by the device, between the page's opening and now.

    A device tells how long ago something was, as its clock may be wrong and yet run at the right pace.
    """
    ago = whole_number(request.args.get(name, "0"), largest=10**9) or 0
    return max(min(opened, now), now - timedelta(seconds=min(ago, _LONGEST_WAIT)))


def _channels(link: str) -> Channels | None:
    """The channels of a survey that allows kiosks; None for all others."""
    with installation().store.raw_connection() as connection:
        survey: Survey | None = queries.survey_at(connection, link)
    channels = channels_of(survey) if survey else Channels()
    return channels if channels.kiosk else None


def _equip(answer: Response, link: str, channels: Channels) -> None:
    """Give the page what makes a kiosk of it."""
    language = _LANGUAGE.search(page_in(answer))
    words = texts(language[1] if language else "en")
    said = {
        "thanks_title": words.thanks_title,
        "thanks": words.kiosk_thanks,
        "again": words.kiosk_again,
        "still_title": words.kiosk_still_title,
        "still": words.kiosk_still,
        "go_on": words.kiosk_go_on,
        "waiting": words.kiosk_waiting,
        "refused": words.kiosk_refused,
        "staff": words.kiosk_staff,
        "full_screen": words.kiosk_full_screen,
        "required": words.required,
    }
    add_script(
        answer,
        "kiosk.js",
        style="kiosk.css",
        link=link,
        seconds=str(channels.kiosk_seconds),
        idle=str(channels.kiosk_idle_seconds),
        words=json.dumps(said, ensure_ascii=False),
    )
