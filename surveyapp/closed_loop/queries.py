"""What staff read of cases: a page of the list, how many there are, one case in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from instruments.loader import Library
from instruments.schema import ItemKind
from surveyapp.closed_loop.rules import watchable
from surveyapp.errors import NotFound
from surveyapp.responses import listing
from surveyapp.results.view_models import Definition
from surveyapp.store.models import Case, CaseNote, Response, SurveyRow, User
from surveyapp.surveys.queries import survey_of

_NOBODY = {"customer": "The customer"}  # who did what no account did
_AT_ONCE = 500  # cases in memory, of an export
STATES = ("todo", "open", "contacted", "closed", "all")


@dataclass(frozen=True)
class Wanted:
    """Which cases to list. ``state`` "todo" is every case that is not closed.

    ``owner_id`` 0 asks for cases that nobody owns. ``after`` is the case that the page follows.
    """

    state: str = "todo"
    owner_id: int | None = None
    journey_id: int | None = None
    overdue: bool = False
    after: int | None = None
    granted: Select[int] | None = None  # the ids of the journeys that may be seen; None: all


@dataclass(frozen=True)
class CaseLine:
    """A case in a list."""

    id: int
    journey: str
    survey: str
    score: str  # "NPS 3"
    state: str
    outcome: str
    owner: str
    opened_at: datetime
    due_at: datetime
    overdue: bool


@dataclass(frozen=True)
class Said:
    """What the customer said, as far as whoever looks after the case needs it."""

    definition: Definition | None  # of the score; None when it is scored no longer
    question: str  # of a scale of one question, else empty
    corrected: bool  # the answers were changed by the customer after the case was opened
    comments: tuple[listing.AnswerInWords, ...]


@dataclass(frozen=True)
class StoryLine:
    """One line of a case's story."""

    at: datetime
    who: str
    kind: str  # "note", "change", or "customer": what the customer did
    text: str


def lines(
    session: Session,
    wanted: Wanted,
    *,
    now: datetime,
    limit: int,
    library: Library,
) -> list[CaseLine]:
    """At most ``limit`` cases, the soonest due first. Raises NotFound for an ``after`` that is gone."""
    query = _listed(wanted, now).where(*_following(session, wanted)).limit(limit)
    return [
        CaseLine(
            id=case.id,
            journey=case.survey.journey.name,
            survey=case.survey.name,
            score=score(case, library=library),
            state=case.state,
            outcome=case.outcome,
            owner=owner or "",
            opened_at=case.opened_at,
            due_at=case.due_at,
            overdue=is_overdue(case, now),
        )
        for case, owner in session.execute(query)
    ]


def every(
    session: Session, wanted: Wanted, *, now: datetime
) -> Iterator[tuple[Case, str, str | None]]:
    """All cases of a list, whatever its page; read while they are asked for.

    With the owner's name, and the response's public id unless it was erased.
    """
    query = (
        _listed(wanted, now)
        .outerjoin(Response, Response.id == Case.response_id)
        .add_columns(Response.public_id)
    )
    with session.execute(query.execution_options(yield_per=_AT_ONCE)) as rows:
        for case, owner, response_id in rows:
            yield case, owner or "", response_id


def how_many(session: Session, wanted: Wanted, *, now: datetime) -> int:
    """The number of cases that ``every`` gives."""
    query = select(func.count()).select_from(Case).join(SurveyRow)
    return session.scalar(query.where(*_matching(wanted, now))) or 0


def _listed(wanted: Wanted, now: datetime) -> Select[Case, str]:
    return (
        select(Case, User.name)
        .options(joinedload(Case.survey).joinedload(SurveyRow.journey))
        .join(SurveyRow, SurveyRow.id == Case.survey_id)
        .outerjoin(User, User.id == Case.owner_id)
        .where(*_matching(wanted, now))
        .order_by(Case.due_at, Case.id)
    )


def counts(session: Session, wanted: Wanted, *, now: datetime) -> tuple[int, int]:
    """How many cases of this owner and journey are not closed, and how many of them are overdue."""
    late = func.count().filter(Case.due_at < now)
    query = select(func.count(), late).select_from(Case).join(SurveyRow)
    everything = replace(wanted, state="todo", overdue=False, after=None)
    waiting, overdue = session.execute(query.where(*_matching(everything, now))).one()
    return waiting, overdue


