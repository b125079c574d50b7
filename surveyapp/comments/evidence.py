"""What shows a pain point: responses, single comments and cases of its journey."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveyapp.comments.code_book import codes_of
from surveyapp.comments.coding import Key, effective
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.store.audit import record
from surveyapp.store.models import (
    Case,
    Comment,
    Journey,
    PainPoint,
    PainPointEvidence,
    Response,
    SurveyRow,
)
from surveyapp.surveys.queries import surveys_of

KINDS = ("comment", "response", "case")
MOST = 200  # of one pain point
PROPOSED = 5


@dataclass(frozen=True)
class Evidence:
    """One piece: ``text`` is that of a comment, ``survey`` where it was answered."""

    id: int
    kind: str
    response_id: int | None
    case_id: int | None
    survey: str
    text: str = ""


@dataclass(frozen=True)
class Proposed:
    """A comment that is coded with the pain point's theme and is no evidence yet."""

    response_id: int
    item: str
    survey: str
    text: str


def count_evidence(session: Session, point: PainPoint) -> int:
    """How many pieces of evidence a pain point has."""
    own = PainPointEvidence.pain_point_id == point.id
    return session.scalar(select(func.count()).select_from(PainPointEvidence).where(own)) or 0


def evidence_of(session: Session, point: PainPoint) -> tuple[Evidence, ...]:
    """All evidence of a pain point, in the order in which it was added.

    Who may see a piece is decided by its kind: whoever reads comments, responses or cases.
    """
    rows = session.scalars(
        select(PainPointEvidence)
        .where(PainPointEvidence.pain_point_id == point.id)
        .order_by(PainPointEvidence.id)
    ).all()
    numbers = {row.response_id for row in rows if row.response_id is not None}
    cases = {row.case_id for row in rows if row.case_id is not None}
    answered = select(Response.id, SurveyRow.name).join(SurveyRow).where(Response.id.in_(numbers))
    opened = select(Case.id, SurveyRow.name).join(SurveyRow).where(Case.id.in_(cases))
    written = select(Comment.response_id, Comment.item, Comment.text).where(
        Comment.response_id.in_(numbers)
    )
    surveys = dict(session.execute(answered).all())
    looked_after = dict(session.execute(opened).all())
    texts = {(number, item): text for number, item, text in session.execute(written)}
    found = []
    for row in rows:
        if row.case_id is not None:
            survey = looked_after.get(row.case_id, "")
            found.append(Evidence(row.id, "case", None, row.case_id, survey))
        elif row.response_id is not None:
            kind, text = "response", ""
            if row.item:
                # The comment may have been changed or taken back by its customer since.
                kind, text = "comment", texts.get((row.response_id, row.item), "")
            survey = surveys.get(row.response_id, "")
            found.append(Evidence(row.id, kind, row.response_id, None, survey, text))
    return tuple(found)


def add_evidence(
    session: Session,
    journey: Journey,
    point: PainPoint,
    kind: str,
    number: int,
    item: str = "",
    *,
    user_id: int | None,
) -> None:
    """Link a response, a comment of one, or a case; what is linked already stays.

    Raises NotFound for what is not of this journey, Invalid for an unknown kind, Conflict beyond MOST.
    """
    if kind not in KINDS:
        raise Invalid(f"{kind[:20]!r} is not one of {', '.join(KINDS)}.", field="kind")
    _check(session, journey, kind, number, item)
    values = {"response_id": number, "item": item if kind == "comment" else "", "case_id": None}
    if kind == "case":
        values = {"response_id": None, "item": "", "case_id": number}
    there = session.scalars(
        select(PainPointEvidence)
        .where(PainPointEvidence.pain_point_id == point.id)
        .with_for_update()
    ).all()
    if any(all(getattr(row, name) == value for name, value in values.items()) for row in there):
        return
    if len(there) >= MOST:
        raise Conflict(f"A pain point has at most {MOST} pieces of evidence; remove one first.")
    session.add(PainPointEvidence(pain_point_id=point.id, **values))
    session.flush()
    subject = f"journey {journey.code}"
    record(session, user_id, "add evidence", subject, pain_point=point.id, kind=kind, number=number)


def remove_evidence(
    session: Session, journey: Journey, point: PainPoint, evidence_id: int, *, user_id: int | None
) -> None:
    """Take a piece off the pain point; what it names stays. Raises NotFound."""
    row = session.get(PainPointEvidence, evidence_id)
    if row is None or row.pain_point_id != point.id:
        raise NotFound("This evidence has been removed already.")
    session.delete(row)
    subject = f"journey {journey.code}"
    record(session, user_id, "remove evidence", subject, pain_point=point.id, number=evidence_id)


def proposed_evidence(session: Session, point: PainPoint) -> tuple[Proposed, ...]:
    """The newest comments coded with the pain point's theme, at its touchpoint where it has one."""
    if not point.theme:
        return ()
    surveys = {
        each.id: each
        for each in surveys_of(session, point.journey_id)
        if point.touchpoint_id in (None, each.touchpoint_id)
    }
    wanted = {
        code.id
        for code in codes_of(session, point.journey_id)
        if point.theme in (code.theme, code.name)
    }
    coded = effective(session, sorted(surveys))
    keys = {key for key, codes in coded.items() if codes & wanted}
    there = session.execute(
        select(PainPointEvidence.response_id, PainPointEvidence.item).where(
            PainPointEvidence.pain_point_id == point.id
        )
    )
    keys -= {(number, item) for number, item in there if number is not None}
    return _newest(session, keys, {number: each.name for number, each in surveys.items()})


def _newest(session: Session, keys: set[Key], surveys: dict[int, str]) -> tuple[Proposed, ...]:
    rows: Sequence[Comment] = session.scalars(
        select(Comment)
        .where(Comment.response_id.in_({number for number, _ in keys}))
        .order_by(Comment.submitted_at.desc(), Comment.response_id.desc(), Comment.item)
        .limit(20 * PROPOSED)
    ).all()
    return tuple(
        Proposed(row.response_id, row.item, surveys[row.survey_id], row.text)
        for row in rows
        if (row.response_id, row.item) in keys
    )[:PROPOSED]


def _check(session: Session, journey: Journey, kind: str, number: int, item: str) -> None:
    table = Case if kind == "case" else Response
    there = session.scalar(
        select(table.id)
        .join(SurveyRow, SurveyRow.id == table.survey_id)
        .where(table.id == number, SurveyRow.journey_id == journey.id)
    )
    if there is None:
        raise NotFound(f"There is no {kind} number {number} in this journey.")
    if kind == "comment" and session.get(Comment, (number, item)) is None:
        raise NotFound("There is no such comment; its customer may have changed it.")
