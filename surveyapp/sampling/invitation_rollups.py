"""Invitations counted by day, so that a page costs days and not invitations.

Triggers note every change of an invitation (InvitationChange). A worker adds these to the rollups; who
reads adds those that still wait, so that the numbers are of now without it. A survey's invitations are
counted once from the first to the last, ``counted_to`` says how far, while others go on changing them:
what is noted of one that has not been reached is dropped, as it will be counted as it is then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.orm import Session

from surveyapp.installation import Installation
from surveyapp.journeys.calendar import Calendar
from surveyapp.sampling.invitation_steps import OPENED, STARTED, TO_BE_SENT
from surveyapp.store import additions
from surveyapp.store.db import Store
from surveyapp.store.models import (
    NOTHING_SORTED,
    Invitation,
    InvitationChange,
    InvitationCounting,
    InvitationRollup,
    Journey,
    SurveyRow,
)

BATCH = 500  # changes in one transaction
WINDOW = 5000  # invitations that are counted in one transaction: some 20 ms
_ROUNDS = 50  # transactions before a worker looks at the clock again

Key = tuple[int, date, str, str, bool, bool, bool]
KEY = ("survey_id", "day", "channel", "state", "is_opened", "is_started", "is_waiting")
_ROLLUPS = cast(Table, InvitationRollup.__table__)
_CHANGES = cast(Table, InvitationChange.__table__)
_COUNTINGS = cast(Table, InvitationCounting.__table__)
_INVITATIONS = cast(Table, Invitation.__table__)
_own = _INVITATIONS.c
_ZONES = select(SurveyRow.id, Journey.zone).join(Journey, Journey.id == SurveyRow.journey_id)
_COUNTED_AS = tuple(case((came, 1), else_=0) for came in (OPENED, STARTED, TO_BE_SENT))


def counted_surveys(session: Session, surveys: Collection[int], calendar: Calendar) -> set[int]:
    """Those of these surveys whose invitations have all been counted by the calendar's days."""
    own = _COUNTINGS.c
    known = (own.counted_to.is_(None), own.zone == calendar.zone)
    return set(session.scalars(select(own.survey_id).where(own.survey_id.in_(surveys), *known)))


def numbers(
    session: Session,
    surveys: Collection[int],
    by: Sequence[str],
    calendar: Calendar,
    *,
    since: date | None = None,
    until: date | None = None,
) -> Counter[tuple[Any, ...]]:
    """Invitations made on these days by the columns ``by`` of KEY, of surveys that have been counted;
    "month" among them is that of the day, such as (2026, 3).
    """
    days, moments = _ROLLUPS.c, _CHANGES.c
    begin, end = calendar.bounds(since, until)
    kept: list[ColumnElement[bool]] = [days.survey_id.in_(surveys)]
    kept += [days.day >= since] if since else []
    kept += [days.day <= until] if until else []
    noted: list[ColumnElement[bool]] = [moments.survey_id.in_(surveys)]
    noted += [moments.made_at >= begin] if begin else []
    noted += [moments.made_at < end] if end else []
    names = [name for name in by if name != "month"]
    own = [days[name] for name in names]
    month = (_month(session) if "month" in by else literal("")).label("month")
    unmoved = literal(None, moments.made_at.type)
    added_up = select(*own, month, unmoved, func.sum(days.n)).where(*kept).group_by(*own, "month")
    waiting = select(
        *(moments[name] for name in names), literal(""), moments.made_at, moments.change
    ).where(*noted)
    found: Counter[tuple[Any, ...]] = Counter()
    # In one statement: between two of them a worker could add to the one what the other has given.
    for *values, written, made_at, n in session.execute(union_all(added_up, waiting)):
        told = dict(zip(names, values, strict=True))
        if "month" in by:
            text = f"{calendar.day(made_at):%Y-%m}" if made_at else written
            told["month"] = tuple(map(int, text.split("-")))
        found[tuple(told[name] for name in by)] += int(n)
    return found


def _month(session: Session) -> ColumnElement[str]:
    """The month of a rollup's day, as "2026-03"."""
    if session.get_bind().dialect.name == "sqlite":
        return func.strftime("%Y-%m", _ROLLUPS.c.day)
    return func.to_char(_ROLLUPS.c.day, "YYYY-MM")


