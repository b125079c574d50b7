"""Journey runs: one customer's passage, joined from the answers along the way.

A pseudonymous response joins the customer's open run of its journey, or begins one. An answer to
what is asked at the journey's end closes the run, so that the next passage is one of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Table, bindparam, select, update
from sqlalchemy import insert as plain_insert

from surveyapp.responses.inserts import insert
from surveyapp.store.models import JourneyRun

_RUNS = cast(Table, JourneyRun.__table__)


@dataclass(frozen=True)
class Visit:
    """An answer of a known customer, as far as runs are concerned."""

    customer_ref: str
    at: datetime


@dataclass
class _Run:
    customer_ref: str
    started_at: datetime
    ended_at: datetime | None = None
    id: int | None = None  # None until it is stored


def join(connection: Connection, journey_id: int, visit: Visit, *, ends: bool) -> int:
    """The id of the run that this answer belongs to; begun, and ended, where need be."""
    found = _open_run(connection, journey_id, visit.customer_ref)
    if found is None:
        # Somebody else may begin the same run at this moment: the unique index lets one through.
        begin = (
            insert(_RUNS, connection.dialect.name).on_conflict_do_nothing().returning(_RUNS.c.id)
        )
        values = {
            "journey_id": journey_id,
            "customer_ref": visit.customer_ref,
            "started_at": visit.at,
        }
        found = connection.execute(begin, values).scalar_one_or_none()
    if found is None:
        found = _open_run(connection, journey_id, visit.customer_ref)
    if found is None:
        raise RuntimeError("a journey run was begun and ended by others at the same moment")
    if ends:
        connection.execute(update(_RUNS).where(_RUNS.c.id == found).values(ended_at=visit.at))
    return found


def join_many(
    connection: Connection, journey_id: int, visits: Sequence[Visit | None], *, ends: bool
) -> list[int | None]:
    """The run's id for each visit, None for None; as ``join`` one by one, in a few statements."""
    refs = {visit.customer_ref for visit in visits if visit is not None}
    if not refs:
        return [None] * len(visits)
    open_runs = _open_runs(connection, journey_id, refs)
    placed: list[_Run | None] = []
    begun: list[_Run] = []
    ended: list[_Run] = []
    for visit in visits:
        if visit is None:
            placed.append(None)
            continue
        run = open_runs.get(visit.customer_ref)
        if run is None:
            run = _Run(visit.customer_ref, visit.at)
            open_runs[visit.customer_ref] = run
            begun.append(run)
        if ends:
            run.ended_at = visit.at
            del open_runs[visit.customer_ref]
            if run.id is not None:
                ended.append(run)
        placed.append(run)
    _store(connection, journey_id, begun, ended)
    return [None if run is None else run.id for run in placed]


def _store(
    connection: Connection, journey_id: int, begun: Sequence[_Run], ended: Sequence[_Run]
) -> None:
    if ended:  # before new runs of the same customers begin
        end = update(_RUNS).where(_RUNS.c.id == bindparam("run")).values(ended_at=bindparam("at"))
        connection.execute(end, [{"run": run.id, "at": run.ended_at} for run in ended])
    if begun:
        rows = [
            {
                "journey_id": journey_id,
                "customer_ref": run.customer_ref,
                "started_at": run.started_at,
                "ended_at": run.ended_at,
            }
            for run in begun
        ]
        begin = plain_insert(_RUNS).returning(_RUNS.c.id, sort_by_parameter_order=True)
        for run, number in zip(begun, connection.execute(begin, rows).scalars(), strict=True):
            run.id = number


def _open_run(connection: Connection, journey_id: int, customer_ref: str) -> int | None:
    return connection.execute(
        select(_RUNS.c.id).where(
            _RUNS.c.journey_id == journey_id,
            _RUNS.c.customer_ref == customer_ref,
            _RUNS.c.ended_at.is_(None),
        )
    ).scalar_one_or_none()


def _open_runs(connection: Connection, journey_id: int, refs: set[str]) -> dict[str, _Run]:
    rows = connection.execute(
        select(_RUNS.c.id, _RUNS.c.customer_ref, _RUNS.c.started_at).where(
            _RUNS.c.journey_id == journey_id,
            _RUNS.c.customer_ref.in_(sorted(refs)),
            _RUNS.c.ended_at.is_(None),
        )
    )
    return {ref: _Run(ref, started, None, number) for number, ref, started in rows}
