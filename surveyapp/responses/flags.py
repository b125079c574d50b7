"""Marks of answers that came in a way in which one person may have sent many; they count all the same.

Nothing is refused for them: an office, a shop or a school shares one address. A flag says what was seen, not
from where, and stands with the answer's paradata.
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

from sqlalchemy import ColumnElement, Dialect, Table, bindparam, select, update
from sqlalchemy.orm import Session

from surveyapp.responses.waiting import read_content
from surveyapp.store.models import HeldResponse, Response
from surveyapp.store.padded_seal import PaddedSeal
from surveyapp.store.statements import DatabaseConnection, Statement
from surveyapp.surveys.survey import Survey

FLAGS = "flags"  # in paradata
_RESPONSES = cast(Table, Response.__table__)
_HELD = cast(Table, HeldResponse.__table__)


class Flag(StrEnum):
    """What was seen."""

    BURST = "burst"  # many within a minute, from one address or by one form
    SAME_DEVICE = "same_device"  # many within a day, from one device


WORDS: Mapping[str, str] = {Flag.BURST: "Burst", Flag.SAME_DEVICE: "Same device"}


def unflagged() -> ColumnElement[bool]:
    """What holds for responses without a flag."""
    absent: ColumnElement[bool] = Response.paradata[FLAGS].as_string().is_(None)
    return absent


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
    return waiting | {key for key in left if _flag_response(at, key, found)}


def _flag_held(at: DatabaseConnection, hidden: str, found: Flag, seal: PaddedSeal) -> bool:
    """Flag an answer that waits; whether there is one."""
    for number, kept in _holding(at.dialect).rows(at, {"key": hidden}):
        content = read_content(kept, seal)
        if content is not None and (changed := _with(content["paradata"], found)):
            closed = seal.closed(json.dumps({**content, "paradata": changed}))
            _closing(at.dialect).run(at, {"number": number, "changed": closed})
        return True
    return False


def _flag_response(at: DatabaseConnection, key: str, found: Flag) -> bool:
    """Flag a response; whether there is one."""
    for number, kept in _reading(at.dialect).rows(at, {"key": key}):
        paradata = json.loads(kept) if isinstance(kept, str) else kept  # by driver
        if changed := _with(paradata, found):
            _writing(at.dialect).run(at, {"number": number, "changed": changed})
        return True
    return False


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
    query = select(own.id, own.paradata).where(own.submission_key == bindparam("key"))
    return Statement(query, dialect)


@lru_cache(maxsize=8)
def _writing(dialect: Dialect) -> Statement:
    own = _RESPONSES.c
    changed = bindparam("changed", type_=own.paradata.type)
    change = update(_RESPONSES).where(own.id == bindparam("number")).values(paradata=changed)
    return Statement(change, dialect)


def flagged(session: Session, survey_ids: Iterable[int]) -> dict[int, int]:
    """How many responses of each survey have a flag; absent without any."""
    query = select(Response.survey_id).where(
        Response.survey_id.in_(list(survey_ids)), Response.paradata[FLAGS].as_string().is_not(None)
    )
    return dict(Counter(session.scalars(query)))


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
        Response.survey_id.in_(known), Response.paradata[FLAGS].as_string().is_not(None)
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
