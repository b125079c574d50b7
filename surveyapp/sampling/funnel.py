"""Non-response counted: how many were decided about, asked, reached, and answered; and why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, String, Table, case, func, literal, or_, select
from sqlalchemy.orm import Session

from surveyapp.journeys.calendar import UTC_DAYS, Calendar
from surveyapp.journeys.segments import Rule
from surveyapp.sampling.decision_rollups import DECISIONS
from surveyapp.store.models import EVERYBODY, Contact, Decision, Interaction, Invitation

_AT_ONCE = 5000  # customers in one query
BOUNCE_TAKES = timedelta(days=14)  # at most, from sending to knowing of it
_CONTACTS = cast(Table, Contact.__table__)
_DECISIONS = cast(Table, Decision.__table__)
_INTERACTIONS = cast(Table, Interaction.__table__)
_INVITATIONS = cast(Table, Invitation.__table__)


@dataclass(frozen=True)
class Counts:
    """Of all decisions: how many asked, how many of those were sent, opened, started, answered.

    ``held_back`` were not sent in the end, ``returned`` were sent and came back, ``skipped`` holds
    the decisions that did not ask by reason. An anonymous survey keeps no trace of opening and
    starting.
    """

    asked: int = 0
    sent: int = 0
    opened: int = 0
    started: int = 0
    completed: int = 0
    held_back: int = 0
    returned: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)

    @property
    def decided(self) -> int:
        return self.asked + sum(self.skipped.values())

    def __add__(self, other: Counts) -> Counts:
        reasons = dict(self.skipped)
        for reason, n in other.skipped.items():
            reasons[reason] = reasons.get(reason, 0) + n
        return Counts(
            self.asked + other.asked,
            self.sent + other.sent,
            self.opened + other.opened,
            self.started + other.started,
            self.completed + other.completed,
            self.held_back + other.held_back,
            self.returned + other.returned,
            reasons,
        )


def by_survey(
    session: Session,
    surveys: Collection[int],
    calendar: Calendar = UTC_DAYS,
    *,
    since: date | None = None,
    until: date | None = None,
) -> dict[int, Counts]:
    """The counts of each survey, of decisions made on these days; from rollups where a worker has counted
    them, a few queries otherwise.
    """
    found = dict.fromkeys(surveys, Counts())
    known = DECISIONS.counted_surveys(session, surveys, calendar)
    if known:
        by, days = ("survey_id", "outcome", "reason"), {"since": since, "until": until}
        told = DECISIONS.numbers(session, known, by, calendar, **days)
        for (survey, outcome, reason), (n, *steps) in told.items():
            asked = outcome == "ask"
            found[survey] += (
                _counts((n, *steps)) if asked else Counts(skipped={reason: n} if n else {})
            )
    others = [survey for survey in surveys if survey not in known]
    if others:
        begin, end = calendar.bounds(since, until)
        _one_by_one(session, _scope(others, begin, end), found)
    for survey, n in returned(session, surveys, calendar, since=since, until=until).items():
        found[survey] += Counts(returned=n)
    return found


def _one_by_one(
    session: Session, scope: Sequence[ColumnElement[bool]], found: dict[int, Counts]
) -> None:
    """Add the counts of decisions that a worker has not counted yet to those of their surveys."""
    own = _DECISIONS.c
    skips = (
        select(own.survey_id, own.reason, func.count())
        .where(*scope, own.outcome == "skip")
        .group_by(own.survey_id, own.reason)
    )
    for survey, reason, n in session.execute(skips):
        found[survey] += Counts(skipped={reason: n})
    asks = _joined(select(own.survey_id, *_stages())).where(*scope, own.outcome == "ask")
    for survey, *stages in session.execute(asks.group_by(own.survey_id)):
        found[survey] += _counts(stages)


def returned(
    session: Session,
    surveys: Collection[int],
    calendar: Calendar = UTC_DAYS,
    *,
    since: date | None = None,
    until: date | None = None,
) -> Counter[int]:
    """How many messages came back, by survey, of decisions made on these days: a bounce is of the last
    one that was sent before it, unless that was long ago; then it was refused when it was sent, and is
    not counted as sent.
    """
    contact, own = _CONTACTS.c, _DECISIONS.c
    begin, end = calendar.bounds(since, until)
    known: list[ColumnElement[bool]] = [contact.bounced_at.is_not(None)]
    known += [contact.bounced_at >= begin] if begin else []  # who was decided about since then
    bounced = session.execute(select(contact.customer_ref, contact.bounced_at).where(*known))
    moments = {ref: moment for ref, moment in bounced}  # noqa: C416 - rows, typed
    found: Counter[int] = Counter()
    refs = sorted(moments)
    for start in range(0, len(refs), _AT_ONCE):
        sent = session.execute(
            select(own.customer_ref, own.survey_id, own.sent_at)
            .where(
                own.customer_ref.in_(refs[start : start + _AT_ONCE]),
                own.outcome == "ask",
                own.sent_at.is_not(None),
                *_scope(surveys, begin, end),
            )
            .order_by(own.sent_at)
        )
        last = {
            ref: survey
            for ref, survey, at in sent
            if timedelta() <= moments[ref] - at <= BOUNCE_TAKES
        }
        found.update(last.values())
    return found


def by_kind(
    session: Session,
    surveys: Collection[int],
    rules: Mapping[int, Rule],
    month: ColumnElement[str],
    *,
    begin: datetime | None = None,
    end: datetime | None = None,
    outcomes: Collection[str] | None = None,
    reasons: Collection[str] | None = None,
) -> dict[str, dict[frozenset[int], Counts]]:
    """The counts by ``month`` of the decision and by all the segments (id: rule) that a customer is in,
    EVERYBODY included, reasons taken together as "". ``outcomes`` and ``reasons``: all there are in this
    time, so that an index, which has them before the time, is read for it alone.

    One query, which counts by the attributes that the rules ask about; each rule is then asked once
    for each kind of customer, and means the same as everywhere else.
    """
    own = _DECISIONS.c
    names = sorted({name for rule in rules.values() for name in rule.fields})
    sqlite = session.get_bind().dialect.name == "sqlite"
    values = [_value(name, sqlite).label(f"a{place}") for place, name in enumerate(names)]
    query = (
        _joined(select(month.label("month"), own.outcome, *_stages(), *values))
        .join(_INTERACTIONS, _INTERACTIONS.c.id == own.interaction_id)
        .where(
            *_scope(surveys, begin, end),
            *([] if outcomes is None else [own.outcome.in_(sorted(outcomes))]),
            *([] if reasons is None else [own.reason.in_(sorted(reasons))]),
        )
        .group_by("month", own.outcome, *(f"a{place}" for place in range(len(names))))
    )
    found: dict[str, dict[frozenset[int], Counts]] = {}
    for row in session.execute(query):
        written, outcome, stages, known = row[0], row[1], row[2:8], row[8:]
        counts = _counts(stages)
        if outcome == "skip":
            counts = Counts(skipped={"": counts.asked})
        attributes = {
            name: value for name, value in zip(names, known, strict=True) if value is not None
        }
        inside = (segment for segment, rule in rules.items() if rule.matches(attributes))
        kind, kinds = frozenset((EVERYBODY, *inside)), found.setdefault(written, {})
        kinds[kind] = kinds.get(kind, Counts()) + counts
    return found


def answered_by_segment(
    session: Session,
    surveys: Collection[int],
    rules: Mapping[int, Rule],
    month: ColumnElement[str],
    *,
    begin: datetime | None = None,
    end: datetime | None = None,
) -> dict[str, dict[int, tuple[int, int]]]:
    """How many were sent and answered by ``month`` of the decision, of EVERYBODY and of each segment
    (id: rule), of decisions from ``begin`` to before ``end``; by one query, however many months there are.
    """
    names = sorted({name for rule in rules.values() for name in rule.fields})
    sqlite = session.get_bind().dialect.name == "sqlite"
    values = [_value(name, sqlite).label(f"a{place}") for place, name in enumerate(names)]
    _, sent, _, _, completed, _ = _stages()
    query = (
        _joined(select(month.label("month"), sent, completed, *values))
        .join(_INTERACTIONS, _INTERACTIONS.c.id == _DECISIONS.c.interaction_id)
        .where(*_scope(surveys, begin, end), _DECISIONS.c.outcome == "ask")
        .group_by("month", *(f"a{place}" for place in range(len(names))))
    )
    found: dict[str, dict[int, tuple[int, int]]] = {}
    for written, n, answered, *known in session.execute(query):
        attributes = {
            name: value for name, value in zip(names, known, strict=True) if value is not None
        }
        own = found.setdefault(written, dict.fromkeys((EVERYBODY, *rules), (0, 0)))
        for segment in own:
            if segment == EVERYBODY or rules[segment].matches(attributes):
                own[segment] = (own[segment][0] + int(n), own[segment][1] + int(answered))
    return found


def _scope(
    surveys: Collection[int], begin: datetime | None, end: datetime | None
) -> list[ColumnElement[bool]]:
    own = _DECISIONS.c
    scope: list[ColumnElement[bool]] = [own.survey_id.in_(sorted(surveys))]
    if begin is not None:
        scope.append(own.decided_at >= begin)
    if end is not None:
        scope.append(own.decided_at < end)
    return scope


def _stages() -> list[ColumnElement[int]]:
    """How many rows, and how many of them were sent, opened, started, answered, held back."""
    asked, sent = _INVITATIONS.c, _DECISIONS.c
    # Using an anonymous invitation deletes it.
    gone = (sent.outcome == "ask") & sent.invitation_id.is_(None)
    completed = or_(asked.completed_at.is_not(None), gone)
    started = or_(asked.started_at.is_not(None), completed)
    opened = or_(asked.opened_at.is_not(None), started)
    return [
        func.count(),
        *(
            func.sum(case((reached, 1), else_=0))
            for reached in (
                *(sent.sent_at.is_not(None), opened, started, completed),
                (asked.state == "suppressed") & asked.sent_at.is_(None),
            )
        ),
    ]


def _counts(stages: Sequence[Any]) -> Counts:
    asked, sent, opened, started, completed, held_back = map(int, stages)
    return Counts(asked, sent, opened, started, completed, held_back)


def _joined(query: Select[Any]) -> Select[Any]:
    return query.select_from(_DECISIONS).outerjoin(
        _INVITATIONS, _INVITATIONS.c.id == _DECISIONS.c.invitation_id
    )


def _value(name: str, sqlite: bool) -> ColumnElement[Any]:
    """An attribute as JSON, which tells a truth value from a number and a number from a text."""
    key = f'$."{name}"' if sqlite else name
    return _INTERACTIONS.c.attributes.op("->")(literal(key, String))
