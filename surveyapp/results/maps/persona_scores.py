"""What the segment of a persona answers, beside how the persona is assumed to feel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.journeys.segments import parse
from surveyapp.results.dashboards import journey_overview
from surveyapp.results.scope import Scope
from surveyapp.results.view_models import Figure
from surveyapp.store.models import Comment, Persona, Response
from surveyapp.surveys.queries import surveys_of

MOST_QUOTES = 5
_LOOKED_AT = 1000  # newest comments among which a segment's quotes are looked for


@dataclass(frozen=True)
class StageEmotion:
    """A stage: the assumed level from -2 to 2, None where nobody said, and the segment's score there.

    ``measured`` is the first score that is asked at the stage, pooled over its touchpoints; None
    without a segment and where nothing is asked.
    """

    stage_id: int
    stage: str
    assumed: int | None
    measured: Figure | None

    @property
    def contradicted(self) -> bool:
        """Whether the whole interval lies on the other side of the score's middle than is assumed."""
        found = self.measured
        if found is None or found.low is None or found.high is None or not self.assumed:
            return False
        middle = sum(found.definition.axis) / 2
        return found.high < middle if self.assumed > 0 else found.low > middle


@dataclass(frozen=True)
class PersonaScores:
    """The stages, and what the segment scores at the journey's end; empty without a segment."""

    stages: tuple[StageEmotion, ...]
    end: tuple[Figure, ...]


def persona_scores(
    session: Session, persona: Persona, scope: Scope, *, minimum_cell: int, library: Library
) -> PersonaScores:
    """The numbers of a persona's segment in the months of the scope, suppressed as on every page.

    Raises NotReady while responses are being sorted into the segment.
    """
    assumed = {each.stage_id: each.level for each in persona.emotions}
    own = replace(scope, segment_id=persona.segment_id or 0)
    overview = journey_overview(session, own, minimum_cell=minimum_cell, library=library)
    linked = persona.segment_id is not None
    stages = tuple(
        StageEmotion(
            stage.id,
            stage.name,
            assumed.get(stage.id),
            stage.figures[0] if linked and stage.figures else None,
        )
        for stage in overview.stages
    )
    return PersonaScores(stages, overview.end if linked else ())


def persona_quotes(session: Session, persona: Persona, *, minimum_cell: int) -> tuple[str, ...]:
    """The newest comments of the segment's customers that they allow to be quoted, as they are stored.

    None where fewer than the smallest group are there: they could tell whose words they are.
    """
    if persona.segment is None:
        return ()
    rule = parse(persona.segment.rule)
    surveys = [each.id for each in surveys_of(session, persona.journey_id)]
    rows = session.execute(
        select(Comment.text, Response.attributes)
        .join(Response, Response.id == Comment.response_id)
        .where(Comment.survey_id.in_(surveys), Comment.may_quote)
        .order_by(Comment.submitted_at.desc(), Comment.response_id.desc(), Comment.item)
        .limit(_LOOKED_AT)
    )
    found: Sequence[str] = [text for text, attributes in rows if rule.matches(attributes or {})]
    return tuple(found[:MOST_QUOTES]) if len(found) >= minimum_cell else ()
