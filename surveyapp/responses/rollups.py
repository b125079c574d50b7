"""Rollups: counts and sums a day, scale and segment, so that a page costs days and not responses.

Days are those of the journey's reporting time zone.

They are copies. ``increase`` keeps them up with each response in its own transaction; ``sorting``
counts the stored responses into a new or changed segment, and ``recount`` tells where rollups and
responses disagree.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Connection, Dialect, RowMapping, Table, select, text
from sqlalchemy.orm import Session

from surveyapp.journeys.segments import Rule, parse
from surveyapp.responses import monthly_rollups
from surveyapp.responses.counting import Days, SurveyCounting, countings_of_surveys
from surveyapp.responses.facets import facet_of
from surveyapp.responses.tally import KEY, SUMS, Tally
from surveyapp.store.additions import Addition, add_in_turn
from surveyapp.store.models import (
    EVERYBODY,
    NOTHING_SORTED,
    Response,
    Rollup,
    RollupFacet,
    Score,
    Segment,
    SurveyRow,
)
from surveyapp.store.statements import DatabaseConnection, Statement

ROLLUPS = cast(Table, Rollup.__table__)
_RESPONSES = cast(Table, Response.__table__)
_SCORES = cast(Table, Score.__table__)
_SEGMENTS = cast(Table, Segment.__table__)
_SURVEYS = cast(Table, SurveyRow.__table__)
_FACETS = cast(Table, RollupFacet.__table__)
_PAGE = 20_000  # responses in memory at a time


class SegmentRule(NamedTuple):
    """A segment's rule, and up to which response it has been sorted; None: all are.

    ``surveys``: those of a weighting cell's journey; None of a segment, which counts all.
    """

    id: int
    rule: Rule
    sorted_to: int | None
    surveys: frozenset[int] | None = None

    def counts(self, response_id: int, survey_id: int, attributes: Mapping[str, object]) -> bool:
        """Whether the segment's rollups hold, or are to hold, this response.

        While a segment is being sorted, a response beyond ``sorted_to`` is left to the batch that
        will reach it.
        """
        if self.surveys is not None and survey_id not in self.surveys:
            return False
        reached = self.sorted_to is None or response_id <= self.sorted_to
        return reached and bool(attributes) and self.rule.matches(attributes)


def begin(at: DatabaseConnection) -> None:
    """Called before segments are read, by everybody who will increase rollups.

    On PostgreSQL a batch of sorting waits for whoever has begun, and holds back whoever has not;
    otherwise a response in flight could miss a segment that is being sorted. SQLite has one writer
    anyway.
    """
    if at.dialect.name == "postgresql":
        _holding(at.dialect).run(at, {})


@lru_cache(maxsize=8)
def _holding(dialect: Dialect) -> Statement:
    return Statement(text("LOCK TABLE rollups IN ROW EXCLUSIVE MODE"), dialect)


def segment_rules(at: DatabaseConnection) -> list[SegmentRule]:
    """The rule of every segment and weighting cell, and how far it has been sorted."""
    rows = _rules(at.dialect).rows(at, {})
    surveys = surveys_of_cells(at) if any(row[3] is not None for row in rows) else {}
    return [
        SegmentRule(number, _parsed(rule), sorted_to, surveys.get(journey, frozenset()))
        if journey is not None
        else SegmentRule(number, _parsed(rule), sorted_to)
        for number, rule, sorted_to, journey in rows
    ]


def surveys_of_cells(at: DatabaseConnection) -> dict[int, frozenset[int]]:
    """The surveys of each journey that has weighting cells."""
    found: dict[int, set[int]] = {}
    for survey, journey in _cell_surveys(at.dialect).rows(at, {}):
        found.setdefault(journey, set()).add(survey)
    return {journey: frozenset(surveys) for journey, surveys in found.items()}


_parsed = lru_cache(maxsize=1024)(parse)


@lru_cache(maxsize=8)
def _rules(dialect: Dialect) -> Statement:
    own = _SEGMENTS.c
    query = select(own.id, own.rule, own.sorted_to, own.journey_id)
    return Statement(query.order_by(own.id), dialect)


@lru_cache(maxsize=8)
def _cell_surveys(dialect: Dialect) -> Statement:
    own, weighted = _SURVEYS.c, _SEGMENTS.c.journey_id
    inside = select(weighted).where(weighted.is_not(None))
    return Statement(select(own.id, own.journey_id).where(own.journey_id.in_(inside)), dialect)


def segments_of(
    rules: Sequence[SegmentRule],
    response_id: int,
    survey_id: int,
    attributes: Mapping[str, object],
) -> list[int]:
    """The segments that count a response: EVERYBODY, and those whose rule it meets."""
    inside = (each.id for each in rules if each.counts(response_id, survey_id, attributes))
    return [EVERYBODY, *inside]


def count(
    tally: Tally,
    row: Mapping[str, Any] | RowMapping,
    scores: Mapping[str, float],
    rules: Sequence[SegmentRule],
    days: Days,
) -> None:
    """Tally a response's row and scores on its days, for everybody and for the segments that count it."""
    belongs = segments_of(rules, row["id"], row["survey_id"], row["attributes"])
    tally.add(row["survey_id"], days, scores, belongs, facet_of(row))


