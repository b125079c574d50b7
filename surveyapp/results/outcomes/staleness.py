"""What has come, changed and gone since an analysis of outcomes read its data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from surveyapp.store.models import (
    CustomerOutcome,
    Erasure,
    Interaction,
    OutcomeAnalysis,
    Response,
    Stage,
    SurveyRow,
    Touchpoint,
)

FORMAT = "outcomes/2"  # of an analysis as it is stored
MOST = 10_000  # rows counted of a kind; what is more is "more than"
_Numbered = type[CustomerOutcome] | type[Interaction] | type[Response]
_READ: Mapping[str, _Numbered] = {
    "answers": Response,
    "outcomes": CustomerOutcome,
    "events": Interaction,
}


@dataclass(frozen=True)
class OutcomeChanges:
    """Rows since the analysis: new ones, answers changed and erased, outcomes that are gone.

    ``is_of_earlier_version``: how the figures are made, or which are hidden, has changed since.
    """

    answers: int = 0
    changed: int = 0
    erased: int = 0
    outcomes: int = 0
    gone: int = 0
    events: int = 0
    is_of_earlier_version: bool = False

    def __bool__(self) -> bool:
        return self != OutcomeChanges()


def newest(session: Session) -> dict[str, int]:
    """The numbers of the newest rows that an analysis reads, by kind; later rows have higher ones."""
    return {name: session.scalar(select(func.max(table.id))) or 0 for name, table in _READ.items()}


def outcome_changes(session: Session, row: OutcomeAnalysis, *, stored: int) -> OutcomeChanges:
    """What is not in the analysis; ``stored``: how many outcomes the journey has now."""
    seen = row.result.get("seen")
    if row.result.get("format") != FORMAT or seen is None:
        return OutcomeChanges(is_of_earlier_version=True)
    surveys = list(
        session.scalars(
            select(SurveyRow.id).where(
                SurveyRow.journey_id == row.journey_id, SurveyRow.anonymity != "anonymous"
            )
        )
    )
    points = select(Touchpoint.id).join(Stage).where(Stage.journey_id == row.journey_id)
    own = Response.survey_id.in_(surveys)
    outcomes = _since(
        session,
        CustomerOutcome.id,
        [CustomerOutcome.journey_id == row.journey_id],
        seen["outcomes"],
    )
    return OutcomeChanges(
        answers=_since(session, Response.id, [own], seen["answers"]),
        changed=_count(
            session,
            Response.id,
            [own, Response.corrected_at > row.made_at, Response.id <= seen["answers"]],
        ),
        erased=_count(
            session,
            Erasure.id,
            [Erasure.survey_id.in_(surveys), Erasure.erased_at > row.made_at],
        ),
        outcomes=outcomes,
        gone=max(0, row.outcomes + outcomes - stored) if outcomes <= MOST else 0,
        events=_since(
            session, Interaction.id, [Interaction.touchpoint_id.in_(points)], seen["events"]
        ),
    )


def _since(
    session: Session,
    number: InstrumentedAttribute[int],
    there: Sequence[ColumnElement[bool]],
    seen: int,
) -> int:
    return _count(session, number, [*there, number > seen])


def _count(
    session: Session, number: InstrumentedAttribute[Any], there: Sequence[ColumnElement[bool]]
) -> int:
    some = select(number).where(*there).limit(MOST + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0
