"""Whether a survey has all the answers it wants: counted from rollups, so that it costs a few rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, func, select

from surveyapp.errors import Invalid
from surveyapp.journeys.segments import parse
from surveyapp.store.models import (
    EVERYBODY,
    NOTHING_SORTED,
    HeldResponse,
    Journey,
    MonthlyRollup,
    Segment,
    SurveyRow,
)
from surveyapp.surveys.settings.logic import Quota

_RESPONSES = "responses"  # the scale under which rollups count submissions
_BEGUN = Segment.sorted_to.is_distinct_from(NOTHING_SORTED)


def is_full(
    connection: Connection,
    survey_id: int,
    quotas: Sequence[Quota],
    attributes: Mapping[str, object],
) -> bool:
    """Whether a quota that somebody with these attributes falls under is reached.

    A quota closes softly: it is asked before a form is shown, and whoever has begun may finish. A
    segment that is gone, or whose rule cannot be read any more, limits nobody. While responses are
    being sorted into a segment, those that have been count: some more than wanted may be asked.
    """
    for quota in quotas:
        segment = _segment(connection, quota, attributes)
        if segment is None:
            continue
        waiting = _waiting(connection, survey_id, quota)
        if waiting + _count(connection, survey_id, segment) >= quota.most:
            return True
    return False


def _waiting(connection: Connection, survey_id: int, quota: Quota) -> int:
    """How many anonymous answers under the quota wait for their release: no figure counts them yet."""
    own = HeldResponse.survey_id == survey_id
    if not quota.segment:
        return connection.scalar(select(func.count()).where(own)) or 0
    told = connection.scalars(select(HeldResponse.attributes).where(own)).all()
    written = connection.scalar(select(Segment.rule).where(Segment.code == quota.segment))
    if not told or written is None:
        return 0
    rule = parse(written)
    return sum(rule.matches(attributes) for attributes in told if attributes)


def counts(connection: Connection, survey_id: int, quotas: Sequence[Quota]) -> dict[str, int]:
    """How many responses there are under each quota, by the segment's code ("" is everybody); those
    that wait for their release are not shown.
    """
    found = {}
    for quota in quotas:
        number: int | None = EVERYBODY
        if quota.segment:
            # Rollups of a segment that nothing has been sorted into are of its earlier rule.
            known = (Segment.code == quota.segment, _BEGUN)
            number = connection.scalar(select(Segment.id).where(*known))
        found[quota.segment] = 0 if number is None else _count(connection, survey_id, number)
    return found


def _segment(connection: Connection, quota: Quota, attributes: Mapping[str, object]) -> int | None:
    """The segment that the quota counts, if somebody with these attributes belongs to it."""
    if not quota.segment:
        return EVERYBODY
    row = connection.execute(
        select(Segment.id, Segment.rule).where(Segment.code == quota.segment, _BEGUN)
    ).one_or_none()
    if row is None:
        return None
    try:
        return row.id if parse(row.rule).matches(attributes) else None
    except Invalid:
        return None


def _count(connection: Connection, survey_id: int, segment: int) -> int:
    shown = (
        select(Journey.generation)
        .join(SurveyRow, SurveyRow.journey_id == Journey.id)
        .where(SurveyRow.id == survey_id)
    )
    return int(
        connection.scalar(
            select(func.coalesce(func.sum(MonthlyRollup.n), 0)).where(
                MonthlyRollup.survey_id == survey_id,
                MonthlyRollup.generation == shown.scalar_subquery(),
                MonthlyRollup.segment_id == segment,
                MonthlyRollup.scale == _RESPONSES,
            )
        )
        or 0
    )