def is_overdue(case: Case, now: datetime) -> bool:
    """Whether its day has passed and it is not closed."""
    return case.state != "closed" and case.due_at < now


def one(session: Session, case_id: int, *, to_change: bool = False) -> Case:
    """A case with its survey, journey and story, or NotFound.

    ``to_change`` keeps others from changing it meanwhile.
    """
    query = (
        select(Case)
        .options(
            joinedload(Case.survey).joinedload(SurveyRow.journey),
            joinedload(Case.survey).joinedload(SurveyRow.touchpoint),
        )
        .where(Case.id == case_id)
    )
    found = session.scalar(query.with_for_update(of=Case) if to_change else query)
    if found is None:
        raise NotFound("There is no such case.")
    return found


def journey_of(session: Session, case_id: int) -> int | None:
    """The journey of a case; None where there is no such case."""
    query = select(SurveyRow.journey_id).join(Case, Case.survey_id == SurveyRow.id)
    return session.scalar(query.where(Case.id == case_id))


def story(session: Session, case_id: int) -> list[StoryLine]:
    """Notes and changes of a case, the latest first."""
    query = (
        select(CaseNote, User.name)
        .outerjoin(User, User.id == CaseNote.user_id)
        .where(CaseNote.case_id == case_id)
        .order_by(CaseNote.id.desc())
    )
    return [
        StoryLine(note.at, who or _NOBODY.get(note.kind, "Someone"), note.kind, note.text)
        for note, who in session.execute(query)
    ]


def score(case: Case, *, library: Library) -> str:
    """The case's score for a list: "NPS 3"."""
    known = watchable(survey_of(case.survey), library=library).get(case.scale)
    return f"{known.definition.short if known else case.scale} {points(case.value)}"


def points(value: float) -> str:
    """A score on its own scale, with a decimal only where it has one."""
    return f"{value:.0f}" if value == round(value) else f"{value:.1f}"


def said(session: Session, case: Case, *, library: Library) -> Said | None:
    """The score's question and every open answer; None when the response was erased."""
    if case.response_id is None:
        return None
    words = listing.in_words(session, case.survey.journey_id, case.response_id, library=library)
    known = watchable(words.survey, library=library).get(case.scale)
    alone = known.scale.items[0] if known and len(known.scale.items) == 1 else None
    question, comments = "", []
    for ask, part in zip(words.survey.asks, words.parts, strict=True):
        instrument = library.load(ask.instrument, ask.version)
        kinds = {item.code: item.kind for item in instrument.items}
        for answer in part.answers:
            if known and answer.item == alone and instrument.code == known.definition.instrument:
                question = answer.question
            if answer.answer and kinds[answer.item] is ItemKind.OPEN_TEXT:
                comments.append(answer)
    corrected_at = words.response.corrected_at
    return Said(
        definition=known.definition if known else None,
        question=question,
        corrected=corrected_at is not None and corrected_at > case.opened_at,
        comments=tuple(comments),
    )


def _matching(wanted: Wanted, now: datetime) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.state == "todo":
        conditions.append(Case.state != "closed")
    elif wanted.state != "all":
        conditions.append(Case.state == wanted.state)
    if wanted.owner_id is not None:
        owner = Case.owner_id
        conditions.append(owner == wanted.owner_id if wanted.owner_id else owner.is_(None))
    if wanted.journey_id is not None:
        conditions.append(SurveyRow.journey_id == wanted.journey_id)
    if wanted.granted is not None:
        conditions.append(SurveyRow.journey_id.in_(wanted.granted))
    if wanted.overdue:
        conditions += [Case.state != "closed", Case.due_at < now]
    return conditions


def _following(session: Session, wanted: Wanted) -> list[ColumnElement[bool]]:
    if wanted.after is None:
        return []
    found = select(Case.due_at).join(SurveyRow).where(Case.id == wanted.after)
    if wanted.granted is not None:
        found = found.where(SurveyRow.journey_id.in_(wanted.granted))
    due = session.scalar(found)
    if due is None:
        raise NotFound(
            "The case where this page begins no longer exists; start from the first page."
        )
    return [or_(Case.due_at > due, and_(Case.due_at == due, Case.id > wanted.after))]