def add_up(installation: Installation, _now: datetime) -> int:
    """A worker's duty: count what has not been counted, and add what has changed; how many of both."""
    store, done = installation.store, 0
    for _ in range(_ROUNDS):
        with store.reading(may_use_replica=False) as session:
            step = _next(session)
        if step is None:
            break
        with store.writing() as session:
            done += step(session)
        store.give_way()
    return done


def count_anew(store: Store, journeys: Collection[int]) -> int:
    """Count every invitation to these journeys' surveys from the first on; how many there are. Pages count
    them one by one meanwhile.
    """
    with store.reading(may_use_replica=False) as session:
        inside = SurveyRow.journey_id.in_(journeys)
        surveys = session.execute(_ZONES.where(inside).order_by(SurveyRow.id)).all()
        ids = [survey for survey, _ in surveys]
    for survey, zone in surveys:
        with store.writing() as session:
            _forget(_alone(session), survey, zone)
        store.give_way()
    done = 0
    while True:
        with store.reading(may_use_replica=False) as session:
            left = select(_COUNTINGS.c.survey_id).where(
                _COUNTINGS.c.survey_id.in_(ids), _COUNTINGS.c.counted_to.is_not(None)
            )
            if session.scalar(left.limit(1)) is None:
                return done
        with store.writing() as session:
            done += count_batch(session)
        store.give_way()


def recount(session: Session) -> list[str]:
    """Where the rollups and what waits to be added to them differ from a count of the invitations one by
    one; empty if nowhere.
    """
    session.flush()
    countings = {row.survey_id: row for row in session.scalars(select(InvitationCounting))}
    stored: Counter[Key] = Counter()
    for *key, n in session.execute(select(*(_ROLLUPS.c[name] for name in (*KEY, "n")))):
        stored[cast(Key, tuple(key))] += n
    counted: Counter[Key] = Counter()
    for survey, row in countings.items():
        reached = [] if row.counted_to is None else [_own.id <= row.counted_to]
        counted += _of_rows(session, {survey: row.zone}, *reached)
        noted = select(InvitationChange).where(InvitationChange.survey_id == survey)
        for each in session.scalars(noted):
            if row.counted_to is None or each.invitation_id <= row.counted_to:
                stored[_key_of(each, row.zone)] += each.change
    return [
        f"invitations {tuple(map(str, key))}: {stored[key]}, counted {counted[key]}"
        for key in sorted({*stored, *counted})
        if stored[key] != counted[key]
    ]


def begin(session: Session) -> int:
    """Let invitations be counted to surveys of which none are yet, or by the days of another zone."""
    connection, begun = _alone(session), 0
    for survey, zone in _uncounted(session):
        begun += 1
        if _forget(connection, survey, zone):
            break  # many rows went: the next survey comes in the next transaction
    return begun


def count_batch(session: Session) -> int:
    """Count the next invitations to those surveys that have got least far; how many."""
    connection, own = _alone(session), _COUNTINGS.c
    least = connection.execute(select(func.min(own.counted_to))).scalar()
    if least is None:
        return 0
    query = select(own.survey_id, own.zone).where(own.counted_to == least)
    zones = {survey: zone for survey, zone in connection.execute(query)}  # noqa: C416 - rows, typed
    following = select(_own.id).where(_own.id > least).order_by(_own.id)
    last = connection.execute(following.offset(WINDOW - 1).limit(1)).scalar()
    within = [_own.id > least, *([_own.id <= last] if last is not None else [])]
    tally = _of_rows(session, zones, *within)
    _add(connection, tally)
    noted = [_CHANGES.c.survey_id.in_(zones), _CHANGES.c.invitation_id > least]
    if last is not None:
        noted.append(_CHANGES.c.invitation_id <= last)
    connection.execute(delete(_CHANGES).where(*noted))  # they were counted as they are
    reached = update(_COUNTINGS).where(own.survey_id.in_(zones)).values(counted_to=last)
    connection.execute(reached)
    return sum(tally.values())


def add_changes(session: Session) -> int:
    """Add the oldest changes to the rollups, and forget them; how many."""
    connection = _alone(session)
    query = select(_COUNTINGS.c.survey_id, _COUNTINGS.c.zone, _COUNTINGS.c.counted_to)
    countings = {survey: (zone, to) for survey, zone, to in connection.execute(query)}
    oldest = select(_CHANGES).where(_CHANGES.c.survey_id.in_(select(_COUNTINGS.c.survey_id)))
    rows = connection.execute(oldest.order_by(_CHANGES.c.id).limit(BATCH)).all()
    tally: Counter[Key] = Counter()
    for row in rows:
        zone, counted_to = countings[row.survey_id]
        if counted_to is None or row.invitation_id <= counted_to:
            tally[_key_of(row, zone)] += row.change
    _add(connection, tally)
    connection.execute(delete(_CHANGES).where(_CHANGES.c.id.in_([row.id for row in rows])))
    return len(rows)


