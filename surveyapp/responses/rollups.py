"""Rollups: counts and sums a day, scale and segment, so that a page costs days and not responses.

They are copies. ``increase`` keeps them up with each response in its own transaction; ``rebuild``
makes them anew from responses and scores, and ``recount`` tells where the two disagree.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Date,
    Dialect,
    Integer,
    MetaData,
    Table,
    and_,
    case,
    delete,
    func,
    literal,
    select,
    text,
)
from sqlalchemy import cast as as_type
from sqlalchemy import insert as plain_insert
from sqlalchemy.orm import Session

from surveyapp.journeys.segments import Rule, parse
from surveyapp.responses.tally import RESPONSES, SUMS, Tally
from surveyapp.store.inserts import insert
from surveyapp.store.models import BINS, EVERYBODY, Number, Response, Rollup, Score, Segment
from surveyapp.store.statements import Insertion, Reach, Statement

Progress = Callable[[int, str], None]  # percent, step

_ROLLUPS = cast(Table, Rollup.__table__)
_RESPONSES = cast(Table, Response.__table__)
_SCORES = cast(Table, Score.__table__)
_SEGMENTS = cast(Table, Segment.__table__)
_KEY = ("deployment_id", "segment_id", "scale", "day")
_PAGE = 20_000  # responses in memory at a time
# Filled with one page at a time: which response belongs to which segment.
_MEMBERS = Table(
    "segment_members",
    MetaData(),
    Column("segment_id", Integer, primary_key=True, autoincrement=False),
    Column("response_id", Number, primary_key=True, autoincrement=False),
    prefixes=["TEMPORARY"],
)


def begin(at: Reach) -> None:
    """Called before segments are read, by everybody who will increase rollups.

    On PostgreSQL a rebuild waits for whoever has begun, and holds back whoever has not; otherwise a
    response in flight could miss a segment that is being rebuilt. SQLite has one writer anyway.
    """
    if at.dialect.name == "postgresql":
        _holding(at.dialect).run(at, {})


@lru_cache(maxsize=8)
def _holding(dialect: Dialect) -> Statement:
    return Statement(text("LOCK TABLE rollups IN ROW EXCLUSIVE MODE"), dialect)


def segment_rules(at: Reach, *, segment_id: int | None = None) -> list[tuple[int, Rule]]:
    """The id and rule of every segment, or of one."""
    return [
        (number, _parsed(rule))
        for number, rule in _rules(at.dialect).rows(at, {})
        if segment_id is None or number == segment_id
    ]


_parsed = lru_cache(maxsize=1024)(parse)


@lru_cache(maxsize=8)
def _rules(dialect: Dialect) -> Statement:
    return Statement(select(_SEGMENTS.c.id, _SEGMENTS.c.rule).order_by(_SEGMENTS.c.id), dialect)


def count(
    tally: Tally,
    row: Mapping[str, Any],
    scores: Mapping[str, float],
    rules: Sequence[tuple[int, Rule]],
) -> None:
    """Tally a response's row and scores, for everybody and for the segments that it belongs to."""
    day = row["submitted_at"].astimezone(UTC).date()
    tally.add(row["deployment_id"], day, scores, matching(rules, row["attributes"]))


def increase(at: Reach, tally: Tally) -> None:
    """Add what was tallied, in key order: two transactions never wait for each other in a circle."""
    rows = tally.rows()
    if rows:
        _addition(at.dialect).run_all(at, rows)


@lru_cache(maxsize=8)
def _addition(dialect: Dialect) -> Insertion:
    return Insertion(_adding(insert(_ROLLUPS, dialect.name)), dialect)


def _adding(statement: Any) -> Any:
    return statement.on_conflict_do_update(
        index_elements=[_ROLLUPS.c[name] for name in _KEY],
        set_={name: _ROLLUPS.c[name] + statement.excluded[name] for name in SUMS},
    )


