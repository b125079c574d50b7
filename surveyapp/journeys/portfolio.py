"""Where a journey stands among others: its group, tags, owner and next review, and finding it by them."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.journeys.calendar import Calendar
from surveyapp.journeys.reviews import set_cadence
from surveyapp.store.audit import record
from surveyapp.store.models import Journey, JourneyTag, User

LONGEST = 60  # letters of a group and of a tag
MOST_TAGS = 20


@dataclass(frozen=True)
class Listed:
    """A journey in the list, without its map."""

    id: int
    code: str
    name: str
    provider: str
    goal: str
    state: str
    kind: str
    target_of: str  # code of the journey that it is the target of; empty for none that may be seen
    group: str
    tags: tuple[str, ...]
    owner_id: int | None
    owner: str  # empty for nobody
    next_review: date | None
    review_every: str  # empty for not regularly
    reviewed_on: date | None
    calendar: Calendar
    period_months: int | None  # what its own pages are about where nobody chose; None: the default


@dataclass(frozen=True)
class Search:
    """Which journeys to list; what is empty does not choose. Archived ones only where asked for."""

    name: str = ""  # a part of it
    owner_id: int | None = None
    group: str = ""
    tag: str = ""
    archived: bool = False

    def finds(self, each: Listed) -> bool:
        """Whether the journey is one of those."""
        return (
            (self.archived or each.state != "archived")
            and _folded(self.name) in _folded(each.name)
            and self.owner_id in (None, each.owner_id)
            and self.group in ("", each.group)
            and (not self.tag or self.tag in each.tags)
        )


@dataclass(frozen=True)
class Choices:
    """What the list can be cut by: (id, name) of owners, groups and tags, of all that may be seen."""

    owners: tuple[tuple[int, str], ...]
    groups: tuple[str, ...]
    tags: tuple[str, ...]


def listed(session: Session, granted: Select[int] | None = None) -> list[Listed]:
    """Every journey, by name; archived ones last.

    ``granted`` are the ids of those that whoever asks may see; None: all.
    """
    tags = select(JourneyTag.journey_id, JourneyTag.tag).order_by(JourneyTag.tag)
    query = select(Journey, User.name).outerjoin(User, User.id == Journey.owner_id)
    if granted is not None:
        query = query.where(Journey.id.in_(granted))
        tags = tags.where(JourneyTag.journey_id.in_(granted))
    by_journey: dict[int, list[str]] = {}
    for journey_id, tag in session.execute(tags):
        by_journey.setdefault(journey_id, []).append(tag)
    order = (Journey.state == "archived", Journey.name, Journey.id)
    rows = session.execute(query.order_by(*order)).all()
    codes = {journey.id: journey.code for journey, _ in rows}
    return [
        Listed(
            id=journey.id,
            code=journey.code,
            name=journey.name,
            provider=journey.provider,
            goal=journey.goal,
            state=journey.state,
            kind=journey.kind,
            target_of=codes.get(journey.target_of_id or 0, ""),
            group=journey.group_name,
            tags=tuple(by_journey.get(journey.id, ())),
            owner_id=journey.owner_id,
            owner=owner or "",
            next_review=journey.next_review,
            review_every=journey.review_every,
            reviewed_on=journey.reviewed_on,
            calendar=Calendar(journey.zone, journey.first_day),
            period_months=journey.period_months,
        )
        for journey, owner in rows
    ]


def choices_of(known: Collection[Listed]) -> Choices:
    """What these journeys can be cut by."""
    owners = {each.owner_id: each.owner for each in known if each.owner_id is not None}
    return Choices(
        owners=tuple(sorted(owners.items(), key=lambda each: (_folded(each[1]), each[0]))),
        groups=tuple(sorted({each.group for each in known} - {""}, key=_folded)),
        tags=tuple(sorted({tag for each in known for tag in each.tags}, key=_folded)),
    )


def place_journey(
    session: Session,
    journey: Journey,
    *,
    group: str,
    tags: str,
    owner_id: int | None,
    next_review: date | None,
    review_every: str = "",
    review_notice_days: int = 7,
    today: date | None = None,
    user_id: int | None,
) -> None:
    """Say where a journey stands among others; ``tags`` are words with commas between them.

    With a cadence and no day the next review is one cadence from ``today``. Raises Invalid for a group or a tag that is too long, for too many tags and for an owner without
    an open account.
    """
    wanted = read_tags(tags)
    owner = session.get(User, owner_id) if owner_id is not None else None
    if (
        owner_id is not None
        and owner_id != journey.owner_id
        and (owner is None or not owner.active)
    ):
        raise Invalid("The owner has no active account; choose someone else.", field="owner")
    journey.group_name = _word(group, "group")
    journey.next_review = next_review
    set_cadence(journey, every=review_every, notice_days=review_notice_days, today=today)
    journey.owner_id = owner_id
    there = {each.tag: each for each in journey.tags}
    for tag in there.keys() - wanted:
        journey.tags.remove(there[tag])
    journey.tags.extend(JourneyTag(tag=tag) for tag in sorted(wanted - there.keys()))
    session.flush()
    record(
        session,
        user_id,
        "place journey",
        f"journey {journey.code}",
        group=journey.group_name,
        tags=sorted(wanted),
        owner=owner.email if owner else None,
        next_review=journey.next_review.isoformat() if journey.next_review else None,
        review_every=journey.review_every,
    )


def read_tags(text: str) -> set[str]:
    """The tags of a text with commas between them. Raises Invalid."""
    found = {tag for part in text.replace("،", ",").split(",") if (tag := _word(part, "tag"))}
    if len(found) > MOST_TAGS:
        raise Invalid(
            f"{len(found)} tags are too many; use at most {MOST_TAGS}.", field="tag_words"
        )
    return found


def tags_text(tags: Iterable[str]) -> str:
    """Tags as ``read_tags`` reads them."""
    return ", ".join(tags)


def _word(text: str, noun: str) -> str:
    word = " ".join(text.split())
    if len(word) > LONGEST:
        field = "tag_words" if noun == "tag" else "group_name"
        raise Invalid(
            f"The {noun} {word[:20]!r}... has {len(word)} letters; use at most {LONGEST}.",
            field=field,
        )
    return word


def _folded(text: str) -> str:
    """A text for comparing: no capitals, no accents, Arabic without its vowel signs."""
    apart = unicodedata.normalize("NFKD", " ".join(text.split()).casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