def _next(session: Session) -> Callable[[Session], int] | None:
    """What is to be done next, looked for without the lock of who writes; None for nothing."""
    if _uncounted(session):
        return begin
    if session.scalar(
        select(_COUNTINGS.c.survey_id).where(_COUNTINGS.c.counted_to.is_not(None)).limit(1)
    ):
        return count_batch
    noted = session.scalar(select(_CHANGES.c.id).limit(1))
    return None if noted is None else add_changes


def _uncounted(session: Session) -> Sequence[tuple[int, str]]:
    """Surveys that are not counted by their journey's days, with its zone."""
    own = _COUNTINGS.c
    query = (
        _ZONES.outerjoin(_COUNTINGS, own.survey_id == SurveyRow.id)
        .where(or_(own.survey_id.is_(None), own.zone != Journey.zone))
        .order_by(SurveyRow.id)
    )
    return [(survey, zone) for survey, zone in session.execute(query)]


def _forget(connection: Connection, survey: int, zone: str) -> int:
    """Let a survey's invitations be counted from the first on, by this zone's days; how many rollups went."""
    gone = delete(_ROLLUPS).where(_ROLLUPS.c.survey_id == survey)
    n = connection.execute(gone).rowcount
    # What has been noted by now is seen in the rows that are to be counted, or in there being none.
    connection.execute(delete(_CHANGES).where(_CHANGES.c.survey_id == survey))
    values = {"zone": zone, "counted_to": _before_first(connection, survey)}
    known = update(_COUNTINGS).where(_COUNTINGS.c.survey_id == survey).values(values)
    if not connection.execute(known).rowcount:
        connection.execute(insert(_COUNTINGS).values(survey_id=survey, **values))
    return n


def _before_first(connection: Connection, survey: int) -> int | None:
    """A number below those of the survey's invitations; None where there is none of these."""
    few = select(_own.id.label("id")).where(_own.survey_id == survey).limit(WINDOW + 1).subquery()
    n, first = connection.execute(select(func.count(), func.min(few.c.id))).one()
    if not n:
        return None
    return int(first) - 1 if n <= WINDOW else NOTHING_SORTED


def _alone(session: Session) -> Connection:
    """A transaction's connection, which nobody else counts beside; to be called first.

    On PostgreSQL it sees one snapshot: an invitation and what is noted of its change, or neither.
    """
    if session.get_bind().dialect.name != "postgresql":
        return session.connection()
    connection = session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    connection.execute(text("LOCK TABLE invitation_countings IN SHARE ROW EXCLUSIVE MODE"))
    return connection


def _of_rows(
    at: Session | Connection, zones: Mapping[int, str], *within: ColumnElement[bool]
) -> Counter[Key]:
    """The survey's invitations within these bounds, counted by its zone's days."""
    query = select(_own.survey_id, _own.created_at, _own.channel, _own.state, *_COUNTED_AS)
    calendars = {survey: Calendar(zone) for survey, zone in zones.items()}
    tally: Counter[Key] = Counter()
    for survey, made_at, channel, state, *told in at.execute(
        query.where(_own.survey_id.in_(zones), *within)
    ):
        opened, started, waiting = map(bool, told)
        day = calendars[survey].day(made_at)
        tally[survey, day, channel, state, opened, started, waiting] += 1
    return tally


def _key_of(change: InvitationChange | Row[Any], zone: str) -> Key:
    day = Calendar(zone).day(change.made_at)
    told = (change.is_opened, change.is_started, change.is_waiting)
    return (change.survey_id, day, change.channel, change.state, *told)


def _add(connection: Connection, tally: Mapping[Key, int]) -> None:
    """Add to the rollups; those that count none go."""
    rows = [(*key, n) for key, n in sorted(tally.items()) if n]
    additions.add(connection, _ROLLUPS, ("n",), rows)
    fewer = {key[0] for *key, n in rows if n < 0}
    if fewer:
        own = _ROLLUPS.c
        connection.execute(delete(_ROLLUPS).where(own.survey_id.in_(fewer), own.n == 0))
