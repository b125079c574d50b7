"""The part that stored responses have in the rollups: taken away, or put in another's place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Connection, Row, Table, bindparam, delete, select, text

from surveyapp.responses import monthly_rollups, rollups
from surveyapp.responses.counting import SurveyCounting, countings
from surveyapp.responses.facets import facet_of
from surveyapp.responses.tally import KEY, Tally
from surveyapp.store.models import Rollup, Score
from surveyapp.surveys.survey import Survey

_SCORES = cast(Table, Score.__table__)
_ROLLUPS = cast(Table, Rollup.__table__)
_BOUND = tuple(f"key_{name}" for name in KEY)

Part = tuple[Row[Any], Mapping[str, float]]  # a response's row, with its facet; its scores


def scores_of(connection: Connection, numbers: Sequence[int]) -> dict[int, dict[str, float]]:
    """The stored scores of responses, by their numbers."""
    own = _SCORES.c
    query = select(own.response_id, own.scale, own.value).where(own.response_id.in_(numbers))
    found: dict[int, dict[str, float]] = {}
    for number, scale, value in connection.execute(query):
        found.setdefault(number, {})[scale] = value
    return found


def hold(connection: Connection) -> None:
    """Let nobody else count on PostgreSQL until the transaction is over; SQLite has one writer anyway.

    To be called first where the transaction counts responses in, too: two that have begun to count
    would wait for each other.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE rollups IN SHARE ROW EXCLUSIVE MODE"))


def take_away(connection: Connection, survey: Survey, before: Sequence[Part]) -> None:
    """Take these responses out of the rollups."""
    replace(connection, survey, before, ())


def replace(
    connection: Connection, survey: Survey, before: Sequence[Part], after: Sequence[Part]
) -> None:
    """Put the parts ``after`` in the place of those ``before``, all of this survey.

    The last thing in a transaction: on PostgreSQL nobody else counts meanwhile, because one that
    takes away and adds touches rows in two orders, and two such could wait for each other.
    """
    hold(connection)
    rules = rollups.segment_rules(connection)
    counting = countings(connection)[survey.journey_id]
    counted = SurveyCounting(counting, survey.anonymity == "anonymous")
    tally = Tally()
    _count(tally, before, rules, counted, times=-1)
    _count(tally, after, rules, counted)
    rollups.increase(connection, tally)
    _drop_empty(connection, tally)


def _count(
    tally: Tally,
    parts: Sequence[Part],
    rules: Sequence[rollups.SegmentRule],
    counted: SurveyCounting,
    *,
    times: int = 1,
) -> None:
    """Where a segment is still being sorted, responses that have not been reached are left alone."""
    for row, scores in parts:
        segments = rollups.segments_of(rules, row.id, row.survey_id, row.attributes)
        days = counted.days(row.id, row.submitted_at)
        tally.add(row.survey_id, days, scores, segments, facet_of(row._mapping), times=times)


def _drop_empty(connection: Connection, tally: Tally) -> None:
    """Rows that count nobody go, as a recount would not make them."""
    places = [dict(zip(_BOUND, place, strict=True)) for place in sorted(tally.days())]
    if places:
        keys = [
            _ROLLUPS.c[name] == bindparam(bound) for name, bound in zip(KEY, _BOUND, strict=True)
        ]
        connection.execute(delete(_ROLLUPS).where(*keys, _ROLLUPS.c.n == 0), places)
    monthly_rollups.drop_empty(connection, tally.months())
