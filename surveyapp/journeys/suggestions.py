"""What can be suggested about a journey, and suggestions that somebody did not want."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from surveyapp.errors import Invalid, NotFound
from surveyapp.journeys import queries
from surveyapp.journeys.personas import persona_of
from surveyapp.store.audit import record
from surveyapp.store.inserts import insert
from surveyapp.store.models import Journey, SuggestionDismissal
from surveyapp.whole import whole_number

LONGEST_REASON = 500
_LONGEST_TITLE = 700
_LARGEST = 2**31 - 1


class SuggestionKind(StrEnum):
    """What a suggestion is about; a key begins with it."""

    TRUTH = "truth"  # a touchpoint that may be a moment of truth
    SURVEY = "survey"  # a touchpoint that is not asked about
    WORSE = "worse"  # customers feel worse at a touchpoint than the map assumes
    BETTER = "better"
    PERSONA = "persona"  # a segment's answers contradict how its persona is assumed to feel
    AGAIN = "again"  # a touchpoint that customers contact again


_TITLES = {
    SuggestionKind.TRUTH: "Mark {name} as a moment of truth",
    SuggestionKind.SURVEY: "Ask customers about {name}",
    SuggestionKind.WORSE: "Customers feel worse than assumed at {name}",
    SuggestionKind.BETTER: "Customers feel better than assumed at {name}",
    SuggestionKind.AGAIN: "Customers contact {name} again",
}


def key_of(kind: SuggestionKind, *numbers: int) -> str:
    """What a suggestion is called: its kind, and the touchpoint, or the persona and the stage."""
    return "-".join([kind.value, *(str(each) for each in numbers)])


def title_of(session: Session, journey: Journey, key: str) -> str:
    """What the suggestion says, without its numbers. Raises NotFound for a key that is about nothing
    in this journey.
    """
    kind, *numbers = _read(key)
    if kind is SuggestionKind.PERSONA and len(numbers) == 2:
        persona = persona_of(session, journey.id, numbers[0])
        stage = queries.stage(session, journey.id, numbers[1])
        return f"{persona.title}: the answers contradict the feeling assumed at {stage.name}"
    if kind in _TITLES and len(numbers) == 1:
        point = queries.touchpoint(session, journey.id, numbers[0])
        return _TITLES[SuggestionKind(kind)].format(name=point.name)
    raise NotFound(_UNKNOWN)


def dismissals_of(session: Session, journey_id: int) -> list[SuggestionDismissal]:
    """What was dismissed in this journey, the newest first."""
    query = select(SuggestionDismissal).options(joinedload(SuggestionDismissal.user))
    query = query.where(SuggestionDismissal.journey_id == journey_id)
    return list(session.scalars(query.order_by(SuggestionDismissal.id.desc())))


def dismiss(
    session: Session,
    journey: Journey,
    key: str,
    reason: str,
    *,
    user_id: int | None,
    now: datetime,
) -> str:
    """Show a suggestion no more; what it said. One that is dismissed already keeps its first reason.

    Raises NotFound, and Invalid for no reason or one that is too long.
    """
    title, why = title_of(session, journey, key)[:_LONGEST_TITLE], " ".join(reason.split())
    if not 1 <= len(why) <= LONGEST_REASON:
        raise Invalid(
            f"The reason has {len(why)} characters; use 1 to {LONGEST_REASON}.", field="reason"
        )
    row = {"journey_id": journey.id, "key": key, "title": title, "reason": why}
    row |= {"created_by": user_id, "created_at": now}
    table = SuggestionDismissal.__table__
    wanted = insert(table, session.get_bind().dialect.name).values(row)  # type: ignore[arg-type]
    if session.scalar(wanted.on_conflict_do_nothing().returning(table.c.id)) is not None:
        _record(session, user_id, "dismiss suggestion", journey, title, why)
    return title


def restore_suggestion(
    session: Session, journey: Journey, dismissal_id: int, *, user_id: int | None
) -> str:
    """Show a dismissed suggestion again wherever the numbers still say so; what it said.

    Raises NotFound for one that is shown already.
    """
    found = session.get(SuggestionDismissal, dismissal_id)
    if found is None or found.journey_id != journey.id:
        raise NotFound("There is no such dismissal in this journey; it may be restored already.")
    session.delete(found)
    _record(session, user_id, "restore suggestion", journey, found.title, found.reason)
    return found.title


_UNKNOWN = "There is no such suggestion in this journey; reload the page."


def _read(key: str) -> tuple[SuggestionKind, *tuple[int, ...]]:
    kind, *texts = key.split("-")
    numbers = [whole_number(text, largest=_LARGEST) for text in texts]
    known = [number for number in numbers if number is not None]
    # A number is written in one way only: two keys of one suggestion would be two dismissals.
    if kind not in list(SuggestionKind) or [str(number) for number in known] != texts:
        raise NotFound(_UNKNOWN)
    return (SuggestionKind(kind), *known)


def _record(
    session: Session, user_id: int | None, said: str, journey: Journey, title: str, reason: str
) -> None:
    record(session, user_id, said, f"journey {journey.code}", title=title, reason=reason)
