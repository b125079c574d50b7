"""Taking answers in: one submission, or thousands at once, with the same scores and rollups."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, cast

import numpy as np
from sqlalchemy import Connection, Dialect, Table, select
from sqlalchemy import insert as plain_insert
from sqlalchemy.orm import Session

from analysis.scoring import SCORING_VERSION, score, score_one
from instruments.answers import Answers, Fault, Faults, read
from instruments.loader import load
from instruments.schema import Instrument
from surveyapp.fielding import drafts
from surveyapp.fielding.actions import use_invitation
from surveyapp.fielding.attributes import Attribute
from surveyapp.fielding.links import Ticket
from surveyapp.fielding.logic import Applied, Logic, read_logic
from surveyapp.fielding.queries import Asking, is_listened
from surveyapp.journeys.segments import Rule
from surveyapp.responses import rollups, runs
from surveyapp.responses.inserts import insert
from surveyapp.responses.numbers import allocate, numbered, random_number
from surveyapp.responses.tally import Tally
from surveyapp.store import events
from surveyapp.store.models import Deployment, Response, Score
from surveyapp.store.statements import Statement

Fielded = (
    Deployment | Asking
)  # a row of the store, or the plain value that the customer's way reads
Roots = Sequence[str | Path]

BATCH = 1000  # responses in memory at a time
_RESPONSES = cast(Table, Response.__table__)
_SCORES = cast(Table, Score.__table__)


@dataclass(frozen=True)
class Stored:
    """The answers are kept. ``new`` is False when they had been before.

    ``response_id`` is None when the invitation had been used with another form: the first counted.
    """

    response_id: int | None
    new: bool


@dataclass(frozen=True)
class Faulty:
    """Nothing was kept; ``faults`` says why, by instrument code."""

    faults: Mapping[str, Faults]


@dataclass(frozen=True)
class Prepared:
    """A response whose answers have been read, {instrument: {item: value}}, ready to be stored."""

    answers: Mapping[str, Mapping[str, Any]]
    submitted_at: datetime
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    customer_ref: str | None = None  # a pseudonym
    external_id: str | None = None
    language: str | None = None
    started_at: datetime | None = None
    invitation_id: int | None = None
    paradata: Mapping[str, Any] = field(default_factory=dict)  # how it was answered


@dataclass(frozen=True)
class StoredMany:
    """How many responses were new, and how many were there by their external id."""

    stored: int
    already: int


def submit(
    at: Session | Connection,
    deployment: Fielded,
    raw: Mapping[str, object],
    *,
    submission_key: str,
    attributes: Mapping[str, Attribute],
    customer_ref: str | None = None,
    invitation: Ticket | None = None,
    started_at: datetime | None = None,
    source: str = "link",
    language: str | None = None,
    paradata: Mapping[str, Any] | None = None,
    now: datetime,
    roots: Roots = (),
) -> Stored | Faulty:
    """Read, score and keep one submission: response, scores, rollups, run, invitation and event.

    ``raw`` is {instrument: {item: what was sent}}; the deployment's logic says what of it is asked,
    and adds to ``paradata`` what it found. The same ``submission_key`` sent again keeps one
    response, and so does an invitation, whose draft is dropped. ``customer_ref`` is a pseudonym; an
    anonymous deployment drops it, coarsens the time to the day and keeps no trace of the invitation.
    All in the caller's transaction, which must be one that writes; on a plain connection it costs
    less than in a session.
    """
    paradata = dict(paradata or {})
    optional: Collection[str] = ()
    if deployment.logic:
        applied = logic_of(deployment, roots).apply(raw)
        if applied.attention_missing:
            return _read_with_faults(deployment, applied, roots)
        raw, optional = applied.raw, applied.optional
        paradata |= applied.paradata
    answers = read_answers(deployment, raw, optional=optional, roots=roots)
    if isinstance(answers, Faulty):
        return answers
    connection = _connection(at)
    anonymous = deployment.anonymity == "anonymous"
    used = None
    if invitation is not None:
        used = use_invitation(
            connection,
            deployment_id=deployment.id,
            anonymous=anonymous,
            ticket=invitation,
            now=now,
        )
        if used is None:
            return Stored(_response_of(connection, submission_key), new=False)
        if not anonymous:
            drafts.drop(connection, invitation)
    prepared = Prepared(
        answers,
        now,
        attributes,
        customer_ref,
        language=language,
        started_at=_earlier(started_at, used.started_at if used else None),
        invitation_id=used.id if used else None,
        paradata=paradata,
    )
    visit = _visit(deployment, prepared)
    run = None
    if visit is not None:
        run = _joined(connection, deployment, visit, invitation)
    wordings = _wordings_by_language(deployment, [prepared], roots)
    row = _row(deployment, prepared, run, source, wordings)
    row["submission_key"] = submission_key
    if anonymous:
        row["id"] = random_number()
    number = _once(connection.dialect, anonymous, tuple(row)).run(connection, row).scalar()
    if number is None:
        return Stored(_response_of(connection, submission_key), new=False)
    scores: dict[str, float] = {}
    for ask in deployment.asks:
        instrument = asked_instrument(ask, roots)
        scores |= score_one(instrument, answers[instrument.code], key=ask["key"])
    _keep_scores(connection, [(number, scores)])
    rollups.begin(connection)
    tally = Tally()
    _count(tally, row, scores, rollups.segment_rules(connection) if attributes else [])
    rollups.increase(connection, tally)
    if _is_listened(connection, deployment):
        _tell(connection, deployment, row, number)
    return Stored(number, new=True)


def store_many(
    session: Session,
    deployment: Fielded,
    prepared: Iterable[Prepared],
    *,
    source: str = "import",
    roots: Roots = (),
) -> StoredMany:
    """Keep many responses as ``submit`` would, a batch at a time, in the caller's transaction.

    A response whose ``external_id`` the deployment has already is counted and left as it is. Raises
    DataError for an answer outside its scale.
    """
    connection = _connection(session)
    rollups.begin(connection)
    rules = rollups.segment_rules(connection)
    tally = Tally()  # of all batches: as many cells as there are days, not responses
    stored = already = 0
    for batch in _batches(prepared):
        fresh = _unknown(connection, deployment.id, batch)
        already += len(batch) - len(fresh)
        stored += len(fresh)
        if fresh:
            for row, scores in _store_batch(connection, deployment, fresh, source, roots):
                _count(tally, row, scores, rules)
    rollups.increase(connection, tally)
    return StoredMany(stored, already)


def read_answers(
    deployment: Fielded,
    raw: Mapping[str, object],
    *,
    partial: bool = False,
    optional: Collection[str] = (),
    roots: Roots = (),
) -> dict[str, dict[str, Any]] | Faulty:
    """The answers document of a deployment, or everything that is wrong with it.

    ``partial`` and ``optional`` (names, ``<instrument>-<item>``) let answers be absent.
    """
    answers: dict[str, dict[str, Any]] = {}
    faults: dict[str, Faults] = {}
    for ask in deployment.asks:
        instrument = asked_instrument(ask, roots)
        found = read(
            instrument,
            raw.get(instrument.code, {}),
            key=ask["key"],
            partial=partial,
            optional=_items_of(instrument.code, optional),
        )
        if isinstance(found, Answers):
            answers[instrument.code] = dict(found)
        else:
            faults[instrument.code] = found
    for code in raw:
        if code not in answers and code not in faults:
            reason = f"{code[:60]!r} is not asked here."
            fault = Fault("", code[:60], "not_asked", reason, "Leave it out.")
            faults[code] = Faults([fault])
    return Faulty(faults) if faults else answers


def asked(deployment: Fielded, roots: Roots) -> list[tuple[Instrument, str | None]]:
    """The instruments of a deployment, each with the scoring key that names the asked items."""
    return [(asked_instrument(ask, roots), ask["key"]) for ask in deployment.asks]


def logic_of(deployment: Fielded, roots: Roots) -> Logic:
    """The deployment's logic, ready to be applied."""
    return read_logic(deployment.logic, asked(deployment, roots))


