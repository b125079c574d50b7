"""Changes to questionnaires that staff write on pages: made, edited as a draft, published."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.loader import OWN
from surveyapp.errors import Conflict, Invalid
from surveyapp.journeys.codes import code_from
from surveyapp.questionnaires.documents import Document
from surveyapp.questionnaires.draft import Draft, draft_of
from surveyapp.questionnaires.faults import complete, examined
from surveyapp.questionnaires.queries import draft_in
from surveyapp.store.audit import record
from surveyapp.store.models import Journey, Questionnaire, QuestionnaireVersion

_LONGEST_CODE = 40


def create_questionnaire(
    session: Session,
    journey: Journey,
    title: str,
    begin: Callable[[str], Draft],
    *,
    user_id: int | None,
) -> Questionnaire:
    """A questionnaire with a draft; ``begin`` makes the draft for the code that it gets."""
    title = " ".join(title.split())
    if not 1 <= len(title) <= 200:
        raise Invalid(f"The title has {len(title)} characters; use 1 to 200.", field="title")
    taken = set(session.scalars(select(Questionnaire.code)))
    plain = code_from(title, (), fallback="questions")[: _LONGEST_CODE - len(OWN) - 4].strip("-_")
    code = code_from(f"{OWN}{plain}", taken, fallback="")
    draft = begin(code)
    definition = {**draft.document.definition, "code": code}
    draft = replace(draft, document=Document(definition, draft.document.texts))
    row = Questionnaire(
        journey_id=journey.id,
        code=code,
        title=title,
        origin=draft.origin,
        draft=draft.to_text(),
        created_by=user_id,
    )
    session.add(row)
    session.flush()
    record(session, user_id, "create questionnaire", f"questionnaire {code}", origin=draft.origin)
    return row


def save(session: Session, row: Questionnaire, draft: Draft, *, user_id: int | None) -> None:
    """Keep a draft, faults and all; the title is that of its main wording."""
    row.draft = draft.to_text()
    main = draft.document.texts[next(iter(draft.wordings))]
    row.title = main["title"][:200] or row.title
    record(session, user_id, "edit questionnaire", f"questionnaire {row.code}")


def open_draft(
    session: Session, row: Questionnaire, version: QuestionnaireVersion, *, user_id: int | None
) -> None:
    """Begin a draft from a published version, which stays as it is."""
    if row.draft is not None:
        raise Conflict(f"{row.title} has a draft already; publish or discard it first.")
    document = Document.from_text(version.document)
    row.draft = draft_of(document, row.origin).to_text()
    record(
        session,
        user_id,
        "draft questionnaire",
        f"questionnaire {row.code}",
        version=version.number,
    )


def discard_draft(session: Session, row: Questionnaire, *, user_id: int | None) -> None:
    """Give up the draft; a questionnaire that was never published goes with it."""
    if row.draft is None:
        raise Conflict(f"{row.title} has no draft.")
    row.draft = None
    record(session, user_id, "discard questionnaire draft", f"questionnaire {row.code}")
    if not row.versions:
        session.delete(row)


def publish(
    session: Session, row: Questionnaire, *, user_id: int | None, now: datetime
) -> QuestionnaireVersion:
    """Make the draft the next version. Raises Invalid with every fault that it still has."""
    draft = draft_in(row)
    _, faults = examined(draft)
    if faults:
        raise Invalid(
            f"{row.title} cannot be published yet. "
            + " ".join(f"{each}." for each in map(str, faults))
        )
    number = max((each.number for each in row.versions), default=0) + 1
    document = complete(draft, str(number))
    version = QuestionnaireVersion(
        number=number, document=document.to_text(), published_by=user_id, published_at=now
    )
    row.versions.append(version)
    row.draft = None
    session.flush()
    record(session, user_id, "publish questionnaire", f"questionnaire {row.code}", version=number)
    return version
