"""Pain points: what goes wrong for customers, asked "why?" up to five times, and who sees to it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from surveyapp.errors import Invalid, NotFound
from surveyapp.store.audit import record
from surveyapp.store.models import Journey, PainPoint, User

WHYS, LONGEST_WHY = 5, 500


def pain_points_of(session: Session, journey_id: int) -> list[PainPoint]:
    """The pain points of a journey, open ones first, then the newest."""
    query = select(PainPoint).options(joinedload(PainPoint.owner))
    order = (PainPoint.state, PainPoint.id.desc())
    return list(session.scalars(query.where(PainPoint.journey_id == journey_id).order_by(*order)))


def pain_point_of(session: Session, journey_id: int, pain_point_id: int) -> PainPoint:
    """A pain point of this journey. Raises NotFound."""
    found = session.get(PainPoint, pain_point_id)
    if found is None or found.journey_id != journey_id:
        raise NotFound("There is no such pain point in this journey.")
    return found


def write_pain_point(
    session: Session,
    journey: Journey,
    found: PainPoint | None,
    *,
    title: str,
    theme: str,
    whys: Sequence[str],
    owner_id: int | None,
    solved: bool,
    user_id: int | None,
) -> PainPoint:
    """Change a pain point, or write a new one. Each "why?" answers the one before; gaps close.

    Raises Invalid for a missing title, a text that is too long and an owner without an active account.
    """
    title, theme = title.strip(), theme.strip()
    if not title or max(len(title), len(theme)) > 200:
        raise Invalid("Enter a title; title and theme have at most 200 characters.", field="title")
    answers = [text for why in whys if (text := why.strip())]
    if len(answers) > WHYS or any(len(text) > LONGEST_WHY for text in answers):
        raise Invalid(
            f"There are at most {WHYS} answers of {LONGEST_WHY} characters each.", field="why1"
        )
    owner = None if owner_id is None else session.get(User, owner_id)
    if owner_id is not None and (owner is None or not owner.active):
        raise Invalid("The owner has no active account; choose someone else.", field="owner")
    is_new = found is None
    point = found or PainPoint(journey_id=journey.id, title=title)
    point.title, point.theme, point.whys = title, theme, answers
    point.owner_id, point.state = owner_id, "solved" if solved else "open"
    session.add(point)
    session.flush()
    action = "add pain point" if is_new else "change pain point"
    record(session, user_id, action, f"journey {journey.code}", number=point.id, state=point.state)
    return point
