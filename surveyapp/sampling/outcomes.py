"""Outcomes of customers in: what became of whom, in which journey, when. Nothing twice."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any, cast

from sqlalchemy import Connection, Table, select, true
from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.sampling.incoming import (
    LONGEST_REF,
    Pseudonyms,
    Refused,
    moment_in,
    refused,
    text_in,
)
from surveyapp.sampling.interactions import MOST_REPORTS, Received
from surveyapp.store.audit import record
from surveyapp.store.inserts import insert
from surveyapp.store.models import CustomerOutcome, Journey

OUTCOME_FIELDS = ("journey", "customer_ref", "kind", "value", "at", "external_id")
_OUTCOMES = cast(Table, CustomerOutcome.__table__)
_MOST = 1e12


class OutcomeKind(StrEnum):
    """What may become of a customer."""

    CHURN = "churn"
    REPEAT_PURCHASE = "repeat_purchase"
    COMPLAINT = "complaint"
    REVENUE = "revenue"
    RESOLUTION_TIME = "resolution_time"
    WAITING_TIME = "waiting_time"

    @property
    def is_event(self) -> bool:
        """Whether it happens at a time, and is not an amount."""
        return self in EVENTS

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


EVENTS = frozenset({OutcomeKind.CHURN, OutcomeKind.REPEAT_PURCHASE, OutcomeKind.COMPLAINT})


@dataclass(frozen=True)
class IncomingOutcome:
    """An outcome that can be stored. ``customer_ref`` is a pseudonym."""

    journey_id: int
    customer_ref: str
    kind: OutcomeKind
    value: float
    at: datetime
    external_id: str


def receive_outcomes(
    session: Session,
    reports: Iterable[object],
    *,
    secret_key: str,
    source: str,
    user_id: int | None = None,
    journey_id: int | None = None,
    now: datetime,
) -> Received:
    """Keep a batch of reports (mappings with ``OUTCOME_FIELDS``) in the caller's transaction.

    Good reports are stored whatever the others are. A report whose external id the journey has already
    is counted and changes nothing. The customer's reference becomes a pseudonym here. With
    ``journey_id`` there is no other journey. Raises Invalid for more than MOST_REPORTS.
    """
    batch = list(islice(reports, MOST_REPORTS + 1))
    if len(batch) > MOST_REPORTS:
        raise Invalid(f"More than {MOST_REPORTS} outcomes; send them in smaller batches.")
    session.flush()
    connection = session.connection()
    reader = _Reader(_journeys(connection, journey_id), secret_key, now)
    good: list[IncomingOutcome] = []
    faults: list[Refused] = []
    for number, raw in enumerate(batch, start=1):
        read = reader.read(number, raw)
        if isinstance(read, IncomingOutcome):
            good.append(read)
        else:
            faults += read
    fresh = _unknown(connection, good)
    stored = _store(connection, fresh, source, now) if fresh else 0
    if stored:
        kinds = Counter(each.kind.value for each in fresh)
        record(session, user_id, "bring in outcomes", source, outcomes=stored, kinds=dict(kinds))
    return Received(stored, len(good) - stored, tuple(faults))


class _Reader:
    """Reads reports for one installation at one moment."""

    def __init__(self, journeys: Mapping[str, int], secret_key: str, now: datetime) -> None:
        self._journeys = journeys
        self._latest = now + timedelta(days=1)
        self._pseudonyms = Pseudonyms(secret_key)

    def read(self, number: int, raw: object) -> IncomingOutcome | list[Refused]:
        """The report at this place of the batch, or everything that is wrong with it."""
        if not isinstance(raw, Mapping):
            return [refused(number, "", "This is not an outcome; send an object with named fields")]
        faults = [
            refused(
                number, str(name)[:60], f"There is no such field; use {', '.join(OUTCOME_FIELDS)}"
            )
            for name in raw
            if name not in OUTCOME_FIELDS
        ]
        found: dict[str, Any] = {}
        readers: dict[str, Callable[[], Any]] = {
            "journey": lambda: self._journey(text_in(raw, "journey", LONGEST_REF)),
            "customer_ref": lambda: self._pseudonyms.of(raw.get("customer_ref")),
            "kind": lambda: _kind(text_in(raw, "kind", LONGEST_REF)),
            "at": lambda: moment_in(raw.get("at"), self._latest),
            "external_id": lambda: text_in(raw, "external_id", LONGEST_REF),
        }
        for field, read in readers.items():
            try:
                found[field] = read()
            except Invalid as error:
                faults.append(refused(number, error.field or field, str(error)))
        if "kind" in found:
            try:
                found["value"] = _value(raw.get("value"), found["kind"])
            except Invalid as error:
                faults.append(refused(number, "value", str(error)))
        if faults:
            return faults
        journey_id = found.pop("journey")
        found["external_id"] = found["external_id"] or _content_id(found)
        return IncomingOutcome(journey_id, **found)

    def _journey(self, code: str) -> int:
        if code in self._journeys:
            return self._journeys[code]
        known = ", ".join(sorted(self._journeys)[:20])
        said = f"There is no journey {code[:60]!r}" if code else "The journey is missing"
        raise Invalid(f"{said}; known codes: {known}", field="journey")


def _journeys(connection: Connection, journey_id: int | None) -> dict[str, int]:
    those = true() if journey_id is None else Journey.id == journey_id
    return {
        row[0]: row[1] for row in connection.execute(select(Journey.code, Journey.id).where(those))
    }


def _kind(text: str) -> OutcomeKind:
    try:
        return OutcomeKind(text.strip().lower())
    except ValueError:
        said = f"{text[:40]!r} is not a kind of outcome" if text else "The kind is missing"
        raise Invalid(f"{said}; use {', '.join(OutcomeKind)}") from None


def _value(raw: object, kind: OutcomeKind) -> float:
    """The number: of an event 1, or 0 where it had not come; left out, it is 1."""
    if raw is None or raw == "":
        if kind.is_event:
            return 1.0
        raise Invalid(f"The value is missing; write the {kind.label.lower()} as a number")
    try:
        value = float(str(raw).strip()) if not isinstance(raw, bool) else math.nan
    except ValueError:
        value = math.nan
    if kind.is_event and value not in (0.0, 1.0):
        raise Invalid(
            f"{str(raw)[:40]!r} is not 1 or 0; write 1 for an event, or 0 for a customer who was"
            " followed until that time without it"
        )
    low = -_MOST if kind is OutcomeKind.REVENUE else 0.0
    if not low <= value <= _MOST:
        raise Invalid(
            f"{str(raw)[:40]!r} is not a possible {kind.label.lower()}; write a number such as 12.5"
        )
    return value


def _content_id(found: Mapping[str, Any]) -> str:
    """An id for a report without one, so that a report sent again after a lost answer adds nothing."""
    told = (found["customer_ref"], found["at"].isoformat(), found["kind"], repr(found["value"]))
    return f"same {hashlib.sha256(chr(31).join(told).encode()).hexdigest()[:32]}"


def _unknown(connection: Connection, reports: Sequence[IncomingOutcome]) -> list[IncomingOutcome]:
    """Those that their journeys do not have; of two with one external id, the first."""
    wanted: dict[int, set[str]] = {}
    for report in reports:
        wanted.setdefault(report.journey_id, set()).add(report.external_id)
    own = _OUTCOMES.c
    known: set[tuple[int, str]] = set()
    for journey, ids in wanted.items():
        query = select(own.external_id).where(
            own.journey_id == journey, own.external_id.in_(sorted(ids))
        )
        known |= {(journey, found) for found in connection.execute(query).scalars()}
    fresh = []
    for report in reports:
        key = (report.journey_id, report.external_id)
        if key not in known:
            known.add(key)
            fresh.append(report)
    return fresh


def _store(
    connection: Connection, reports: Sequence[IncomingOutcome], source: str, now: datetime
) -> int:
    # In one order for everybody: two batches that share rows then never wait in a circle.
    rows = [
        {**vars(each), "kind": each.kind.value, "source": source, "received_at": now}
        for each in sorted(reports, key=lambda each: (each.journey_id, each.external_id))
    ]
    # The same batch may be coming in by another door at this moment: one of the two counts.
    statement = insert(_OUTCOMES, connection.dialect.name).on_conflict_do_nothing(
        index_elements=[_OUTCOMES.c.journey_id, _OUTCOMES.c.external_id]
    )
    return len(connection.execute(statement.returning(_OUTCOMES.c.id), rows).all())