def asked_instrument(ask: Mapping[str, Any], roots: Roots) -> Instrument:
    """The very version that the deployment asks."""
    return _instrument(ask["instrument"], ask["version"], tuple(str(root) for root in roots))


@lru_cache(maxsize=256)
def _instrument(code: str, version: str | None, roots: tuple[str, ...]) -> Instrument:
    return load(code, version, roots=roots)


@lru_cache(maxsize=16)
def _once(dialect: Dialect, anonymous: bool, columns: tuple[str, ...]) -> Statement:
    """Insert a response unless its submission key is there; its number, or none."""
    statement = numbered(insert(_RESPONSES, dialect.name), dialect.name, anonymous=anonymous)
    conflict = statement.on_conflict_do_nothing(index_elements=[_RESPONSES.c.submission_key])
    return Statement(conflict.returning(_RESPONSES.c.id), dialect, columns=columns)


@lru_cache(maxsize=8)
def _keeping(dialect: Dialect) -> Statement:
    return Statement(plain_insert(_SCORES), dialect)


def _response_of(connection: Connection, submission_key: str) -> int | None:
    query = select(_RESPONSES.c.id).where(_RESPONSES.c.submission_key == submission_key)
    return connection.execute(query).scalar_one_or_none()


def _items_of(instrument: str, names: Collection[str]) -> frozenset[str]:
    """The items of this instrument among names of the form."""
    split = (name.rpartition("-") for name in names)
    return frozenset(item for code, _, item in split if code == instrument)


