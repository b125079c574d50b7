"""Everything that is on record of a scale, read at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from surveyapp.scale_development import queries
from surveyapp.scale_development.judgements import Judgements, judgements
from surveyapp.store.models import (
    InterviewFinding,
    ItemTranslation,
    JudgingRound,
    ScaleConstruct,
    ScaleDevelopment,
    ScaleItem,
    ScaleItemChange,
    ScalePilot,
    ScaleVersion,
)


@dataclass(frozen=True)
class Evidence:
    """Everything that is on record of a scale; rounds and versions oldest first."""

    scale: ScaleDevelopment
    constructs: Sequence[ScaleConstruct]
    items: Sequence[ScaleItem]
    changes: Mapping[int, Sequence[ScaleItemChange]]
    rounds: Sequence[tuple[JudgingRound, Judgements]]
    findings: Mapping[int, Sequence[InterviewFinding]]
    translations: Mapping[int, Mapping[str, Sequence[ItemTranslation]]]
    pilots: Sequence[ScalePilot]
    versions: Sequence[ScaleVersion]


def evidence_of(session: Session, scale: ScaleDevelopment) -> Evidence:
    """The evidence of a scale as it is now."""
    rounds = queries.rounds_of(session, scale.id)[::-1]
    return Evidence(
        scale,
        queries.constructs_of(session, scale.id),
        queries.items_of(session, scale.id),
        queries.changes_of(session, scale.id),
        [(each, judgements(each, queries.judges_of(session, each.id))) for each in rounds],
        queries.findings_of(session, scale.id),
        queries.translations_of(session, scale.id),
        queries.pilots_of(session, scale.id)[::-1],
        queries.versions_of(session, scale.id)[::-1],
    )
