"""Answers to questions counted by month, segments and facet: what a worker kept, and what came since.

One pass over all responses takes some 10 µs for each, and what may be shown depends on all months, segments
and facets. Of large journeys a worker therefore keeps the counts of each month. A kept month is believed only
where it holds as many responses of every segment and facet as the rollups do, together with those that have
come since; any other month is read again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, func, literal, or_, select
from sqlalchemy import cast as cast_to
from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.journeys.calendar import UTC_DAYS, Calendar, calendar_of
from surveyapp.journeys.segments import parse
from surveyapp.responses.facets import Facet, facet_columns
from surveyapp.responses.numbers import newer_than, newest
from surveyapp.results import definitions
from surveyapp.results.answers.counted_answers import (
    COUNTED,
    Alike,
    AnswerCounts,
    Cells,
    Counts,
    by_month,
    counted,
    from_document,
)
from surveyapp.results.cells import RESPONSES, MonthKey, counts_by_facet, month_key
from surveyapp.results.journey import Ground
from surveyapp.results.months import month_of
from surveyapp.results.scope import period
from surveyapp.results.suppression.customer_groups import segments_of
from surveyapp.store.db import read_once
from surveyapp.store.models import EVERYBODY, AnswerCounting, Erasure, KeptAnswers, Response
from surveyapp.surveys.survey import Survey

_AT_ONCE = 2000  # rows in memory


def answer_counts(
    session: Session, base: Ground, surveys: Sequence[int], *, library: Library
) -> AnswerCounts:
    """The answers to these surveys as they are now; what is not kept is read."""
    standing = _standing(session, base, surveys, library)
    return AnswerCounts({one.survey.id: _parts(session, base, one) for one in standing})


def unread(session: Session, base: Ground, surveys: Sequence[int], *, library: Library) -> int:
    """How many responses ``answer_counts`` would have to read."""
    return sum(one.unread for one in _standing(session, base, surveys, library))


def keep(session: Session, base: Ground, survey: int, *, library: Library) -> Kept | None:
    """What is to be kept of a survey's answers instead of what is; None where nothing has changed."""
    (one,) = _standing(session, base, [survey], library)
    counted_to, erased_at = newest(session), _last_erasure(session, survey)
    if one.is_coarse or (one.counted_to == counted_to and not one.unread and not one.gone):
        return None
    months = by_month(_parts(session, base, one))
    corrected = _corrections(session, base, [one.survey], counted_to)
    changed = {
        month: (counts, corrected.get((survey, month), ""))
        for month, counts in months.items()
        if counts is not one.kept.get(month)
    }
    gone = tuple(one.stored - months.keys())
    return Kept(survey, one.rules, counted_to, erased_at, changed, gone)


@dataclass(frozen=True)
class Kept:
    """What is to be stored of a survey: its responses up to the number ``counted_to`` are counted then, and
    none that was erased until ``erased_at``; ``months`` have changed, each with the mark of its corrections,
    and those of ``gone`` have no answers.
    """

    survey_id: int
    rules: str
    counted_to: int
    erased_at: datetime | None
    months: Mapping[MonthKey, tuple[Counts, str]]
    gone: tuple[MonthKey, ...]


@dataclass(frozen=True)
class _Standing:
    """What is known of a survey before its responses are read.

    ``now`` are the rollups' numbers of responses; ``kept`` has the months of which nothing has been
    corrected or erased since they were counted, ``stored`` all that have a row. ``is_coarse``: the rollups do not tell facets
    apart, as before they did, so that nothing kept could be held against them.
    """

    survey: Survey
    rules: str
    items: Mapping[str, tuple[str, ...]]  # by instrument
    now: Mapping[MonthKey, Cells]
    kept: Mapping[MonthKey, Counts]
    stored: frozenset[MonthKey]
    counted_to: int | None
    is_coarse: bool

    @property
    def gone(self) -> bool:
        return not self.stored <= self.now.keys()

    @property
    def unread(self) -> int:
        return sum(self._unread_of(month) for month in self.now)

    def _unread_of(self, month: MonthKey) -> int:
        cells, own = self.now[month], self.kept.get(month)
        n = sum(n for (segment, _), n in cells.items() if segment == EVERYBODY)
        if own is None or self.counted_to is None:
            return n
        known = own.cells
        more = n - sum(own.responses)
        if any(cells.get(cell, 0) < held for cell, held in known.items()):
            return n
        return n if more and self.survey.is_anonymous else more


