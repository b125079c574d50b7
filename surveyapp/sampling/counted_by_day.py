"""Rows counted by survey and day, so that a page costs days and not rows.

Triggers note every change of a row that is counted. A worker adds these to the rollups; who reads adds
those that still wait, so that the numbers are of now without it. A survey's rows are counted once from
the first to the last, ``counted_to`` says how far, while others go on changing them: what is noted of one
that has not been reached is dropped, as it will be counted as it is then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Table,
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
from surveyapp.store import additions
from surveyapp.store.db import Store
from surveyapp.store.models import NOTHING_SORTED, Journey, SurveyRow

BATCH = 500  # changes in one transaction
WINDOW = 5000  # rows that are counted in one transaction: some 20 ms
_ROUNDS = 50  # transactions before a worker looks at the clock again

Key = tuple[Any, ...]  # a survey, a day, and what else tells rollups apart
Tally = dict[Key, tuple[int, ...]]  # by key one number for each of the columns that are added up
_ZONES = select(SurveyRow.id, Journey.zone).join(Journey, Journey.id == SurveyRow.journey_id)


def more(tally: Tally, key: Key, sums: Sequence[int]) -> None:
    """Add these numbers to those of a key."""
    known = tally.get(key)
    tally[key] = tuple(map(sum, zip(known, sums, strict=True))) if known else tuple(sums)


@dataclass(frozen=True)
class CountedByDay:
    """Rows of one table that are counted by survey, day and ``alike``, the other columns of a rollup's key.

    ``sums`` are the columns of a rollup that are added up, the number of rows first, and what a change
    calls them; ``number`` and ``moment`` are the columns of a change that say which row it is of, and in
    which day that lies. ``tally`` counts the rows of surveys (id: zone) within bounds.
    """

    what: str
    rows: Table
    rollups: Table
    changes: Table
    countings: Table
    number: str
    moment: str
    alike: tuple[str, ...]
    sums: Mapping[str, str]
    tally: Callable[[Session | Connection, Mapping[int, str], Sequence[ColumnElement[bool]]], Tally]

    def counted_surveys(
        self, session: Session, surveys: Collection[int], calendar: Calendar
    ) -> set[int]:
        """Those of these surveys whose rows have all been counted by the calendar's days."""
        own = self.countings.c
        known = (own.counted_to.is_(None), own.zone == calendar.zone)
        return set(session.scalars(select(own.survey_id).where(own.survey_id.in_(surveys), *known)))

    def numbers(
        self,
        session: Session,
        surveys: Collection[int],
        by: Sequence[str],
        calendar: Calendar,
        *,
        since: date | None = None,
        until: date | None = None,
    ) -> Tally:
        """The sums of these days by the columns ``by``, of surveys that have been counted; "month" among
        them is that of the day, such as (2026, 3).
        """
        days, moments = self.rollups.c, self.changes.c
        moment = moments[self.moment]
        begin, end = calendar.bounds(since, until)
        kept: list[ColumnElement[bool]] = [days.survey_id.in_(surveys)]
        kept += [days.day >= since] if since else []
        kept += [days.day <= until] if until else []
        noted: list[ColumnElement[bool]] = [moments.survey_id.in_(surveys)]
        noted += [moment >= begin] if begin else []
        noted += [moment < end] if end else []
        names = [name for name in by if name != "month"]
        own = [days[name] for name in names]
        month = (self._month(session) if "month" in by else literal("")).label("month")
        unmoved = literal(None, moment.type)
        added = [func.sum(days[name]) for name in self.sums]
        added_up = select(*own, month, unmoved, *added).where(*kept).group_by(*own, "month")
        changed = [moments[name] for name in self.sums.values()]
        waiting = select(*(moments[name] for name in names), literal(""), moment, *changed)
        found: Tally = {}
        # In one statement: between two of them a worker could add to the one what the other has given.
        for row in session.execute(union_all(added_up, waiting.where(*noted))):
            values, (written, at, *sums) = row[: len(names)], row[len(names) :]
            told = dict(zip(names, values, strict=True))
            if "month" in by:
                text = f"{calendar.day(at):%Y-%m}" if at else written
                told["month"] = tuple(map(int, text.split("-")))
            more(found, tuple(told[name] for name in by), [int(each) for each in sums])
        return found

    def _month(self, session: Session) -> ColumnElement[str]:
        """The month of a rollup's day, as "2026-03"."""
        if session.get_bind().dialect.name == "sqlite":
            return func.strftime("%Y-%m", self.rollups.c.day)
        return func.to_char(self.rollups.c.day, "YYYY-MM")

    def add_up(self, installation: Installation, _now: datetime) -> int:
        """A worker's duty: count what has not been counted, and add what has changed; how many of both."""
        store, done = installation.store, 0
        for _ in range(_ROUNDS):
            with store.reading(may_use_replica=False) as session:
                step = self._next(session)
            if step is None:
                break
            with store.writing() as session:
                done += step(session)
            store.give_way()
        return done

    def count_anew(self, store: Store, journeys: Collection[int]) -> int:
        """Count every row of these journeys' surveys from the first on; how many there are. Pages count
        them one by one meanwhile.
        """
        with store.reading(may_use_replica=False) as session:
            inside = SurveyRow.journey_id.in_(journeys)
            surveys = session.execute(_ZONES.where(inside).order_by(SurveyRow.id)).all()
            ids = [survey for survey, _ in surveys]
        for survey, zone in surveys:
            with store.writing() as session:
                self._forget(self._alone(session), survey, zone)
            store.give_way()
        done, own = 0, self.countings.c
        while True:
            with store.reading(may_use_replica=False) as session:
                left = own.survey_id.in_(ids), own.counted_to.is_not(None)
                if session.scalar(select(own.survey_id).where(*left).limit(1)) is None:
                    return done
            with store.writing() as session:
                done += self.count_batch(session)
            store.give_way()

    def recount(self, session: Session) -> list[str]:
        """Where the rollups and what waits to be added to them differ from a count of the rows one by
        one; empty if nowhere.
        """
        session.flush()
        at, own = session.connection(), self.countings.c
        stored: Tally = {}
        counted: Tally = {}
        for *key, sums in self._kept(at):
            more(stored, tuple(key), sums)
        reached = at.execute(select(own.survey_id, own.zone, own.counted_to)).all()
        for survey, zone, counted_to in reached:
            noted = select(self.changes).where(self.changes.c.survey_id == survey)
            for change in at.execute(noted).mappings():
                if counted_to is None or change[self.number] <= counted_to:
                    more(stored, self._key_of(change, zone), self._sums_of(change))
        for end in {counted_to for *_, counted_to in reached}:
            zones = {survey: zone for survey, zone, counted_to in reached if counted_to == end}
            for known, sums in self._one_by_one(at, zones, end).items():
                more(counted, known, sums)
        none = (0,) * len(self.sums)
        return [
            f"{self.what} {tuple(map(str, key))}: {_told(stored.get(key, none))},"
            f" counted {_told(counted.get(key, none))}"
            for key in sorted({*stored, *counted})
            if stored.get(key, none) != counted.get(key, none)
        ]

    def _one_by_one(self, at: Connection, zones: Mapping[int, str], up_to: int | None) -> Tally:
        """The surveys' rows, up to this number or all, read a window at a time."""
        found: Tally = {}
        own = self.rows.c.id
        last: int | None = NOTHING_SORTED
        rest = [] if up_to is None else [own <= up_to]
        while last is not None:
            following = select(own).where(own > last, *rest).order_by(own)
            end = at.execute(following.offset(WINDOW - 1).limit(1)).scalar()
            within = rest if end is None else [own <= end]
            for known, sums in self.tally(at, zones, [own > last, *within]).items():
                more(found, known, sums)
            last = end
        return found

    def _kept(self, at: Connection) -> list[tuple[Any, ...]]:
        """The rollups: their keys, and then their sums as one."""
        names, own = ("survey_id", "day", *self.alike), self.rollups.c
        query = select(*(own[name] for name in (*names, *self.sums)))
        return [(*row[: len(names)], tuple(row[len(names) :])) for row in at.execute(query)]

    def begin(self, session: Session) -> int:
        """Let rows be counted of surveys of which none are yet, or by the days of another zone."""
        connection, begun = self._alone(session), 0
        for survey, zone in self._uncounted(session):
            begun += 1
            if self._forget(connection, survey, zone):
                break  # many rows went: the next survey comes in the next transaction
        return begun

    def count_batch(self, session: Session) -> int:
        """Count the next rows of those surveys that have got least far; how many."""
        connection, own, rows = self._alone(session), self.countings.c, self.rows.c
        least = connection.execute(select(func.min(own.counted_to))).scalar()
        if least is None:
            return 0
        query = select(own.survey_id, own.zone).where(own.counted_to == least)
        zones = {survey: zone for survey, zone in connection.execute(query)}  # noqa: C416 - rows, typed
        following = select(rows.id).where(rows.id > least).order_by(rows.id)
        last = connection.execute(following.offset(WINDOW - 1).limit(1)).scalar()
        within = [rows.id > least, *([rows.id <= last] if last is not None else [])]
        tally = self.tally(connection, zones, within)
        self._add(connection, tally)
        number = self.changes.c[self.number]
        noted = [self.changes.c.survey_id.in_(zones), number > least]
        if last is not None:
            noted.append(number <= last)
        connection.execute(delete(self.changes).where(*noted))  # they were counted as they are
        reached = update(self.countings).where(own.survey_id.in_(zones)).values(counted_to=last)
        connection.execute(reached)
        return sum(n for n, *_ in tally.values())

    def add_changes(self, session: Session) -> int:
        """Add the oldest changes to the rollups, and forget them; how many."""
        connection, own, noted = self._alone(session), self.countings.c, self.changes.c
        query = select(own.survey_id, own.zone, own.counted_to)
        countings = {survey: (zone, to) for survey, zone, to in connection.execute(query)}
        oldest = select(self.changes).where(noted.survey_id.in_(select(own.survey_id)))
        rows = connection.execute(oldest.order_by(noted.id).limit(BATCH)).mappings().all()
        tally: Tally = {}
        for row in rows:
            zone, counted_to = countings[row["survey_id"]]
            if counted_to is None or row[self.number] <= counted_to:
                more(tally, self._key_of(row, zone), self._sums_of(row))
        self._add(connection, tally)
        connection.execute(delete(self.changes).where(noted.id.in_([row["id"] for row in rows])))
        return len(rows)

    def _next(self, session: Session) -> Callable[[Session], int] | None:
        """What is to be done next, looked for without the lock of who writes; None for nothing."""
        own = self.countings.c
        if self._uncounted(session):
            return self.begin
        if session.scalar(select(own.survey_id).where(own.counted_to.is_not(None)).limit(1)):
            return self.count_batch
        noted = session.scalar(select(self.changes.c.id).limit(1))
        return None if noted is None else self.add_changes

    def _uncounted(self, session: Session) -> Sequence[tuple[int, str]]:
        """Surveys that are not counted by their journey's days, with its zone."""
        own = self.countings.c
        query = (
            _ZONES.outerjoin(self.countings, own.survey_id == SurveyRow.id)
            .where(or_(own.survey_id.is_(None), own.zone != Journey.zone))
            .order_by(SurveyRow.id)
        )
        return [(survey, zone) for survey, zone in session.execute(query)]

    def _forget(self, connection: Connection, survey: int, zone: str) -> int:
        """Let a survey's rows be counted from the first on, by this zone's days; how many rollups went."""
        own = self.countings.c.survey_id
        gone = delete(self.rollups).where(self.rollups.c.survey_id == survey)
        n = connection.execute(gone).rowcount
        # What has been noted by now is seen in the rows that are to be counted, or in there being none.
        connection.execute(delete(self.changes).where(self.changes.c.survey_id == survey))
        values = {"zone": zone, "counted_to": self._before_first(connection, survey)}
        known = update(self.countings).where(own == survey).values(values)
        if not connection.execute(known).rowcount:
            connection.execute(insert(self.countings).values(survey_id=survey, **values))
        return n

    def _before_first(self, connection: Connection, survey: int) -> int | None:
        """A number below those of the survey's rows; None where there is none of these."""
        rows = self.rows.c
        few = select(rows.id.label("id")).where(rows.survey_id == survey).limit(WINDOW + 1)
        own = few.subquery()
        n, first = connection.execute(select(func.count(), func.min(own.c.id))).one()
        if not n:
            return None
        return int(first) - 1 if n <= WINDOW else NOTHING_SORTED

    def _alone(self, session: Session) -> Connection:
        """A transaction's connection, which nobody else counts beside; to be called first.

        On PostgreSQL it sees one snapshot: a row and what is noted of its change, or neither.
        """
        if session.get_bind().dialect.name != "postgresql":
            return session.connection()
        connection = session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        connection.execute(text(f"LOCK TABLE {self.countings.name} IN SHARE ROW EXCLUSIVE MODE"))
        return connection

    def _key_of(self, change: Mapping[str, Any] | RowMapping, zone: str) -> Key:
        day = Calendar(zone).day(change[self.moment])
        return (change["survey_id"], day, *(change[name] for name in self.alike))

    def _sums_of(self, change: Mapping[str, Any] | RowMapping) -> tuple[int, ...]:
        return tuple(change[name] for name in self.sums.values())

    def _add(self, connection: Connection, tally: Tally) -> None:
        """Add to the rollups; those that count none go."""
        rows = [(*key, *sums) for key, sums in sorted(tally.items()) if any(sums)]
        additions.add(connection, self.rollups, tuple(self.sums), rows)
        fewer = {key[0] for key, sums in tally.items() if min(sums) < 0}
        if fewer:
            none = [self.rollups.c[name] == 0 for name in self.sums]
            gone = delete(self.rollups).where(self.rollups.c.survey_id.in_(fewer), *none)
            connection.execute(gone)


def _told(sums: Sequence[int]) -> str:
    return ", ".join(map(str, sums))
