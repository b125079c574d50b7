"""What the worker does about alerts: judge each complete month once, and tell of each crossing once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, joinedload

from surveyapp.closed_loop import alert_mail
from surveyapp.closed_loop.alert_looks import Look, Looks, scope_of
from surveyapp.closed_loop.alert_words import telling
from surveyapp.errors import Conflict
from surveyapp.installation import Installation
from surveyapp.journeys.calendar import calendar_of
from surveyapp.results.view_models import Figure
from surveyapp.store import events
from surveyapp.store.models import Alert, AlertEvent, Journey


def alerts_due(installation: Installation, now: datetime) -> int:
    """Judge the alerts whose months are over, write digests, escalate; how many told of something.

    An alert tells when its figure has crossed for the first time since it was back, however often and
    by however many workers this is called. Months without enough answers are looked at again once a
    day: answers may be imported.
    """
    told = sum(_settle(installation, look, day, now) for look, day in _looks(installation, now))
    return (
        told + alert_mail.write_digests(installation, now) + alert_mail.escalate(installation, now)
    )


def send_test(
    session: Session, alert: Alert, *, now: datetime, today: date, installation: Installation
) -> AlertEvent:
    """Write what the alert would tell today to everybody whom it tells. Raises Conflict without figures."""
    look = _looker(session, installation).look(alert, today=today)
    if look.figure is None or not look.figure.shown:
        raise Conflict(
            "There is no shown figure of these months to test the alert with; test it when there is."
        )
    event = _event(session, look, look.figure, installation, now, kind="test")
    event.sent_at = now
    alert_mail.write_now(session, event)
    return event


def _looker(session: Session, installation: Installation) -> Looks:
    few = installation.settings.minimum_cell
    return Looks(session, minimum_cell=few, library=installation.library)


def _looks(installation: Installation, now: datetime) -> list[tuple[Look, date]]:
    """What the alerts see whose last complete months are not judged, with their journey's day."""
    query = (
        select(Alert)
        .join(Journey, Journey.id == Alert.journey_id)
        .options(joinedload(Alert.journey))
        .where(Alert.active.is_(True), Journey.state != "archived")
        .order_by(Alert.id)
    )
    found = []
    with installation.store.reading() as session:
        looker = _looker(session, installation)
        for alert in session.scalars(query):
            today = calendar_of(alert.journey).day(now)
            over, judged = scope_of(alert, today).until, alert.looked_until
            if alert.looked_on == today or (judged and over and judged >= over):
                continue
            found.append((looker.look(alert, today=today), today))
    return found


def _settle(installation: Installation, look: Look, today: date, now: datetime) -> int:
    """Note what was seen, and tell of a crossing, unless another worker has done so meanwhile."""
    alert = look.alert
    figure = look.figure if look.is_new else None
    values: dict[str, object] = {"looked_on": today}
    if look.judged:
        values["looked_until"] = look.period.until
    if figure is not None:
        values |= {"armed": False, "side": look.side, "told_at": now, "told": Alert.told + 1}
    elif look.back:
        values["armed"] = True
    claim = update(Alert).where(
        Alert.id == alert.id,
        Alert.active.is_(True),
        or_(Alert.looked_on.is_(None), Alert.looked_on < today),
    )
    with installation.store.writing() as session:
        if session.scalar(claim.values(**values).returning(Alert.id)) is None:
            return 0
        if figure is None:
            return 0
        own = session.get_one(Alert, alert.id)
        _tell(session, replace(look, alert=own), figure, installation, now)
    return 1


def _tell(
    session: Session, look: Look, figure: Figure, installation: Installation, now: datetime
) -> None:
    alert = look.alert
    event = _event(session, look, figure, installation, now)
    event.muted = alert.muted_until is not None and alert.muted_until > now
    if event.muted:
        event.post_state = ""
        return
    if alert.digest == "now":
        event.sent_at = now
        alert_mail.write_now(session, event)
    events.publish(
        session,
        "alert",
        alert_id=alert.id,
        told=alert.told,
        n=figure.n,
        estimate=figure.estimate,
        low=figure.low,
        high=figure.high,
        since=look.period.since.isoformat() if look.period.since else None,
        until=look.period.until.isoformat() if look.period.until else None,
    )


def _event(
    session: Session,
    look: Look,
    figure: Figure,
    installation: Installation,
    now: datetime,
    *,
    kind: str = "crossed",
) -> AlertEvent:
    base_url, test = installation.settings.base_url, kind == "test"
    said = telling(session, look, figure, base_url=base_url, test=test)
    event = AlertEvent(
        alert=look.alert, kind=kind, at=now, title=said.title, text=said.text, muted=False
    )
    if look.alert.chat:
        event.post_state, event.post_due_at = "waiting", now
    session.add(event)
    session.flush()
    return event
