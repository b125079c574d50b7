"""The questions of a questionnaire in work: added, edited, moved, copied, removed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectField

from instruments.definition import CHOICE_KINDS, SCALE_KINDS
from instruments.schema import ItemKind
from surveyapp.auth.permissions import Permission
from surveyapp.errors import Conflict, Invalid
from surveyapp.i18n.languages import own_name
from surveyapp.journeys.queries import journey as journey_of
from surveyapp.questionnaires import actions
from surveyapp.questionnaires import draft as drafts
from surveyapp.questionnaires.draft import Question
from surveyapp.questionnaires.faults import examined
from surveyapp.questionnaires.queries import draft_in, questionnaire
from surveyapp.surveys.texts import Said
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.question_form import KINDS, form_of, triggers
from surveyapp.web.sessions import me

questions = Blueprint(
    "questions",
    __name__,
    url_prefix="/journeys/<int:journey_id>/questionnaires/<int:questionnaire_id>/questions",
)


_DIRECTIONS = {"up": -1, "down": 1}


class NewQuestionForm(StaffForm):
    kind = SelectField(
        "Kind of question",
        choices=choices((str(kind), said) for kind, said in KINDS.items()),
    )


@questions.post("")
@requires(Permission.EDIT_SURVEYS)
def add(journey_id: int, questionnaire_id: int) -> ResponseReturnValue:
    form = NewQuestionForm()
    with installation().store.writing() as session:
        row = questionnaire(session, journey_id, questionnaire_id, to_change=True)
        if not form.validate_on_submit():
            raise Invalid(f"{request.form.get('kind', '')[:20]!r} is no kind of question.")
        draft, number = drafts.add(draft_in(row), ItemKind(form.kind.data))
        actions.save(session, row, draft, user_id=me().id)
    ids: dict[str, Any] = {"journey_id": journey_id, "questionnaire_id": questionnaire_id}
    return redirect(url_for("questions.edit", question_id=number, **ids), 303)


@questions.route("/<int:question_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
def edit(journey_id: int, questionnaire_id: int, question_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = journey_of(session, journey_id)
        row = questionnaire(session, journey_id, questionnaire_id)
    draft = draft_in(row)
    stored = draft.question(question_id)
    form = form_of(draft, stored)
    if form.validate_on_submit():
        with form.refusing("code"):
            with form.saving() as session:
                there = questionnaire(session, journey_id, questionnaire_id, to_change=True)
                now = draft_in(there)
                wanted = form.question(now.question(question_id))
                actions.save(session, there, drafts.change(now, wanted), user_id=me().id)
            flash(f"{wanted.code} has been saved.")
            return _list(journey_id, questionnaire_id, question_id)
    _, faults = examined(draft)
    page = render_template(
        "questions/edit.html",
        journey=journey,
        questionnaire=row,
        question=stored,
        form=form,
        languages=[
            (name, own_name(language), Said("", language))
            for name, language in draft.wordings.items()
        ],
        faults=[each for each in faults if each.question_id == question_id],
        triggers=triggers(draft, stored),
        scaled=stored.kind in SCALE_KINDS,
        has_choices=stored.kind in CHOICE_KINDS or stored.kind is ItemKind.YES_NO,
        kinds=KINDS,
    )
    return page, form.status


@questions.post("/<int:question_id>/move")
@requires(Permission.EDIT_SURVEYS)
def move(journey_id: int, questionnaire_id: int, question_id: int) -> ResponseReturnValue:
    to = request.form.get("to", "")
    with installation().store.writing() as session:
        row = questionnaire(session, journey_id, questionnaire_id, to_change=True)
        draft = draft_in(row)
        draft.place(question_id)
        if to not in _DIRECTIONS:
            raise Invalid(f"{to[:20]!r} is no direction; use up or down.")
        moved = drafts.move(draft, question_id, _DIRECTIONS[to])
        actions.save(session, row, moved, user_id=me().id)
    return _list(journey_id, questionnaire_id, question_id)


@questions.post("/<int:question_id>/copy")
@requires(Permission.EDIT_SURVEYS)
def copy(journey_id: int, questionnaire_id: int, question_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        row = questionnaire(session, journey_id, questionnaire_id, to_change=True)
        draft, number = drafts.copy(draft_in(row), question_id)
        actions.save(session, row, draft, user_id=me().id)
    return _list(journey_id, questionnaire_id, number)


@questions.post("/<int:question_id>/remove")
@requires(Permission.EDIT_SURVEYS)
def remove(journey_id: int, questionnaire_id: int, question_id: int) -> ResponseReturnValue:
    """Refused where somebody has changed the question since the page was opened."""
    with installation().store.writing() as session:
        row = questionnaire(session, journey_id, questionnaire_id, to_change=True)
        draft = draft_in(row)
        question = draft.question(question_id)
        if request.form.get("shown", "") != digest(question):
            raise Conflict(
                f"{question.code} was changed after you had opened the page; it was not removed."
                " Open the questionnaire again and look at it."
            )
        actions.save(session, row, drafts.remove(draft, question_id), user_id=me().id)
    flash(f"{question.code} has been removed.")
    ids: dict[str, Any] = {"journey_id": journey_id, "questionnaire_id": questionnaire_id}
    return redirect(url_for("questionnaires.show", **ids), 303)


def digest(question: Question) -> str:
    """What tells one state of a question from another."""
    text = json.dumps(asdict(question), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _list(journey_id: int, questionnaire_id: int, question_id: int) -> ResponseReturnValue:
    """The list at this question, so that the next press of a button finds it there."""
    ids: dict[str, Any] = {"journey_id": journey_id, "questionnaire_id": questionnaire_id}
    place = url_for("questionnaires.show", _anchor=f"question-{question_id}", **ids)
    return redirect(place, 303)
