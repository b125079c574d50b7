"""Messages of a survey: what they say, how they look, a test of them, and what became of each."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import Field, SelectField, TextAreaField
from wtforms.validators import Optional

from surveyapp.auth.permissions import Permission
from surveyapp.distribution.actions import change_messages
from surveyapp.distribution.click import clickable
from surveyapp.distribution.message import message_of
from surveyapp.distribution.outgoing import message_context
from surveyapp.distribution.queries import outbox
from surveyapp.distribution.test_sends import send_test
from surveyapp.distribution.unsubscribe import test_url
from surveyapp.errors import NotFound
from surveyapp.i18n.languages import own_name, texts
from surveyapp.journeys import queries
from surveyapp.store.mail import Message
from surveyapp.surveys.queries import survey_in
from surveyapp.surveys.settings.distribution import LATEST_REMINDER, Distribution, MessageText
from surveyapp.surveys.settings.document import about_field
from surveyapp.surveys.survey import Survey
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.message_pages import shown
from surveyapp.web.security import CONTENT_POLICY
from surveyapp.web.sessions import me
from surveyapp.web.setting_fields import setting
from surveyapp.web.whole_number_field import WholeNumberField

messages = Blueprint(
    "messages",
    __name__,
    url_prefix="/journeys/<int:journey_id>/surveys/<int:survey_id>/messages",
)

KINDS = (("invitation", "Invitation"), ("reminder", "Reminder"))
_TEXTS = {  # what is said in the product's words instead
    "subject": "mail_subject",
    "text": "mail_text",
    "reminder_subject": "mail_reminder_subject",
    "reminder_text": "mail_reminder_text",
}


class MessagesForm(StaffForm):
    one_click = SelectField(
        "Question in the message",
        description="Customers click an answer in the email and confirm it on the survey page.",
    )
    reminders = WholeNumberField(
        "First reminder after (days)",
        [Optional()],
        description=f"1 to {LATEST_REMINDER}. Leave empty to send no reminders.",
    )
    second = WholeNumberField(
        "Second reminder after (days)",
        [Optional()],
        description="Counted from the invitation. At most two reminders are sent.",
    )
    reply_to = setting(Distribution, "reply_to")

    def label_of(self, field: Field) -> str:
        """The label; of a text in one language, with the language."""
        language = field.name.partition("-")[2]
        label = super().label_of(field)
        return f"{label} ({own_name(language)})" if language else label


class TestForm(StaffForm):
    language = SelectField("Language")
    kind = SelectField("Message", choices=choices(KINDS))


@messages.get("")
@requires(Permission.SEND_MESSAGES)
def edit(journey_id: int, survey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        survey = survey_in(session, journey_id, survey_id)
    return _page(journey_id, survey_id, _form(survey))


@messages.post("")
@requires(Permission.SEND_MESSAGES)
def save(journey_id: int, survey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        survey = survey_in(session, journey_id, survey_id)
    form = _form(survey)
    if form.validate_on_submit():
        with form.refusing("one_click"):
            with form.saving() as session:
                change_messages(
                    session,
                    queries.survey_row(session, journey_id, survey_id),
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
        survey = survey_in(session, journey_id, survey_id)
        language = request.args.get("lang") or survey.language
        if language not in _languages(survey):
            raise NotFound("The survey is not available in this language.")
        return shown(_sample(survey, language).html)


@messages.post("/test")
@requires(Permission.SEND_MESSAGES)
def test(journey_id: int, survey_id: int) -> ResponseReturnValue:
    """A test message to whoever asks for it."""
    with installation().store.reading() as session:
        survey = survey_in(session, journey_id, survey_id)
    form = _test_form(survey)
    if form.validate_on_submit():
        with form.refusing("language"):
            with installation().store.writing() as session:
                send_test(
                    session,
                    survey_in(session, journey_id, survey_id),
                    to=me().email,
                    language=form.language.data,
                    reminder=form.kind.data == "reminder",
                    installation=installation(),
                    user_id=me().id,
                )
            flash(f"A test message is on its way to {me().email}.")
            return _back(journey_id, survey_id)
    return _page(journey_id, survey_id, _form(survey, stored=True), test=form)


def _sample(survey: Survey, language: str) -> Message:
    """The message that was saved, as it would be for a customer of whom nothing is known."""
    nowhere = test_url(installation().settings.base_url)
    made = message_context(survey, language, nowhere, nowhere, installation().library, {})
    number = int(request.args.get("kind") == "reminder")
    return message_of(survey.distribution, made.reminded(number))


def _page(
    journey_id: int, survey_id: int, form: MessagesForm, *, test: TestForm | None = None
) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        survey = survey_in(session, journey_id, survey_id)
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
        test=test or _test_form(survey),
        languages=[(each, own_name(each)) for each in languages],
        own=survey.distribution.texts,
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
    answer = make_response(page, (test or form).status)
    answer.headers["Content-Security-Policy"] = f"{CONTENT_POLICY}; frame-src 'self'"
    return answer


def _form(survey: Survey, *, stored: bool = False) -> MessagesForm:
    """The form with a field for each text in each language, filled with what is stored.

    ``stored`` leaves out what was sent, which belongs to another form of the page.
    """
    fields = {
        f"{name}-{language}": _field(name, language)
        for language in _languages(survey)
        for name in _TEXTS
    }
    kind = type("MessagesFormByLanguage", (MessagesForm,), fields)
    sent = {"formdata": None} if stored else {}
    form: MessagesForm = kind(data=_data(survey.distribution), **sent)
    library = installation().library
    clicks = clickable(survey, survey.language, library)
    questions = [(each.name, each.text) for each in clicks]
    form.one_click.choices = choices(
        [("", "None: show a button that opens the survey"), *questions]
    )
    return form


def _field(name: str, language: str) -> Field:
    said = f"If empty: “{getattr(texts(language), _TEXTS[name])}”"
    if name.endswith("subject"):
        return setting(MessageText, name, description=said)
    label = about_field(MessageText, name).label
    return TextAreaField(label, [Optional()], description=said)


def _data(settings: Distribution) -> dict[str, Any]:
    first, second, *_ = (*settings.reminders, None, None)
    written = {
        f"{name}-{language}": getattr(given, name)
        for language, given in settings.texts.items()
        for name in _TEXTS
    }
    return {
        **written,
        "one_click": settings.one_click,
        "reply_to": settings.reply_to,
        "reminders": first,
        "second": second,
    }


def _raw(form: MessagesForm, survey: Survey) -> dict[str, Any]:
    """The document that was typed."""
    sent = form.plain()
    return {
        "texts": {
            language: {name: sent[f"{name}-{language}"] for name in MessageText.__annotations__}
            for language in _languages(survey)
        },
        "one_click": sent["one_click"],
        "reply_to": sent["reply_to"],
        "reminders": [sent[name] for name in ("reminders", "second") if sent[name] != ""],
    }


def _test_form(survey: Survey) -> TestForm:
    form = TestForm(language=survey.language)
    form.language.choices = choices([(each, own_name(each)) for each in _languages(survey)])
    return form


def _languages(survey: Survey) -> tuple[str, ...]:
    return survey.offered(installation().library)


def _back(journey_id: int, survey_id: int) -> ResponseReturnValue:
    return redirect(url_for("messages.edit", journey_id=journey_id, survey_id=survey_id), 303)
