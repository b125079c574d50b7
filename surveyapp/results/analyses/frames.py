"""Responses to frames of items, or to their moments in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import null, select
from sqlalchemy.orm import Session

from analysis.moments import Moments, moments, pooled
from instruments.schema import Instrument, ItemKind
from surveyapp.errors import Conflict
from surveyapp.journeys.segments import Rule
from surveyapp.responses.flags import unflagged
from surveyapp.results.answers.answered import segment_rule
from surveyapp.store.models import Response, SurveyRow

_CHUNK = 5_000
Span = tuple[datetime, datetime]
_NUMERIC = {ItemKind.RATING, ItemKind.ZERO_TO_TEN, ItemKind.YES_NO}


def numeric_items(instrument: Instrument) -> tuple[str, ...]:
    """The items whose answers are numbers."""
    return tuple(item.code for item in instrument.items if item.kind in _NUMERIC)


@dataclass(frozen=True)
class Beside:
    """What a frame carries beside the items: attributes of the respondents, the items of a marker
    instrument, columns with the seconds that the items took and the response's number, and for each of
    the ``worded`` instruments a column (``wording_column``) with the wording that was read. ``rules``
    of segments: for each a column (``segment_column``) that says whether the respondent is in it.
    """

    attributes: Sequence[str] = ()
    marker: Instrument | None = None
    seconds: str | None = None
    worded: Sequence[str] = ()
    number: str | None = None
    rules: Mapping[int, Rule] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """All of them in the frame's order."""
        marked = numeric_items(self.marker) if self.marker else ()
        worded = map(wording_column, self.worded)
        ruled = map(segment_column, self.rules)
        single = filter(None, [self.seconds, self.number])
        return [*self.attributes, *marked, *single, *worded, *ruled]


def wording_column(code: str) -> str:
    """The name of the column with the wordings of this instrument."""
    return f"wording of {code}"


def segment_column(segment_id: int) -> str:
    """The name of the column that says who is in this segment."""
    return f"in segment {segment_id}"


def frame(
    session: Session,
    instrument: Instrument,
    *,
    journey_id: int,
    survey_id: int | None = None,
    segment_id: int | None = None,
    beside: Beside = Beside(),
    without_flagged: bool = False,
    newest: int | None = None,
    between: Span | None = None,
) -> pd.DataFrame:
    """One row a response that was asked this instrument, one column a numeric item, missing NaN.

    Rows in the order of their arrival, ``without_flagged`` those of an unusual way to come, of the
    ``newest`` responses only where that is given, and of those submitted ``between`` two moments, the
    second one excluded. Attributes are kept as they are stored, None where absent.
    Seconds run from the opening of the page to its submission, shared out over all items that the
    page asked: NaN where the opening is unknown. Raises NotFound for an unknown segment, Conflict
    for an attribute with the name of an item.
    """
    names = numeric_items(instrument)
    marked = numeric_items(beside.marker) if beside.marker else ()
    clash = sorted(
        {*beside.attributes, *filter(None, [beside.seconds, beside.number])} & {*names, *marked}
    )
    if clash:
        raise Conflict(
            f"{clash[0]} is the name of an attribute and of an item; rename the attribute"
        )
    chunks, others = [], []
    for rows in _rows(
        session,
        instrument,
        journey_id,
        survey_id,
        segment_id,
        worded=bool(beside.worded),
        without_flagged=without_flagged,
        newest=newest,
        between=between,
    ):
        chunks.append(_values(rows, instrument.code, names))
        others += [_others(row, instrument.code, beside, marked) for row in rows]
    values = np.concatenate(chunks) if chunks else np.empty((0, len(names)))
    found = pd.DataFrame(values, columns=list(names))
    if not beside.columns:
        return found
    return pd.concat([found, pd.DataFrame(others, columns=beside.columns)], axis=1)


def streamed(
    session: Session,
    instrument: Instrument,
    names: tuple[str, ...],
    *,
    journey_id: int,
    survey_id: int | None = None,
    segment_id: int | None = None,
) -> Moments:
    """n, means and covariance of complete rows in one pass, in memory of one chunk.

    Raises TooFewCases without a complete row, NotFound for an unknown segment.
    """
    chunks = (
        _values(rows, instrument.code, names)
        for rows in _rows(session, instrument, journey_id, survey_id, segment_id)
    )
    return pooled(
        moments(pd.DataFrame(chunk, columns=list(names)), need=1)
        for chunk in chunks
        if not np.isnan(chunk).any(axis=1).all()
    )


@dataclass(frozen=True)
class _Row:
    answers: dict[str, dict[str, Any]]
    attributes: dict[str, Any]
    started: datetime | None
    submitted: datetime
    number: int
    wordings: dict[str, str] | None  # None where they were not asked for


def _rows(
    session: Session,
    instrument: Instrument,
    journey_id: int,
    survey_id: int | None,
    segment_id: int | None,
    *,
    worded: bool = False,
    without_flagged: bool = False,
    newest: int | None = None,
    between: Span | None = None,
) -> Iterator[list[_Row]]:
    """The responses that were asked the instrument, in chunks."""
    rule = segment_rule(session, segment_id)
    query = (
        select(
            *(Response.answers, Response.attributes, Response.started_at, Response.submitted_at),
            Response.id,
            Response.wordings if worded else null(),
        )
        .join(SurveyRow)
        .where(SurveyRow.journey_id == journey_id)
        .order_by(Response.id)
        .execution_options(yield_per=_CHUNK)
    )
    if survey_id is not None:
        query = query.where(Response.survey_id == survey_id)
    if without_flagged:
        query = query.where(unflagged())
    if between is not None:
        begin, end = between
        query = query.where(Response.submitted_at >= begin, Response.submitted_at < end)
    if newest is not None:
        # The last of those beyond them; none (NULL) where there are no more.
        ids = query.with_only_columns(Response.id).order_by(None).order_by(Response.id.desc())
        last = session.scalar(ids.offset(newest).limit(1))
        if last is not None:
            query = query.where(Response.id > last)
    for rows in session.execute(query).partitions():
        kept = [
            _Row(*row)
            for row in rows
            if instrument.code in row[0] and (rule is None or rule.matches(row[1]))
        ]
        if kept:
            yield kept


def _values(rows: list[_Row], code: str, names: Sequence[str]) -> np.ndarray:
    return np.array([[_number(row.answers[code].get(name)) for name in names] for row in rows])


def _others(row: _Row, code: str, beside: Beside, marked: Sequence[str]) -> list[Any]:
    found = [row.attributes.get(name) for name in beside.attributes]
    if beside.marker is not None:
        given = row.answers.get(beside.marker.code, {})
        found += [_number(given.get(name)) for name in marked]
    if beside.seconds is not None:
        found.append(_seconds(row, code))
    if beside.number is not None:
        found.append(row.number)
    found += [(row.wordings or {}).get(each) for each in beside.worded]
    return [*found, *(rule.matches(row.attributes) for rule in beside.rules.values())]


def _seconds(row: _Row, code: str) -> float:
    """The page's time, shared out by how many of its items are the instrument's."""
    asked = sum(len(items) for items in row.answers.values())
    if row.started is None or not asked:
        return float("nan")
    return (row.submitted - row.started).total_seconds() * len(row.answers[code]) / asked


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
