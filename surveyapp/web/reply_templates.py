"""Reply templates of a journey: the list, a template added, changed, removed."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from surveyapp.auth.permissions import Permission
from surveyapp.closed_loop import reply_templates as actions
from surveyapp.i18n.languages import own_name
from surveyapp.journeys import queries
from surveyapp.store.models import ReplyTemplate
from surveyapp.surveys.queries import surveys_of
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.sessions import me

reply_templates = Blueprint(
    "reply_templates", __name__, url_prefix="/journeys/<int:journey_id>/reply-templates"
)


class TemplateForm(StaffForm):
    name = StringField(
        "Name",
        [InputRequired("Enter a name for the template."), Length(max=actions.LONGEST_NAME)],
        description="What colleagues choose it by, such as Fee refunded.",
    )
    language = SelectField("Language")
    subject = StringField(
        "Subject", [InputRequired("Enter a subject."), Length(max=actions.LONGEST_SUBJECT)]
    )
    text = TextAreaField(
        "Text",
        [InputRequired("Write the text."), Length(max=actions.LONGEST_TEXT)],
        description="{provider}, {touchpoint} and {agent}, who replies, are filled in, as is"
        " {attribute:name|text when not known}. Whoever replies goes over the text before it is sent.",
    )


@reply_templates.get("")
@requires(Permission.EDIT_SURVEYS)
def index(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        return render_template(
            "reply_templates/index.html",
            journey=queries.journey(session, journey_id),
            templates=actions.templates_of(session, journey_id),
            own_name=own_name,
        )


@reply_templates.route("/new", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
def new(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        form = _form(session, journey_id, None)
    if form.validate_on_submit():
        with form.refusing("name"):
            with installation().store.writing() as session:
                journey = queries.journey(session, journey_id)
                actions.add_template(session, journey, _sent(form), user_id=me().id)
            flash("Template added.")
            return _back(journey_id)
    return _page(journey_id, form, None)


@reply_templates.route("/<int:template_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
def edit(journey_id: int, template_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        template = actions.template_of(session, journey_id, template_id)
        form = _form(session, journey_id, template)
    if form.validate_on_submit():
        with form.refusing("name"):
            with form.saving() as session:
                journey = queries.journey(session, journey_id)
                found = actions.template_of(session, journey_id, template_id)
                actions.change_template(session, journey, found, _sent(form), user_id=me().id)
            flash("Template saved.")
            return _back(journey_id)
    return _page(journey_id, form, template)


@reply_templates.post("/<int:template_id>/remove")
@requires(Permission.EDIT_SURVEYS)
def remove(journey_id: int, template_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        journey = queries.journey(session, journey_id)
        found = actions.template_of(session, journey_id, template_id)
        actions.remove_template(session, journey, found, user_id=me().id)
    flash("Template removed. Replies that were sent stay as they are.")
    return _back(journey_id)


def _form(session: Session, journey_id: int, template: ReplyTemplate | None) -> TemplateForm:
    """The form with the languages of the journey's surveys, and the template's own."""
    library = installation().library
    surveys = surveys_of(session, journey_id)
    spoken = {language for each in surveys for language in each.offered(library)}
    own = template.language if template is not None else ""
    tags = sorted(spoken | {own or "en"})
    form = TemplateForm(obj=template) if template else TemplateForm(language=_first(tags))
    form.language.choices = choices([(tag, own_name(tag)) for tag in tags])
    return form


def _first(tags: list[str]) -> str:
    return "en" if "en" in tags else tags[0]


def _sent(form: TemplateForm) -> dict[str, str]:
    return {name: form[name].data for name in ("name", "language", "subject", "text")}


def _page(
    journey_id: int, form: TemplateForm, template: ReplyTemplate | None
) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
    page = render_template(
        "reply_templates/form.html", journey=journey, form=form, template=template
    )
    return page, form.status


def _back(journey_id: int) -> ResponseReturnValue:
    return redirect(url_for("reply_templates.index", journey_id=journey_id), 303)