def _standing(
    session: Session, base: Ground, surveys: Sequence[int], library: Library
) -> list[_Standing]:
    ids = tuple(sorted(surveys))
    key = ("answers kept", base.journey.id, ids, id(library))
    return read_once(session, key, lambda: _looked_up(session, base, ids, library))


def _looked_up(
    session: Session, base: Ground, ids: Sequence[int], library: Library
) -> list[_Standing]:
    own = {survey.id: survey for survey in base.surveys if survey.id in ids}
    items = {number: _items(base, survey, library) for number, survey in own.items()}
    rules = {number: _rules(base, items[number]) for number in own}
    countings = {
        row.survey_id: row
        for row in session.scalars(select(AnswerCounting).where(AnswerCounting.survey_id.in_(ids)))
        if row.rules == rules[row.survey_id]
    }
    rows: dict[int, list[KeptAnswers]] = {number: [] for number in own}
    for row in session.scalars(select(KeptAnswers).where(KeptAnswers.survey_id.in_(ids))):
        rows[row.survey_id].append(row)
    marks = _corrections(session, base, [own[n] for n in countings]) if countings else {}
    cells = _now(session, base, ids)
    found = []
    for number, survey in own.items():
        months = {divmod(row.month, 100): row for row in rows[number]}
        counting = countings.get(number)
        erased = _erased_since(session, counting) if counting else frozenset()
        found.append(
            _Standing(
                survey,
                rules[number],
                items[number],
                cells[number],
                {
                    month: from_document(month, row.counts)
                    for month, row in months.items()
                    if counting is not None
                    and row.corrected == marks.get((number, month), "")
                    and not erased & {month, None}
                },
                frozenset(months),
                counting.counted_to if counting else None,
                any(not facet.channel for own in cells[number].values() for _, facet in own),
            )
        )
    return found


def _now(session: Session, base: Ground, ids: Sequence[int]) -> dict[int, dict[MonthKey, Cells]]:
    """Of each survey the responses that the rollups count, by month, segment and facet."""
    by_facet = counts_by_facet(session, ids, scales=[RESPONSES])
    found: dict[int, dict[MonthKey, Cells]] = {}
    for survey in ids:
        own = found.setdefault(survey, {})
        for facet, by_segment in by_facet.get((survey, RESPONSES), {}).items():
            for segment, months in by_segment.items():
                if segment == EVERYBODY or segment in base.segments:
                    for month, n in months.items():
                        if n:
                            own.setdefault(month, {})[segment, facet] = n
    return found


def _corrections(
    session: Session, base: Ground, surveys: Sequence[Survey], up_to: int | None = None
) -> dict[tuple[int, MonthKey], str]:
    """A mark by survey and month, which differs when a response that was counted has been corrected since."""
    found = {}
    for own, calendar in _calendars(base, surveys):
        ids = [survey.id for survey in own]
        month = month_of(session, ids, calendar).label("month")
        query = (
            select(Response.survey_id, month, func.count(), func.max(Response.corrected_at))
            .where(Response.survey_id.in_(ids), Response.corrected_at.is_not(None))
            .group_by(Response.survey_id, "month")
        )
        # The numbers of anonymous responses say nothing of when they came.
        if not own[0].is_anonymous and up_to is None:
            counting = AnswerCounting.survey_id == Response.survey_id
            query = query.join(AnswerCounting, counting)
            query = query.where(Response.id <= AnswerCounting.counted_to)
        elif not own[0].is_anonymous:
            query = query.where(Response.id <= up_to)
        for survey, written, n, last in session.execute(query):
            found[survey, month_key(written)] = f"{n} {last.isoformat()}"
    return found


def _parts(session: Session, base: Ground, one: _Standing) -> list[Counts]:
    key = ("answers counted", one.survey.id, one.rules)
    return read_once(session, key, lambda: _read_rest(session, base, one))


def _last_erasure(session: Session, survey: int) -> datetime | None:
    return session.scalar(select(func.max(Erasure.erased_at)).where(Erasure.survey_id == survey))


def _erased_since(session: Session, counting: AnswerCounting) -> frozenset[MonthKey | None]:
    """The months, by any clock, of responses that have been erased since; None where that is not known."""
    own = [Erasure.survey_id == counting.survey_id]
    if counting.erased_at is not None:
        own.append(Erasure.erased_at > counting.erased_at)
    found: set[MonthKey | None] = set()
    for day in session.scalars(select(Erasure.answered_on).where(*own).distinct()):
        for near in (-1, 0, 1):
            at = day + timedelta(days=near) if day else None
            found.add((at.year, at.month) if at else None)
    return frozenset(found)


