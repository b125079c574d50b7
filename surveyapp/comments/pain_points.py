"""Pain points: what goes wrong for customers, how badly, where and why, and who sees to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, delete, select
from sqlalchemy.orm import Session, joinedload

from surveyapp.errors import Invalid, NotFound
from surveyapp.journeys.change_register import KEPT
from surveyapp.journeys.record_places import check_place
from surveyapp.store.audit import record
from surveyapp.store.models import Journey, PainPoint, Touchpoint, User

WHYS, LONGEST_WHY, LONGEST = 5, 500, 200
SEVERITIES = ("trivial", "workaround", "abandons")  # from the least to the worst
STATES = ("open", "solved")
AFFECTED_BY = ("theme", "choice", "low")
MOST = 500
_LISTED = 10  # removed ones
_WITH = (
    joinedload(PainPoint.owner),
    joinedload(PainPoint.stage),
    joinedload(PainPoint.touchpoint).joinedload(Touchpoint.stage),
)


@dataclass(frozen=True)
class PainPointText:
    """What somebody says of a pain point; without a stage or touchpoint it is of the whole journey.

    ``affected_by`` with ``affected_key``: see the model. An empty severity is not judged yet.
    """

    title: str
    theme: str = ""
    severity: str = ""
    stage_id: int | None = None
    touchpoint_id: int | None = None
    affected_by: str = ""
    affected_key: str = ""
    whys: Sequence[str] = ()
    owner_id: int | None = None
    state: str = "open"


@dataclass(frozen=True)
class WantedPainPoints:
    """Which pain points of a journey to list; empty texts and None: all."""

    state: str = ""
    severity: str = ""
    owner_id: int | None = None
    touchpoint_id: int | None = None


def pain_points_of(
    session: Session, journey_id: int, wanted: WantedPainPoints | None = None
) -> list[PainPoint]:
    """The pain points of a journey: open ones first, the worst first, then the newest."""
    asked = wanted or WantedPainPoints()
    conditions: list[ColumnElement[bool]] = [PainPoint.removed_at.is_(None)]
    if asked.state:
        conditions.append(PainPoint.state == asked.state)
    if asked.severity:
        conditions.append(PainPoint.severity == asked.severity)
    if asked.owner_id is not None:
        conditions.append(PainPoint.owner_id == asked.owner_id)
    if asked.touchpoint_id is not None:
        conditions.append(PainPoint.touchpoint_id == asked.touchpoint_id)
    return _listed(session, journey_id, *conditions, most=MOST)


def removed_pain_points(session: Session, journey_id: int, now: datetime) -> list[PainPoint]:
    """Pain points that were removed and can be restored."""
    return _listed(session, journey_id, PainPoint.removed_at >= now - KEPT, most=_LISTED)


def pain_point_of(session: Session, journey_id: int, pain_point_id: int) -> PainPoint:
    """A pain point of this journey; NotFound also when it is another one's, or was removed."""
    query = select(PainPoint).options(*_WITH).where(PainPoint.id == pain_point_id)
    found = session.scalar(query)
    if found is None or found.journey_id != journey_id or found.removed_at is not None:
        raise NotFound("There is no such pain point in this journey; it may have been removed.")
    return found


def write_pain_point(
    session: Session,
    journey: Journey,
    found: PainPoint | None,
    text: PainPointText,
    *,
    user_id: int | None,
) -> PainPoint:
    """Change a pain point, or write a new one. Each "why?" answers the one before; gaps close.

    Raises Invalid, which names the field.
    """
    is_new = found is None
    point = found or PainPoint(journey_id=journey.id)
    _describe(session, journey, point, text)
    session.add(point)
    session.flush()
    _record(session, user_id, "add pain point" if is_new else "change pain point", journey, point)
    return point


def remove_pain_point(
    session: Session, journey: Journey, point: PainPoint, *, user_id: int | None, now: datetime
) -> None:
    """Take a pain point off the list; it can be restored for ``KEPT``. Older ones go for good."""
    session.execute(delete(PainPoint).where(PainPoint.removed_at < now - KEPT))
    point.removed_at, point.removed_by = now, user_id
    _record(session, user_id, "remove pain point", journey, point)


def restore_pain_point(
    session: Session, journey: Journey, pain_point_id: int, *, user_id: int | None
) -> str:
    """Put a removed pain point back; its title. Raises NotFound for one that is there, or is gone."""
    point = session.get(PainPoint, pain_point_id)
    if point is None or point.journey_id != journey.id or point.removed_at is None:
        raise NotFound("This has been restored already, or its time to restore it is over.")
    point.removed_at, point.removed_by = None, None
    _record(session, user_id, "restore pain point", journey, point)
    return point.title


def _describe(session: Session, journey: Journey, point: PainPoint, text: PainPointText) -> None:
    title, theme = " ".join(text.title.split()), text.theme.strip()
    if not title or max(len(title), len(theme)) > LONGEST:
        raise Invalid(
            f"Enter a title; title and theme have at most {LONGEST} characters.", field="title"
        )
    answers = [said for why in text.whys if (said := why.strip())]
    if len(answers) > WHYS or any(len(said) > LONGEST_WHY for said in answers):
        raise Invalid(
            f"There are at most {WHYS} answers of {LONGEST_WHY} characters each.", field="why1"
        )
    for field, value, known in (
        ("severity", text.severity, SEVERITIES),
        ("affected", text.affected_by, AFFECTED_BY),
    ):
        if value and value not in known:
            raise Invalid(f"{value[:20]!r} is not one of {', '.join(known)}.", field=field)
    if text.state not in STATES:
        raise Invalid(f"{text.state[:20]!r} is no state; use {', '.join(STATES)}.", field="solved")
    if text.affected_by == "theme" and not theme:
        raise Invalid("Choose the theme whose comments count, too.", field="theme")
    if len(text.affected_key) > LONGEST:
        raise Invalid("Choose the affected customers from the list.", field="affected")
    owner = None if text.owner_id is None else session.get(User, text.owner_id)
    if text.owner_id is not None and (owner is None or not owner.active):
        raise Invalid("The owner has no active account; choose someone else.", field="owner_id")
    check_place(journey, text.stage_id, text.touchpoint_id)
    point.title, point.theme, point.whys = title, theme, answers
    point.severity, point.state, point.owner_id = text.severity, text.state, text.owner_id
    point.stage_id, point.touchpoint_id = text.stage_id, text.touchpoint_id
    point.affected_by = text.affected_by
    point.affected_key = text.affected_key if text.affected_by in ("choice", "low") else ""


def _record(
    session: Session, user_id: int | None, said: str, journey: Journey, point: PainPoint
) -> None:
    subject = f"journey {journey.code}"
    record(session, user_id, said, subject, number=point.id, title=point.title, state=point.state)


def _listed(
    session: Session, journey_id: int, *conditions: ColumnElement[bool], most: int
) -> list[PainPoint]:
    worst = {severity: place for place, severity in enumerate(reversed(SEVERITIES))}
    query = (
        select(PainPoint)
        .options(*_WITH)
        .where(PainPoint.journey_id == journey_id, *conditions)
        .order_by(
            PainPoint.state,
            case(worst, value=PainPoint.severity, else_=len(worst)),
            PainPoint.id.desc(),
        )
        .limit(most)
    )
    return list(session.scalars(query))
