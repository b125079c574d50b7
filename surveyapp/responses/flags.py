"""Marks of answers that came in a way in which one person may have sent many; nothing is refused for them.

An office, a shop or a school shares one address. A flag says what was seen, not from where, and stands with
the answer's paradata. Rollups count flagged answers apart from all others.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Dialect, Table, bindparam, func, select, update
from sqlalchemy.orm import Session

from surveyapp.responses import rollups
from surveyapp.responses.counting import SurveyCounting, countings
from surveyapp.responses.facets import FLAGS, facet_of, is_flagged
from surveyapp.responses.tally import RESPONSES, Tally
from surveyapp.responses.waiting import read_content
from surveyapp.store.columns import read_moment
from surveyapp.store.models import (
    EVERYBODY,
    HeldResponse,
    Journey,
    MonthlyRollup,
    Response,
    RollupFacet,
    Score,
    SurveyRow,
)
from surveyapp.store.padded_seal import PaddedSeal
from surveyapp.store.statements import DatabaseConnection, Statement
from surveyapp.surveys.survey import Survey

_RESPONSES = cast(Table, Response.__table__)
_HELD = cast(Table, HeldResponse.__table__)
_SURVEYS = cast(Table, SurveyRow.__table__)
_SCORES = cast(Table, Score.__table__)
_COUNTED = ("id", "survey_id", "submitted_at", "attributes", "source", "language", "paradata")


class Flag(StrEnum):
    """What was seen."""

    BURST = "burst"  # many within a minute, from one address or by one form
    SAME_DEVICE = "same_device"  # many within a day, from one device


WORDS: Mapping[str, str] = {Flag.BURST: "Burst", Flag.SAME_DEVICE: "Same device"}


def unflagged() -> ColumnElement[bool]:
    """What holds for responses without a flag."""
    return ~is_flagged()


def flags_of(paradata: Mapping[str, Any]) -> list[str]:
    """The flags of a response."""
    return list(paradata.get(FLAGS, ()))


def flag(
    at: DatabaseConnection, submission_keys: Sequence[str], found: Flag, seal: PaddedSeal
) -> set[str]:
    """Flag answers by the keys of their forms, whether they wait or are responses; the keys of those
    that are stored already.
    """
    # In one order for all, in which a release locks them as well.
    hidden = sorted((seal.hidden(key), key) for key in submission_keys)
    waiting = {key for name, key in hidden if _flag_held(at, name, found, seal)}
    left = [key for key in submission_keys if key not in waiting]
    found_rows = [(key, _flag_response(at, key, found)) for key in left]
    _move(at, [row for _, row in found_rows if row])
    return waiting | {key for key, row in found_rows if row is not None}


def _flag_held(at: DatabaseConnection, hidden: str, found: Flag, seal: PaddedSeal) -> bool:
    """Flag an answer that waits; whether there is one."""
    for number, kept in _holding(at.dialect).rows(at, {"key": hidden}):
        content = read_content(kept, seal)
        if content is not None and (changed := _with(content["paradata"], found)):
            closed = seal.closed(json.dumps({**content, "paradata": changed}))
            _closing(at.dialect).run(at, {"number": number, "changed": closed})
        return True
    return False


def _flag_response(at: DatabaseConnection, key: str, found: Flag) -> dict[str, Any] | None:
    """Flag a response; None where there is none, nothing of one that had a flag, else what it is counted
    by.
    """
    for *values, journey, anonymity in _reading(at.dialect).rows(at, {"key": key}):
        row = dict(zip(_COUNTED, values, strict=True))
        for name in ("paradata", "attributes"):  # by driver
            row[name] = json.loads(row[name]) if isinstance(row[name], str) else row[name]
        if changed := _with(row["paradata"], found):
            _writing(at.dialect).run(at, {"number": row["id"], "changed": changed})
        about = {"journey_id": journey, "anonymous": anonymity == "anonymous"}
        return {} if flags_of(row["paradata"]) else {**row, **about}
    return None


def _move(at: DatabaseConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Count responses among the flagged ones from now on, in one pass over the rollups."""
    if not rows:
        return
    rollups.begin(at)
    rules, known, tally = rollups.segment_rules(at), countings(at), Tally()
    for row in rows:
        counting = SurveyCounting(known[row["journey_id"]], row["anonymous"])
        moment = read_moment(row["submitted_at"])
        if moment is None:
            continue
        days = counting.days(row["id"], moment)
        segments = rollups.segments_of(rules, row["id"], row["survey_id"], row["attributes"])
        scores = dict(_scores(at.dialect).rows(at, {"number": row["id"]}))
        facet = facet_of(row)
        for times, flagged_now in ((-1, False), (1, True)):
            to = facet._replace(flagged=flagged_now)
            tally.add(row["survey_id"], days, scores, segments, to, times=times)
    rollups.increase(at, tally)


