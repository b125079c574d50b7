"""Alerts: tell people when a score falls below a limit, once for each fall."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.auth.accounts import account_of
from surveyapp.auth.grants import may_on
from surveyapp.auth.permissions import Permission
from surveyapp.closed_loop import staff_messages
from surveyapp.closed_loop.rules import watchable
from surveyapp.errors import Invalid, NotFound
from surveyapp.installation import Installation
from surveyapp.results import cells, phrases
from surveyapp.results.answered import journey_calendar
from surveyapp.results.cells import NOTHING
from surveyapp.results.definitions import Scored
from surveyapp.results.figure_json import numbers_to_json
from surveyapp.results.figures import figure
from surveyapp.results.view_models import Figure, Hidden, State
from surveyapp.store import events
from surveyapp.store.audit import record
from surveyapp.store.models import EVERYBODY, Alert, SurveyRow, User
from surveyapp.surveys.queries import surveys
from surveyapp.surveys.survey import Survey

MOST_EMAILS = 20
MOST_DAYS = 365
MOST_ANSWERS = 100_000
_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]{1,189}")


@dataclass(frozen=True)
class Watch:
    """An alert and the figure that it looks at now; ``enough``: it rests on enough answers."""

    alert: Alert
    figure: Figure | None  # None: the score is asked no longer
    since: date
    until: date
    enough: bool

    @property
    def low(self) -> bool:
        """Whether the figure may be told and lies below the limit."""
        return self.enough and self.figure is not None and self._estimate < self.alert.below

    @property
    def back(self) -> bool:
        """Whether the figure may be told and lies at the limit or above it."""
        return self.enough and self.figure is not None and self._estimate >= self.alert.below

    def to_json(self, *, few: int) -> dict[str, Any]:
        """The alert and its score now; ``few`` is the smallest group that may be shown."""
        numbers: dict[str, Any] = {
            **dict.fromkeys(("n", "estimate", "low", "high")),
            "state": State.UNASKED,
            "reason": "the survey no longer asks it",
        }
        if self.figure is not None:
            numbers = numbers_to_json(self.figure, few=few)
        return {
            "scale": self.alert.scale,
            "below": self.alert.below,
            "days": self.alert.days,
            "minimum_n": self.alert.minimum_n,
            "active": self.alert.active,
            "first_day": self.since,
            "last_day": self.until,
            **numbers,
            "enough_answers": self.enough,
            "is_low": self.low,
            "last_sent_at": self.alert.told_at,
        }

    @property
    def _estimate(self) -> float:
        return cast(float, cast(Figure, self.figure).estimate)


def create_alert(
    session: Session,
    survey: Survey,
    *,
    scale: str,
    below: float,
    minimum_n: int,
    days: int,
    emails: Sequence[str],
    user_id: int | None,
    library: Library,
) -> Alert:
    """Watch a score of the survey over the last ``days`` days, today included.

    ``below`` is in the unit in which the score is reported: 0 to 100, for NPS -100 to 100. Without
    ``emails`` only webhooks are told. Raises Invalid, naming the field.
    """
    read = _read(survey, scale, below, minimum_n, days, emails, library)
    alert = Alert(survey_id=survey.id, created_by=user_id, **read)
    session.add(alert)
    session.flush()
    record(session, user_id, "create alert", _subject(alert), scale=scale, below=below)
    return alert


def change_alert(
    session: Session,
    survey: Survey,
    alert: Alert,
    *,
    scale: str,
    below: float,
    minimum_n: int,
    days: int,
    emails: Sequence[str],
    user_id: int | None,
    library: Library,
) -> None:
    """Have an alert of the survey look at something else, or tell others; as ``create_alert``.

    One that looks at something else tells at once when that is low; one that only tells others goes
    on as it was.
    """
    read = _read(survey, scale, below, minimum_n, days, emails, library)
    changed = {name for name, value in read.items() if getattr(alert, name) != value}
    if not changed:
        return
    for name in changed:
        setattr(alert, name, read[name])
    if changed != {"emails"}:
        alert.armed = True
    record(session, user_id, "change alert", _subject(alert), changed=sorted(changed))


def set_active(session: Session, alert: Alert, active: bool, *, user_id: int) -> None:
    """Stop an alert or start it again; started, it tells at once when the score is low."""
    if alert.active == active:
        return
    alert.active, alert.armed = active, True
    record(session, user_id, "start alert" if active else "stop alert", _subject(alert))


def remove(session: Session, alert: Alert, *, user_id: int) -> None:
    """Delete an alert; messages that it has written are still sent."""
    record(session, user_id, "remove alert", _subject(alert))
    session.delete(alert)


def alert_of(session: Session, survey: Survey, alert_id: int) -> Alert:
    """An alert of this survey; NotFound also when it belongs to another one."""
    found = session.get(Alert, alert_id)
    if found is None or found.survey_id != survey.id:
        raise NotFound("This survey has no such alert.")
    return found


def watches(
    session: Session,
    survey: Survey,
    *,
    today: date,
    minimum_cell: int,
    library: Library,
) -> list[Watch]:
    """The survey's alerts with what each of them sees today, the oldest first."""
    query = select(Alert).where(Alert.survey_id == survey.id).order_by(Alert.id)
    known = watchable(survey, library=library)
    return [
        watch(session, alert, known.get(alert.scale), today=today, minimum_cell=minimum_cell)
        for alert in session.scalars(query)
    ]