def _read_rest(session: Session, base: Ground, one: _Standing) -> list[Counts]:
    """A survey's kept months that hold together with what has come since, and the others read anew."""
    if one.counted_to is None or one.is_coarse:
        return list(_read(session, base, one).values())
    fresh: Mapping[MonthKey, Counts] = {}
    if not one.survey.is_anonymous:
        # A sum, so that the databases look for the newest numbers and not for the survey.
        own = Response.survey_id + 0 == one.survey.id
        fresh = _read(session, base, one, newer_than(one.counted_to), own)
    parts: list[Counts] = []
    anew: list[MonthKey] = []
    for month, cells in one.now.items():
        both = [each[month] for each in (one.kept, fresh) if month in each]
        together: Counter[tuple[int, Facet]] = Counter()
        for each in both:
            together.update(each.cells)
        if month in one.kept and together == cells:
            parts += both
        else:
            anew.append(month)
    if anew:
        parts += _read(session, base, one, _in_months(base, one.survey, anew)).values()
    return parts


def _read(
    session: Session, base: Ground, one: _Standing, *which: ColumnElement[bool]
) -> dict[MonthKey, Counts]:
    """The survey's responses, or which of them, counted by month in one pass."""
    (_, calendar), *_ = _calendars(base, [one.survey])
    attributes = cast_to(Response.attributes, Text) if base.segments else literal("{}")
    query = (
        select(
            month_of(session, [one.survey.id], calendar),
            attributes,
            *facet_columns(),
            Response.answers,
        )
        .where(*(which or (Response.survey_id == one.survey.id,)))
        .execution_options(yield_per=_AT_ONCE)
    )
    rules = {segment: parse(name.rule) for segment, name in base.segments.items()}
    segments: dict[str, frozenset[int]] = {}
    kinds: dict[tuple[Any, ...], Alike] = {}
    responses: Counter[Alike] = Counter()
    tally: Counter[tuple[str, str, Any, Alike]] = Counter()
    for written, known, channel, language, flagged, answers in session.execute(query):
        told = (written, known, channel, language, flagged)
        kind = kinds.get(told)
        if kind is None:
            if known not in segments:
                segments[known] = segments_of(rules, json.loads(known))
            facet = Facet(channel, language, bool(flagged))
            kind = kinds[told] = Alike(month_key(written), segments[known], facet)
        responses[kind] += 1
        for instrument, items in one.items.items():
            own = answers.get(instrument) or {}
            for item in items:
                given = own.get(item)
                if given is not None:
                    key = tuple(given) if isinstance(given, list) else given
                    tally[instrument, item, key, kind] += 1
    return counted(responses, tally)


def _items(base: Ground, survey: Survey, library: Library) -> dict[str, tuple[str, ...]]:
    """The items whose answers are counted, by instrument: all that are asked where the survey asks."""
    found: dict[str, set[str]] = {}
    for beside in base.surveys:
        if beside.touchpoint_id != survey.touchpoint_id:
            continue
        for instrument, key, _ in definitions.asked(beside, library=library):
            own = found.setdefault(instrument.code, set())
            own |= {item.code for item in instrument.asked(key) if item.kind in COUNTED}
    return {code: tuple(sorted(own)) for code, own in sorted(found.items())}


def _rules(base: Ground, items: Mapping[str, Sequence[str]]) -> str:
    """A fingerprint of what answers are counted by."""
    told = [base.journey.zone, *(f"{s}:{name.rule}" for s, name in sorted(base.segments.items()))]
    told += [f"{instrument}.{item}" for instrument, own in items.items() for item in own]
    return sha256("\n".join(told).encode()).hexdigest()


def _calendars(base: Ground, surveys: Sequence[Survey]) -> list[tuple[list[Survey], Calendar]]:
    """These surveys with whose days theirs are: answers to anonymous ones know no other than UTC's."""
    kinds = ((True, UTC_DAYS), (False, calendar_of(base.journey)))
    found = [([s for s in surveys if s.is_anonymous is kind], calendar) for kind, calendar in kinds]
    return [(own, calendar) for own, calendar in found if own]


def _in_months(base: Ground, survey: Survey, months: Sequence[MonthKey]) -> ColumnElement[bool]:
    """What holds for the survey's responses of these months."""
    (_, calendar), *_ = _calendars(base, [survey])
    spans = [period(first := date(*month, 1), first) for month in months]
    bounds = [calendar.bounds(span.since, span.until) for span in spans]
    at = Response.submitted_at
    return and_(
        Response.survey_id == survey.id,
        or_(*(and_(at >= begin, at < end) for begin, end in bounds)),
    )