def _with(paradata: Mapping[str, Any], found: Flag) -> dict[str, Any] | None:
    """The paradata with a flag; None where it is there already."""
    known = flags_of(paradata)
    return None if found in known else {**paradata, FLAGS: sorted([*known, found])}


@lru_cache(maxsize=8)
def _holding(dialect: Dialect) -> Statement:
    own = _HELD.c
    query = select(own.id, own.content).where(own.submission_key == bindparam("key"))
    return Statement(query.with_for_update(), dialect)


@lru_cache(maxsize=8)
def _closing(dialect: Dialect) -> Statement:
    own = _HELD.c
    changed = bindparam("changed", type_=own.content.type)
    change = update(_HELD).where(own.id == bindparam("number")).values(content=changed)
    return Statement(change, dialect)


@lru_cache(maxsize=8)
def _reading(dialect: Dialect) -> Statement:
    own = _RESPONSES.c
    query = (
        select(*(own[name] for name in _COUNTED), _SURVEYS.c.journey_id, _SURVEYS.c.anonymity)
        .join(_SURVEYS, _SURVEYS.c.id == own.survey_id)
        .where(own.submission_key == bindparam("key"))
    )
    return Statement(query.with_for_update(of=_RESPONSES), dialect)


@lru_cache(maxsize=8)
def _scores(dialect: Dialect) -> Statement:
    own = _SCORES.c
    query = select(own.scale, own.value).where(own.response_id == bindparam("number"))
    return Statement(query, dialect)


@lru_cache(maxsize=8)
def _writing(dialect: Dialect) -> Statement:
    own = _RESPONSES.c
    changed = bindparam("changed", type_=own.paradata.type)
    change = update(_RESPONSES).where(own.id == bindparam("number")).values(paradata=changed)
    return Statement(change, dialect)


def flagged(session: Session, survey_ids: Iterable[int]) -> dict[int, int]:
    """How many responses of each survey have a flag; absent without any.

    By the rollups: PostgreSQL, which takes nearly every response for flagged, would look at all.
    """
    own = MonthlyRollup
    counted = func.sum(own.n)
    query = (
        select(own.survey_id, counted)
        .join(RollupFacet, RollupFacet.facet == own.facet)
        .join(SurveyRow, SurveyRow.id == own.survey_id)
        .join(Journey, Journey.id == SurveyRow.journey_id)
        .where(
            own.survey_id.in_(list(survey_ids)),
            own.generation == Journey.generation,
            own.segment_id == EVERYBODY,
            own.scale == RESPONSES,
            RollupFacet.flagged,
        )
        .group_by(own.survey_id)
        .having(counted > 0)
    )
    return {survey: int(n) for survey, n in session.execute(query)}


@dataclass(frozen=True)
class FlaggedTime:
    """Flagged answers to a survey in one hour (UTC); of an anonymous one, on one day."""

    survey: Survey
    begin: datetime
    answers: int  # flagged ones
    by_flag: Mapping[str, int]
    seconds: int | None  # from the first to the last of them; None where only the day is kept
    ways: tuple[str, ...]


def pattern(session: Session, surveys: Sequence[Survey]) -> list[FlaggedTime]:
    """When the flagged answers to these surveys came, the latest first."""
    known = {survey.id: survey for survey in surveys}
    query = select(Response.survey_id, Response.submitted_at, Response.paradata).where(
        Response.survey_id.in_(known), is_flagged()
    )
    found: dict[tuple[int, datetime], list[tuple[datetime, Mapping[str, Any]]]] = {}
    for survey, moment, paradata in session.execute(query):
        hour = moment.replace(minute=0, second=0, microsecond=0)
        if known[survey].is_anonymous:
            hour = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        found.setdefault((survey, hour), []).append((moment, paradata))
    times = [_time(known[survey], hour, rows) for (survey, hour), rows in found.items()]
    return sorted(times, key=lambda each: (each.begin, each.survey.id), reverse=True)


def _time(
    survey: Survey, begin: datetime, rows: Sequence[tuple[datetime, Mapping[str, Any]]]
) -> FlaggedTime:
    moments = [moment for moment, _ in rows]
    return FlaggedTime(
        survey,
        begin,
        len(rows),
        Counter(each for _, paradata in rows for each in flags_of(paradata)),
        None
        if survey.is_anonymous
        else round((max(moments) - min(moments)) / timedelta(seconds=1)),
        tuple(sorted({str(paradata.get("way", "page")) for _, paradata in rows})),
    )
