"""Customers of a journey with what they answered at its end, what became of them, and by what way they came.

Joined by the pseudonym, and hence of personal surveys alone: an anonymous answer has none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveyapp.responses.flags import unflagged
from surveyapp.results.journey import Ground
from surveyapp.sampling.outcomes import OutcomeKind
from surveyapp.store.models import (
    CustomerOutcome,
    Interaction,
    JourneyRun,
    Response,
    Score,
    Touchpoint,
)

_AT_ONCE = 5000  # rows in memory


@dataclass(frozen=True)
class Told:
    """An outcome: how much, and when."""

    value: float
    at: datetime


@dataclass(frozen=True)
class Visit:
    touchpoint: str
    channel: str
    at: datetime


@dataclass
class Customer:
    """``answered_at``, ``scores`` and ``attributes`` are of the first answer at the journey's end; empty
    without one. ``visits`` are events; ``asked`` are the touchpoints whose personal survey they answered.
    """

    answered_at: datetime | None = None
    scores: dict[str, float] = field(default_factory=dict)
    outcomes: dict[OutcomeKind, list[Told]] = field(default_factory=lambda: defaultdict(list))
    visits: list[Visit] = field(default_factory=list)
    asked: list[Visit] = field(default_factory=list)
    attributes: Mapping[str, Any] = field(default_factory=dict)


def customers(session: Session, base: Ground) -> dict[str, Customer]:
    """Every customer with an answer, an outcome or a visit, by pseudonym; answers without a flag."""
    found: dict[str, Customer] = defaultdict(Customer)
    _read_answers(session, base, found)
    rows = session.execute(
        select(
            CustomerOutcome.customer_ref,
            CustomerOutcome.kind,
            CustomerOutcome.value,
            CustomerOutcome.at,
        )
        .where(CustomerOutcome.journey_id == base.journey.id)
        .order_by(CustomerOutcome.at, CustomerOutcome.id)
        .execution_options(yield_per=_AT_ONCE)
    )
    for ref, kind, value, at in rows:
        found[ref].outcomes[OutcomeKind(kind)].append(Told(value, at))
    names = {point.id: point.name for stage in base.journey.stages for point in stage.touchpoints}
    channel = func.coalesce(
        func.nullif(func.trim(Interaction.channel), ""), func.trim(Touchpoint.channel)
    )
    visits = session.execute(
        select(Interaction.customer_ref, Interaction.touchpoint_id, channel, Interaction.at)
        .join(Touchpoint, Touchpoint.id == Interaction.touchpoint_id)
        .where(Interaction.touchpoint_id.in_(list(names)))
        .order_by(Interaction.at, Interaction.id)
        .execution_options(yield_per=_AT_ONCE)
    )
    for ref, point, by, at in visits:
        found[ref].visits.append(Visit(names[point], (by or "").casefold(), at))
    _read_asked(session, base, found, names)
    return found


def counts(session: Session, journey_id: int) -> Mapping[str, int]:
    """How many outcomes of each kind are stored of a journey."""
    rows = session.execute(
        select(CustomerOutcome.kind, func.count())
        .where(CustomerOutcome.journey_id == journey_id)
        .group_by(CustomerOutcome.kind)
    )
    return {kind: n for kind, n in rows}  # noqa: C416 - rows, typed


def _read_asked(
    session: Session, base: Ground, found: dict[str, Customer], names: Mapping[int, str]
) -> None:
    surveys = {
        survey.id: names[point]
        for survey in base.surveys
        if (point := survey.touchpoint_id) is not None
        and point in names
        and not survey.is_anonymous
    }
    rows = session.execute(
        select(JourneyRun.customer_ref, Response.survey_id, Response.submitted_at)
        .join(Response, Response.journey_run_id == JourneyRun.id)
        .where(Response.survey_id.in_(list(surveys)), unflagged())
        .order_by(Response.submitted_at, Response.id)
        .execution_options(yield_per=_AT_ONCE)
    )
    for ref, survey, at in rows:
        found[ref].asked.append(Visit(surveys[survey], "", at))


def _read_answers(session: Session, base: Ground, found: dict[str, Customer]) -> None:
    ends = [
        survey.id
        for survey in base.surveys
        if survey.touchpoint_id is None and not survey.is_anonymous
    ]
    scales = [
        scale for scale, each in base.scored.get(None, {}).items() if not each.definition.parent
    ]
    rows = session.execute(
        select(
            *(JourneyRun.customer_ref, Response.submitted_at, Response.id),
            *(Response.attributes, Score.scale, Score.value),
        )
        .join(Response, Response.journey_run_id == JourneyRun.id)
        .join(Score, Score.response_id == Response.id)
        .where(Response.survey_id.in_(ends), Score.scale.in_(scales), unflagged())
        .order_by(Response.submitted_at, Response.id)
        .execution_options(yield_per=_AT_ONCE)
    )
    first: dict[str, int] = {}
    for ref, at, number, attributes, scale, value in rows:
        if first.setdefault(ref, number) == number:
            found[ref].answered_at, found[ref].attributes = at, attributes
            found[ref].scores[scale] = value