def rebuild(
    session: Session,
    *,
    deployment_id: int | None = None,
    segment_id: int | None = None,
    progress: Progress | None = None,
) -> int:
    """Make the rollups of one or all deployments and one or all segments anew; how many rows.

    Sums are made in the database; of attributes one page is in memory at a time. On PostgreSQL
    writers of responses wait meanwhile, on SQLite every writer does.
    """
    session.flush()
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE rollups IN EXCLUSIVE MODE"))
    scope = _scope(_ROLLUPS, deployment_id)
    if segment_id is not None:
        scope.append(_ROLLUPS.c.segment_id == segment_id)
    connection.execute(delete(_ROLLUPS).where(*scope))
    if segment_id is None or segment_id == EVERYBODY:
        _tell(progress, 5, "Counting everybody")
        for counted in (
            _submissions(connection, members=False),
            _scored(connection, members=False),
        ):
            chosen = counted.where(*_scope(_RESPONSES, deployment_id))
            names = [column.name for column in counted.selected_columns]
            connection.execute(plain_insert(_ROLLUPS).from_select(names, chosen))
    if segment_id != EVERYBODY:
        rules = segment_rules(connection, segment_id=segment_id)
        _rebuild_segments(connection, rules, deployment_id, progress)
    session.expire_all()
    query = select(func.count()).select_from(_ROLLUPS).where(*scope)
    return int(connection.execute(query).scalar_one())


