"""Questions of the bank's own: a published version of its sector's template, and the draft of the next."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from instruments.schema import ItemKind
from surveyapp.demo.bank import JOURNEYS
from surveyapp.installation import Installation
from surveyapp.questionnaires import actions
from surveyapp.questionnaires.draft import add, change
from surveyapp.questionnaires.queries import draft_in
from surveyapp.questionnaires.sectors import draft_for, sectors
from surveyapp.store.models import Journey

_ASKED = "How far is the branch from where you live or work?"
_NEAR = {"near": "Less than 15 minutes", "far": "15 minutes or more"}


def write_questions(installation: Installation, *, user_id: int | None) -> None:
    """Version 1 as it was published; the draft of version 2 has a question that waits for translators."""
    template = sectors()["bank"]
    with installation.store.writing() as session:
        journey = session.scalars(select(Journey).where(Journey.code == JOURNEYS[0].code)).one()
        row = actions.create_questionnaire(
            session,
            journey,
            template.title,
            lambda code: draft_for(template, code),
            user_id=user_id,
        )
        version = actions.publish(session, row, user_id=user_id, now=installation.now())
        actions.open_draft(session, row, version, user_id=user_id)
        draft, number = add(draft_in(row), ItemKind.SINGLE_CHOICE)
        question = replace(
            draft.question(number),
            code="distance",
            required=False,
            choices=tuple(_NEAR),
            texts={"en": _ASKED},
            labels={"en": _NEAR},
        )
        actions.save(session, row, change(draft, question), user_id=user_id)
