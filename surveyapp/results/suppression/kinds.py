"""How many answers customers of each kind gave, by all the segments that they are in together.

Rollups count segments one by one. Who is in two of them at once is looked up in the responses as long as
these are few; of many, it follows from the rules alone.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Text, cast, func, literal, select, union_all
from sqlalchemy.orm import Session

from surveyapp.journeys.calendar import UTC_DAYS, Calendar
from surveyapp.journeys.segments import parse
from surveyapp.responses.facets import Facet, facet_columns
from surveyapp.responses.flags import unflagged
from surveyapp.results.cells import RESPONSES, Key, MonthKey, month_key
from surveyapp.results.months import month_of
from surveyapp.results.suppression.customer_groups import segments_of
from surveyapp.store.models import Response, Score
from surveyapp.surveys.survey import Survey

MOST_ANSWERS = 10_000  # of a journey: 0.1 s to look through, once for each change of their numbers
_KEPT = 256  # journeys, and parts of them

Kinds = dict[frozenset[int], dict[MonthKey, int]]
KindsByScale = dict[Key, Kinds]
KindsByFacet = dict[Key, dict[Facet, Kinds]]

_cache: WeakKeyDictionary[Any, OrderedDict[object, tuple[int, KindsByFacet]]] = WeakKeyDictionary()
_lock = Lock()


def kinds_by_scale(
    session: Session,
    surveys: Sequence[Survey],
    calendar: Calendar,
    rules: Mapping[int, str],
    scales: Iterable[str],
    *,
    fingerprint: int,
) -> KindsByScale:
    """Numbers of scores, and of submissions, without a flag by survey and scale, kind and month.

    Read once for each ``fingerprint``, which differs when the answers' numbers do.
    """
    found = _kept(session, surveys, calendar, rules, scales, fingerprint, by_facet=False)
    return {key: kinds for key, facets in found.items() for kinds in facets.values()}


def kinds_by_facet(
    session: Session,
    surveys: Sequence[Survey],
    calendar: Calendar,
    rules: Mapping[int, str],
    scales: Iterable[str],
    *,
    fingerprint: int,
) -> KindsByFacet:
    """The same by facet, of flagged answers too."""
    return _kept(session, surveys, calendar, rules, scales, fingerprint, by_facet=True)


def _kept(
    session: Session,
    surveys: Sequence[Survey],
    calendar: Calendar,
    rules: Mapping[int, str],
    scales: Iterable[str],
    fingerprint: int,
    *,
    by_facet: bool,
) -> KindsByFacet:
    asked = tuple(sorted(scales))
    numbers = tuple(survey.id for survey in surveys)
    key = (numbers, tuple(rules.items()), calendar.zone, asked, by_facet)
    with _lock:
        kept = _cache.setdefault(session.get_bind(), OrderedDict())
        if key in kept and kept[key][0] == fingerprint:
            kept.move_to_end(key)
            return kept[key][1]
    found = _read(session, surveys, calendar, rules, asked, by_facet=by_facet)
    with _lock:
        kept[key] = (fingerprint, found)
        while len(kept) > _KEPT:
            kept.popitem(last=False)
    return found


def _read(
    session: Session,
    surveys: Sequence[Survey],
    calendar: Calendar,
    rules: Mapping[int, str],
    scales: Sequence[str],
    *,
    by_facet: bool,
) -> KindsByFacet:
    parsed = {segment: parse(rule) for segment, rule in rules.items()}
    known: dict[str, frozenset[int]] = {}
    found: KindsByFacet = {}
    for anonymous, own in ((True, UTC_DAYS), (False, calendar)):
        numbers = [survey.id for survey in surveys if survey.is_anonymous is anonymous]
        if not numbers:
            continue
        month = month_of(session, numbers, own)
        rows = _counted(session, numbers, month, scales, by_facet=by_facet)
        for survey, scale, written, attributes, facet, n in rows:
            if attributes not in known:
                known[attributes] = segments_of(parsed, json.loads(attributes))
            kinds = found.setdefault((survey, scale), {}).setdefault(facet, {})
            months = kinds.setdefault(known[attributes], {})
            months[month_key(written)] = months.get(month_key(written), 0) + n
    return found


def _counted(
    session: Session,
    numbers: Sequence[int],
    month: ColumnElement[Any],
    scales: Sequence[str],
    *,
    by_facet: bool,
) -> Iterator[tuple[int, str, str, str, Facet, int]]:
    """Survey, scale, month, attributes, facet (where it is asked for) and how many."""
    blank = (literal(""), literal(""), literal(False))
    facet: tuple[ColumnElement[Any], ...] = facet_columns() if by_facet else blank
    own = (
        Response.survey_id.label("survey"),
        month.label("month"),
        cast(Response.attributes, Text).label("attributes"),
        *(column.label(name) for column, name in zip(facet, Facet._fields, strict=True)),
    )
    submitted = select(literal(RESPONSES).label("scale"), *own)
    scored = select(Score.scale.label("scale"), *own).join(Score, Score.response_id == Response.id)
    parts = [submitted] if RESPONSES in scales else []
    if others := [scale for scale in scales if scale != RESPONSES]:
        parts.append(scored.where(Score.scale.in_(others)))
    held = [Response.survey_id.in_(numbers), *([] if by_facet else [unflagged()])]
    for_each = union_all(*(part.where(*held) for part in parts))
    each = for_each.subquery().c
    columns = (
        *(each.survey, each.scale, each.month, each.attributes),
        *(each.channel, each.language, each.flagged),
    )
    for *row, channel, language, flagged, n in session.execute(
        select(*columns, func.count()).group_by(*columns)
    ):
        survey, scale, written, attributes = row
        yield survey, scale, written, attributes, Facet(channel, language, bool(flagged)), n
