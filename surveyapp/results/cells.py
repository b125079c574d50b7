"""Rollups summed up: n, sums and histograms by survey, segment and scale. Never raw rows.

Whole months are read from the rollups by month, other periods from those by day.
``facets`` say of which channel and language, and whether flagged answers count; by default all but those.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from operator import add, sub
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Text, case, cast, func, select, tuple_
from sqlalchemy.orm import Session

from surveyapp.responses.facets import Facet
from surveyapp.results.facets import UNFLAGGED, WITH_FLAGGED, Facets
from surveyapp.store.models import (
    BINS,
    EVERYBODY,
    Journey,
    MonthlyRollup,
    Rollup,
    RollupFacet,
    SurveyRow,
)

RESPONSES = "responses"  # the scale that counts submissions


class Sums(NamedTuple):
    """What a formula needs of a group of scores; groups without a common member can be added."""

    n: int = 0
    total: float = 0.0
    total_squares: float = 0.0
    bins: tuple[int, ...] = (0,) * BINS

    def __add__(self, other: Sums) -> Sums:  # type: ignore[override]  # numbers, not fields
        return Sums(
            self.n + other.n,
            self.total + other.total,
            self.total_squares + other.total_squares,
            tuple(map(add, self.bins, other.bins)),
        )

    def __sub__(self, other: Sums) -> Sums:
        """The rest of a group without a part of it."""
        return Sums(
            self.n - other.n,
            self.total - other.total,
            self.total_squares - other.total_squares,
            tuple(map(sub, self.bins, other.bins)),
        )


NOTHING = Sums()
MonthKey = tuple[int, int]  # year, month
Key = tuple[int, str]  # survey, scale

_FACET = (RollupFacet.channel, RollupFacet.language, RollupFacet.flagged)
_SUMS = ("n", "total", "total_squares", *(f"b{i}" for i in range(BINS)))
_Table = type[Rollup] | type[MonthlyRollup]


@lru_cache(maxsize=4096)
def month_key(written: str) -> MonthKey:
    """A month that the database wrote as "2026-03"."""
    year, month = written.split("-")
    return int(year), int(month)


def _added(table: _Table) -> list[ColumnElement[Any]]:
    return [func.sum(getattr(table, name)) for name in _SUMS]


def _among(
    table: _Table,
    surveys: Sequence[int],
    scales: Collection[str] | None,
    facets: Facets,
) -> list[ColumnElement[bool]]:
    shown = (
        select(SurveyRow.id, Journey.generation)
        .join(Journey, Journey.id == SurveyRow.journey_id)
        .where(SurveyRow.id.in_(surveys))
    )
    conditions: list[ColumnElement[bool]] = [tuple_(table.survey_id, table.generation).in_(shown)]
    conditions += facets.among_rollups(table.facet)
    if scales is not None:
        conditions.append(table.scale.in_(sorted(scales)))
    return conditions


def _within(table: _Table, since: date | None, until: date | None) -> list[ColumnElement[bool]]:
    """What holds for the rows of these days; of months for those that have any of them."""
    at = _at(table)
    begin, end = (since, until) if table is Rollup else (_number(since), _number(until))
    held = []
    if begin is not None:
        held.append(at >= begin)
    if end is not None:
        held.append(at <= end)
    return held


def _at(table: _Table) -> Any:
    return Rollup.day if table is Rollup else MonthlyRollup.month


def _number(day: date | None) -> int | None:
    return None if day is None else day.year * 100 + day.month


def _are_months(since: date | None, until: date | None) -> bool:
    last = None if until is None else monthrange(until.year, until.month)[1]
    return (since is None or since.day == 1) and (until is None or until.day == last)


def _sums(values: Sequence[Any]) -> Sums:
    n, total, squares, *bins = values
    return Sums(int(n), float(total), float(squares), tuple(map(int, bins)))


def sums(
    session: Session,
    surveys: Sequence[int],
    segments: Sequence[int],
    *,
    since: date | None = None,
    until: date | None = None,
    facets: Facets = UNFLAGGED,
) -> dict[int, dict[Key, Sums]]:
    """Sums by segment, then (survey, scale); whole days, both ends included. Of segments only whole months."""
    table: _Table = MonthlyRollup if _are_months(since, until) else Rollup
    if table is Rollup and set(segments) != {EVERYBODY}:
        raise ValueError(
            f"Sums of segments are kept by month, and {since} to {until} are no whole months;"
            " ask for whole months or for everybody."
        )
    own = (table.segment_id, table.survey_id, table.scale)
    rows = session.execute(
        select(*own, *_added(table))
        .where(
            *_among(table, surveys, None, facets),
            *_within(table, since, until),
            table.segment_id.in_(segments),
        )
        .group_by(*own)
    )
    found: dict[int, dict[Key, Sums]] = {segment: {} for segment in segments}
    for segment, survey, scale, *values in rows:
        found[segment][(survey, scale)] = _sums(values)
    return found


def counts(
    session: Session,
    surveys: Sequence[int],
    *,
    segments: Collection[int] | None = None,
    scales: Collection[str] | None = None,
    facets: Facets = UNFLAGGED,
) -> dict[Key, dict[int, dict[MonthKey, int]]]:
    """Number of scores by (survey, scale), segment and month: all segments and all time, because
    what is hidden depends on all of them.

    ``segments`` and ``scales``: only these, where not all are looked at.
    """
    own = (
        MonthlyRollup.segment_id,
        MonthlyRollup.survey_id,
        MonthlyRollup.scale,
        MonthlyRollup.month,
    )
    rows = session.execute(
        select(*own, func.sum(MonthlyRollup.n))
        .where(*_among(MonthlyRollup, surveys, scales, facets), *_of(segments))
        .group_by(*own)
    )
    found: dict[Key, dict[int, dict[MonthKey, int]]] = {}
    for segment, survey, scale, month, n in rows:
        months = found.setdefault((survey, scale), {}).setdefault(segment, {})
        months[divmod(month, 100)] = int(n)
    return found


def _of(segments: Collection[int] | None) -> list[ColumnElement[bool]]:
    return [] if segments is None else [MonthlyRollup.segment_id.in_(sorted(segments))]


def counts_by_facet(
    session: Session,
    surveys: Sequence[int],
    *,
    segments: Collection[int] | None = None,
    scales: Collection[str] | None = None,
) -> dict[Key, dict[Facet, dict[int, dict[MonthKey, int]]]]:
    """The same of every answer by facet."""
    known = _facets(session)
    own = MonthlyRollup
    rows = session.execute(
        select(own.segment_id, own.survey_id, own.scale, own.month, own.facet, own.n).where(
            *_among(own, surveys, scales, WITH_FLAGGED), *_of(segments)
        )
    )
    found: dict[Key, dict[Facet, dict[int, dict[MonthKey, int]]]] = {}
    for segment, survey, scale, month, text, n in rows:
        by_segment = found.setdefault((survey, scale), {}).setdefault(known[text], {})
        by_segment.setdefault(segment, {})[divmod(month, 100)] = n
    return found


@dataclass(frozen=True)
class WrittenCounts:
    """Numbers of answers by segment and month, as the database wrote them: to see that they are those of
    before takes a fraction of reading them. ``everybody`` is the number of all.
    """

    everybody: int
    text: str

    def read(self) -> dict[int, dict[MonthKey, int]]:
        """The numbers by segment and month."""
        found: dict[int, dict[MonthKey, int]] = {}
        for each in self.text.split(","):
            segment, month, n = map(int, each.split(" "))
            months = found.setdefault(segment, {})
            key = divmod(month, 100)
            months[key] = months.get(key, 0) + n
        return found


def written_counts(
    session: Session,
    surveys: Sequence[int],
    *,
    segments: Collection[int],
    scales: Collection[str] | None = None,
) -> dict[Key, WrittenCounts]:
    """The ``counts`` of answers without a flag by (survey, scale), written."""
    own = MonthlyRollup
    by = (own.segment_id, own.survey_id, own.scale, own.month)
    summed = (
        select(*by, func.sum(own.n).label("n"))
        .where(*_among(own, surveys, scales, UNFLAGGED), *_of(segments))
        .group_by(*by)
        .subquery()
    )
    each = summed.c
    rows = session.execute(
        select(each.survey_id, each.scale, *_written(each.segment_id, each.month, each.n)).group_by(
            each.survey_id, each.scale
        )
    )
    return {(survey, scale): WrittenCounts(int(n), text) for survey, scale, n, text in rows}


def written_counts_by_facet(
    session: Session,
    surveys: Sequence[int],
    *,
    segments: Collection[int],
    scales: Collection[str] | None = None,
) -> dict[Key, dict[Facet, WrittenCounts]]:
    """The ``counts_by_facet`` of every answer, written."""
    known = _facets(session)
    own = MonthlyRollup
    by = (own.survey_id, own.scale, own.facet)
    rows = session.execute(
        select(*by, *_written(own.segment_id, own.month, own.n))
        .where(*_among(own, surveys, scales, WITH_FLAGGED), *_of(segments))
        .group_by(*by)
    )
    found: dict[Key, dict[Facet, WrittenCounts]] = {}
    for survey, scale, facet, n, text in rows:
        found.setdefault((survey, scale), {})[known[facet]] = WrittenCounts(int(n), text)
    return found


def _written(segment: Any, month: Any, n: Any) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """The number of everybody's, and all numbers as one text."""
    everybody = func.sum(case((segment == EVERYBODY, n), else_=0))
    each = cast(segment, Text) + " " + cast(month, Text) + " " + cast(n, Text)
    return everybody, func.aggregate_strings(each, ",")


