"""What staff read of alerts: those of a journey or of somebody, what each sees, what it has told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from surveyapp.closed_loop.alert_looks import Look, Looks
from surveyapp.closed_loop.alert_rules import way
from surveyapp.closed_loop.alert_words import condition, customers, place_name
from surveyapp.installation import Installation
from surveyapp.journeys.calendar import calendar_of
from surveyapp.results.figure_json import numbers_to_json
from surveyapp.results.view_models import State
from surveyapp.store.models import Alert, AlertEvent, User

_HISTORY = 20  # crossings of an alert that a page lists


@dataclass(frozen=True)
class AlertLine:
    """An alert in a list. ``people`` are the names of whom it writes to, addresses outside included."""

    alert: Alert
    condition: str
    place: str
    customers: str
    look: Look
    people: tuple[str, ...]
    history: tuple[tuple[AlertEvent, str], ...]  # the latest first, with who acknowledged it

    @property
    def open(self) -> tuple[AlertEvent, ...]:
        """Crossings that nobody has acknowledged."""
        return tuple(
            event
            for event, _ in self.history
            if event.kind == "crossed" and event.acknowledged_at is None
        )

    def muted(self, now: datetime) -> bool:
        """Whether it tells nobody at the moment."""
        until = self.alert.muted_until
        return until is not None and until > now


def of_journey(
    session: Session, journey_id: int, *, now: datetime, installation: Installation
) -> list[AlertLine]:
    """The alerts of a journey, the oldest first."""
    query = select(Alert).where(Alert.journey_id == journey_id)
    return _lines(session, query, now, installation)


def of_person(
    session: Session,
    user_id: int,
    granted: Select[int] | None,
    *,
    now: datetime,
    installation: Installation,
) -> list[AlertLine]:
    """The alerts that somebody has made or is told by, of the journeys that were granted."""
    query = select(Alert)
    if granted is not None:
        query = query.where(Alert.journey_id.in_(granted))
    own = [
        alert.id
        for alert in session.scalars(query)
        if user_id in (alert.created_by, alert.escalate_to, *alert.people)
    ]
    return _lines(session, select(Alert).where(Alert.id.in_(own)), now, installation)


def _lines(
    session: Session, query: Select[Alert], now: datetime, installation: Installation
) -> list[AlertLine]:
    looker = Looks(
        session,
        minimum_cell=installation.settings.minimum_cell,
        library=installation.library,
    )
    found = session.scalars(query.options(joinedload(Alert.journey)).order_by(Alert.id)).all()
    names = _names(session, found)
    lines = []
    for alert in found:
        look = looker.look(alert, today=calendar_of(alert.journey).day(now))
        people = [names[each] for each in alert.people if each in names]
        lines.append(
            AlertLine(
                alert=alert,
                condition=condition(alert, look.figure.definition if look.figure else None),
                place=place_name(alert.journey, alert.place),
                customers=customers(session, alert),
                look=look,
                people=(*people, *alert.emails),
                history=_history(session, alert.id),
            )
        )
    return lines


def _history(session: Session, alert_id: int) -> tuple[tuple[AlertEvent, str], ...]:
    query = (
        select(AlertEvent, User.name)
        .outerjoin(User, User.id == AlertEvent.acknowledged_by)
        .where(AlertEvent.alert_id == alert_id)
        .order_by(AlertEvent.id.desc())
        .limit(_HISTORY)
    )
    return tuple((event, name or "") for event, name in session.execute(query))


def _names(session: Session, alerts: Sequence[Alert]) -> dict[int, str]:
    wanted = {each for alert in alerts for each in alert.people}
    query = select(User.id, User.name).where(User.id.in_(wanted))
    return {row[0]: row[1] for row in session.execute(query)}


def line_to_json(line: AlertLine, *, few: int) -> dict[str, Any]:
    """An alert, what it sees and what it has told; ``few`` is the smallest group that may be shown."""
    alert, figure = line.alert, line.look.figure
    numbers: dict[str, Any] = {
        **dict.fromkeys(("n", "estimate", "low", "high")),
        "state": State.UNASKED,
        "reason": "it is no longer asked there",
    }
    if figure is not None:
        numbers = numbers_to_json(figure, few=few)
    return {
        "id": alert.id,
        "journey": alert.journey.code,
        "place": alert.place,
        "scale": alert.scale,
        "segment_id": alert.segment_id or None,
        **{name: getattr(alert, name) or None for name in ("channel", "language")},
        "flagged": alert.flagged,
        "weighted": alert.weighted,
        "kind": alert.kind,
        "direction": way(alert),
        "value": alert.value if alert.kind == "threshold" else None,
        "upper": alert.upper,
        "whole_interval": alert.whole,
        "months": alert.months,
        "minimum_n": alert.minimum_n,
        "digest": alert.digest,
        "active": alert.active,
        "muted_until": alert.muted_until,
        "first_day": line.look.period.since,
        "last_day": line.look.period.until,
        **numbers,
        "not_weighted": line.look.not_weighted or None,
        "enough_answers": line.look.enough,
        "is_crossed": line.look.crossed,
        "last_sent_at": alert.told_at,
        "history": [
            {
                "id": event.id,
                "kind": event.kind,
                "at": event.at,
                "title": event.title,
                "muted": event.muted,
                "acknowledged_at": event.acknowledged_at,
                "escalated_at": event.escalated_at,
            }
            for event, _ in line.history
        ],
    }
