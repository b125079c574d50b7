"""Answers to single questions, counted from the stored responses in one pass for each questionnaire.

The pass is over all months, segments and facets, because what is hidden depends on all of them: a
second or two for 100,000 responses, so that a page of a large journey asks first.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, literal, select
from sqlalchemy.orm import Session

from instruments.schema import Instrument
from surveyapp.journeys.calendar import UTC_DAYS, Calendar, calendar_of
from surveyapp.journeys.segments import parse
from surveyapp.responses.facets import Facet, facet_columns
from surveyapp.results.cells import MonthKey, month_key
from surveyapp.results.customer_groups import segments_of
from surveyapp.results.journey import Ground
from surveyapp.results.months import month_of
from surveyapp.store.models import Response

_AT_ONCE = 2000  # rows in memory
Given = str | int


@dataclass(frozen=True)
class ItemGroup:
    """Customers alike in month, segments, facet and answer."""

    month: MonthKey
    segments: frozenset[int]
    facet: Facet
    answer: Given
    n: int


def item_groups(
    session: Session,
    base: Ground,
    surveys: Sequence[int],
    instrument: Instrument,
    items: Sequence[str],
) -> dict[str, list[ItemGroup]]:
    """By item the answers to these surveys; an item that nobody answered has none."""
    counted: dict[str, Counter[tuple[tuple[Any, ...], Given]]] = {item: Counter() for item in items}
    for alike, answers in _answers(session, base, surveys, instrument.code):
        for item in items:
            given = answers.get(item)
            if given is not None:
                counted[item][alike, given] += 1
    rules = {segment: parse(name.rule) for segment, name in base.segments.items()}
    segments: dict[str, frozenset[int]] = {}
    found: dict[str, list[ItemGroup]] = {}
    for item, answered in counted.items():
        own = found.setdefault(item, [])
        for ((written, known, channel, language, flagged), given), n in answered.items():
            if known not in segments:
                segments[known] = segments_of(rules, json.loads(known))
            facet = Facet(channel, language, bool(flagged))
            own.append(ItemGroup(month_key(written), segments[known], facet, given, n))
    return found


def _answers(
    session: Session, base: Ground, surveys: Sequence[int], code: str
) -> Iterator[tuple[tuple[Any, ...], Mapping[str, Any]]]:
    """What tells groups apart, and the answers, of every response to the questionnaire."""
    anonymous = {survey.id for survey in base.surveys if survey.is_anonymous}
    by_kind: tuple[tuple[bool, Calendar], ...] = (
        (True, UTC_DAYS),
        (False, calendar_of(base.journey)),
    )
    for kind, calendar in by_kind:
        own = [survey for survey in surveys if (survey in anonymous) is kind]
        if not own:
            continue
        attributes = cast(Response.attributes, Text) if base.segments else literal("{}")
        facet: tuple[ColumnElement[Any], ...] = facet_columns()
        query = (
            select(month_of(session, own, calendar), attributes, *facet, Response.answers[code])
            .where(Response.survey_id.in_(own))
            .execution_options(yield_per=_AT_ONCE)
        )
        for *alike, answers in session.execute(query):
            if answers:
                yield tuple(alike), answers
