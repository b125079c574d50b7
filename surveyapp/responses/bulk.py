"""Taking in thousands of responses at once, with the scores and rollups of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any, cast

import numpy as np
from sqlalchemy import Column, Connection, Dialect, Table, insert, select
from sqlalchemy.orm import Session

from analysis.scoring import score
from instruments.loader import Library
from surveyapp.comments.intake import open_items, texts_of
from surveyapp.comments.rows import Written, keep_comments
from surveyapp.journeys.calendar import Calendar
from surveyapp.responses import rollups, runs
from surveyapp.responses.counting import countings
from surveyapp.responses.numbers import allocate
from surveyapp.responses.prepared import Prepared, ends_run, row_of, visit_of, wordings_of
from surveyapp.responses.scores import keep_scores
from surveyapp.responses.tally import Tally
from surveyapp.responses.waiting import external_ids
from surveyapp.store.models import Response
from surveyapp.store.statements import Insertion
from surveyapp.surveys.survey import Survey

BATCH = 1000  # responses in memory at a time
_RESPONSES = cast(Table, Response.__table__)


@dataclass(frozen=True)
class StoredBulk:
    """How many responses were new, and how many were there by their external id.

    The new ones were submitted from ``first_at`` to ``last_at``; ``wordings`` are (instrument, wording)
    that they answer.
    """

    stored: int
    already: int
    first_at: datetime | None = None
    last_at: datetime | None = None
    wordings: frozenset[tuple[str, str]] = frozenset()


def store_bulk(
    session: Session,
    survey: Survey,
    prepared: Iterable[Prepared],
    *,
    source: str = "import",
    library: Library,
    import_batch_id: int | None = None,
) -> StoredBulk:
    """Keep many responses as ``submit`` would, a batch at a time, in the caller's transaction.

    A response whose ``external_id`` the survey has already is counted and left as it is. Raises
    DataError for an answer outside its scale.
    """
    session.flush()
    connection = session.connection()
    rollups.begin(connection)
    rules = rollups.segment_rules(connection)
    counting = countings(connection)[survey.journey_id]
    tally = Tally()  # of all batches: as many cells as there are days, not responses
    stored = already = 0
    moments: list[datetime] = []
    wordings: set[tuple[str, str]] = set()
    about = {"import_batch_id": import_batch_id}
    for batch in _batches(prepared):
        fresh = _unknown(connection, survey, batch)
        already += len(batch) - len(fresh)
        stored += len(fresh)
        if fresh:
            for row, scores in _store_batch(
                connection, survey, fresh, source, library, counting.calendar, about
            ):
                days = counting.days(
                    row["id"], row["submitted_at"], anonymous=survey.anonymity == "anonymous"
                )
                rollups.count(tally, row, scores, rules, days)
                wordings.update(row["wordings"].items())
                moments.append(row["submitted_at"])
            moments = [min(moments), max(moments)]
    rollups.increase(connection, tally)
    first, last = min(moments, default=None), max(moments, default=None)
    return StoredBulk(stored, already, first, last, frozenset(wordings))


def _batches(prepared: Iterable[Prepared]) -> Iterator[list[Prepared]]:
    source = iter(prepared)
    while batch := list(islice(source, BATCH)):
        yield batch


def _unknown(connection: Connection, survey: Survey, batch: Sequence[Prepared]) -> list[Prepared]:
    """Those that the survey does not have, by either id; of two with one external id, the first."""
    known = _stored(connection, survey.id, _RESPONSES.c.external_id, [e.external_id for e in batch])
    if survey.is_anonymous:
        given = {each.external_id for each in batch if each.external_id is not None}
        known |= external_ids(connection, survey.id, given)
    here = _stored(connection, survey.id, _RESPONSES.c.public_id, [e.public_id for e in batch])
    fresh = []
    for each in batch:
        if each.public_id in here:
            continue
        if each.external_id is None or each.external_id not in known:
            fresh.append(each)
            known.add(each.external_id)
    return fresh


def _stored(
    connection: Connection, survey_id: int, column: Column[Any], ids: Iterable[str | None]
) -> set[str | None]:
    """Which of these ids the survey has in this column."""
    wanted = sorted({each for each in ids if each is not None})
    if not wanted:
        return set()
    query = select(column).where(_RESPONSES.c.survey_id == survey_id, column.in_(wanted))
    return set(connection.execute(query).scalars())


def _store_batch(
    connection: Connection,
    survey: Survey,
    batch: Sequence[Prepared],
    source: str,
    library: Library,
    calendar: Calendar,
    about: Mapping[str, Any],
) -> Iterable[tuple[dict[str, Any], dict[str, float]]]:
    visits = [visit_of(survey, each) for each in batch]
    joined = runs.join_many(connection, survey.journey_id, visits, ends=ends_run(survey))
    numbers = allocate(connection, len(batch), anonymous=survey.anonymity == "anonymous")
    languages = [each.language or survey.language for each in batch]
    wordings = {each: wordings_of(survey, each, library) for each in set(languages)}
    rows = [
        {
            "id": number,
            **about,
            **row_of(
                survey,
                each,
                run=run,
                source=source,
                wordings=wordings[language],
                calendar=calendar,
            ),
        }
        for each, number, run, language in zip(batch, numbers, joined, languages, strict=True)
    ]
    _inserting(connection.dialect, tuple(rows[0])).run_all(connection, rows)
    scores = scores_of_all(survey, [each.answers for each in batch], library)
    keep_scores(connection, list(zip(numbers, scores, strict=True)))
    items = open_items(survey, library)
    keep_comments(
        connection,
        (
            Written(row["id"], row, texts_of(items, each.answers), each.originals)
            for row, each in zip(rows, batch, strict=True)
        ),
    )
    return zip(rows, scores, strict=True)


@lru_cache(maxsize=8)
def _inserting(dialect: Dialect, columns: tuple[str, ...]) -> Insertion:
    return Insertion(insert(_RESPONSES), dialect, columns=columns)


def scores_of_all(
    survey: Survey, people: Sequence[Mapping[str, Mapping[str, Any]]], library: Library
) -> list[dict[str, float]]:
    """The scores of each person's answers, computed for all of them at once."""
    found: list[dict[str, float]] = [{} for _ in people]
    for instrument, name in survey.asked(library):
        key = instrument.keys[name] if name else None
        if key is None:
            continue
        given = [each.get(instrument.code, {}) for each in people]
        columns = {
            item: np.array([answers.get(item, np.nan) for answers in given], dtype=np.float64)
            for item in key.items
        }
        for scale, values in score(instrument, columns, key=key.code).items():
            for scores, value in zip(found, values.tolist(), strict=True):
                if value == value:  # missing scores are NaN
                    scores[scale] = value
    return found
