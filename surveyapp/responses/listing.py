"""What staff read of responses: a page of a list, and one response in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session, joinedload

from instruments.loader import Library
from instruments.schema import Instrument, Item, ItemKind, Wording
from surveyapp.errors import NotFound
from surveyapp.journeys.calendar import UTC_DAYS, Calendar, calendar_of
from surveyapp.journeys.segments import Rule
from surveyapp.responses.facets import facet_columns
from surveyapp.store.models import Journey, Response, Score, SurveyRow
from surveyapp.surveys import queries
from surveyapp.surveys.queries import survey_of
from surveyapp.surveys.survey import Survey

_SNIPPET = 160  # characters of a comment in a list
_BATCH = 1000


@dataclass(frozen=True)
class Line:
    """A response in a list; ``comment`` is the beginning of its first open answer, ``day`` that of the
    response by the journey's calendar.
    """

    id: int
    survey: str
    day: date
    source: str
    attributes: Mapping[str, Any]
    scores: Mapping[str, float]
    comment: str


@dataclass(frozen=True)
class AnswerInWords:
    """A question as it was worded, and the answer; ``answer`` is empty when there was none."""

    item: str
    question: str
    answer: str


@dataclass(frozen=True)
class Part:
    """What one questionnaire asked of somebody."""

    title: str
    wording: str
    right_to_left: bool
    answers: tuple[AnswerInWords, ...]


@dataclass(frozen=True)
class InWords:
    """One response: its row, its questionnaires in words, its scores by scale."""

    response: Response
    survey: Survey
    parts: tuple[Part, ...]
    scores: Mapping[str, float]


@dataclass(frozen=True)
class Wanted:
    """Which responses to list. Days from ``since`` to ``until`` by the journey's calendar, both
    included; ``rule`` is a segment's; of all channels and languages where none is named.

    ``before`` and ``after`` are numbers of responses: a page is found by where it begins, so that
    the thousandth costs as much as the first.
    """

    survey_id: int | None = None
    rule: Rule | None = None
    since: date | None = None
    until: date | None = None
    before: int | None = None
    after: int | None = None
    channel: str = ""
    language: str = ""


def lines(
    session: Session,
    journey_id: int,
    wanted: Wanted,
    *,
    limit: int,
    library: Library,
) -> list[Line]:
    """At most ``limit`` responses of the journey, the last submitted first."""
    asked = queries.surveys_of(session, journey_id)
    surveys = {each.id: each for each in asked if wanted.survey_id in (None, each.id)}
    calendar = calendar_of(session.get_one(Journey, journey_id)) if surveys else UTC_DAYS
    ids = _ids(session, calendar, list(surveys.values()), wanted, limit)
    rows = session.scalars(select(Response).where(Response.id.in_(ids)))
    found = sorted(rows, key=lambda response: ids.index(response.id))
    scores = _scores(session, ids)
    return [
        Line(
            id=response.id,
            survey=surveys[response.survey_id].name,
            day=calendar.day(
                response.submitted_at, anonymous=surveys[response.survey_id].is_anonymous
            ),
            source=response.source,
            attributes=response.attributes,
            scores=scores.get(response.id, {}),
            comment=_comment(response, surveys[response.survey_id], library),
        )
        for response in found
    ]


def _ids(
    session: Session, calendar: Calendar, surveys: Sequence[Survey], wanted: Wanted, limit: int
) -> list[int]:
    """The numbers of a page. One survey at a time, because the index on survey and time
    then gives the first ``limit`` at once, where a sort would read every row of the journey. Only a
    segment's rule has more of them read, until as many match.
    """
    forward = wanted.after is None
    start = _start(session, wanted)
    order = (Response.submitted_at, Response.id)
    found: list[tuple[datetime, int]] = []
    for survey in surveys:
        begin, end = calendar.bounds(wanted.since, wanted.until, anonymous=survey.is_anonymous)
        bounds = [*start, *_among(wanted)]
        if begin is not None:
            bounds.append(Response.submitted_at >= begin)
        if end is not None:
            bounds.append(Response.submitted_at < end)
        query = (
            select(Response.submitted_at, Response.id)
            .where(Response.survey_id == survey.id, *bounds)
            .order_by(*(column.desc() if forward else column for column in order))
        )
        found += _first(session, query, wanted.rule, limit)
    # Going back, the nearest newer ones are the oldest of what follows.
    nearest = sorted(found, reverse=forward)[:limit]
    return [number for _, number in sorted(nearest, reverse=True)]


def _first(
    session: Session, query: Select[datetime, int], rule: Rule | None, limit: int
) -> list[tuple[datetime, int]]:
    """The first rows, of those whose attributes match the rule where there is one."""
    if rule is None:
        return [(moment, number) for moment, number in session.execute(query.limit(limit))]
    known = query.add_columns(Response.attributes).execution_options(yield_per=_BATCH)
    with closing(session.execute(known)) as rows:  # which are seldom read to their end
        matching = (
            (moment, number) for moment, number, attributes in rows if rule.matches(attributes)
        )
        return list(islice(matching, limit))


def _among(wanted: Wanted) -> list[ColumnElement[bool]]:
    channel, language, _ = facet_columns()
    asked = ((channel, wanted.channel), (language, wanted.language))
    return [column == value for column, value in asked if value]


def _start(session: Session, wanted: Wanted) -> list[ColumnElement[bool]]:
    """What holds for the responses from where the page begins."""
    start = wanted.before if wanted.before is not None else wanted.after
    if start is None:
        return []
    moment = session.scalar(select(Response.submitted_at).where(Response.id == start))
    if moment is None:
        raise NotFound("The response where this page begins is gone; begin at the newest.")
    if wanted.before is not None:
        earlier = or_(Response.submitted_at < moment, Response.id < start)
        return [Response.submitted_at <= moment, earlier]
    later = or_(Response.submitted_at > moment, Response.id > start)
    return [Response.submitted_at >= moment, later]


def in_words(session: Session, journey_id: int, response_id: int, *, library: Library) -> InWords:
    """One response of this journey; NotFound also when it belongs to another one."""
    response = session.scalar(
        select(Response)
        .options(
            joinedload(Response.survey).joinedload(SurveyRow.journey),
            joinedload(Response.survey).joinedload(SurveyRow.touchpoint),
        )
        .where(Response.id == response_id)
    )
    if response is None or response.survey.journey_id != journey_id:
        raise NotFound("There is no such response in this journey.")
    survey = survey_of(response.survey)
    parts = []
    for ask in survey.asks:
        instrument = library.load(ask.instrument, ask.version)
        read = response.wordings.get(instrument.code) or ask.wording
        wording = instrument.wording(response.language, read)
        names = {"provider": survey.provider, "touchpoint": survey.touchpoint}
        parts.append(_part(instrument, wording, ask.key, response, names))
    scores = _scores(session, [response.id]).get(response.id, {})
    return InWords(response, survey, tuple(parts), scores)


def _part(
    instrument: Instrument,
    wording: Wording,
    key: str | None,
    response: Response,
    names: Mapping[str, str],
) -> Part:
    given = response.answers.get(instrument.code, {})
    return Part(
        title=wording.title,
        wording=wording.id,
        right_to_left=wording.right_to_left,
        answers=tuple(
            AnswerInWords(
                item.code,
                _filled(wording.items[item.code], names),
                _words(item, wording, given.get(item.code)),
            )
            for item in instrument.asked(key)
        ),
    )


def _filled(text: str, names: Mapping[str, str]) -> str:
    """The text with its two known names; nothing else in braces means anything."""
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _words(item: Item, wording: Wording, value: Any) -> str:
    if value is None:
        return ""
    if item.scale is not None:
        label = wording.labels.get(item.scale.code, {}).get(value, "")
        points = f"{value} of {item.scale.minimum} to {item.scale.maximum}"
        return f"{points}, {label}" if label else points
    if item.kind is ItemKind.OPEN_TEXT:
        return str(value)
    labels = wording.choices.get(item.code, {})
    chosen = value if isinstance(value, list) else [str(value)]
    return ", ".join(labels.get(code, code) for code in chosen)


def _comment(response: Response, survey: Survey, library: Library) -> str:
    for ask in survey.asks:
        instrument = library.load(ask.instrument, ask.version)
        for item in instrument.items:
            text = response.answers.get(instrument.code, {}).get(item.code)
            if item.kind is ItemKind.OPEN_TEXT and isinstance(text, str) and text:
                return text if len(text) <= _SNIPPET else text[: _SNIPPET - 1] + "…"
    return ""


def _scores(session: Session, response_ids: Sequence[int]) -> dict[int, dict[str, float]]:
    query = select(Score.response_id, Score.scale, Score.value)
    found: dict[int, dict[str, float]] = {}
    for row in session.execute(query.where(Score.response_id.in_(response_ids))):
        found.setdefault(row[0], {})[row[1]] = row[2]
    return found
