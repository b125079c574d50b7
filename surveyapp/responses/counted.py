"""The part that stored responses have in the rollups: taken away, or put in another's place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Connection, Row, Table, bindparam, delete, select, text, update

from surveyapp.responses import rollups
from surveyapp.responses.counting import SurveyCounting, countings
from surveyapp.responses.tally import SUMS, Tally
from surveyapp.store.models import Rollup, Score
from surveyapp.surveys.survey import Survey

_SCORES = cast(Table, Score.__table__)
_ROLLUPS = cast(Table, Rollup.__table__)

Part = tuple[Row[Any], Mapping[str, float]]  # a response's id, survey, time, attributes; its scores


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
    _decrease(connection, _tally(before, rules, counted))
    rollups.increase(connection, _tally(after, rules, counted))


def _tally(
    parts: Sequence[Part], rules: Sequence[rollups.SegmentRule], counted: SurveyCounting
) -> Tally:
    tally = Tally()
    for row, scores in parts:
        segments = rollups.segments_of(rules, row.id, row.attributes)
        days = counted.days(row.id, row.submitted_at)
        tally.add(row.survey_id, days, scores, segments)
    return tally


def _decrease(connection: Connection, tally: Tally) -> None:
    """Take away what was tallied. Rows that count nobody go, as a recount would not make them.

    Where a segment is still being sorted, responses that have not been reached are not taken away.
    """
    keys = [_ROLLUPS.c[name] == bindparam(f"key_{name}") for name in rollups.KEY]
    less = {name: _ROLLUPS.c[name] - bindparam(f"less_{name}") for name in SUMS}
    places = [
        {f"{'less' if name in SUMS else 'key'}_{name}": value for name, value in place.items()}
        for place in tally.rows()
    ]
    if not places:
        return
    connection.execute(update(_ROLLUPS).where(*keys).values(less), places)
    only_keys = [{name: place[name] for name in place if name[:3] == "key"} for place in places]
    connection.execute(delete(_ROLLUPS).where(*keys, _ROLLUPS.c.n <= 0), only_keys)
