"""A reply to the customer of a case: begun from a template, gone over, sent by email."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from surveyapp.auth.permissions import Permission
from surveyapp.closed_loop import follow_up, queries
from surveyapp.closed_loop import replies as actions
from surveyapp.closed_loop.reply_templates import (
    LONGEST_SUBJECT,
    LONGEST_TEXT,
    template_of,
)
from surveyapp.i18n.languages import own_name
from surveyapp.store.models import Case, User
from surveyapp.surveys.queries import survey_of
from surveyapp.web.filters import number_asked
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.reads import note_read
from surveyapp.web.sessions import me

replies = Blueprint("replies", __name__, url_prefix="/cases/<long:case_id>/replies")


class ReplyForm(StaffForm):
    subject = StringField(
        "Subject", [InputRequired("Enter a subject."), Length(max=LONGEST_SUBJECT)]
    )
    text = TextAreaField(
        "Text",
        [InputRequired("Write what the customer shall read."), Length(max=LONGEST_TEXT)],
    )


@replies.route("", methods=["GET", "POST"])
@requires(Permission.WORK_CASES)
def index(case_id: int) -> ResponseReturnValue:
    form = ReplyForm(data=_begun(case_id))
    if form.validate_on_submit():
        with form.refusing("text"):
            with installation().store.writing() as session:
                actions.send_reply(
                    session,
                    queries.one(session, case_id, to_change=True),
                    actions.Reply(form.subject.data, form.text.data),
                    agent=session.get_one(User, me().id),
                    installation=installation(),
                )
            flash("The reply is on its way to the customer.")
            return redirect(url_for("cases.show", case_id=case_id), 303)
    with installation().store.reading() as session:
        case = queries.one(session, case_id)
        page = render_template("replies/index.html", form=form, **_shown(session, case))
    note_read("read case", f"case {case_id}")
    return page, form.status


def _begun(case_id: int) -> dict[str, str]:
    """What the form begins with: the template that the address names, filled for this case."""
    chosen = number_asked("template")
    if chosen is None:
        return {}
    with installation().store.reading() as session:
        case = queries.one(session, case_id)
        template = template_of(session, case.survey.journey_id, chosen)
        found = actions.begun(session, case, template, session.get_one(User, me().id))
    return {"subject": found.subject, "text": found.text}


def _shown(session: Session, case: Case) -> dict[str, Any]:
    secret_key = installation().secret_key
    return {
        "case": case,
        "said": queries.said(session, case, library=installation().library),
        "points": queries.points,
        "score": queries.score(case, library=installation().library),
        "reach": follow_up.reach(session, case, secret_key=secret_key),
        "language": own_name(actions.customer_language(session, case, secret_key=secret_key)),
        "offered": [
            (each.id, f"{each.name} ({own_name(each.language)})")
            for each in actions.offered(session, case, secret_key=secret_key)
        ],
        "chosen": request.args.get("template", ""),
        "reply_to": actions.reply_to(survey_of(case.survey), session.get_one(User, me().id)),
    }
