"""Which responses an export is made of, and how they are read: in batches, oldest first."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    CursorResult,
    Dialect,
    Select,
    Table,
    Text,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.orm import Session

from surveyapp.exports.attributes import kinds_of, kinds_stored
from surveyapp.exports.variable import Kind
from surveyapp.journeys.queries import segment
from surveyapp.journeys.segments import Rule, parse
from surveyapp.results.answers.answered import answered_in
from surveyapp.results.cells import RESPONSES, sums
from surveyapp.results.scope import Scope
from surveyapp.store.columns import read_moment
from surveyapp.store.json_text import read_documents
from surveyapp.store.models import EVERYBODY, CarelessFlag, JourneyRun, Response, Score
from surveyapp.store.public_ids import read_id
from surveyapp.store.statements import Statement
from surveyapp.surveys.queries import surveys_of
from surveyapp.surveys.survey import Survey

_BATCH = 250  # more would live through collections of garbage, each of which costs time
_NUMBERS_AT_ONCE = (
    5_000  # of responses, which are no garbage: ten million are fetched in 2,000 statements
)
Stored = Mapping[str, Sequence[Any]]  # what some responses hold, by the name of the column
Scores = Mapping[str, Mapping[int, float]]  # by scale and number of the response
# By instrument and number of the response: the validation, what it knows, what it flags.
Flags = Mapping[str, Mapping[int, tuple[int, int, int]]]
_RESPONSES = cast(Table, Response.__table__)
_RUNS = cast(Table, JourneyRun.__table__)
_FLAGS = cast(Table, CarelessFlag.__table__)
_SCORES = cast(Table, Score.__table__)
_DOCUMENTS = ("wordings", "paradata", "attributes", "answers")
_MOMENTS = ("started_at", "submitted_at", "corrected_at", "run_started")
_STORED = (
    *("id", "public_id", "survey_id", "source", "language", "wordings", "consent_version"),
    *("started_at", "submitted_at", "corrected_at", "paradata", "attributes", "answers"),
    *("import_batch_id", "journey_run_id"),
)


@dataclass(frozen=True)
class Chosen:
    """Which responses: the scope's, of one survey where it is named; with what joins a customer's, and
    with the flags of careless answers that validations have stored.

    ``unflagged``: only those that came in no unusual way.
    """

    scope: Scope
    survey_id: int | None = None
    customers: bool = False
    careless: bool = True
    unflagged: bool = False

    def rule(self, session: Session) -> Rule | None:
        """The segment's rule; None for everybody. Raises NotFound for an unknown segment."""
        if self.scope.of_everybody:
            return None
        return parse(segment(session, self.scope.segment_id).rule)


def chosen_surveys(session: Session, wanted: Chosen) -> list[Survey]:
    """The surveys whose responses are chosen."""
    every = surveys_of(session, wanted.scope.journey_id)
    return [each for each in every if wanted.survey_id in (None, each.id)]


def count_chosen(session: Session, wanted: Chosen) -> int:
    """How many responses are chosen, by the rollups: known at once, where to choose ten million takes minutes.
    Of a segment that is being sorted they are those that have been.
    """
    scope = wanted.scope
    segment_id = EVERYBODY if scope.segment_id is None else scope.segment_id
    counted = sums(
        session,
        [each.id for each in chosen_surveys(session, wanted)],
        [segment_id],
        since=scope.period.since,
        until=scope.period.until,
        facets=replace(scope.facets, flagged=not wanted.unflagged),
    )[segment_id]
    return sum(own.n for (_, scale), own in counted.items() if scale == RESPONSES)


def held_by(
    session: Session, wanted: Chosen, survey_ids: Sequence[int]
) -> tuple[ColumnElement[bool], ...]:
    """What holds for the chosen responses of these surveys, but for the rule of a segment."""
    return (
        Response.survey_id.in_(survey_ids),
        *answered_in(session, wanted.scope.journey_id, wanted.scope.period),
        *replace(wanted.scope.facets, flagged=not wanted.unflagged).among_responses(),
    )


