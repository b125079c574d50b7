"""The emotion lines of a journey's personas: what each one's segment answers, touchpoint by touchpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from surveyapp.errors import NotReady
from surveyapp.results.maps.emotion_line import EmotionLine, emotion_line
from surveyapp.results.scope import Scope
from surveyapp.results.view_models import Definition
from surveyapp.store.models import Persona

MOST = 6  # lines that can be told apart in one drawing


@dataclass(frozen=True)
class PersonaLine:
    """A persona's line; ``name`` of all customers' own is None."""

    persona_id: int | None
    name: str
    line: EmotionLine


@dataclass(frozen=True)
class PersonaLines:
    """``lines`` begin with that of all customers, all by one score. The names left out, and why: personas
    without a segment, those whose answers are being sorted, and those beyond ``MOST``.
    """

    lines: tuple[PersonaLine, ...]
    definition: Definition | None
    choices: tuple[Definition, ...]
    without_segment: tuple[str, ...]
    waiting: tuple[str, ...]
    beyond: tuple[str, ...]


def persona_lines(
    session: Session,
    scope: Scope,
    personas: Sequence[Persona],
    rules: Mapping[str, Any],
    *,
    scale: str = "",
) -> PersonaLines:
    """Each line in the months of the scope, suppressed as on the page of its segment.

    All by the score that the line of all customers is measured by: lines on different scores would not
    lie on one drawing.
    """
    everybody = emotion_line(session, replace(scope, segment_id=0), scale=scale, **rules)
    chosen = everybody.definition.scale if everybody.definition else ""
    lines = [PersonaLine(None, "All customers", everybody)]
    waiting, beyond = [], []
    for persona in personas:
        if persona.segment_id is None:
            continue
        if len(lines) == MOST:
            beyond.append(persona.title)
            continue
        own = replace(scope, segment_id=persona.segment_id)
        try:
            found = emotion_line(session, own, scale=chosen, **rules)
        except NotReady:
            waiting.append(persona.title)
            continue
        lines.append(PersonaLine(persona.id, persona.title, found))
    return PersonaLines(
        tuple(lines),
        everybody.definition,
        everybody.choices,
        tuple(each.title for each in personas if each.segment_id is None),
        tuple(waiting),
        tuple(beyond),
    )
