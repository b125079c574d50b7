"""Coding comments: two people apart from each other, then for good.

Whoever codes first is the first coder of a comment, somebody else the second. Neither sees the other's
codes before both are done. Where both agree the coding is final; else somebody settles it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select, union
from sqlalchemy.orm import Session, aliased

from surveyapp.comments.newest import NEWEST_FIRST, newest_of
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.store.audit import record
from surveyapp.store.models import (
    Comment,
    CommentCode,
    CommentCoding,
    CommentMark,
    CommentProposal,
    SurveyRow,
)

Key = tuple[int, str]  # response and item
Codes = frozenset[int]
MOST_SHOWN = 50
MOST_COUNTED = 100_000  # comments: some 5 ms, on each page


class Role(StrEnum):
    """Whose coding it is."""

    FIRST = "first"
    SECOND = "second"
    FINAL = "final"


class Queue(StrEnum):
    """Which comments somebody codes: those of nobody yet, or those that somebody else has coded."""

    NEW = "new"
    SECOND = "second"


@dataclass(frozen=True)
class Progress:
    """How many comments there are, are coded once or more, twice, and disagreed upon; ``is_more``: there
    are more comments than MOST_COUNTED, which is then their number here.
    """

    comments: int
    coded: int
    double: int
    open: int
    is_more: bool = False


@dataclass(frozen=True)
class Disagreement:
    """A comment that two have coded differently."""

    comment: Comment
    first: Codes
    second: Codes


def next_comment(
    session: Session,
    survey_ids: Sequence[int],
    queue: Queue,
    *,
    user_id: int,
    after: int | None = None,
) -> Comment | None:
    """The newest comment of the queue that this coder may code, of responses before ``after``, which was
    skipped; None when there is none.
    """
    where = []
    if queue is Queue.NEW:
        where.append(~_coded(Role.FIRST))
    else:
        others = or_(CommentCoding.coder_id != user_id, CommentCoding.coder_id.is_(None))
        where += [_among(Role.FIRST), _coded(Role.FIRST, others), ~_coded(Role.SECOND)]
    if after is not None:
        moment = session.scalar(
            select(Comment.submitted_at).where(Comment.response_id == after).limit(1)
        )
        if moment is not None:
            same = and_(Comment.submitted_at == moment, Comment.response_id < after)
            where += [Comment.submitted_at <= moment, or_(Comment.submitted_at < moment, same)]
    if queue is Queue.NEW:  # few have been coded: the newest that was not is soon found
        if not survey_ids:
            return None
        return session.scalars(newest_of(select(Comment), survey_ids, *where, most=1)).first()
    query = select(Comment).where(Comment.survey_id.in_(survey_ids), *where)
    return session.scalars(query.order_by(*NEWEST_FIRST).limit(1)).first()


def code_comment(
    session: Session,
    journey_id: int,
    key: Key,
    codes: Collection[int],
    *,
    user_id: int,
    now: datetime,
) -> Role:
    """Keep a coder's codes of a comment; whose coding it became. No code says that none fits.

    Raises NotFound for a comment that is gone, Invalid for a code that the book does not have, Conflict
    where two have coded it.
    """
    _check(session, journey_id, key, codes)
    there = {each.role: each for each in _codings(session, [key])}
    role = _role(there, user_id)
    _keep(session, key, role, codes, user_id=user_id, now=now)
    if role is Role.SECOND or Role.SECOND in there:
        given = codes_by_role(session, [key])[key]
        if given[Role.FIRST] == given[Role.SECOND]:
            _keep(session, key, Role.FINAL, codes, user_id=None, now=now)
    return role


def settle(
    session: Session,
    journey_id: int,
    key: Key,
    codes: Collection[int],
    *,
    user_id: int,
    now: datetime,
) -> None:
    """Say for good how a comment is coded that two have coded differently. Raises as ``code_comment``
    does, and Conflict where it is no such comment.
    """
    survey = _check(session, journey_id, key, codes)
    roles = {each.role for each in _codings(session, [key])}
    if not {Role.FIRST, Role.SECOND} <= roles:
        raise Conflict("This comment was not coded by two people; there is nothing to settle.")
    if Role.FINAL in roles:
        raise Conflict("Somebody has settled this comment meanwhile; nothing was changed.")
    _keep(session, key, Role.FINAL, codes, user_id=user_id, now=now)
    record(session, user_id, "settle coding", f"survey {survey.code}")


def disagreements(
    session: Session, survey_ids: Sequence[int], *, limit: int = MOST_SHOWN
) -> list[Disagreement]:
    """Comments that two have coded differently and nobody has settled, the newest first."""
    query = select(Comment).where(Comment.survey_id.in_(survey_ids), *_disagreed())
    comments = session.scalars(query.order_by(*NEWEST_FIRST).limit(limit)).all()
    given = codes_by_role(session, [(each.response_id, each.item) for each in comments])
    return [
        Disagreement(each, by[Role.FIRST], by[Role.SECOND])
        for each in comments
        if (by := given[each.response_id, each.item])
    ]


def progress(session: Session, survey_ids: Sequence[int]) -> Progress:
    """How far the coding of these surveys has come."""
    own = Comment.survey_id.in_(survey_ids)

    def count(*which: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(Comment).where(own, *which)
        return session.scalar(query) or 0

    few = select(Comment.response_id).where(own).limit(MOST_COUNTED + 1).subquery()
    there = session.scalar(select(func.count()).select_from(few)) or 0
    return Progress(
        comments=min(there, MOST_COUNTED),
        coded=count(_among(Role.FIRST), _coded(Role.FIRST)),
        double=count(_among(Role.SECOND), _coded(Role.SECOND)),
        open=count(*_disagreed()),
        is_more=there > MOST_COUNTED,
    )


def double_coded(session: Session, survey_ids: Sequence[int]) -> list[tuple[Codes, Codes]]:
    """What each of two coders gave, of every comment that both have coded."""
    first, second = aliased(CommentCoding), aliased(CommentCoding)
    same = and_(second.response_id == first.response_id, second.item == first.item)
    query = (
        select(first.response_id, first.item)
        .join(second, same)
        .join(Comment, and_(*_of(first)))
        .where(first.role == Role.FIRST, second.role == Role.SECOND)
        .where(Comment.survey_id.in_(survey_ids))
        .order_by(first.response_id, first.item)
    )
    keys = [(number, item) for number, item in session.execute(query)]
    given = codes_by_role(session, keys)
    return [(given[key][Role.FIRST], given[key][Role.SECOND]) for key in keys]


def effective(
    session: Session, survey_ids: Sequence[int], *where: ColumnElement[bool]
) -> dict[Key, Codes]:
    """The codes that count of each coded comment: the final ones, else those of its only coder. A comment
    that two have coded differently counts once it is settled.
    """
    # A sum, so that the databases begin with what is coded, which is little beside all comments.
    own = (Comment.survey_id + 0).in_(survey_ids)
    query = (
        select(Comment.response_id, Comment.item, CommentCoding.role)
        .join(CommentCoding, and_(*_of(CommentCoding)))
        .where(own, *where)
    )
    roles: dict[Key, set[str]] = defaultdict(set)
    for number, item, role in session.execute(query):
        roles[number, item].add(role)
    return _counting(session, roles)


def _counting(session: Session, roles: Mapping[Key, Collection[str]]) -> dict[Key, Codes]:
    """The codes that count of comments that were coded in these roles."""
    counting = {
        key: Role.FINAL if Role.FINAL in known else Role.FIRST
        for key, known in roles.items()
        if Role.FINAL in known or Role.SECOND not in known
    }
    given = codes_by_role(session, list(counting))
    return {key: given[key][role] for key, role in counting.items()}


def counting_codes(session: Session, keys: Sequence[Key]) -> dict[Key, Codes]:
    """The codes that count of these comments, as ``effective`` has them: a few hundred at most."""
    known: dict[Key, set[str]] = defaultdict(set)
    for some in _some(sorted({number for number, _ in keys})):
        query = select(CommentCoding.response_id, CommentCoding.item, CommentCoding.role)
        for number, item, role in session.execute(query.where(CommentCoding.response_id.in_(some))):
            known[number, item].add(role)
    return _counting(session, {key: known[key] for key in keys if key in known})


def with_codes(codes: Collection[int], *, or_proposed: Collection[str] = ()) -> ColumnElement[bool]:
    """That a comment has one of these codes, of those that count, or, where nobody has coded it, is
    proposed one of those that are called so: for the query that reads comments.
    """

    def given(role: Role) -> ColumnElement[bool]:
        marked = (CommentMark.role == role, CommentMark.code_id.in_(codes))
        return exists().where(*_of(CommentMark), *marked)

    alone = and_(given(Role.FIRST), ~_coded(Role.SECOND), ~_coded(Role.FINAL))
    # Found from the codes, which are few beside the comments, and not by looking at every comment.
    some = select(CommentMark.response_id).where(CommentMark.code_id.in_(codes))
    counting = or_(given(Role.FINAL), alone)
    if not or_proposed:
        return and_(Comment.response_id.in_(some), counting)
    wanted = (CommentProposal.kind == "code", CommentProposal.value.in_(or_proposed))
    others = select(CommentProposal.response_id).where(*wanted)
    proposed = exists().where(*_of(CommentProposal), *wanted)
    return and_(
        Comment.response_id.in_(union(some, others)),
        or_(counting, and_(proposed, ~_coded(Role.FIRST))),
    )


def codes_by_role(session: Session, keys: Sequence[Key]) -> Mapping[Key, Mapping[str, Codes]]:
    """The codes of these comments by whose coding they are; empty where a coding gave none."""
    found: dict[Key, dict[str, set[int]]] = {key: defaultdict(set) for key in keys}
    for some in _some(sorted({number for number, _ in keys})):
        query = select(
            CommentMark.response_id, CommentMark.item, CommentMark.role, CommentMark.code_id
        ).where(CommentMark.response_id.in_(some))
        for number, item, role, code in session.execute(query):
            if (number, item) in found:
                found[number, item][role].add(code)
    return {
        key: defaultdict(frozenset, {role: frozenset(codes) for role, codes in by.items()})
        for key, by in found.items()
    }


def _some(numbers: Sequence[int], size: int = 500) -> Iterable[Sequence[int]]:
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]


def _of(coding: Any) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return coding.response_id == Comment.response_id, coding.item == Comment.item


def _coded(role: Role, *which: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(*_of(CommentCoding), CommentCoding.role == role, *which)


def _among(role: Role) -> ColumnElement[bool]:
    """That a comment's response has a coding of this role; the codings are few beside the comments."""
    return Comment.response_id.in_(
        select(CommentCoding.response_id).where(CommentCoding.role == role)
    )