def watch(
    session: Session, alert: Alert, scored: Scored | None, *, today: date, minimum_cell: int
) -> Watch:
    """What an alert sees: the very figure that pages would show for its days."""
    since = today - timedelta(days=alert.days - 1)
    if scored is None:
        return Watch(alert, None, since, today, enough=False)
    found = cells.sums(session, [alert.survey_id], [EVERYBODY], since=since, until=today)
    sums = found[EVERYBODY].get((alert.survey_id, alert.scale), NOTHING)
    few = 0 < sums.n < minimum_cell
    seen = figure(scored, sums, Hidden.FEW if few else Hidden.NO)
    return Watch(alert, seen, since, today, sums.n >= max(alert.minimum_n, minimum_cell))


def alerts_due(installation: Installation, now: datetime) -> int:
    """Look at every active alert; how many told of a fall.

    An alert tells when its score is below the limit for the first time since it was back, and at
    most once a day, however often and by however many workers this is called.
    """
    settings = installation.settings
    query = (
        select(Alert)
        .join(SurveyRow, SurveyRow.id == Alert.survey_id)
        .where(Alert.active.is_(True), SurveyRow.state != "closed")
        .order_by(Alert.id)
    )
    with installation.store.reading() as session:
        due = session.scalars(query).all()
        known = surveys(session, {alert.survey_id for alert in due})
        seen = []
        for alert in due:
            survey = known[alert.survey_id]
            scored = watchable(survey, library=installation.library).get(alert.scale)
            calendar = journey_calendar(session, survey.journey_id)
            today = calendar.day(now)
            found = watch(session, alert, scored, today=today, minimum_cell=settings.minimum_cell)
            told_today = alert.told_at is not None and calendar.day(alert.told_at) >= today
            seen.append((found, survey, told_today, calendar.zone))
    told = 0
    for found, survey, told_today, zone in seen:
        alert = found.alert
        if found.back and not alert.armed and alert.told_at and not told_today:
            with installation.store.writing() as session:
                session.execute(update(Alert).where(Alert.id == alert.id).values(armed=True))
        elif found.low and alert.armed:
            told += _tell(installation, found, survey, zone, now)
    return told


