"""Benchmark sets that were imported: listed, stored and removed."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.results.benchmarks.values import COLUMNS, MOST_VALUES, Value
from surveyapp.store.audit import record
from surveyapp.store.models import BenchmarkSet, BenchmarkValue

_LONGEST_NAME = 200


def benchmark_sets(session: Session, granted: Select[int] | None = None) -> list[BenchmarkSet]:
    """Every set with its values, by name; none for whoever may see no journey (None: all)."""
    query = select(BenchmarkSet).options(selectinload(BenchmarkSet.values))
    if granted is not None:
        query = query.where(granted.exists())
    return list(session.scalars(query.order_by(BenchmarkSet.name)))


def values_of(session: Session, metrics: Collection[str]) -> list[tuple[str, Value]]:
    """The imported values of these metrics, each with the name of its set, in one query."""
    query = (
        select(BenchmarkSet.name, BenchmarkValue)
        .join(BenchmarkSet, BenchmarkSet.id == BenchmarkValue.set_id)
        .where(BenchmarkValue.metric.in_(sorted(metrics)))
        .order_by(BenchmarkSet.name, BenchmarkValue.id)
    )
    return [(name, value_of(row)) for name, row in session.execute(query)]


def value_of(row: BenchmarkValue) -> Value:
    """What a row says."""
    return Value(**{column: getattr(row, column) for column in COLUMNS})


def benchmark_set(session: Session, set_id: int) -> BenchmarkSet:
    """One set, or NotFound."""
    found = session.get(BenchmarkSet, set_id)
    if found is None:
        raise NotFound("There is no such benchmark set; it may have been removed.")
    return found


def import_set(
    session: Session, name: str, values: Sequence[Value], *, user_id: int | None
) -> BenchmarkSet:
    """Store a set. Raises Invalid for a wrong name or number of values, Conflict for a name in use."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise Invalid(
            f"The name has {len(name)} characters; use 1 to {_LONGEST_NAME}.", field="name"
        )
    if not 1 <= len(values) <= MOST_VALUES:
        raise Invalid(
            f"A set has 1 to {MOST_VALUES:,} values; this has {len(values)}.", field="file"
        )
    if session.scalar(select(BenchmarkSet.id).where(BenchmarkSet.name == name)) is not None:
        raise Conflict(
            f"There is a set named {name} already; remove it first, or choose another name."
        )
    made = BenchmarkSet(
        name=name,
        imported_by=user_id,
        values=[BenchmarkValue(**value.to_json()) for value in values],
    )
    session.add(made)
    session.flush()
    record(session, user_id, "import benchmark set", f"benchmark set {name}", values=len(values))
    return made


def remove_set(session: Session, row: BenchmarkSet, *, user_id: int | None) -> None:
    """Remove a set with its values; reports that were made keep theirs."""
    record(session, user_id, "remove benchmark set", f"benchmark set {row.name}")
    session.delete(row)
