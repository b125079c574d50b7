"""Comments on a map: written, answered, resolved, reopened, and taken away by who wrote them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Invalid, NotAllowed, NotFound
from surveyapp.journeys.comment_places import CommentPlace, CommentPlaces
from surveyapp.journeys.mentions import Person, mentioned
from surveyapp.store.audit import record
from surveyapp.store.models import Journey, MapComment, MapMention, User

LONGEST = 5000
PAGE = 50  # threads
_TWICE = timedelta(minutes=10)  # within which the same words of the same person are one comment


@dataclass(frozen=True)
class Said:
    """A comment with its author; ``text`` is empty where they took it away."""

    id: int
    author_id: int | None
    author: str
    at: datetime
    text: str


@dataclass(frozen=True)
class Thread:
    """A comment and the answers to it. ``resolved_by`` is a name, empty while it is open."""

    place: CommentPlace
    where: str
    first: Said
    answers: tuple[Said, ...]
    resolved_at: datetime | None
    resolved_by: str

    @property
    def id(self) -> int:
        return self.first.id


@dataclass(frozen=True)
class Written:
    """A comment that was written, and whom it mentions; nobody where it had been written before."""

    comment: MapComment
    where: str
    people: Sequence[Person]


def comment_on(
    session: Session,
    journey: Journey,
    place: CommentPlace,
    text: str,
    *,
    people: Sequence[Person],
    user_id: int,
    now: datetime,
) -> Written:
    """Begin a thread. ``people`` are those who may be mentioned. Raises Invalid, NotFound.

    The caller holds the journey. The same words again, as when a form is sent twice, are one comment.
    """
    where = CommentPlaces(session, journey).title(place)
    return _write(session, journey, place, None, text, people, user_id, now, where)


def answer(
    session: Session,
    journey: Journey,
    thread: MapComment,
    text: str,
    *,
    people: Sequence[Person],
    user_id: int,
    now: datetime,
) -> Written:
    """Answer in a thread. Raises Invalid, and Conflict where it is resolved."""
    if thread.resolved_at is not None:
        raise Conflict("This thread is resolved; reopen it to answer.")
    place = CommentPlace.of(thread)
    where = CommentPlaces(session, journey).title_or_removed(place)
    return _write(session, journey, place, thread, text, people, user_id, now, where)


def resolve(
    session: Session, journey: Journey, thread: MapComment, *, user_id: int, now: datetime
) -> None:
    """Close a thread; one that is closed stays as it is."""
    if thread.resolved_at is None:
        thread.resolved_at, thread.resolved_by = now, user_id
        _record(session, user_id, "resolve map comment", journey, thread)


def reopen(session: Session, journey: Journey, thread: MapComment, *, user_id: int) -> None:
    """Open a resolved thread again; one that is open stays as it is."""
    if thread.resolved_at is not None:
        thread.resolved_at = thread.resolved_by = None
        _record(session, user_id, "reopen map comment", journey, thread)


def remove(session: Session, journey: Journey, comment: MapComment, *, user_id: int) -> None:
    """Take one's own comment away for good; of one that was answered only the words. Raises NotAllowed."""
    if comment.created_by != user_id:
        raise NotAllowed(
            "Only whoever wrote a comment can remove it; answer or resolve it instead."
        )
    if not comment.text:
        return
    _record(session, user_id, "remove map comment", journey, comment)
    answered = select(MapComment.id).where(MapComment.thread_id == comment.id).limit(1)
    if session.scalar(answered) is not None:
        comment.text = ""
        session.flush()
        return
    thread = session.get(MapComment, comment.thread_id) if comment.thread_id else None
    session.delete(comment)
    session.flush()
    if (
        thread is not None
        and not thread.text
        and session.scalar(select(MapComment.id).where(MapComment.thread_id == thread.id).limit(1))
        is None
    ):
        session.delete(thread)  # nobody's words are left in it
        session.flush()


def comment_of(session: Session, journey_id: int, comment_id: int) -> MapComment:
    """A comment of this journey; NotFound also when it is another one's."""
    found = session.get(MapComment, comment_id)
    if found is None or found.journey_id != journey_id:
        raise NotFound("There is no such comment; its author may have removed it.")
    return found


def thread_of(session: Session, journey_id: int, comment_id: int) -> MapComment:
    """A comment that begins a thread. Raises NotFound for an answer, too."""
    found = comment_of(session, journey_id, comment_id)
    if found.thread_id is not None:
        raise NotFound("This comment is an answer; resolve the thread that it stands in.")
    return found