def _facets(session: Session) -> dict[str, Facet]:
    told = session.execute(select(RollupFacet.facet, *_FACET))
    return {text: Facet(channel, language, flagged) for text, channel, language, flagged in told}


def fingerprint(session: Session, surveys: Sequence[int], segments: Collection[int]) -> int:
    """A number that differs when any of these segments' numbers of answers does, in any month and facet.

    The database sums them up, each with two factors of its own: to read them all takes several times as
    long.
    """
    own = MonthlyRollup
    place = own.month * 7919 + own.segment_id * 104_729
    mixed = [func.sum(own.n * (place % prime)) for prime in (999_983, 899_981)]
    key = (own.survey_id, own.scale, own.facet)
    rows = session.execute(
        select(*key, func.sum(own.n), *mixed)
        .where(*_among(own, surveys, None, WITH_FLAGGED), *_of(segments))
        .group_by(*key)
    )
    return hash(
        tuple(sorted((*key, *map(int, sums)) for *key, n, a, b in rows for sums in [(n, a, b)]))
    )


def monthly(
    session: Session,
    surveys: Sequence[int],
    segments: Sequence[int],
    *,
    scales: Collection[str] | None = None,
    facets: Facets = UNFLAGGED,
) -> dict[int, dict[Key, dict[MonthKey, Sums]]]:
    """Sums by segment, (survey, scale) and month; only months that have any.

    ``scales``: only these, where not all are looked at.
    """
    table = MonthlyRollup
    own = (table.segment_id, table.survey_id, table.scale, table.month)
    rows = session.execute(
        select(*own, *_added(table))
        .where(*_among(table, surveys, scales, facets), table.segment_id.in_(segments))
        .group_by(*own)
    )
    found: dict[int, dict[Key, dict[MonthKey, Sums]]] = {segment: {} for segment in segments}
    for segment, survey, scale, month, *values in rows:
        months = found[segment].setdefault((survey, scale), {})
        months[divmod(month, 100)] = _sums(values)
    return found