def _read_with_faults(deployment: Fielded, applied: Applied, roots: Roots) -> Faulty:
    """What is wrong with a submission that left the check of attention empty."""
    found = read_answers(deployment, applied.raw, optional=applied.optional, roots=roots)
    faults = dict(found.faults) if isinstance(found, Faulty) else {}
    instrument, _, item = applied.attention_name.rpartition("-")
    reason = "This question has no answer."
    fault = Fault(item, "", "required", reason, "Give an answer.")
    faults[instrument] = Faults([*faults.get(instrument, ()), fault])
    return Faulty(faults)


def _earlier(first: datetime | None, second: datetime | None) -> datetime | None:
    known = [moment for moment in (first, second) if moment is not None]
    return min(known, default=None)


def _connection(at: Session | Connection) -> Connection:
    if isinstance(at, Connection):
        return at
    at.flush()
    return at.connection()


def _is_listened(connection: Connection, deployment: Fielded) -> bool:
    if isinstance(deployment, Asking):
        return deployment.listened
    return is_listened(connection, deployment)


def _tell(connection: Connection, deployment: Fielded, row: Mapping[str, Any], number: int) -> None:
    """Say that there is a response; of an anonymous one, that there is one more and no more."""
    if deployment.anonymity == "anonymous":
        day = row["submitted_at"].date().isoformat()
        events.tell(connection, "response", deployment_id=deployment.id, day=day)
    else:
        events.tell(connection, "response", response_id=number, deployment_id=deployment.id)


def _visit(deployment: Fielded, prepared: Prepared) -> runs.Visit | None:
    if deployment.anonymity == "anonymous" or prepared.customer_ref is None:
        return None
    return runs.Visit(prepared.customer_ref, prepared.submitted_at)


def _joined(
    connection: Connection, deployment: Fielded, visit: runs.Visit, invitation: Ticket | None
) -> int:
    """The run of the answer: that of the interaction it was asked about, else the customer's own."""
    ends = _ends(deployment)
    if invitation is not None and invitation.run_id is not None:
        return runs.rejoin(connection, invitation.run_id, visit.at, ends=ends)
    return runs.join(connection, deployment.journey_id, visit, ends=ends)


def _ends(deployment: Fielded) -> bool:
    return deployment.touchpoint_id is None


def _row(
    deployment: Fielded,
    prepared: Prepared,
    run: int | None,
    source: str,
    wordings: Mapping[str, Mapping[str, str]],
) -> dict[str, Any]:
    language = prepared.language or deployment.language
    anonymous = deployment.anonymity == "anonymous"
    return {
        "deployment_id": deployment.id,
        "invitation_id": None if anonymous else prepared.invitation_id,
        "journey_run_id": run,
        "external_id": prepared.external_id,
        "source": source if prepared.invitation_id is None else "invitation",
        "answers": prepared.answers,
        "wordings": wordings[language],
        "attributes": dict(prepared.attributes),
        "language": language,
        "consent_version": deployment.consent_version,
        "started_at": None if anonymous else prepared.started_at,
        "submitted_at": _day_of(prepared.submitted_at) if anonymous else prepared.submitted_at,
        "paradata": dict(prepared.paradata),
    }


