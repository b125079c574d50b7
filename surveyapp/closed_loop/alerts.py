"""Changes to alerts: made, changed, paused, muted, acknowledged, tried out and removed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from surveyapp.auth.accounts import Account
from surveyapp.auth.grants import may_on
from surveyapp.auth.permissions import Permission
from surveyapp.closed_loop import alert_rules
from surveyapp.closed_loop.alert_rules import AlertRule
from surveyapp.errors import Invalid, NotAllowed, NotFound
from surveyapp.installation import Installation
from surveyapp.store.audit import record
from surveyapp.store.models import Alert, AlertEvent

LONGEST_MUTE = 365  # days
# Changing one of these makes another alert of it, which judges the last months anew.
_TELLING = {"people", "emails", "chat", "chat_url", "digest", "escalate_to", "escalate_hours"}


@dataclass(frozen=True)
class Doer:
    """Who changes an alert, None where the installation itself does; and what they may send to."""

    user_id: int | None
    anywhere: bool = True  # addresses outside and chats, too


def doer(session: Session, account: Account, journey_id: int) -> Doer:
    """Somebody with what they may do with a journey's alerts."""
    return Doer(account.id, may_on(session, account, Permission.SET_TARGETS, journey_id))


def create_alert(
    session: Session, rule: AlertRule, *, by: Doer, installation: Installation
) -> Alert:
    """Watch a figure from now on; the last complete months are judged at once. Raises Invalid."""
    read = alert_rules.read(session, rule, anywhere=by.anywhere, installation=installation)
    alert = Alert(created_by=by.user_id, **asdict(read))
    session.add(alert)
    session.flush()
    said = {"scale": alert.scale, "kind": alert.kind, "place": alert.place}
    record(session, by.user_id, "create alert", subject_of(alert), **said)
    return alert


def change_alert(
    session: Session, alert: Alert, rule: AlertRule, *, by: Doer, installation: Installation
) -> None:
    """Have an alert look at something else, or tell others.

    One that looks at something else judges the last months anew; one that only tells others goes on as
    it was. Raises Invalid, NotAllowed.
    """
    check_change(alert, by)
    outside = (alert.emails, alert.chat, alert.chat_url)
    kept = (rule.emails, rule.chat, rule.chat_url) == outside
    read = alert_rules.read(session, rule, anywhere=by.anywhere or kept, installation=installation)
    changed = {name for name, value in asdict(read).items() if getattr(alert, name) != value}
    if not changed:
        return
    for name in changed:
        setattr(alert, name, getattr(read, name))
    if changed - _TELLING:
        _judge_anew(alert)
    record(session, by.user_id, "change alert", subject_of(alert), changed=sorted(changed))


def check_change(alert: Alert, by: Doer) -> None:
    """Raises NotAllowed for somebody else's alert, unless they may set the journey's targets."""
    if not by.anywhere and alert.created_by != by.user_id:
        raise NotAllowed(
            "This alert is somebody else's. Ask them, or an editor or owner of the journey, to"
            " change it; or add one of your own."
        )


def set_active(session: Session, alert: Alert, active: bool, *, by: Doer) -> None:
    """Pause an alert or resume it; resumed, it judges the last months anew."""
    check_change(alert, by)
    if alert.active == active:
        return
    alert.active = active
    _judge_anew(alert)
    record(session, by.user_id, "start alert" if active else "stop alert", subject_of(alert))


def mute(session: Session, alert: Alert, days: int, *, by: Doer, now: datetime) -> None:
    """Keep crossings in the history, and tell nobody of them, for so many days; 0: tell again."""
    check_change(alert, by)
    if not 0 <= days <= LONGEST_MUTE:
        raise Invalid(
            f"An alert is muted for 1 to {LONGEST_MUTE} days, or 0 to end it; {days} is neither.",
            field="days",
        )
    alert.muted_until = now + timedelta(days=days) if days else None
    record(session, by.user_id, "mute alert", subject_of(alert), days=days)


def acknowledge(session: Session, event: AlertEvent, *, user_id: int, now: datetime) -> None:
    """Somebody has seen to a crossing: it is not told to the second person any more."""
    if event.acknowledged_at is None:
        event.acknowledged_at, event.acknowledged_by = now, user_id
        record(session, user_id, "acknowledge alert", subject_of(event.alert), event=event.id)


def remove(session: Session, alert: Alert, *, by: Doer) -> None:
    """Delete an alert with its history; messages that it has written are still sent."""
    check_change(alert, by)
    record(session, by.user_id, "remove alert", subject_of(alert))
    session.delete(alert)


def alert_of(session: Session, journey_id: int, alert_id: int) -> Alert:
    """An alert of this journey; NotFound also when it belongs to another one."""
    found = session.get(Alert, alert_id)
    if found is None or found.journey_id != journey_id:
        raise NotFound("This journey has no such alert; it may have been removed.")
    return found


def event_of(session: Session, alert: Alert, event_id: int) -> AlertEvent:
    """A crossing of this alert; NotFound also when it belongs to another one."""
    found = session.get(AlertEvent, event_id)
    if found is None or found.alert_id != alert.id:
        raise NotFound("This alert has told of no such crossing.")
    return found


def rule_of(alert: Alert) -> AlertRule:
    """What an alert is set to."""
    values: dict[str, Any] = {name: getattr(alert, name) for name in AlertRule.__dataclass_fields__}
    return AlertRule(**values)


def subject_of(alert: Alert) -> str:
    """What the audit log calls an alert."""
    return f"alert {alert.id} of journey {alert.journey_id}"


def _judge_anew(alert: Alert) -> None:
    alert.armed, alert.looked_until, alert.looked_on = True, None, None