def open_comments(session: Session, journey_id: int) -> dict[str, int]:
    """How many comments stand in open threads, by the key of their place."""
    first = func.coalesce(MapComment.thread_id, MapComment.id)
    query = select(first, func.count()).where(
        MapComment.journey_id == journey_id, MapComment.text != ""
    )
    said = {number: count for number, count in session.execute(query.group_by(first))}  # noqa: C416
    heads = select(MapComment).where(
        MapComment.journey_id == journey_id,
        MapComment.thread_id.is_(None),
        MapComment.resolved_at.is_(None),
    )
    counts: dict[str, int] = {}
    for head in session.scalars(heads):
        key = CommentPlace.of(head).key
        counts[key] = counts.get(key, 0) + said.get(head.id, 0)
    return counts


def threads(
    session: Session,
    journey: Journey,
    *,
    at: CommentPlace | None = None,
    resolved: bool = False,
    page: int = 1,
) -> tuple[list[Thread], int]:
    """One page of the threads, the newest first, and how many there are; ``at``: only of a place."""
    chosen = [
        MapComment.journey_id == journey.id,
        MapComment.thread_id.is_(None),
        MapComment.resolved_at.is_not(None) if resolved else MapComment.resolved_at.is_(None),
    ]
    if at is not None:
        chosen += [getattr(MapComment, name) == value for name, value in at.columns.items()]
    total = session.scalar(select(func.count()).select_from(MapComment).where(*chosen)) or 0
    query = select(MapComment).where(*chosen).order_by(MapComment.id.desc())
    heads = list(session.scalars(query.limit(PAGE).offset((page - 1) * PAGE)))
    return _threads(session, journey, heads), total


def _threads(session: Session, journey: Journey, heads: Sequence[MapComment]) -> list[Thread]:
    numbers = [each.id for each in heads]
    answers: dict[int | None, list[MapComment]] = {}
    query = select(MapComment).where(MapComment.thread_id.in_(numbers)).order_by(MapComment.id)
    for each in session.scalars(query):
        answers.setdefault(each.thread_id, []).append(each)
    every = [*heads, *(each for own in answers.values() for each in own)]
    authors = {each.created_by for each in every} | {each.resolved_by for each in heads}
    known = select(User.id, User.name).where(User.id.in_(authors - {None}))
    names = {number: name for number, name in session.execute(known)}  # noqa: C416 - rows are no pairs
    places = CommentPlaces(session, journey)

    def said(comment: MapComment) -> Said:
        author = names.get(comment.created_by or 0, "somebody")
        return Said(comment.id, comment.created_by, author, comment.created_at, comment.text)

    return [
        Thread(
            place=(place := CommentPlace.of(each)),
            where=places.title_or_removed(place),
            first=said(each),
            answers=tuple(said(one) for one in answers.get(each.id, ())),
            resolved_at=each.resolved_at,
            resolved_by=names.get(each.resolved_by or 0, ""),
        )
        for each in heads
    ]


def _write(
    session: Session,
    journey: Journey,
    place: CommentPlace,
    thread: MapComment | None,
    text: str,
    people: Sequence[Person],
    user_id: int,
    now: datetime,
    where: str,
) -> Written:
    text = "\n".join(line.rstrip() for line in text.strip().splitlines())
    if not 1 <= len(text) <= LONGEST:
        raise Invalid(f"The comment has {len(text)} characters; use 1 to {LONGEST}.", field="text")
    thread_id = thread.id if thread else None
    same = select(MapComment).where(
        MapComment.journey_id == journey.id,
        MapComment.created_by == user_id,
        MapComment.text == text,
        MapComment.created_at > now - _TWICE,
    )
    for each in session.scalars(same):
        if each.thread_id == thread_id and CommentPlace.of(each) == place:
            return Written(each, where, ())
    named = [each for each in mentioned(text, people) if each.id != user_id]
    comment = MapComment(
        journey_id=journey.id,
        thread_id=thread_id,
        text=text,
        created_by=user_id,
        created_at=now,
        **(
            place.columns
            if place.id or place.kind == "journey"
            else {"kind": place.kind, "lane": place.lane}
        ),
    )
    session.add(comment)
    session.flush()
    session.add_all(MapMention(comment_id=comment.id, user_id=each.id) for each in named)
    session.flush()
    _record(session, user_id, "comment on map", journey, comment)
    return Written(comment, where, named)


def _record(
    session: Session, user_id: int, said: str, journey: Journey, comment: MapComment
) -> None:
    record(session, user_id, said, f"journey {journey.code}", number=comment.id)
