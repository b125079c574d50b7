"""Responses as a table, streamed: memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from instruments.loader import load
from surveyapp.exports.cells import csv_chunks
from surveyapp.store.models import Deployment, Response, Score

_BATCH = 1000
_FIXED = (
    *("response", "deployment", "submitted_at", "source", "language"),
    *("started_at", "corrected_at", "way", "wording", "consent_version"),
)


def responses_csv(
    session: Session,
    journey_id: int,
    *,
    deployment_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    roots: Sequence[str | Path] = (),
) -> Iterator[str]:
    """CSV text of the journey's responses, oldest first, in chunks.

    Columns: what identifies the response and how it was given (the first answer's time tells how long
    it took, ``way`` is empty for the plain page, ``wording`` names the words that were read),
    ``attribute.<name>``, ``<instrument>.<item>``, ``score.<scale>``. The columns must stand before the first row does, so the rows are read twice.
    ``since`` (included) and ``until`` (excluded) bound the time of submission.
    """
    deployments = {
        row.id: row
        for row in session.scalars(select(Deployment).where(Deployment.journey_id == journey_id))
        if deployment_id in (None, row.id)
    }
    chosen = _chosen(tuple(deployments), since, until)
    items = _items(list(deployments.values()), roots)
    names, scales = _names(session, chosen), _scales(session, tuple(deployments))

    def rows() -> Iterator[list[Any]]:
        yield [
            *_FIXED,
            *(f"attribute.{name}" for name in names),
            *(f"{instrument}.{item}" for instrument, item in items),
            *(f"score.{scale}" for scale in scales),
        ]
        for batch in session.scalars(chosen.execution_options(yield_per=_BATCH)).partitions():
            scores = _scores(session, [response.id for response in batch])
            for response in batch:
                yield [
                    response.id,
                    deployments[response.deployment_id].code,
                    _moment(response.submitted_at),
                    response.source,
                    response.language,
                    _moment(response.started_at),
                    _moment(response.corrected_at),
                    response.paradata.get("way"),
                    "; ".join(f"{code}:{id}" for code, id in sorted(response.wordings.items())),
                    response.consent_version,
                    *(response.attributes.get(name) for name in names),
                    *(_cell(response, instrument, item) for instrument, item in items),
                    *(scores.get((response.id, scale)) for scale in scales),
                ]
            session.expunge_all()

    return csv_chunks(rows())


def _chosen(
    deployment_ids: Sequence[int], since: datetime | None, until: datetime | None
) -> Select[Response]:
    query = select(Response).where(Response.deployment_id.in_(deployment_ids))
    if since is not None:
        query = query.where(Response.submitted_at >= since)
    if until is not None:
        query = query.where(Response.submitted_at < until)
    return query.order_by(Response.id)


def _items(deployments: Sequence[Deployment], roots: Sequence[str | Path]) -> list[tuple[str, str]]:
    """(instrument, item) of everything asked, in the order of the questionnaires."""
    found: dict[tuple[str, str], None] = {}
    for deployment in deployments:
        for ask in deployment.asks:
            instrument = load(ask["instrument"], ask.get("version"), roots=roots)
            for item in instrument.asked(ask.get("key")):
                found[(instrument.code, item.code)] = None
    return list(found)


def _names(session: Session, chosen: Select[Response]) -> list[str]:
    query = chosen.with_only_columns(Response.attributes, maintain_column_froms=True)
    found: set[str] = set()
    for attributes in session.scalars(query.execution_options(yield_per=_BATCH)):
        found.update(attributes)
    return sorted(found)


def _scales(session: Session, deployment_ids: Sequence[int]) -> list[str]:
    query = (
        select(Score.scale)
        .join(Response, Response.id == Score.response_id)
        .where(Response.deployment_id.in_(deployment_ids))
        .distinct()
    )
    return sorted(session.scalars(query))


def _scores(session: Session, response_ids: Sequence[int]) -> dict[tuple[int, str], float]:
    query = select(Score.response_id, Score.scale, Score.value)
    rows = session.execute(query.where(Score.response_id.in_(response_ids)))
    return {(row[0], row[1]): row[2] for row in rows}


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")


def _cell(response: Response, instrument: str, item: str) -> Any:
    value = response.answers.get(instrument, {}).get(item)
    return "; ".join(value) if isinstance(value, list) else value
