"""Interactions in: what happened to which customer, at which touchpoint, when. Nothing twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, cast

from sqlalchemy import Connection, Table, select
from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.responses import runs
from surveyapp.sampling import contacts
from surveyapp.sampling.incoming import IncomingInteraction, Reader, Refused
from surveyapp.sampling.touchpoint_codes import TouchpointCodes
from surveyapp.store.audit import record
from surveyapp.store.inserts import insert
from surveyapp.store.models import Interaction

MOST_REPORTS = 10_000  # in one batch
_INTERACTIONS = cast(Table, Interaction.__table__)


@dataclass(frozen=True)
class Received:
    """What became of a batch: ``stored + already + refused_reports`` is what was sent.

    A report may be refused for several reasons.
    """

    stored: int
    already: int
    refused: tuple[Refused, ...]

    @property
    def refused_reports(self) -> int:
        return len({each.place for each in self.refused})


def receive(
    session: Session,
    reports: Iterable[object],
    *,
    secret_key: str,
    source: str,
    user_id: int | None = None,
    journey_id: int | None = None,
    now: datetime,
) -> Received:
    """Keep a batch of reports (mappings with ``reports.FIELDS``) in the caller's transaction.

    Good reports are stored whatever the others are. A report whose external id the touchpoint has
    already is counted and changes nothing. The customer's reference becomes a pseudonym here, an
    address goes to the contacts and nowhere else. ``source`` is "api", "csv" or the like. With
    ``journey_id`` there is no other journey. Raises Invalid for more than MOST_REPORTS.
    """
    batch = list(islice(reports, MOST_REPORTS + 1))
    if len(batch) > MOST_REPORTS:
        raise Invalid(f"More than {MOST_REPORTS} events; send them in smaller batches.")
    session.flush()
    connection = session.connection()
    reader = Reader(TouchpointCodes(connection, journey_id), secret_key, now)
    good: list[IncomingInteraction] = []
    refused: list[Refused] = []
    for number, raw in enumerate(batch, start=1):
        read = reader.read(number, raw)
        if isinstance(read, IncomingInteraction):
            good.append(read)
        else:
            refused += read
    fresh = _unknown(connection, good)
    stored = _store(connection, fresh, source, now) if fresh else 0
    if stored and user_id is not None:
        record(session, user_id, "bring in interactions", f"{source} file", interactions=stored)
    return Received(stored, len(good) - stored, tuple(refused))


def _unknown(
    connection: Connection, reports: Sequence[IncomingInteraction]
) -> list[IncomingInteraction]:
    """Those that their touchpoints do not have; of two with one external id, the first."""
    wanted: dict[int, set[str]] = {}
    for report in reports:
        wanted.setdefault(report.place.touchpoint_id, set()).add(report.external_id)
    own = _INTERACTIONS.c
    known: set[tuple[int, str | None]] = set()
    for touchpoint, ids in wanted.items():
        query = select(own.external_id).where(
            own.touchpoint_id == touchpoint, own.external_id.in_(sorted(ids))
        )
        known |= {(touchpoint, found) for found in connection.execute(query).scalars()}
    fresh = []
    for report in reports:
        key = (report.place.touchpoint_id, report.external_id)
        if key not in known:
            known.add(key)
            fresh.append(report)
    return fresh


def _store(
    connection: Connection, reports: Sequence[IncomingInteraction], source: str, now: datetime
) -> int:
    # In one order for everybody: two batches that share rows then never wait in a circle.
    reports = sorted(reports, key=lambda each: (each.place.touchpoint_id, each.external_id))
    by_time = sorted(reports, key=lambda report: report.at)
    contacts.keep(connection, ((each.customer_ref, each.card) for each in by_time), now=now)
    joined = _join_runs(connection, reports)
    rows: list[dict[str, Any]] = [
        {
            "touchpoint_id": report.place.touchpoint_id,
            "journey_run_id": run,
            "customer_ref": report.customer_ref,
            "at": report.at,
            "outcome": report.outcome,
            "channel": report.channel,
            "language": report.language,
            "attributes": report.attributes,
            "external_id": report.external_id,
            "source": source,
            "received_at": now,
        }
        for report, run in zip(reports, joined, strict=True)
    ]
    # The same batch may be coming in by another door at this moment: one of the two counts.
    statement = insert(_INTERACTIONS, connection.dialect.name).on_conflict_do_nothing()
    return len(connection.execute(statement.returning(_INTERACTIONS.c.id), rows).all())


def _join_runs(connection: Connection, reports: Sequence[IncomingInteraction]) -> list[int | None]:
    joined: list[int | None] = [None] * len(reports)
    for journey in sorted({report.place.journey_id for report in reports}):
        places = [n for n, report in enumerate(reports) if report.place.journey_id == journey]
        visits = [
            runs.Visit(reports[n].customer_ref, reports[n].at, reports[n].run) for n in places
        ]
        found = runs.join_many(connection, journey, visits, ends=False)
        for n, run in zip(places, found, strict=True):
            joined[n] = run
    return joined
