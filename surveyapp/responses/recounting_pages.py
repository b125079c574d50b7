"""A page of a journey's responses that its next generation of rollups lacks: read and tallied while others
write, then looked at again by whoever holds them back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from sqlalchemy import Dialect, Table, bindparam, select
from sqlalchemy.orm import Session

from surveyapp.responses import rollups
from surveyapp.responses.counting import SurveyCounting, countings_of_surveys
from surveyapp.responses.rollups import SegmentRule, segments_of
from surveyapp.responses.sorting_pages import COLUMNS, Rows, in_full, scores_of
from surveyapp.responses.tally import Tally
from surveyapp.store.models import Response, SurveyRow
from surveyapp.store.statements import Statement

# Responses that a page looks at, whichever journey's they are: some 20 ms. Reading on to the next thousand of
# a small journey could pass ten million of others.
WINDOW = 20_000
_NO_END = 2**63 - 1
_RESPONSES = cast(Table, Response.__table__)
_SURVEYS = cast(Table, SurveyRow.__table__)


@dataclass(frozen=True)
class Page:
    """The journey's responses that follow ``counted_to``, up to ``last`` or to the end where that is None, as
    the driver gives them with their scores; and what decides how they are counted.
    """

    counted_to: int
    last: int | None
    rows: Rows
    scores: Rows
    rules: Sequence[SegmentRule]
    known: Mapping[int, SurveyCounting]

    def tally(self) -> Tally:
        """What the next generation lacks of these responses."""
        tally = Tally()
        for each in in_full(self.rows, self.scores):
            own = self.known[each.survey_id]
            day = own.counting.next_day(each.submitted_at, anonymous=own.anonymous)
            belongs = segments_of(self.rules, each.id, each.survey_id, each.attributes)
            tally.add(each.survey_id, (day,), each.scores, belongs, each.facet)
        return tally


def read_page(session: Session, journey_id: int, counted_to: int, size: int) -> Page:
    """The next ``size`` responses to the journey's surveys, fewer where these lie far apart."""
    connection = session.connection()
    dialect = connection.dialect
    asked = {"last": counted_to, "size": size, "journey": journey_id}
    end = _end(dialect).scalar(connection, {"last": counted_to, "window": WINDOW - 1})
    rows = _following(dialect).rows(connection, asked | {"end": _NO_END if end is None else end})
    return Page(
        counted_to=counted_to,
        last=rows[-1][0] if len(rows) == size else end,
        rows=rows,
        scores=scores_of(connection, rows),
        rules=rollups.segment_rules(connection),
        known=countings_of_surveys(connection),
    )


@lru_cache(maxsize=8)
def _end(dialect: Dialect) -> Statement:
    own = _RESPONSES.c.id
    query = select(own).where(own > bindparam("last")).order_by(own)
    return Statement(query.offset(bindparam("window")).limit(1), dialect)


@lru_cache(maxsize=8)
def _following(dialect: Dialect) -> Statement:
    own = _RESPONSES.c
    inside = select(_SURVEYS.c.id).where(_SURVEYS.c.journey_id == bindparam("journey"))
    query = select(*COLUMNS).where(
        own.id > bindparam("last"),
        own.id <= bindparam("end"),
        # A sum, so that the databases look for the ids that follow, and not for all of the journey's.
        (own.survey_id + 0).in_(inside),
    )
    return Statement(query.order_by(own.id).limit(bindparam("size")), dialect)