def facets(session: Session, surveys: Sequence[int]) -> set[Facet]:
    """By which channels and languages the surveys' answers came, and of which some are flagged."""
    there = select(MonthlyRollup.facet).where(
        *_among(MonthlyRollup, surveys, [RESPONSES], WITH_FLAGGED),
        *(MonthlyRollup.segment_id == EVERYBODY, MonthlyRollup.n > 0),
    )
    told = select(*_FACET).where(RollupFacet.facet.in_(there))
    return {Facet(*row) for row in session.execute(told)}


Answered = dict[int, dict[int, tuple[int, date, date]]]  # by segment, then survey


def days(
    session: Session,
    surveys: Sequence[int],
    segments: Sequence[int],
    *,
    since: date | None = None,
    until: date | None = None,
    facets: Facets = UNFLAGGED,
) -> Answered:
    """Submissions of whole months, first and last day of answers; a survey without any is absent."""
    found, flagged = days_by_flag(
        session, surveys, segments, since=since, until=until, facets=facets
    )
    for segment, by_survey in flagged.items() if facets.flagged else ():
        for survey, (n, first, last) in by_survey.items():
            more = found[segment].get(survey, (0, first, last))
            ends = min(more[1], first), max(more[2], last)
            found[segment][survey] = (more[0] + n, *ends)
    return found


