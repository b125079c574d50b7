"""To whom alerts write: at once, in a digest, and to a second person where nobody acknowledges."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, joinedload

from surveyapp.auth.accounts import account_of
from surveyapp.auth.grants import may_on
from surveyapp.auth.permissions import Permission
from surveyapp.closed_loop import staff_messages
from surveyapp.closed_loop.alerts import subject_of
from surveyapp.installation import Installation
from surveyapp.store.audit import record
from surveyapp.store.models import Alert, AlertEvent, User

DIGEST_HOUR = 7  # by the installation's clock, from which the day's digests are written
_MONDAY = 0


def addresses(session: Session, alert: Alert) -> list[str]:
    """Where an alert's mail goes, each address once; who may not read the journey is left out, noted."""
    people = session.scalars(
        select(User).where(User.id.in_(alert.people), User.active.is_(True)).order_by(User.id)
    )
    wanted = [*(user.email for user in people), *alert.emails]
    found = []
    for email in dict.fromkeys(wanted):
        if may_be_told(session, email, alert.journey_id):
            found.append(email)
        else:
            record(session, None, "withhold alert", subject_of(alert), user=email)
    return found


def may_be_told(session: Session, email: str, journey_id: int) -> bool:
    """Whether a journey's figures may be sent to this address: not to staff who may not read them."""
    user = session.scalar(select(User).where(User.email == email.lower()))
    return user is None or may_on(session, account_of(user), Permission.READ_RESULTS, journey_id)


def write_now(session: Session, event: AlertEvent) -> None:
    """Write an event's mail to everybody whom its alert tells."""
    for place, email in enumerate(addresses(session, event.alert), start=1):
        _write(session, f"alert event {event.id} to {place}", email, event.title, event.text)


def write_digests(installation: Installation, now: datetime) -> int:
    """Write the digests of the day that are due: one mail a recipient; how many crossings are in them."""
    local = now.astimezone(ZoneInfo(installation.settings.time_zone))
    if local.hour < DIGEST_HOUR:
        return 0
    kinds = ["daily", *(["weekly"] if local.weekday() == _MONDAY else [])]
    waiting = (
        select(AlertEvent.id)
        .join(Alert, Alert.id == AlertEvent.alert_id)
        .where(AlertEvent.sent_at.is_(None), AlertEvent.muted.is_(False), Alert.digest.in_(kinds))
    )
    with installation.store.reading() as session:
        if session.scalar(waiting.limit(1)) is None:
            return 0
    with installation.store.writing() as session:
        claim = update(AlertEvent).where(AlertEvent.id.in_(waiting), AlertEvent.sent_at.is_(None))
        ids = session.scalars(claim.values(sent_at=now).returning(AlertEvent.id)).all()
        query = select(AlertEvent).options(joinedload(AlertEvent.alert))
        events = session.scalars(query.where(AlertEvent.id.in_(ids)).order_by(AlertEvent.id))
        by_address: dict[str, list[AlertEvent]] = {}
        for event in events:
            for email in addresses(session, event.alert):
                by_address.setdefault(email, []).append(event)
        for place, (email, told) in enumerate(by_address.items(), start=1):
            key = f"alert digest of {min(ids)} to {place}"
            _write(session, key, email, _digest_title(told, local.date()), _digest(told))
    return len(ids)


def escalate(installation: Installation, now: datetime) -> int:
    """Tell the second person of crossings that nobody has acknowledged in time, once; how many."""
    open_events = (
        select(AlertEvent, Alert.escalate_hours)
        .join(Alert, Alert.id == AlertEvent.alert_id)
        .where(
            Alert.escalate_to.is_not(None),
            Alert.active.is_(True),
            or_(Alert.muted_until.is_(None), Alert.muted_until <= now),
            AlertEvent.kind == "crossed",
            AlertEvent.sent_at.is_not(None),
            AlertEvent.acknowledged_at.is_(None),
            AlertEvent.escalated_at.is_(None),
        )
    )
    with installation.store.reading() as session:
        late = [
            event.id
            for event, hours in session.execute(open_events)
            if event.sent_at and event.sent_at + timedelta(hours=hours or 0) <= now
        ]
    return sum(_escalate(installation, number, now) for number in late)


def _escalate(installation: Installation, event_id: int, now: datetime) -> int:
    with installation.store.writing() as session:
        claim = update(AlertEvent).where(
            AlertEvent.id == event_id,
            AlertEvent.escalated_at.is_(None),
            AlertEvent.acknowledged_at.is_(None),
        )
        if session.scalar(claim.values(escalated_at=now).returning(AlertEvent.id)) is None:
            return 0
        event = session.get_one(AlertEvent, event_id)
        second = session.get(User, event.alert.escalate_to)
        if second is None or not may_be_told(session, second.email, event.alert.journey_id):
            return 0
        text = (
            f"Nobody has acknowledged this alert for {event.alert.escalate_hours} hours, so that it"
            f" comes to you.\n\n{event.text}"
        )
        _write(
            session, f"alert event {event.id} escalated", second.email, f"Open: {event.title}", text
        )
        record(session, None, "escalate alert", subject_of(event.alert), user=second.email)
    return 1


def _write(session: Session, key: str, to: str, subject: str, text: str) -> None:
    staff_messages.write(session, key, "alert", None, to=to, subject=subject, text=text)


def _digest_title(events: Sequence[AlertEvent], day: date) -> str:
    if len(events) == 1:
        return events[0].title
    return f"{len(events)} alerts, {day.day} {day:%B %Y}"


def _digest(events: Sequence[AlertEvent]) -> str:
    return "\n".join(f"{event.title}\n\n{event.text}" for event in events)
