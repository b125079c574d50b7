"""Journey runs: one customer's passage, joined from answers and interactions along the way.

What happens to a customer joins the run that its reference names; without one, the customer's open
run of the journey, unless the customer has been silent for longer than the journey's gap: then the
old run ended with the last thing in it, and a new one begins. An answer to what is asked at the
journey's end closes the run, so that the next passage is one of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import (
    Connection,
    Dialect,
    Table,
    bindparam,
    case,
    delete,
    extract,
    func,
    literal_column,
    select,
    union_all,
    update,
)
from sqlalchemy import insert as plain_insert

from surveyapp.store.inserts import insert
from surveyapp.store.models import Interaction, Journey, JourneyRun, Response
from surveyapp.store.statements import DatabaseConnection, Statement

_RUNS = cast(Table, JourneyRun.__table__)
_JOURNEYS = cast(Table, Journey.__table__)
_NO_GAP = 1_000_000  # days: a silence that nobody reaches
_RESPONSES = cast(Table, Response.__table__)
_INTERACTIONS = cast(Table, Interaction.__table__)
_LAST = func.coalesce(_RUNS.c.last_at, _RUNS.c.started_at)
_MOMENT = bindparam("moment", type_=_RUNS.c.last_at.type)
_ONE_RUN = update(_RUNS).where(_RUNS.c.id == bindparam("of_run"))


@dataclass(frozen=True)
class Visit:
    """Something that happened to a known customer, as far as runs are concerned."""

    customer_ref: str
    at: datetime
    reference: str | None = None  # the organisation's own name of the run


@dataclass
class _Run:
    customer_ref: str
    started_at: datetime
    last_at: datetime
    reference: str | None = None
    ended_at: datetime | None = None
    id: int | None = None  # None until it is stored
    changed: bool = False

    def take(self, at: datetime, *, ends: bool) -> None:
        """Let something of this moment belong to the run."""
        before = (self.started_at, self.last_at, self.ended_at)
        self.started_at = min(self.started_at, at)
        self.last_at = max(self.last_at, at)
        if ends or self.ended_at is not None:
            self.ended_at = max(self.ended_at or at, at)
        self.changed |= before != (self.started_at, self.last_at, self.ended_at)

    def end(self) -> None:
        """End it with the last thing in it."""
        self.ended_at, self.changed = self.last_at, True


def join(at: DatabaseConnection, journey_id: int, visit: Visit, *, ends: bool) -> int:
    """The id of the run that an answer of this moment belongs to; begun, and ended, where need be.

    One statement where the run goes on or begins. Two answers at once never begin two runs: the
    unique index of open runs makes the later one join.
    """
    row = {
        "journey_id": journey_id,
        "customer_ref": visit.customer_ref,
        "started_at": visit.at,
        "last_at": visit.at,
    }
    join_or_begin = _join_or_begin(at.dialect)
    found = join_or_begin.scalar(at, row)
    if found is None:  # silent for too long; the statement has locked the run
        silent = {"of_journey": journey_id, "of_customer": visit.customer_ref}
        _ending_silent(at.dialect).run(at, silent)
        found = join_or_begin.scalar(at, row)
    if ends:
        _ending(at.dialect).run(at, {"of_run": found, "moment": visit.at})
    return int(found)


def rejoin(at: DatabaseConnection, run_id: int, moment: datetime, *, ends: bool) -> int:
    """Let an answer belong to a known run, open or not: that of the interaction it was asked after."""
    _rejoining(at.dialect, ends).run(at, {"of_run": run_id, "moment": moment})
    return run_id


def join_many(
    connection: Connection, journey_id: int, visits: Sequence[Visit | None], *, ends: bool
) -> list[int | None]:
    """The run's id for each visit, None for None, in a few statements.

    Visits may come late and in any order: they are placed by their time. One within a run that has
    ended belongs to that run; one from before the open run, by more than the gap, to a run of its own.
    """
    refs = {visit.customer_ref for visit in visits if visit is not None}
    if not refs:
        return [None] * len(visits)
    gap = connection.execute(
        select(_JOURNEYS.c.run_gap_days).where(_JOURNEYS.c.id == journey_id)
    ).scalar_one()
    silence = timedelta(days=_NO_GAP if gap is None else gap)
    known = _known_runs(connection, journey_id, refs)
    placed: list[_Run | None] = [None] * len(visits)
    in_time = sorted(
        (visit.at, visit.reference or "", place, visit)
        for place, visit in enumerate(visits)
        if visit is not None
    )
    for *_, place, visit in in_time:
        runs = known.setdefault(visit.customer_ref, [])
        run = _fitting(runs, visit, silence, ends=ends) or _begun(runs, visit)
        run.take(visit.at, ends=ends)
        placed[place] = run
    _store(connection, journey_id, [run for runs in known.values() for run in runs])
    return [None if run is None else run.id for run in placed]


def shrink(connection: Connection, run_ids: Sequence[int]) -> None:
    """Fit runs to what is left in them once responses have gone; those with nothing left are deleted.

    One that has ended stays so: with the last thing in it, if it ended later.
    """
    if not run_ids:
        return
    answers = select(
        _RESPONSES.c.journey_run_id.label("run"), _RESPONSES.c.submitted_at.label("at")
    )
    visits = select(_INTERACTIONS.c.journey_run_id, _INTERACTIONS.c.at)
    left = union_all(
        answers.where(_RESPONSES.c.journey_run_id.in_(run_ids)),
        visits.where(_INTERACTIONS.c.journey_run_id.in_(run_ids)),
    ).subquery()
    bounds = select(left.c.run, func.min(left.c.at), func.max(left.c.at)).group_by(left.c.run)
    found = {run: (first, last) for run, first, last in connection.execute(bounds)}
    own = _RUNS.c
    empty = [run for run in run_ids if run not in found]
    if empty:
        connection.execute(delete(_RUNS).where(own.id.in_(empty)))
    stored = select(own.id, own.started_at, _LAST, own.ended_at).where(own.id.in_(list(found)))
    changed = []
    for run, started, latest, ended in connection.execute(stored.order_by(own.id)).all():
        first, last = found[run]
        bound = {"started_at": max(started, first), "last_at": min(latest, last)}
        bound["ended_at"] = None if ended is None else min(ended, bound["last_at"])
        if tuple(bound.values()) != (started, latest, ended):
            changed.append({"run": run, **bound})
    if changed:  # in one go: a night of retention does this for each of its transactions
        connection.execute(update(_RUNS).where(own.id == bindparam("run")), changed)


def _fitting(runs: Sequence[_Run], visit: Visit, silence: timedelta, *, ends: bool) -> _Run | None:
    """The known run that the visit belongs to."""
    if visit.reference is not None:
        return next((run for run in runs if run.reference == visit.reference), None)
    going_on = _open(runs)
    if not ends and (going_on is None or visit.at < going_on.started_at):
        for run in runs:
            if run.ended_at is not None and run.started_at <= visit.at < run.ended_at:
                return run
    if going_on is None:
        return None
    fits = going_on.started_at - visit.at <= silence and visit.at - going_on.last_at <= silence
    return going_on if fits else None


def _begun(runs: list[_Run], visit: Visit) -> _Run:
    """A new run; of two, the earlier one is over, because a customer has one open run a journey."""
    run = _Run(visit.customer_ref, visit.at, visit.at, visit.reference)
    going_on = _open(runs)
    if going_on is not None and visit.at < going_on.started_at:
        run.end()
    elif going_on is not None:
        going_on.end()
    runs.append(run)
    return run


def _open(runs: Sequence[_Run]) -> _Run | None:
    return next((run for run in runs if run.ended_at is None), None)


def _store(connection: Connection, journey_id: int, runs: Sequence[_Run]) -> None:
    changed = [run for run in runs if run.id is not None and run.changed]
    begun = [run for run in runs if run.id is None]
    if changed:  # before new runs of the same customers begin
        change = (
            update(_RUNS)
            .where(_RUNS.c.id == bindparam("run"))
            .values(
                started_at=bindparam("started"),
                last_at=bindparam("last"),
                ended_at=bindparam("end"),
            )
        )
        connection.execute(
            change,
            [
                {"run": run.id, "started": run.started_at, "last": run.last_at, "end": run.ended_at}
                for run in changed
            ],
        )
    over = [run for run in begun if run.ended_at is not None]
    if over:
        begin = plain_insert(_RUNS).returning(_RUNS.c.id, sort_by_parameter_order=True)
        rows = [_row(journey_id, run) for run in over]
        for run, number in zip(over, connection.execute(begin, rows).scalars(), strict=True):
            run.id = number
    _begin_open(connection, journey_id, [run for run in begun if run.ended_at is None])


def _begin_open(connection: Connection, journey_id: int, runs: Sequence[_Run]) -> None:
    """Begin these, or join those that somebody else has begun at this moment."""
    if not runs:
        return
    begin = insert(_RUNS, connection.dialect.name).on_conflict_do_nothing()
    rows = [_row(journey_id, run) for run in sorted(runs, key=lambda run: run.customer_ref)]
    numbers = {
        ref: number
        for number, ref in connection.execute(
            begin.returning(_RUNS.c.id, _RUNS.c.customer_ref), rows
        )
    }
    missing = {run.customer_ref for run in runs} - set(numbers)
    if missing:
        for ref, theirs in _known_runs(connection, journey_id, missing).items():
            going_on = _open(theirs)
            if going_on is not None and going_on.id is not None:
                numbers[ref] = going_on.id
    for run in runs:
        run.id = numbers[run.customer_ref]


def _row(journey_id: int, run: _Run) -> dict[str, Any]:
    return {
        "journey_id": journey_id,
        "customer_ref": run.customer_ref,
        "external_ref": run.reference,
        "started_at": run.started_at,
        "last_at": run.last_at,
        "ended_at": run.ended_at,
    }


def _known_runs(connection: Connection, journey_id: int, refs: set[str]) -> dict[str, list[_Run]]:
    """Every run of these customers, locked in the order of their numbers until the commit."""
    own = _RUNS.c
    rows = connection.execute(
        select(own.id, own.customer_ref, own.started_at, _LAST, own.external_ref, own.ended_at)
        .where(own.journey_id == journey_id, own.customer_ref.in_(sorted(refs)))
        .order_by(own.id)
        .with_for_update()
    )
    found: dict[str, list[_Run]] = {}
    for number, ref, started, last, reference, ended in rows:
        found.setdefault(ref, []).append(_Run(ref, started, last, reference, ended, number))
    return found


@lru_cache(maxsize=8)
def _join_or_begin(dialect: Dialect) -> Statement:
    """Begin a run, or join the open one; no row where that one has been silent for too long."""
    statement = insert(_RUNS, dialect.name)
    old, at = _RUNS.c, statement.excluded.last_at
    # The run is named as text: as a column it would be a second table of the subquery.
    run_journey: Any = literal_column("journey_runs.journey_id")
    gap = select(_JOURNEYS.c.run_gap_days).where(_JOURNEYS.c.id == run_journey).scalar_subquery()
    seconds = extract("epoch", at) - extract("epoch", _LAST)
    # Numbers as text: the compiled statement takes the named columns and nothing else.
    days: Any = seconds / literal_column("86400.0")
    joining = statement.on_conflict_do_update(
        index_elements=[old.journey_id, old.customer_ref],
        index_where=old.ended_at.is_(None),
        set_={"last_at": case((at > _LAST, at), else_=_LAST)},
        where=days <= func.coalesce(gap, literal_column(str(_NO_GAP))),
    )
    columns = ("journey_id", "customer_ref", "started_at", "last_at")
    return Statement(joining.returning(old.id), dialect, columns=columns)


@lru_cache(maxsize=8)
def _ending_silent(dialect: Dialect) -> Statement:
    open_run = update(_RUNS).where(
        _RUNS.c.journey_id == bindparam("of_journey"),
        _RUNS.c.customer_ref == bindparam("of_customer"),
        _RUNS.c.ended_at.is_(None),
    )
    return Statement(open_run.values(ended_at=_LAST), dialect, columns=())


@lru_cache(maxsize=8)
def _ending(dialect: Dialect) -> Statement:
    return Statement(_ONE_RUN.values(ended_at=_MOMENT), dialect, columns=())


@lru_cache(maxsize=8)
def _rejoining(dialect: Dialect, ends: bool) -> Statement:
    last = case((_MOMENT > _LAST, _MOMENT), else_=_LAST)
    values: dict[str, Any] = {"last_at": last}
    if ends:
        values["ended_at"] = func.coalesce(_RUNS.c.ended_at, last)
    return Statement(_ONE_RUN.values(values), dialect, columns=())