def days_by_flag(
    session: Session,
    surveys: Sequence[int],
    segments: Sequence[int],
    *,
    since: date | None = None,
    until: date | None = None,
    facets: Facets = UNFLAGGED,
) -> tuple[Answered, Answered]:
    """The same of the answers without a flag, and of the flagged ones."""
    table = MonthlyRollup
    both = replace(facets, flagged=True)
    own = (table.survey_id, table.generation, table.segment_id, RollupFacet.flagged)
    counted = (
        select(*own, func.sum(table.n).label("n"))
        .join(RollupFacet, RollupFacet.facet == table.facet)
        .where(
            *_among(table, surveys, [RESPONSES], both),
            *_within(table, since, until),
            table.segment_id.in_(segments),
            table.n > 0,  # what was erased leaves an empty row
        )
        .group_by(*own)
        .subquery()
    )
    of = counted.c
    answered = (
        select(Rollup.day)
        .where(
            *(Rollup.survey_id == of.survey_id, Rollup.generation == of.generation),
            *(Rollup.segment_id == of.segment_id, Rollup.scale == RESPONSES, Rollup.n > 0),
            *_within(Rollup, since, until),
            *both.among_rollups(Rollup.facet),
            Rollup.facet.in_(select(RollupFacet.facet).where(RollupFacet.flagged == of.flagged)),
        )
        .limit(1)
    )
    first, last = (
        answered.order_by(end).scalar_subquery() for end in (Rollup.day, Rollup.day.desc())
    )
    rows = session.execute(select(of.segment_id, of.survey_id, of.flagged, of.n, first, last))
    found: tuple[Answered, Answered] = {s: {} for s in segments}, {s: {} for s in segments}
    for segment, survey, flagged, n, *ends in rows:
        found[flagged][segment][survey] = (int(n), *ends)
    return found


def by_channel(
    session: Session,
    surveys: Sequence[int],
    *,
    since: date | None = None,
    until: date | None = None,
) -> dict[int, dict[str, int]]:
    """Submissions of everybody in whole months, flagged ones included, by survey and channel."""
    table = MonthlyRollup
    own = (table.survey_id, RollupFacet.channel)
    rows = session.execute(
        select(*own, func.sum(table.n))
        .join(RollupFacet, RollupFacet.facet == table.facet)
        .where(
            *_among(table, surveys, [RESPONSES], WITH_FLAGGED),
            *_within(table, since, until),
            *(table.segment_id == EVERYBODY, table.n > 0),
        )
        .group_by(*own)
    )
    found: dict[int, dict[str, int]] = {}
    for survey, channel, n in rows:
        found.setdefault(survey, {})[channel] = int(n)
    return found


def daily(session: Session, survey: int, *, since: date, until: date) -> dict[date, int]:
    """Submissions of a survey by day, of everybody; days without any are absent."""
    rows = session.execute(
        select(Rollup.day, func.sum(Rollup.n))
        .where(
            *_among(Rollup, [survey], [RESPONSES], UNFLAGGED),
            *_within(Rollup, since, until),
            Rollup.segment_id == EVERYBODY,
        )
        .group_by(Rollup.day)
    )
    return {day: int(n) for day, n in rows}