def _rebuild_segments(
    connection: Connection,
    rules: Sequence[tuple[int, Rule]],
    deployment_id: int | None,
    progress: Progress | None,
) -> None:
    if not rules:
        return
    in_scope = _scope(_RESPONSES, deployment_id)
    total = connection.execute(select(func.count()).select_from(_RESPONSES).where(*in_scope))
    expected = max(1, total.scalar_one())
    _MEMBERS.create(connection)
    done = 0
    for page in _pages(connection, deployment_id):
        members = [
            {"segment_id": number, "response_id": row.id}
            for row in page
            for number, rule in rules
            if row.attributes and rule.matches(row.attributes)
        ]
        if members:
            connection.execute(plain_insert(_MEMBERS), members)
            for counted in (
                _submissions(connection, members=True),
                _scored(connection, members=True),
            ):
                names = [column.name for column in counted.selected_columns]
                added = insert(_ROLLUPS, connection.dialect.name).from_select(names, counted)
                connection.execute(_adding(added))
            connection.execute(delete(_MEMBERS))
        done += len(page)
        _tell(progress, 30 + 70 * done // expected, "Counting segments")
    _MEMBERS.drop(connection)


def _pages(connection: Connection, deployment_id: int | None) -> Iterator[Sequence[Any]]:
    columns = (
        _RESPONSES.c.id,
        _RESPONSES.c.deployment_id,
        _RESPONSES.c.submitted_at,
        _RESPONSES.c.attributes,
    )
    query = select(*columns).where(*_scope(_RESPONSES, deployment_id))
    last = -1
    while True:
        after = query.where(_RESPONSES.c.id > last).order_by(_RESPONSES.c.id).limit(_PAGE)
        page = connection.execute(after).all()
        if not page:
            return
        yield page
        last = page[-1].id


def _submissions(connection: Connection, *, members: bool) -> Any:
    """Rollup rows that count responses, as a query."""
    day = _day(connection)
    zeros = [literal(0).label(name) for name in SUMS[1:]]
    keys = (_RESPONSES.c.deployment_id, _segment(members), literal(RESPONSES).label("scale"), day)
    query = select(*keys, func.count().label("n"), *zeros).select_from(
        _source(members, scores=False)
    )
    return query.where(_RESPONSES.c.id >= 0).group_by(
        _RESPONSES.c.deployment_id, *([_MEMBERS.c.segment_id] if members else []), day
    )


def _scored(connection: Connection, *, members: bool) -> Any:
    """Rollup rows of every scale, as a query."""
    day, value = _day(connection), _SCORES.c.value
    bins = [func.sum(case((_in_bin(value, k), 1), else_=0)).label(f"b{k}") for k in range(BINS)]
    sums = (func.count().label("n"), func.sum(value).label("total"))
    squares = func.sum(value * value).label("total_squares")
    keys = (_RESPONSES.c.deployment_id, _segment(members), _SCORES.c.scale, day)
    query = select(*keys, *sums, squares, *bins).select_from(_source(members, scores=True))
    # The condition is always true: SQLite needs one to tell an upsert's ON from a join's.
    return query.where(_RESPONSES.c.id >= 0).group_by(
        _RESPONSES.c.deployment_id,
        *([_MEMBERS.c.segment_id] if members else []),
        _SCORES.c.scale,
        day,
    )


def _segment(members: bool) -> Any:
    return _MEMBERS.c.segment_id if members else literal(EVERYBODY).label("segment_id")


def _source(members: bool, *, scores: bool) -> Any:
    source: Any = _RESPONSES
    if scores:
        source = source.join(_SCORES, _SCORES.c.response_id == _RESPONSES.c.id)
    if members:
        source = source.join(_MEMBERS, _MEMBERS.c.response_id == _RESPONSES.c.id)
    return source


def _in_bin(value: ColumnElement[float], k: int) -> ColumnElement[bool]:
    if k == 0:
        return value < 1
    return value >= k if k == BINS - 1 else and_(value >= k, value < k + 1)


def _day(connection: Connection) -> Any:
    """The UTC day of submission. SQLite keeps UTC times as text without a zone."""
    submitted = _RESPONSES.c.submitted_at
    if connection.dialect.name == "sqlite":
        return func.date(submitted, type_=Date).label("day")
    return as_type(func.timezone("UTC", submitted), Date).label("day")


def _scope(table: Table, deployment_id: int | None) -> list[ColumnElement[bool]]:
    return [] if deployment_id is None else [table.c.deployment_id == deployment_id]


def _tell(progress: Progress | None, percent: int, step: str) -> None:
    if progress is not None:
        progress(percent, step)


def recount(session: Session, *, deployment_id: int | None = None) -> list[str]:
    """Where rollups differ from a count of the responses and scores one by one; empty if nowhere.

    Counts must be equal; sums may differ by rounding, since they were added in another order.
    """
    session.flush()
    connection = session.connection()
    counted = _counted(connection, deployment_id)
    stored = {
        tuple(row[:4]): list(row[4:])
        for row in connection.execute(
            select(*(_ROLLUPS.c[name] for name in (*_KEY, *SUMS))).where(
                *_scope(_ROLLUPS, deployment_id)
            )
        )
    }
    faults = []
    for place in sorted({*counted.cells, *stored}):
        there = stored.get(place, [0] * len(SUMS))
        here = counted.cells.get(place, [0] * len(SUMS))
        for name, kept, fresh in zip(SUMS, there, here, strict=True):
            if not math.isclose(kept, fresh, rel_tol=1e-9, abs_tol=1e-9):
                faults.append(f"{place}: {name} is {kept}, counted {fresh}")
    return faults


def _counted(connection: Connection, deployment_id: int | None) -> Tally:
    rules = segment_rules(connection)
    tally = Tally()
    for page in _pages(connection, deployment_id):
        scores: dict[int, dict[str, float]] = {}
        between = _SCORES.c.response_id.between(page[0].id, page[-1].id)
        query = select(_SCORES.c.response_id, _SCORES.c.scale, _SCORES.c.value).where(between)
        for number, scale, value in connection.execute(query):
            scores.setdefault(number, {})[scale] = value
        for row in page:
            belongs = matching(rules, row.attributes)
            tally.add(
                row.deployment_id, _utc_day(row.submitted_at), scores.get(row.id, {}), belongs
            )
    return tally


def matching(rules: Sequence[tuple[int, Rule]], attributes: Mapping[str, object]) -> list[int]:
    """The ids of the segments that somebody with these attributes belongs to."""
    return [number for number, rule in rules if attributes and rule.matches(attributes)]


def _utc_day(moment: datetime) -> Any:
    return moment.date()  # stored times are read back in UTC