def increase(at: DatabaseConnection, tally: Tally) -> None:
    """Add what was tallied, in key order: two transactions never wait for each other in a circle."""
    rows = tally.rows()
    if rows:
        # Of a handful there are, the same again and again.
        facets = [(each.text, *each) for each in sorted(tally.facets)]
        days, months = Addition(ROLLUPS, SUMS, rows), monthly_rollups.addition(tally)
        add_in_turn(at, [Addition(_FACETS, (), facets), days, months])


def page_after(
    connection: Connection,
    last: int,
    size: int,
    *,
    survey_id: int | None = None,
) -> Sequence[RowMapping]:
    """The ``size`` responses that follow the id ``last``: what they are counted by."""
    own = _RESPONSES.c
    query = select(
        *(own.id, own.survey_id, own.submitted_at, own.attributes),
        *(own.source, own.language, own.paradata),
    )
    following = query.where(own.id > last, *_scope(_RESPONSES, survey_id))
    return connection.execute(following.order_by(own.id).limit(size)).mappings().all()


def scores_between(connection: Connection, first: int, last: int) -> dict[int, dict[str, float]]:
    """The scores of the responses with these and the ids between them, by id."""
    found: dict[int, dict[str, float]] = {}
    own = _SCORES.c
    query = select(own.response_id, own.scale, own.value).where(
        own.response_id.between(first, last)
    )
    for number, scale, value in connection.execute(query):
        found.setdefault(number, {})[scale] = value
    return found


def recount(session: Session, *, survey_id: int | None = None) -> list[str]:
    """Where rollups, by day or by month, differ from a count of the responses and scores one
    by one; empty if nowhere.

    Counts must be equal; sums may differ by rounding, since they were added in another order. A
    segment that is being sorted must hold exactly the responses that have been reached, and so must
    the rollups of a journey that is being counted by another zone.
    """
    session.flush()
    connection = session.connection()
    rules = segment_rules(connection)
    known = countings_of_surveys(connection)
    counted = _counted(connection, rules, known, survey_id)
    void = {each.id for each in rules if each.sorted_to == NOTHING_SORTED}  # of an earlier rule
    stored = {
        tuple(row[: len(KEY)]): list(row[len(KEY) :])
        for row in connection.execute(
            select(*(ROLLUPS.c[name] for name in (*KEY, *SUMS))).where(
                *_scope(ROLLUPS, survey_id), ROLLUPS.c.segment_id.not_in(void)
            )
        )
        if row.generation in known[row.survey_id].counting.generations
    }
    monthly = {
        place: sums
        for place, sums in monthly_rollups.stored(connection, survey_id).items()
        if place[1] in known[place[0]].counting.generations and place[2] not in void
    }
    return [
        *_faults(stored, counted.days()),
        *_faults(monthly, counted.months(), " of the month"),
    ]


def _faults(
    stored: Mapping[Any, Sequence[float]], counted: Mapping[Any, Sequence[float]], of: str = ""
) -> Iterator[str]:
    nothing = [0] * len(SUMS)
    for place in sorted({*counted, *stored}):
        there, here = stored.get(place, nothing), counted.get(place, nothing)
        for name, kept, fresh in zip(SUMS, there, here, strict=True):
            if not math.isclose(kept, fresh, rel_tol=1e-9, abs_tol=1e-9):
                yield f"{place}: {name}{of} is {kept}, counted {fresh}"


def _counted(
    connection: Connection,
    rules: Sequence[SegmentRule],
    known: Mapping[int, SurveyCounting],
    survey_id: int | None,
) -> Tally:
    tally = Tally()
    for page in _pages(connection, survey_id):
        scores = scores_between(connection, page[0]["id"], page[-1]["id"])
        for row in page:
            days = known[row["survey_id"]].days(row["id"], row["submitted_at"])
            count(tally, row, scores.get(row["id"], {}), rules, days)
    return tally


def _pages(connection: Connection, survey_id: int | None) -> Iterator[Sequence[RowMapping]]:
    last = NOTHING_SORTED
    while page := page_after(connection, last, _PAGE, survey_id=survey_id):
        yield page
        last = page[-1]["id"]


def _scope(table: Table, survey_id: int | None) -> list[ColumnElement[bool]]:
    return [] if survey_id is None else [table.c.survey_id == survey_id]
