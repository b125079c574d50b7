"""A page of responses that segments still lack: read and tallied while others write, then looked at again
by whoever holds them back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, Dialect, Table, bindparam, select
from sqlalchemy.orm import Session

from surveyapp.journeys.segments import parse
from surveyapp.responses.counting import SurveyCounting, countings_of_surveys
from surveyapp.responses.facets import Facet, facet_of
from surveyapp.responses.rollups import surveys_of_cells
from surveyapp.responses.tally import Tally
from surveyapp.store.columns import read_moment
from surveyapp.store.json_text import read_documents
from surveyapp.store.models import CustomerGroup, Response, Score
from surveyapp.store.statements import Statement

_RESPONSES = cast(Table, Response.__table__)
_SCORES = cast(Table, Score.__table__)

Rows = Sequence[tuple[Any, ...]]
COLUMNS = (
    *(_RESPONSES.c.id, _RESPONSES.c.survey_id, _RESPONSES.c.submitted_at, _RESPONSES.c.attributes),
    *(_RESPONSES.c.source, _RESPONSES.c.language, _RESPONSES.c.paradata),
)


class Counted(NamedTuple):
    """What a response is counted by."""

    id: int
    survey_id: int
    submitted_at: datetime
    attributes: Mapping[str, Any]
    facet: Facet
    scores: Mapping[str, float]


@dataclass(frozen=True)
class Page:
    """Responses that follow ``sorted_to``, up to ``last`` or to the end where that is None, as the driver
    gives them with their scores; and what decides how they are counted.
    """

    rules: Mapping[int, str]  # of the segments that lack them, all sorted equally far
    sorted_to: int
    last: int | None
    rows: Rows
    scores: Rows
    known: Mapping[int, SurveyCounting]
    surveys: Mapping[int, frozenset[int]]  # of the weighting cells among them, by id

    def tally(self) -> Tally:
        """What the segments lack of these responses."""
        tally = Tally()
        rules = {number: parse(text) for number, text in self.rules.items()}
        for each in in_full(self.rows, self.scores):
            belongs = [
                id
                for id, rule in rules.items()
                if each.attributes
                and (id not in self.surveys or each.survey_id in self.surveys[id])
                and rule.matches(each.attributes)
            ]
            if belongs:
                days = self.known[each.survey_id].days(each.id, each.submitted_at)
                tally.add(each.survey_id, days, each.scores, belongs, each.facet)
        return tally


def read_page(session: Session, segments: Sequence[CustomerGroup], size: int) -> Page:
    """The next ``size`` responses that these segments lack, which are sorted equally far."""
    connection = session.connection()
    sorted_to = cast(int, segments[0].sorted_to)
    rows = _following(connection.dialect).rows(connection, {"last": sorted_to, "size": size})
    of_cells = surveys_of_cells(connection)
    return Page(
        rules={each.id: each.rule for each in segments},
        sorted_to=sorted_to,
        last=rows[-1][0] if len(rows) == size else None,
        rows=rows,
        scores=scores_of(connection, rows),
        known=countings_of_surveys(connection),
        surveys={
            each.id: of_cells.get(each.journey_id, frozenset())
            for each in segments
            if each.journey_id is not None
        },
    )


def scores_of(connection: Connection, rows: Rows) -> Rows:
    """The scores of the responses between the first and the last of these: response, scale, value."""
    if not rows:
        return []
    between = {"first": rows[0][0], "last": rows[-1][0]}
    return _scores(connection.dialect).rows(connection, between)


def in_full(rows: Rows, scores: Rows) -> Iterator[Counted]:
    """The responses of these rows of COLUMNS, in order of their ids as ``scores`` are."""
    own = {
        number: {scale: value for _, scale, value in each}
        for number, each in groupby(scores, key=itemgetter(0))
    }
    columns = list(zip(*rows, strict=True)) or [()] * len(COLUMNS)
    documents = zip(read_documents(columns[3]), read_documents(columns[6]), strict=True)
    for row, (attributes, paradata) in zip(rows, documents, strict=True):
        number, survey_id, submitted_at, _, source, language, _ = row
        moment = cast(datetime, read_moment(submitted_at))
        facet = facet_of({"source": source, "language": language, "paradata": paradata})
        yield Counted(number, survey_id, moment, attributes, facet, own.get(number, {}))


@lru_cache(maxsize=8)
def _following(dialect: Dialect) -> Statement:
    own = _RESPONSES.c.id
    query = select(*COLUMNS).where(own > bindparam("last")).order_by(own)
    return Statement(query.limit(bindparam("size")), dialect)


@lru_cache(maxsize=8)
def _scores(dialect: Dialect) -> Statement:
    own = _SCORES.c
    query = (
        select(own.response_id, own.scale, own.value)
        .where(own.response_id.between(bindparam("first"), bindparam("last")))
        .order_by(own.response_id, own.scale)
    )
    return Statement(query, dialect)
