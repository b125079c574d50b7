"""Messages of a survey: what they say, how they look, a test of them, and what became of each."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from surveyapp.auth.permissions import Permission
from surveyapp.distribution.click import clickable
from surveyapp.distribution.languages import offered
from surveyapp.distribution.message import Message, message_of
from surveyapp.distribution.message_settings import (
    LATEST_REMINDER,
    LONGEST_SUBJECT,
    MailText,
    MessageSettings,
    change_message_settings,
    read_message_settings,
)
from surveyapp.distribution.outgoing import message_context
from surveyapp.distribution.queries import outbox
from surveyapp.distribution.test_sends import send_test
from surveyapp.distribution.unsubscribe import test_url
from surveyapp.errors import NotFound
from surveyapp.i18n.languages import OWN_NAMES, texts
from surveyapp.journeys import queries
from surveyapp.store.models import SurveyRow
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.message_pages import shown
from surveyapp.web.security import CONTENT_POLICY
from surveyapp.web.sessions import me

messages = Blueprint(
    "messages",
    __name__,
    url_prefix="/journeys/<int:journey_id>/surveys/<int:survey_id>/messages",
)

KINDS = (("invitation", "Invitation"), ("reminder", "Reminder"))
_TEXTS = {
    "subject": ("Subject", "mail_subject"),
    "text": ("Text", "mail_text"),
    "reminder_subject": ("Reminder subject", "mail_reminder_subject"),
    "reminder_text": ("Reminder text", "mail_reminder_text"),
}


class MailingForm(StaffForm):
    one_click = SelectField(
        "Question in the message",
        description="Customers click an answer in the email and confirm it on the survey page.",
    )
    reminders = IntegerField(
        "First reminder after (days)",
        [Optional()],
        description=f"1 to {LATEST_REMINDER}. Leave empty to send no reminders.",
    )
    second = IntegerField(
        "Second reminder after (days)",
        [Optional()],
        description="Counted from the invitation. At most two reminders are sent.",
    )
    reply_to = StringField(
        "Reply-to address",
        [Optional(), Length(max=254)],
        description="A mailbox that somebody reads.",
    )


class TrialForm(StaffForm):
    language = SelectField("Language")
    kind = SelectField("Message", choices=choices(KINDS))


@messages.get("")
@requires(Permission.SEND_MESSAGES)
def edit(journey_id: int, survey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        survey = queries.survey(session, journey_id, survey_id)
    return _page(journey_id, survey_id, _form(survey))


@messages.post("")
@requires(Permission.SEND_MESSAGES)
def save(journey_id: int, survey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        survey = queries.survey(session, journey_id, survey_id)
    form = _form(survey)
    if form.validate_on_submit():
        with form.refusing("one_click"):
            with installation().store.writing() as session:
                change_message_settings(
                    session,
                    queries.survey(session, journey_id, survey_id),
                    _raw(form, survey),
                    user_id=me().id,
                    library=installation().library,
                )
            flash("Saved. New messages use this wording.")
            return _back(journey_id, survey_id)
    return _page(journey_id, survey_id, form)


@messages.get("/preview")
@requires(Permission.SEND_MESSAGES)
def preview(journey_id: int, survey_id: int) -> ResponseReturnValue:
    """The message that was saved, to look at; its links lead nowhere."""
    with installation().store.reading() as session:
        survey = queries.survey(session, journey_id, survey_id)
        language = request.args.get("lang") or survey.language
        if language not in _languages(survey):
            raise NotFound("The survey is not available in this language.")
        return shown(_sample(survey, language).html)


@messages.post("/test")
@requires(Permission.SEND_MESSAGES)
def test(journey_id: int, survey_id: int) -> ResponseReturnValue:
    """A test message to whoever asks for it."""
    with installation().store.reading() as session:
        survey = queries.survey(session, journey_id, survey_id)
    form = _trial_form(survey)
    if form.validate_on_submit():
        with form.refusing("language"):
            with installation().store.writing() as session:
                send_test(
                    session,
                    queries.survey(session, journey_id, survey_id),
                    to=me().email,
                    language=form.language.data,
                    reminder=form.kind.data == "reminder",
                    installation=installation(),
                    user_id=me().id,
                )
            flash(f"A test message is on its way to {me().email}.")
            return _back(journey_id, survey_id)
    return _page(journey_id, survey_id, _form(survey, stored=True), trial=form)


def _sample(survey: SurveyRow, language: str) -> Message:
    """The message that was saved, as it would be for a customer of whom nothing is known."""
    nowhere = test_url(installation().settings.base_url)
    made = message_context(survey, language, nowhere, nowhere, installation().library, {})
    number = int(request.args.get("kind") == "reminder")
    return message_of(read_message_settings(survey.distribution), made.reminded(number))


def _page(
    journey_id: int, survey_id: int, form: MailingForm, *, trial: TrialForm | None = None
) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        survey = queries.survey(session, journey_id, survey_id)
        state = outbox(session, survey_id)
        languages = _languages(survey)
        asked_for = request.args.get("lang", "")
        seen = asked_for if asked_for in languages else survey.language
        subject = _sample(survey, seen).subject
    page = render_template(
        "messages/edit.html",
        journey=journey,
        survey=survey,
        form=form,
        trial=trial or _trial_form(survey),
        languages=[(each, _called(each)) for each in languages],
        own=read_message_settings(survey.distribution).texts,
        fields=tuple(_TEXTS),
        kinds=KINDS,
        seen=seen,
        subject=subject,
        now=installation().now(),
        seen_kind="reminder" if request.args.get("kind") == "reminder" else "invitation",
        outbox=state,
        mail_set=bool(installation().settings.smtp_url),
        to=me().email,
    )
    answer = make_response(page, (trial or form).status)
    answer.headers["Content-Security-Policy"] = f"{CONTENT_POLICY}; frame-src 'self'"
    return answer


def _form(survey: SurveyRow, *, stored: bool = False) -> MailingForm:
    """The form with a field for each text in each language, filled with what is stored.

    ``stored`` leaves out what was sent, which belongs to another form of the page.
    """
    mailing = read_message_settings(survey.distribution)
    fields = {
        f"{name}-{language}": _field(name, language)
        for language in _languages(survey)
        for name in _TEXTS
    }
    kind = type("MailingFormByLanguage", (MailingForm,), fields)
    sent = {"formdata": None} if stored else {}
    form: MailingForm = kind(data=_data(mailing), **sent)
    library = installation().library
    clicks = clickable(survey, survey.language, library)
    questions = [(each.name, each.text) for each in clicks]
    form.one_click.choices = choices(
        [("", "None: show a button that opens the survey"), *questions]
    )
    return form


def _field(name: str, language: str) -> StringField | TextAreaField:
    label, phrase = _TEXTS[name]
    said = f"If empty: “{getattr(texts(language), phrase)}”"
    if name.endswith("subject"):
        return StringField(label, [Optional(), Length(max=LONGEST_SUBJECT)], description=said)
    return TextAreaField(label, [Optional()], description=said)


def _data(mailing: MessageSettings) -> dict[str, Any]:
    first, second, *_ = (*mailing.reminders, None, None)
    written = {
        f"{name}-{language}": getattr(given, name)
        for language, given in mailing.texts.items()
        for name in _TEXTS
    }
    return {
        **written,
        "one_click": mailing.one_click,
        "reply_to": mailing.reply_to,
        "reminders": first,
        "second": second,
    }


def _raw(form: MailingForm, survey: SurveyRow) -> dict[str, Any]:
    """The document that was typed."""
    sent = form.plain()
    return {
        "texts": {
            language: {name: sent[f"{name}-{language}"] for name in MailText.__dataclass_fields__}
            for language in _languages(survey)
        },
        "one_click": sent["one_click"],
        "reply_to": sent["reply_to"],
        "reminders": [sent[name] for name in ("reminders", "second") if sent[name] != ""],
    }


def _trial_form(survey: SurveyRow) -> TrialForm:
    form = TrialForm(language=survey.language)
    form.language.choices = choices([(each, _called(each)) for each in _languages(survey)])
    return form


def _languages(survey: SurveyRow) -> tuple[str, ...]:
    return offered(survey, installation().library)


def _called(language: str) -> str:
    return OWN_NAMES.get(language, language)


def _back(journey_id: int, survey_id: int) -> ResponseReturnValue:
    return redirect(url_for("messages.edit", journey_id=journey_id, survey_id=survey_id), 303)