def _wordings_by_language(
    deployment: Fielded, batch: Sequence[Prepared], roots: Roots
) -> dict[str, dict[str, str]]:
    """The id of the wording of each instrument, for each language that was answered in."""
    return {
        language: {
            ask["instrument"]: asked_instrument(ask, roots).wording(language, ask["wording"]).id
            for ask in deployment.asks
        }
        for language in {each.language or deployment.language for each in batch}
    }


def _day_of(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _keep_scores(connection: Connection, scored: Sequence[tuple[int, Mapping[str, float]]]) -> None:
    rows = [
        {"response_id": number, "scale": scale, "value": value, "version": SCORING_VERSION}
        for number, scores in scored
        for scale, value in scores.items()
    ]
    if rows:
        _keeping(connection.dialect).run_many(connection, rows)


def _count(
    tally: Tally,
    row: Mapping[str, Any],
    scores: Mapping[str, float],
    rules: Sequence[tuple[int, Rule]],
) -> None:
    day = row["submitted_at"].astimezone(UTC).date()
    tally.add(row["deployment_id"], day, scores, rollups.matching(rules, row["attributes"]))


def _batches(prepared: Iterable[Prepared]) -> Iterator[list[Prepared]]:
    source = iter(prepared)
    while batch := list(islice(source, BATCH)):
        yield batch


def _unknown(
    connection: Connection, deployment_id: int, batch: Sequence[Prepared]
) -> list[Prepared]:
    """Those that the deployment does not have; of two with one external id, the first."""
    ids = {each.external_id for each in batch if each.external_id is not None}
    known: set[str | None] = set()
    if ids:
        query = select(_RESPONSES.c.external_id).where(
            _RESPONSES.c.deployment_id == deployment_id, _RESPONSES.c.external_id.in_(sorted(ids))
        )
        known = set(connection.execute(query).scalars())
    fresh = []
    for each in batch:
        if each.external_id is None or each.external_id not in known:
            fresh.append(each)
            known.add(each.external_id)
    return fresh


def _store_batch(
    connection: Connection,
    deployment: Fielded,
    batch: Sequence[Prepared],
    source: str,
    roots: Roots,
) -> Iterable[tuple[dict[str, Any], dict[str, float]]]:
    visits = [_visit(deployment, each) for each in batch]
    joined = runs.join_many(connection, deployment.journey_id, visits, ends=_ends(deployment))
    numbers = allocate(connection, len(batch), anonymous=deployment.anonymity == "anonymous")
    wordings = _wordings_by_language(deployment, batch, roots)
    rows = [
        {"id": number, **_row(deployment, each, run, source, wordings)}
        for each, number, run in zip(batch, numbers, joined, strict=True)
    ]
    connection.execute(plain_insert(_RESPONSES), rows)
    scores = _scores_of(deployment, batch, roots)
    _keep_scores(connection, list(zip(numbers, scores, strict=True)))
    return zip(rows, scores, strict=True)


def _scores_of(
    deployment: Fielded, batch: Sequence[Prepared], roots: Roots
) -> list[dict[str, float]]:
    """Each response's scores, computed for the whole batch at once."""
    found: list[dict[str, float]] = [{} for _ in batch]
    for ask in deployment.asks:
        instrument = asked_instrument(ask, roots)
        key = instrument.keys[ask["key"]] if ask["key"] else None
        if key is None:
            continue
        given = [each.answers.get(instrument.code, {}) for each in batch]
        columns = {
            item: np.array([answers.get(item, np.nan) for answers in given], dtype=np.float64)
            for item in key.items
        }
        for scale, values in score(instrument, columns, key=key.code).items():
            for scores, value in zip(found, values.tolist(), strict=True):
                if value == value:  # missing scores are NaN
                    scores[scale] = value
    return found