def _tell(
    installation: Installation, found: Watch, survey: Survey, zone: str, now: datetime
) -> int:
    """Write the messages and the event, unless another worker has done so meanwhile."""
    alert, seen = found.alert, cast(Figure, found.figure)
    with installation.store.writing() as session:
        claim = (
            update(Alert)
            .where(Alert.id == alert.id, Alert.armed.is_(True), Alert.active.is_(True))
            .values(armed=False, told_at=now, told=Alert.told + 1)
            .returning(Alert.told)
        )
        times = session.scalar(claim)
        if times is None:
            return 0
        subject, text = _words(found, survey, zone, installation.settings.base_url)
        for place, to in enumerate(alert.emails, start=1):
            if not may_be_told(session, to, survey.journey_id):
                record(session, None, "withhold alert", _subject(alert), user=to)
                continue
            key = f"alert {alert.id} on {now:%Y-%m-%d} to {place}"
            staff_messages.write(
                session, key, "alert", survey.id, to=to, subject=subject, text=text
            )
        events.publish(
            session,
            "alert",
            alert_id=alert.id,
            told=times,
            survey_id=survey.id,
            scale=alert.scale,
            estimate=seen.estimate,
            low=seen.low,
            high=seen.high,
            n=seen.n,
            below=alert.below,
            since=found.since.isoformat(),
            until=found.until.isoformat(),
        )
    return 1


def may_be_told(session: Session, email: str, journey_id: int) -> bool:
    """Whether a journey's figures may be sent to this address: not to staff who may not read them."""
    user = session.scalar(select(User).where(User.email == email.lower()))
    return user is None or may_on(session, account_of(user), Permission.READ_RESULTS, journey_id)


def _words(found: Watch, survey: Survey, zone: str, base_url: str) -> tuple[str, str]:
    """Subject and text: what fell, how low, how sure that is, when, and where to look."""
    alert, seen = found.alert, cast(Figure, found.figure)
    what = seen.definition
    limit = phrases.estimate(what, alert.below, 0 if alert.below == round(alert.below) else 1)
    sure = seen.high is not None and seen.high < alert.below
    lines = (
        f"{what.label}: {phrases.value(seen)}, below the threshold of {limit}.",
        "",
        f"Interval: {phrases.interval(seen)} ({what.interval})",
        f"Answers: {seen.n:,}",
        f"Period: {phrases.day(found.since)} to {phrases.day(found.until)} ({zone})",
        f"Survey: {survey.name} ({survey.journey})",
        "",
        "The whole interval is below the threshold."
        if sure
        else "The interval includes the threshold, so the fall may be due to chance.",
        (
            "You are alerted again after the score has recovered and fallen below the"
            " threshold again."
        ),
        "",
        f"View results: {base_url.rstrip('/')}/journeys/{survey.journey_id}/results",
        f"Edit alert: {staff_messages.closed_loop_url(base_url, survey)}",
        "",
    )
    return f"{what.short} at {survey.name} is below {limit}", "\n".join(lines)


def _read(
    survey: Survey,
    scale: str,
    below: float,
    minimum_n: int,
    days: int,
    emails: Sequence[str],
    library: Library,
) -> dict[str, Any]:
    """An alert's columns; Invalid, naming the field, for what none can have."""
    known = watchable(survey, library=library).get(scale)
    if known is None:
        raise Invalid("Choose a score of this survey.", field="scale")
    low, high = known.definition.axis
    if not low < below <= high:
        raise Invalid(
            f"{known.definition.short} ranges from {low:g} to {high:g}; with a"
            f" threshold of {below:g} the alert would always or never be sent.",
            field="below",
        )
    return {
        "scale": scale,
        "below": float(below),
        "minimum_n": _within(minimum_n, 1, MOST_ANSWERS, "minimum_n", "answers"),
        "days": _within(days, 1, MOST_DAYS, "days", "days"),
        "emails": _read_emails(emails),
    }


def _read_emails(emails: Sequence[str]) -> list[str]:
    """Addresses, each once."""
    read = list(dict.fromkeys(each.strip() for each in emails if each.strip()))
    for each in read:
        if not _EMAIL.fullmatch(each):
            raise Invalid(f"{each[:60]!r} is not an email address.", field="emails")
    if len(read) > MOST_EMAILS:
        raise Invalid(f"{len(read)} addresses; use at most {MOST_EMAILS}.", field="emails")
    return read


def _within(value: int, low: int, high: int, field: str, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Invalid(f"Enter {low} to {high:,} {what}, as a whole number.", field=field)
    return value


def _subject(alert: Alert) -> str:
    return f"alert {alert.id} of survey {alert.survey_id}"