def _disagreed() -> tuple[ColumnElement[bool], ...]:
    return _among(Role.SECOND), _coded(Role.SECOND), ~_coded(Role.FINAL)


def _codings(session: Session, keys: Sequence[Key]) -> list[CommentCoding]:
    [(number, item)] = keys
    query: Select[CommentCoding] = select(CommentCoding).where(
        CommentCoding.response_id == number, CommentCoding.item == item
    )
    return list(session.scalars(query))


def _check(session: Session, journey_id: int, key: Key, codes: Collection[int]) -> SurveyRow:
    """The comment's survey; the comment is held until the transaction is over."""
    comment = session.get(Comment, key, with_for_update=True)
    survey = None if comment is None else session.get_one(SurveyRow, comment.survey_id)
    if survey is None or survey.journey_id != journey_id:
        raise NotFound("This comment is not stored any more; go on with the next.")
    book = select(CommentCode.id).where(CommentCode.journey_id == journey_id)
    unknown = set(codes) - set(session.scalars(book))
    if unknown:
        raise Invalid(f"The code book has no code with the number {min(unknown)}.", field="codes")
    return survey


def _role(there: Mapping[str, CommentCoding], user_id: int) -> Role:
    if Role.FIRST not in there:
        return Role.FIRST
    if Role.SECOND in there:
        raise Conflict("Two people have coded this comment; a difference is settled instead.")
    return Role.FIRST if there[Role.FIRST].coder_id == user_id else Role.SECOND


def _keep(
    session: Session,
    key: Key,
    role: Role,
    codes: Collection[int],
    *,
    user_id: int | None,
    now: datetime,
) -> None:
    number, item = key
    for table in (CommentMark, CommentCoding):
        here = (table.response_id == number, table.item == item, table.role == role)
        session.execute(delete(table).where(*here))
    place = {"response_id": number, "item": item, "role": role}
    session.add(CommentCoding(**place, coder_id=user_id, coded_at=now))
    session.flush()
    session.add_all(CommentMark(**place, code_id=code) for code in sorted(set(codes)))
    session.flush()
