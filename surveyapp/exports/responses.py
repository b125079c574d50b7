"""Responses as a table, streamed: memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.exports.cells import csv_chunks
from surveyapp.exports.csv_table import CsvTable, counted
from surveyapp.journeys.queries import segment
from surveyapp.journeys.segments import Rule, parse
from surveyapp.results.scope import Period, Scope
from surveyapp.store.models import Response, Score
from surveyapp.surveys.queries import surveys_of
from surveyapp.surveys.survey import Survey

_BATCH = 1000
_FIXED = (
    *("response", "response_id", "survey", "submitted_at", "source", "language"),
    *("started_at", "corrected_at", "way", "wording", "consent_version"),
)
# Columns instead of entities: nothing is kept in the session, and a batch costs a third.
_READ = (
    *(Response.id, Response.public_id, Response.survey_id, Response.submitted_at),
    *(
        Response.source,
        Response.language,
        Response.started_at,
        Response.corrected_at,
        Response.paradata,
    ),
    *(Response.wordings, Response.consent_version, Response.attributes, Response.answers),
)


@dataclass(frozen=True)
class _Columns:
    """What the table has columns for, beside the fixed ones."""

    surveys: dict[int, str]
    names: list[str]
    items: list[tuple[str, str]]
    scales: list[str]

    def headings(self) -> list[str]:
        return [
            *_FIXED,
            *(f"attribute.{name}" for name in self.names),
            *(f"{instrument}.{item}" for instrument, item in self.items),
            *(f"score.{scale}" for scale in self.scales),
        ]

    def cells(self, response: Row[Any], scores: dict[tuple[int, str], float]) -> list[Any]:
        return [
            response.id,
            response.public_id,
            self.surveys[response.survey_id],
            _moment(response.submitted_at),
            response.source,
            response.language,
            _moment(response.started_at),
            _moment(response.corrected_at),
            response.paradata.get("way"),
            "; ".join(f"{code}:{id}" for code, id in sorted(response.wordings.items())),
            response.consent_version,
            *(response.attributes.get(name) for name in self.names),
            *(_cell(response.answers, instrument, item) for instrument, item in self.items),
            *(scores.get((response.id, scale)) for scale in self.scales),
        ]


def responses_csv(
    session: Session,
    scope: Scope,
    *,
    survey_id: int | None = None,
    library: Library,
) -> CsvTable:
    """The scope's responses as CSV, oldest first, in chunks, and how many there are; of one survey
    where it is named.

    Columns: what identifies the response and how it was given (the first answer's time tells how long
    it took, ``way`` is empty for the plain page, ``wording`` names the words that were read),
    ``attribute.<name>``, ``<instrument>.<item>``, ``score.<scale>``. The columns must stand before
    the first row does, so the rows are read twice: ``session`` reads one snapshot.
    Months go by the time of submission, a segment by what is known with each response. Raises NotFound
    for an unknown segment. Reading the chunks raises Truncated when they end before the last row.
    """
    surveys = [
        each for each in surveys_of(session, scope.journey_id) if survey_id in (None, each.id)
    ]
    ids = [row.id for row in surveys]
    chosen = _chosen(ids, scope.period)
    rule = None if scope.of_everybody else parse(segment(session, scope.segment_id).rule)
    count, names = _names(session, chosen, rule)
    columns = _Columns(
        {row.id: row.code for row in surveys},
        names,
        _items(surveys, library),
        _scales(session, ids),
    )

    def rows() -> Iterator[list[Any]]:
        yield columns.headings()
        yield from counted(_cells(session, chosen, rule, columns), count)

    return CsvTable(count, csv_chunks(rows()))


def _cells(
    session: Session, chosen: Select[Any], rule: Rule | None, columns: _Columns
) -> Iterator[list[Any]]:
    for batch in session.execute(chosen.execution_options(yield_per=_BATCH)).partitions():
        kept = [each for each in batch if rule is None or rule.matches(each.attributes)]
        scores = _scores(session, [response.id for response in kept])
        for response in kept:
            yield columns.cells(response, scores)


def _chosen(survey_ids: Sequence[int], when: Period) -> Select[Any]:
    query = select(*_READ).where(Response.survey_id.in_(survey_ids))
    if when.begin is not None:
        query = query.where(Response.submitted_at >= when.begin)
    if when.end is not None:
        query = query.where(Response.submitted_at < when.end)
    return query.order_by(Response.id)


def _items(surveys: Sequence[Survey], library: Library) -> list[tuple[str, str]]:
    """(instrument, item) of everything asked, in the order of the questionnaires."""
    found: dict[tuple[str, str], None] = {}
    for survey in surveys:
        for ask in survey.asks:
            instrument = library.load(ask.instrument, ask.version)
            for item in instrument.asked(ask.key):
                found[(instrument.code, item.code)] = None
    return list(found)


def _names(session: Session, chosen: Select[Any], rule: Rule | None) -> tuple[int, list[str]]:
    """How many responses there are, and the names of all their attributes."""
    query = chosen.with_only_columns(Response.attributes, maintain_column_froms=True).order_by(None)
    found: set[str] = set()
    count = 0
    for attributes in session.scalars(query.execution_options(yield_per=_BATCH)):
        if rule is None or rule.matches(attributes):
            count += 1
            found.update(attributes)
    return count, sorted(found)


def _scales(session: Session, survey_ids: Sequence[int]) -> list[str]:
    query = (
        select(Score.scale)
        .join(Response, Response.id == Score.response_id)
        .where(Response.survey_id.in_(survey_ids))
        .distinct()
    )
    return sorted(session.scalars(query))


def _scores(session: Session, response_ids: Sequence[int]) -> dict[tuple[int, str], float]:
    query = select(Score.response_id, Score.scale, Score.value)
    rows = session.execute(query.where(Score.response_id.in_(response_ids)))
    return {(row[0], row[1]): row[2] for row in rows}


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")


def _cell(answers: dict[str, dict[str, Any]], instrument: str, item: str) -> Any:
    value = answers.get(instrument, {}).get(item)
    return "; ".join(value) if isinstance(value, list) else value
