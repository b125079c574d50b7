"""Responses to frames of items, or to their moments in one pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.moments import Moments, moments, pooled
from instruments.schema import Instrument, ItemKind
from surveyapp.errors import NotFound
from surveyapp.journeys.segments import Rule, parse
from surveyapp.store.models import Deployment, Response, Segment

_CHUNK = 5_000
_NUMERIC = {ItemKind.RATING, ItemKind.ZERO_TO_TEN, ItemKind.YES_NO}


def numeric_items(instrument: Instrument) -> tuple[str, ...]:
    """The items whose answers are numbers."""
    return tuple(item.code for item in instrument.items if item.kind in _NUMERIC)


def frame(
    session: Session,
    instrument: Instrument,
    *,
    journey_id: int,
    deployment_id: int | None = None,
    segment_id: int | None = None,
) -> pd.DataFrame:
    """One row a response that was asked this instrument, one column a numeric item, missing NaN.

    Rows in the order of their arrival. Raises NotFound for an unknown segment.
    """
    names = numeric_items(instrument)
    chunks = list(_chunks(session, instrument, names, journey_id, deployment_id, segment_id))
    values = np.concatenate(chunks) if chunks else np.empty((0, len(names)))
    return pd.DataFrame(values, columns=list(names))


def streamed(
    session: Session,
    instrument: Instrument,
    names: tuple[str, ...],
    *,
    journey_id: int,
    deployment_id: int | None = None,
    segment_id: int | None = None,
) -> Moments:
    """n, means and covariance of complete rows in one pass, in memory of one chunk.

    Raises TooFewCases without a complete row, NotFound for an unknown segment.
    """
    chunks = _chunks(session, instrument, names, journey_id, deployment_id, segment_id)
    return pooled(
        moments(pd.DataFrame(chunk, columns=list(names)), need=1)
        for chunk in chunks
        if not np.isnan(chunk).any(axis=1).all()
    )


def _chunks(
    session: Session,
    instrument: Instrument,
    names: tuple[str, ...],
    journey_id: int,
    deployment_id: int | None,
    segment_id: int | None,
) -> Iterator[np.ndarray]:
    rule = None if segment_id is None else _rule(session, segment_id)
    query = (
        select(Response.answers, Response.attributes)
        .join(Deployment)
        .where(Deployment.journey_id == journey_id)
        .order_by(Response.id)
        .execution_options(yield_per=_CHUNK)
    )
    if deployment_id is not None:
        query = query.where(Response.deployment_id == deployment_id)
    for rows in session.execute(query).partitions():
        kept = [
            answers[instrument.code]
            for answers, attributes in rows
            if instrument.code in answers and (rule is None or rule.matches(attributes))
        ]
        if kept:
            yield np.array([[_number(row.get(name)) for name in names] for row in kept])


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _rule(session: Session, segment_id: int) -> Rule:
    segment = session.get(Segment, segment_id)
    if segment is None:
        raise NotFound(f"there is no segment number {segment_id}; it may have been deleted")
    return parse(segment.rule)
