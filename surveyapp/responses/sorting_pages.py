"""A page of responses that segments still lack: read and tallied while others write, then looked at again
by whoever holds them back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import Dialect, Table, bindparam, select
from sqlalchemy.orm import Session

from surveyapp.journeys.segments import parse
from surveyapp.responses.counting import SurveyCounting, countings_of_surveys
from surveyapp.responses.facets import facet_of
from surveyapp.responses.rollups import surveys_of_cells
from surveyapp.responses.tally import Tally
from surveyapp.store.columns import read_moment
from surveyapp.store.json_text import read_documents
from surveyapp.store.models import CustomerGroup, Response, Score
from surveyapp.store.statements import Statement

_RESPONSES = cast(Table, Response.__table__)
_SCORES = cast(Table, Score.__table__)

Rows = Sequence[tuple[Any, ...]]


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
        scores = {
            number: {scale: value for _, scale, value in own}
            for number, own in groupby(self.scores, key=itemgetter(0))
        }
        columns = list(zip(*self.rows, strict=True)) or [()] * 7
        documents = zip(read_documents(columns[3]), read_documents(columns[6]), strict=True)
        for row, (attributes, paradata) in zip(self.rows, documents, strict=True):
            number, survey_id, submitted_at, _, source, language, _ = row
            belongs = [
                id
                for id, rule in rules.items()
                if attributes
                and (id not in self.surveys or survey_id in self.surveys[id])
                and rule.matches(attributes)
            ]
            moment = read_moment(submitted_at)
            if belongs and moment is not None:
                facet = facet_of({"source": source, "language": language, "paradata": paradata})
                days = self.known[survey_id].days(number, moment)
                tally.add(survey_id, days, scores.get(number, {}), belongs, facet)
        return tally


def read_page(session: Session, segments: Sequence[CustomerGroup], size: int) -> Page:
    """The next ``size`` responses that these segments lack, which are sorted equally far."""
    connection = session.connection()
    sorted_to = cast(int, segments[0].sorted_to)
    rows = _following(connection.dialect).rows(connection, {"last": sorted_to, "size": size})
    scores: Rows = []
    if rows:
        between = {"first": rows[0][0], "last": rows[-1][0]}
        scores = _scores(connection.dialect).rows(connection, between)
    of_cells = surveys_of_cells(connection)
    return Page(
        rules={each.id: each.rule for each in segments},
        sorted_to=sorted_to,
        last=rows[-1][0] if len(rows) == size else None,
        rows=rows,
        scores=scores,
        known=countings_of_surveys(connection),
        surveys={
            each.id: of_cells.get(each.journey_id, frozenset())
            for each in segments
            if each.journey_id is not None
        },
    )


@lru_cache(maxsize=8)
def _following(dialect: Dialect) -> Statement:
    own = _RESPONSES.c
    query = (
        select(
            *(own.id, own.survey_id, own.submitted_at, own.attributes),
            *(own.source, own.language, own.paradata),
        )
        .where(own.id > bindparam("last"))
        .order_by(own.id)
        .limit(bindparam("size"))
    )
    return Statement(query, dialect)


@lru_cache(maxsize=8)
def _scores(dialect: Dialect) -> Statement:
    own = _SCORES.c
    query = (
        select(own.response_id, own.scale, own.value)
        .where(own.response_id.between(bindparam("first"), bindparam("last")))
        .order_by(own.response_id, own.scale)
    )
    return Statement(query, dialect)
