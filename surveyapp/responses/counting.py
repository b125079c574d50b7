"""By which days a response counts: its journey's, and while its zone is being changed the next one's too."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Connection, Dialect, Table, bindparam, select

from surveyapp.journeys.calendar import Calendar
from surveyapp.responses.numbers import announcing
from surveyapp.store.models import NOTHING_SORTED, Journey, SurveyRow
from surveyapp.store.statements import DatabaseConnection, Statement

_JOURNEYS = cast(Table, Journey.__table__)
_SURVEYS = cast(Table, SurveyRow.__table__)

_READ = select(
    *(_JOURNEYS.c[name] for name in ("id", "zone", "first_day", "generation", "next_zone")),
    _JOURNEYS.c.counted_to,
)
_READ_COLUMNS = len(_READ.selected_columns)

Days = tuple[tuple[int, date], ...]  # generation of rollups, day


@dataclass(frozen=True)
class Counting:
    """How a journey's responses are counted: by its calendar into its generation of rollups, and up to
    ``counted_to`` by the next calendar into the next.
    """

    calendar: Calendar
    generation: int = 0
    following: Calendar | None = None
    counted_to: int | None = None

    def days(self, response_id: int, moment: datetime, *, anonymous: bool) -> Days:
        """Where a response counts now; whoever counts it has begun (``rollups.begin``)."""
        now = (self.generation, self.calendar.day(moment, anonymous=anonymous))
        if self.following is None or self.counted_to is None or response_id > self.counted_to:
            return (now,)
        return (now, self.next_day(moment, anonymous=anonymous))

    @property
    def generations(self) -> tuple[int, ...]:
        """Those whose rollups hold what they should; others wait to be deleted."""
        if self.counted_to is None or self.counted_to == NOTHING_SORTED:
            return (self.generation,)
        return (self.generation, self.generation + 1)

    def next_day(self, moment: datetime, *, anonymous: bool) -> tuple[int, date]:
        """Where a response counts by the next calendar."""
        following = self.following or self.calendar
        return (self.generation + 1, following.day(moment, anonymous=anonymous))


@dataclass(frozen=True)
class SurveyCounting:
    """A survey's part in the counting of its journey."""

    counting: Counting
    anonymous: bool

    def days(self, response_id: int, moment: datetime) -> Days:
        return self.counting.days(response_id, moment, anonymous=self.anonymous)


def countings(at: DatabaseConnection) -> dict[int, Counting]:
    """Of every journey, by its id; read by everybody who is about to count."""
    return {row[0]: _counting(row) for row in _reading(at.dialect).rows(at, {})}


def countings_of(at: DatabaseConnection, journeys: Collection[int]) -> dict[int, Counting]:
    """The same of these journeys, for whoever is about to insert answers and has announced their numbers
    by it: who answers waits for no other journeys.
    """
    reading = _announcing(at.dialect)
    rows = [row for each in sorted(journeys) for row in reading.rows(at, {"journey": each})]
    return {row[0]: _counting(row[:_READ_COLUMNS]) for row in rows}


def countings_of_surveys(connection: Connection) -> Mapping[int, SurveyCounting]:
    """The same by survey."""
    known = countings(connection)
    own = _SURVEYS.c
    query = select(own.id, own.journey_id, own.anonymity)
    return {
        survey: SurveyCounting(known[journey], anonymity == "anonymous")
        for survey, journey, anonymity in connection.execute(query)
    }


@lru_cache(maxsize=8)
def _reading(dialect: Dialect) -> Statement:
    return Statement(_READ, dialect)


@lru_cache(maxsize=8)
def _announcing(dialect: Dialect) -> Statement:
    reading = _READ.add_columns(*announcing(dialect))
    return Statement(reading.where(_JOURNEYS.c.id == bindparam("journey")), dialect)


def _counting(row: tuple[Any, ...]) -> Counting:
    _, zone, first, generation, following, counted_to = row
    if isinstance(first, str):  # as SQLite keeps it
        first = date.fromisoformat(first)
    later = None if following is None else Calendar(following)
    return Counting(Calendar(zone, first), generation, later, counted_to)