@dataclass(frozen=True)
class ChosenResponses:
    """The numbers of the chosen responses, lowest first: 8 bytes for each.

    Rows are read by their numbers, a batch at a time. A query of all rows would have to sort them by
    number, for which SQLite holds them all.
    """

    numbers: Sequence[int]
    kinds: Mapping[str, Kind]  # of their attributes

    @property
    def count(self) -> int:
        return len(self.numbers)

    @classmethod
    def of(cls, session: Session, wanted: Chosen, survey_ids: Sequence[int]) -> ChosenResponses:
        """The responses of these surveys that were given in the scope's period, and obey the rule of
        its segment.
        """
        held = held_by(session, wanted, survey_ids)
        rule = wanted.rule(session)
        if rule is None:
            query = select(_RESPONSES.c.id).where(*held).order_by(_RESPONSES.c.id)
            found = _streamed(session, query, _NUMBERS_AT_ONCE).scalars()
            return cls(array("q", found), kinds_stored(session, held))
        numbers = array("q")

        def obeying() -> Iterator[Mapping[str, object]]:
            columns = (_RESPONSES.c.id, _RESPONSES.c.attributes)
            for row in _streamed(session, select(*columns).where(*held)):
                if rule.matches(row.attributes):
                    numbers.append(row.id)
                    yield row.attributes

        kinds = kinds_of(obeying())
        return cls(array("q", sorted(numbers)), kinds)

    def batches(self, session: Session) -> Iterator[Stored]:
        """The responses with the customer's passage through the journey, some hundred at a time."""
        connection = session.connection()
        read = _responses_by_number(connection.dialect)
        for start in range(0, len(self.numbers), _BATCH):
            found = read.rows(
                connection, _numbers(self.numbers[start : start + _BATCH], connection)
            )
            if found:
                yield _stored(found)


def _responses_by_number(dialect: Dialect) -> Statement:
    query = (
        select(
            *(_RESPONSES.c[name] for name in _STORED),
            *(_RUNS.c.customer_ref, _RUNS.c.started_at),
        )
        .select_from(_RESPONSES.outerjoin(_RUNS, _RUNS.c.id == _RESPONSES.c.journey_run_id))
        .where(_is_one_of(_RESPONSES.c.id, dialect))
        .order_by(_RESPONSES.c.id)
    )
    return Statement(query, dialect)


def _stored(found: Sequence[tuple[Any, ...]]) -> Stored:
    """The columns of rows as the driver gives them: to read a column costs less than its cells."""
    names = (*_STORED, "customer_ref", "run_started")
    columns: dict[str, Any] = dict(zip(names, zip(*found, strict=True), strict=True))
    for name in _DOCUMENTS:
        columns[name] = read_documents(columns[name])
    for name in _MOMENTS:
        if any(columns[name]):
            columns[name] = [read_moment(value) for value in columns[name]]
    columns["public_id"] = [read_id(value) for value in columns["public_id"]]
    return columns


class ScoreReader:
    """Reads what responses scored, a batch at a time."""

    def __init__(self, session: Session) -> None:
        self._connection = session.connection()
        dialect = self._connection.dialect
        query = select(_SCORES.c.scale, _SCORES.c.response_id, _SCORES.c.value)
        self._read = Statement(query.where(_is_one_of(_SCORES.c.response_id, dialect)), dialect)

    def of(self, numbers: Sequence[int]) -> Scores:
        """The scores of these responses."""
        found: dict[str, dict[int, float]] = defaultdict(dict)
        rows = self._read.rows(self._connection, _numbers(numbers, self._connection))
        for scale, number, value in rows:
            found[scale][number] = value
        return found


class FlagReader:
    """Reads the flags of careless answers, a batch of responses at a time."""

    def __init__(self, session: Session) -> None:
        self._connection = session.connection()
        dialect, own = self._connection.dialect, _FLAGS.c
        query = select(own.instrument, own.response_id, own.analysis_id, own.known, own.flagged)
        self._read = Statement(query.where(_is_one_of(own.response_id, dialect)), dialect)

    def of(self, numbers: Sequence[int]) -> Flags:
        """The flags of these responses."""
        found: dict[str, dict[int, tuple[int, int, int]]] = defaultdict(dict)
        rows = self._read.rows(self._connection, _numbers(numbers, self._connection))
        for instrument, number, analysis, known, flagged in rows:
            found[instrument][number] = (analysis, known, flagged)
        return found


def _is_one_of(number: ColumnElement[int], dialect: Dialect) -> ColumnElement[bool]:
    """Whether it is one of ``_numbers``, which are one parameter however many they are."""
    if dialect.name != "sqlite":
        return number == any_(bindparam("numbers", type_=ARRAY(BigInteger)))
    each = func.json_each(bindparam("numbers", type_=Text)).table_valued("value")
    return number.in_(select(each.c.value))


def _numbers(numbers: Sequence[int], at: Connection) -> Mapping[str, Any]:
    listed = list(numbers)
    return {"numbers": str(listed) if at.dialect.name == "sqlite" else listed}


def _streamed(session: Session, query: Select[Any], at_once: int = _BATCH) -> CursorResult[Any]:
    return session.connection().execute(query, execution_options={"yield_per": at_once})
